"""The desk: the pages of editors and admins. Start with `access.py`, the table of its routes and who may use them."""
