"""Decide which articles report the same event: features, scores and clusters."""
