"""Recognise machines among the clicks on an edition's links.

`agents.py` and `networks.py` have the tables, `classify.py` the rules.
"""
