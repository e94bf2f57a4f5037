"""The HTTP server: subscriber pages and provider webhooks. No page needs JavaScript."""
