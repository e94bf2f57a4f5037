"""The desk's pages for admins."""
