"""Clicks on the links of an edition: who is a machine. `agents.py` has the tables, `classify.py` the rules."""
