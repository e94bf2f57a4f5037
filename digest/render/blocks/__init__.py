"""Blocks: the parts of an edition besides its stories, such as the weather.

`rows.py` is the table of blocks, `data.py` defines the content of their files, and `printing.py` prints them.
"""
