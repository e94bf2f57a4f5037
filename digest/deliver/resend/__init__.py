"""Resend: client and responses."""
