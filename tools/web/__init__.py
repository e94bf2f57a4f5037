"""The judge of the reader pages."""
