"""Evaluation of the product's quality on labelled Hindi data, with the required bar and a named rival.

No test depends on its figures.
"""
