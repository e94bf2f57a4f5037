"""Recognise machines among the clicks on an edition's links.

`networks.py` has the tables of networks, `classify.py` those of programs, and the rules.
"""
