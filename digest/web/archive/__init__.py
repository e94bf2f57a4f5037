"""The archive as a website: editions, stories, topics, corrections, search, feeds and sitemaps."""
