"""The short list at the end: the lightest stories as headlines, and what keeps a story out of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.models import Edition, Variant
from digest.render.page import PINNED, brief_stories
from digest.render.themes import Theme
from tests.render.sample import EVERYTHING, NOW, renderer, twenty


def scored(count: int = 20) -> Edition:
    """`count` stories; the later one stands, the less it weighs."""
    edition = twenty(pictures=True)
    stories = [
        replace(story, score=50.0 - at, url=f"https://samachar.example.com/{at}.html")
        for at, story in enumerate(edition.stories())
        if at < count
    ]
    fours = (tuple(stories[at : at + 4]) for at in range(0, 20, 4))
    sections = (replace(section, stories=own) for section, own in zip(edition.sections, fours, strict=True))
    return replace(edition, sections=tuple(section for section in sections if section.stories))


def test_the_lightest_stand_at_the_end_as_headlines() -> None:
    edition = scored()
    letter = renderer(theme=Theme(briefs=2)).render(edition, EVERYTHING, now=NOW)
    assert letter is not None
    last = list(edition.stories())[-2:]
    for part in (letter.html, letter.text):
        at = part.index("संक्षेप में")
        assert all(part.index(story.url) > at for story in last)
    assert letter.html.count("<h3") == 19, "headlines all the same"
    assert brief_stories(edition, 2) == {story.id for story in last}


def test_a_section_of_briefs_alone_has_no_heading_of_its_own() -> None:
    letter = renderer(theme=Theme(briefs=4)).render(scored(), EVERYTHING, now=NOW)
    assert letter is not None
    assert ">कारोबार<" not in letter.html
    assert ">विज्ञान<" in letter.html


@pytest.mark.parametrize(("count", "most", "expected"), [(20, 3, 3), (20, 0, 0), (7, 3, 0), (8, 3, 2), (20, 40, 6)])
def test_how_many(count: int, most: int, expected: int) -> None:
    assert len(brief_stories(scored(count), most)) == expected


def test_never_the_lead_nor_what_the_desk_pinned() -> None:
    edition = scored()
    last = list(edition.stories())[-1]
    assert last.id not in brief_stories(replace(edition, lead=last.id), 3)
    *others, section = edition.sections
    pinned = replace(section, stories=(*section.stories[:-1], replace(last, reasons=(PINNED,))))
    sections = (*others, pinned)
    assert last.id not in brief_stories(replace(edition, sections=sections), 3)


def test_what_has_no_summary_is_a_headline_anyway() -> None:
    edition = scored(5)
    first, *rest = edition.sections
    bare = replace(first, stories=(*first.stories[:3], replace(first.stories[3], summary="")))
    assert brief_stories(replace(edition, sections=(bare, *rest)), 0) == {first.stories[3].id}


def test_a_reader_of_one_topic_gets_its_briefs_only() -> None:
    letter = renderer(theme=Theme(briefs=3)).render(scored(), Variant("v", frozenset({"देश"})), now=NOW)
    assert letter is not None
    assert "संक्षेप में" not in letter.html, "five stories are few enough to be told"


def test_the_reason_is_the_one_that_curating_gives() -> None:
    from digest.curate.compose import ComposeContext, compose
    from digest.curate.desk import Changes
    from digest.curate.rules import Rules
    from tests.curate.sample import BRIDGE
    from tests.curate.sample import NOW as MORNING

    curated = compose(BRIDGE, ComposeContext(Rules(min_stories=1), MORNING, changes=Changes(pinned=(BRIDGE[0].id,))))
    assert PINNED in curated.sections[0].stories[0].reasons
