"""Digest: collects Hindi news, composes an edition, and mails it to every reader exactly once."""

__version__ = "0.1.0"
