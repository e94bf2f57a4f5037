"""Readers: the list that admins edit, who of them is due, and the signed words in their links."""
