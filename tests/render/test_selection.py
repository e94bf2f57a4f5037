"""Which sections and stories are in a variant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.models import Section, Variant
from digest.render.variants import select, variant_for
from tests.render.sample import EDITION, EVERYTHING


def chosen(*topics: str, **edition: object) -> list[tuple[str, list[str]]] | None:
    got = select(replace(EDITION, **edition), Variant("v", frozenset(topics)))  # type: ignore[arg-type]
    return got and [(s.name, [one.id for one in s.stories]) for s in got.sections]


def test_a_variant_without_topics_keeps_everything() -> None:
    assert select(EDITION, EVERYTHING) == EDITION


def test_a_section_that_nobody_can_choose_goes_to_whoever_gets_a_chosen_one() -> None:
    choosable = [section.name for section in EDITION.sections if section.name != "विज्ञान"]
    assert variant_for(EDITION, ["कारोबार"], "html", choosable=choosable).topics == {"कारोबार", "विज्ञान"}
    assert variant_for(EDITION, ["मौसम"], "html", choosable=choosable).topics == frozenset()
    assert variant_for(EDITION, choosable, "text", choosable=choosable) == Variant("text", None, "text")


def test_the_order_and_the_lead_are_kept() -> None:
    assert chosen("कारोबार", "विज्ञान") == [("देश", ["s1"]), ("विज्ञान", ["s5", "s6"]), ("कारोबार", ["s9"])]


def test_the_lead_s_section_is_kept_whole() -> None:
    assert chosen("देश") == [("देश", ["s1", "s2", "s3", "s4"])]


@pytest.mark.parametrize("topics", [("मौसम",), ()])
def test_the_lead_alone_gives_no_email(topics: tuple[str, ...]) -> None:
    assert chosen(*topics) is None


def test_a_chosen_section_without_stories_is_none() -> None:
    assert chosen("खेल", sections=(EDITION.sections[0], Section("खेल", ()))) is None


def test_an_edition_without_stories_is_none() -> None:
    assert select(replace(EDITION, sections=()), EVERYTHING) is None
    assert select(replace(EDITION, sections=(Section("देश", ()),)), EVERYTHING) is None


def test_without_a_lead_only_chosen_sections_remain() -> None:
    assert chosen("कारोबार", lead="") == [("कारोबार", ["s9"])]
