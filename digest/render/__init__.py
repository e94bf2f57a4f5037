"""Render an edition and a variant into an email: subject, HTML part, text part."""
