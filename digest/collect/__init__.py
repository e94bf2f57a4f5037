"""Collect articles from feeds, pages, files and APIs, and clean them."""
