"""Proof by violence: sends are killed at many moments and started again, and the provider's own log is the judge."""
