"""The collaborators of one newsletter folder, grouped by package. `App` in `digest/app.py` joins the groups.

A group is a class; its bases are the groups that it uses. Each collaborator is built on first use.
"""
