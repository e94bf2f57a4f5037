"""A folder and a store of each released version. `python -m tests.releases VERSION` makes them for this version."""
