"""Recognise machines among the clicks on an edition's links. `agents.py` has the tables, `classify.py` the rules."""
