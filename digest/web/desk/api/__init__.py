"""The desk for programs: the same handlers, asked and answered in JSON."""
