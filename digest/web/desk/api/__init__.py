"""The desk's API: the same handlers, with JSON requests and responses."""
