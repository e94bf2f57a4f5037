"""Which variant a reader gets: their topics as far as the edition has them, so that few are rendered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from digest.models import Edition, Variant


def variant_for(edition: Edition, topics: Sequence[str], form: Literal["html", "text"]) -> Variant:
    """The variant for a reader who chose `topics` (none chosen: everything). Two readers whose topics differ only in
    what the edition does not hold get the same one. Keys read `html`, `text`, `html-0.3` (the sections' places)."""
    names = [section.name for section in edition.sections]
    places = [place for place, name in enumerate(names) if name in topics]
    if not topics or len(places) == len(names):
        return Variant(form, None, form)
    key = f"{form}-{'.'.join(map(str, places)) or 'none'}"
    return Variant(key, frozenset(names[place] for place in places), form)
