"""Sending: enqueueing, the ledger of batches and attempts, recovery, cancellations, status."""
