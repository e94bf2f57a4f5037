"""Telegram's Bot API: one post of an edition in a channel."""
