"""Tests of the test support, because other tests rely on it."""
