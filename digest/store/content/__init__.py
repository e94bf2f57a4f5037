"""Articles, editions, images and webhook events."""
