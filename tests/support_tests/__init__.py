"""Tests of the test support: an oracle that lies proves nothing."""
