"""Evaluation: how well this project does on labelled Hindi material, beside the bar and a named rival.

Reads what lies in a data folder and the project's public functions; no test of the suite depends on its figures.
"""
