"""Digest: collect Hindi news, compose an edition, and mail it to every subscriber exactly once."""

__version__ = "0.1.0"
