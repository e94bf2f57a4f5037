"""Benches: ratios against a named rival in the same run, on servers of our own. No test depends on them."""
