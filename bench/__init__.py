"""Benchmarks against a named rival in the same run, on local servers. No test depends on them."""
