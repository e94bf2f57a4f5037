"""What of an edition a variant gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.models import Section, Variant
from digest.render.variants import select
from tests.render.sample import EDITION, EVERYTHING


def chosen(*topics: str, **edition: object) -> list[tuple[str, list[str]]] | None:
    got = select(replace(EDITION, **edition), Variant("v", frozenset(topics)))  # type: ignore[arg-type]
    return got and [(s.name, [one.id for one in s.stories]) for s in got.sections]


def test_everything_is_everything() -> None:
    assert select(EDITION, EVERYTHING) == EDITION


def test_order_is_the_editions_and_the_lead_stays() -> None:
    assert chosen("कारोबार", "विज्ञान") == [("देश", ["s1"]), ("विज्ञान", ["s5", "s6"]), ("कारोबार", ["s9"])]


def test_the_leads_own_section_stays_whole() -> None:
    assert chosen("देश") == [("देश", ["s1", "s2", "s3", "s4"])]


@pytest.mark.parametrize("topics", [("मौसम",), ()])
def test_the_lead_alone_is_not_sent(topics: tuple[str, ...]) -> None:
    assert chosen(*topics) is None


def test_a_chosen_section_without_stories_is_none() -> None:
    assert chosen("खेल", sections=(EDITION.sections[0], Section("खेल", ()))) is None


def test_an_edition_without_stories_is_none() -> None:
    assert select(replace(EDITION, sections=()), EVERYTHING) is None
    assert select(replace(EDITION, sections=(Section("देश", ()),)), EVERYTHING) is None


def test_without_a_lead_only_the_chosen() -> None:
    assert chosen("कारोबार", lead="") == [("कारोबार", ["s9"])]
