"""`make proof`: the fault report. Every provider on every store under every fault, by the provider's own log."""
