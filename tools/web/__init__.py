"""The check of the web pages for subscribers."""
