"""Checks of an email: sizes, accessibility, clients, spam rules, shaping, pixels. See README.md."""
