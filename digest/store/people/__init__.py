"""Subscribers, their preferences, consent and suppressions."""
