"""Assess the importance of a story by its headline and first paragraph: a sum of rows, each with a reason.

`rows.py` has the weights and reasons, `words.txt` the words. Start at `assess.assess`.
"""
