"""The numbers that curation is ruled by, in one place, each with where it comes from. No behaviour.

"Measured" means: on public corpora of Hindi news with same-story labels (985 disaster reports of many years;
579 stories of five papers, 83 judged pairs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

SECTIONS = ("देश", "दुनिया", "राजनीति", "व्यापार", "विज्ञान", "खेल", "मनोरंजन", "स्वास्थ्य", "शिक्षा")
"""Sections in the order in which they are read; the first is where a story without any evidence goes."""

HALF_LIVES: Mapping[str, float] = {"खेल": 6.0, "व्यापार": 12.0, "विज्ञान": 36.0, "स्वास्थ्य": 36.0, "शिक्षा": 36.0}
"""Section → hours after which freshness counts half; scores of a match age sooner than health advice."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How an edition is put together. The defaults suit a general daily of 12 stories."""

    max_stories: int = 12
    min_stories: int = 3
    window: timedelta = timedelta(hours=24)

    merge: float = 0.51
    """Mean score from which two groups of articles are one story (measured: precision 1.0 and .9, recall .75 and .8; a
    false merge hides a story, a missed one only repeats it)."""
    related: float = 0.34
    """Score from which two articles are noted as related, not merged."""
    same_source: float = 0.65
    """Two items of one source are one story only from here: below it is a sidebar, not an update."""
    span: timedelta = timedelta(hours=48)
    """Articles further apart are never one story."""

    sections: tuple[str, ...] = SECTIONS
    called: Mapping[str, str] = field(default_factory=dict)
    """Section of ours → its name in the letter's language, where that is another one."""
    per_section_max: int = 4
    """Most stories of one section; gives way only where there are too few sections to fill the letter."""
    section_floor: float = 1.6
    """A section whose best story scores above this gets at least one place."""
    top: int = 5
    top_per_source: int = 2
    """Among the first `top` stories at most this many are led by one source."""

    weight_sources: float = 1.0
    weight_priority: float = 0.5
    weight_fresh: float = 1.0
    weight_preference: float = 0.8
    weight_body: float = 0.2
    weight_series: float = 1.0
    weight_damage: float = 0.5
    """Weights of the score's terms: a proposal from what news products say of themselves, no click data."""
    half_life: float = 11.0
    """Hours; for sections without a row in HALF_LIVES."""
    penalty_section: float = 0.3
    penalty_subject: float = 0.5
    """Taken off per story already chosen of the same section, or with the same subject in its title."""

    preferences: Mapping[str, float] = field(default_factory=dict)
    """Section → -1..1, the desk's liking."""
    language: str = "hi"
    timezone: str = "Asia/Kolkata"
    """Whose days count when series pages are kept apart by day."""

    block: tuple[str, ...] = ()
    """Words or phrases; an article with one in its title, kicker or categories stays out."""
    boost: Mapping[str, float] = field(default_factory=dict)
    """Word or phrase → points for a story that has it in a title or lead."""
    quotas: Mapping[str, int] = field(default_factory=dict)
    """Section → most stories of it; 0 keeps the section out. Others have `per_section_max`."""

    background: timedelta = timedelta(days=7)
    background_most: int = 2000
    """How far back articles teach how common a word is, and how many of them: a fair sample does (2,000 of a week)."""
    memory: timedelta = timedelta(days=7)
    """How long a story that was sent stays out, unless it has moved on."""
    update_items: int = 3
    update_unseen: float = 0.3
    """A story has moved on with so many new items, this share of whose rare stems was not told before; or with a new
    number beside a word such as मौत or गिरफ्तार."""
