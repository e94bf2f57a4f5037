"""Hand the batches of an edition to a provider, each at most once, and record the outcome."""
