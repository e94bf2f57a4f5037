"""Delivery: hands batches of a frozen edition to the world, each at most once, and says what came of each."""
