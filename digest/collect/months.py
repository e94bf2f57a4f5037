"""Month names that feeds of other languages print in dates. Holds rows; hindi/dates.py has Hindi's and English ones.

Greek, Hungarian and Korean are what feedparser reads besides; a newsroom's foreign sources may print them.
"""

from __future__ import annotations

from digest.hindi.text import fold

_ROWS = (
    "ιαν ιανουαρίου január",
    "φεβ φεβρουαρίου február februári",
    "μαρ μάρ μαρτίου március",
    "απρ απριλίου április ápril",
    "μάι μαϊ μαι μαΐου május máj",
    "ιούν ιον ιουνίου június",
    "ιούλ ιολ ιουλίου július",
    "αύγ αυγ αυγούστου augusztus",
    "σεπ σεπτεμβρίου szeptember",
    "οκτ οκτωβρίου október",
    "νοέ νοε νοεμβρίου november",
    "δεκ δεκεμβρίου december",
)
OTHER_MONTHS = {fold(name): number for number, row in enumerate(_ROWS, 1) for name in row.split()}
"""Folded name → 1..12."""
