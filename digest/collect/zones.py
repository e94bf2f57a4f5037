"""Names of time zones as feeds write them, as minutes east of UTC. Holds rows, parses nothing.

IST is India here: feedparser reads it as UTC, others as Israel, both hours wrong for an Indian feed.
"""

from __future__ import annotations

ZONES: dict[str, int] = {
    "Z": 0,
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 60,
    "IST": 330,
    "Kolkata": 330,
    "Calcutta": 330,
    "NPT": 345,
    "PKT": 300,
    "BDT": 360,
    "BST": 60,
    "CET": 60,
    "CEST": 120,
    "MET": 60,
    "MEST": 120,
    "SAST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "GST": 240,
    "SGT": 480,
    "HKT": 480,
    "JST": 540,
    "KST": 540,
    "WIB": 420,
    "ICT": 420,
    "PHT": 480,
    "AWST": 480,
    "ACST": 570,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "AKST": -540,
    "AKDT": -480,
    "HST": -600,
    "AST": -240,
    "ADT": -180,
    "BRT": -180,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
}

LAST_WORDS: dict[str, int] = {"AT": -240, "ET": -300, "CT": -360, "MT": -420, "PT": -480}
"""Zones whose names are words too: they count only where they end the date."""
