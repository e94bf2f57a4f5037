"""Delivery feedback: webhook payloads and bounce mail become events, and a table of rules defines their effects."""
