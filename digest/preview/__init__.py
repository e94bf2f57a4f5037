"""An edition looked at before it goes: written to files, or shown in a browser while templates are edited.

Stands on top, beside the command line; mails nobody and decides nothing.
"""
