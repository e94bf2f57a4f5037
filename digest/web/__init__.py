"""The HTTP server: reader pages and provider webhooks. No page needs JavaScript."""
