"""The subscriber list, who is due for an edition, and the signed tokens in links."""
