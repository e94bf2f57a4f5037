"""Delivery feedback: webhook payloads and bounce mail become events, and a table of rules says what follows."""
