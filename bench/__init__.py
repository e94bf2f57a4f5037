"""Benches: ratios against a named rival in the same run, on servers of our own on 127.0.0.1. No test depends on them."""
