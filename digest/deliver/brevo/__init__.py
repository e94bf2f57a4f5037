"""Brevo: client, payload, responses, account."""
