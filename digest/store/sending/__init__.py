"""The ledger of sends: batches, attempts, recovery, cancellations and counts."""
