"""The files of deploy/, and secrets from a file."""
