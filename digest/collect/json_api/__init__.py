"""Read news APIs that answer in JSON."""
