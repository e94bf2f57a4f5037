"""Clicks in the report on an edition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StoryClicks:
    """The clicks on a story or an advertisement. `section` is '' for the latter."""

    title: str
    section: str
    people: int
    clicks: int


@dataclass(frozen=True, slots=True)
class ClickReport:
    """The clicks of an edition. `people` is None if below `min_people`; `hidden` counts targets with too few people."""

    people: int | None
    machine: int
    targets: tuple[StoryClicks, ...]
    hidden: int
    min_people: int

    @property
    def shown_people(self) -> str:
        return f"fewer than {self.min_people}" if self.people is None else f"{self.people:,}"

    @property
    def note(self) -> str:
        """A sentence about the hidden numbers; '' if none are hidden."""
        if not self.hidden:
            return ""
        links = "1 link" if self.hidden == 1 else f"{self.hidden} links"
        return f"{links} with fewer than {self.min_people} people: not shown."


def clicks_json(clicks: ClickReport | None) -> dict[str, Any] | None:
    """The clicks in `digest report --json`; None if they are not counted."""
    if clicks is None:
        return None
    return {
        "people": clicks.people,
        "machine": clicks.machine,
        "min_people": clicks.min_people,
        "hidden": clicks.hidden,
        "targets": [
            {"title": each.title, "section": each.section or None, "people": each.people, "clicks": each.clicks}
            for each in clicks.targets
        ],
    }
