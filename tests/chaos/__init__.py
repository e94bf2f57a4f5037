"""Sends are killed at many moments and started again. The provider's log decides who got what."""
