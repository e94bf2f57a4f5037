"""Tests; a package so that `python -m tests.support.…` works from the repository root."""
