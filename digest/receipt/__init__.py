"""Receipts of editions: signed statements for auditors and advertisers. docs/receipt.md describes the format."""
