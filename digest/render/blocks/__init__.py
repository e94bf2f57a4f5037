"""Blocks: the parts of an email that are no stories, such as the weather. `rows.py` is their table."""
