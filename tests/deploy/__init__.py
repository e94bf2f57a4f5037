"""What deploy/ holds, and secrets from a file."""
