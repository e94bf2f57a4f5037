"""The short list at the end of an email: which stories are in it."""

from __future__ import annotations

from dataclasses import replace

from digest.models import Edition, Section, Variant
from digest.render.context import PINNED, brief_stories, headline_stories
from digest.render.subject import preheader, subject_line
from digest.render.themes import Theme
from tests.render.sample import EVERYTHING, NOW, renderer, twenty
from tests.support.tables import each_row


def scored(count: int = 20) -> Edition:
    """`count` stories with falling scores."""
    edition = twenty(images=True)
    stories = [
        replace(story, score=50.0 - at, url=f"https://samachar.example.com/{at}.html")
        for at, story in enumerate(edition.stories())
        if at < count
    ]
    fours = (tuple(stories[at : at + 4]) for at in range(0, 20, 4))
    sections = (replace(section, stories=own) for section, own in zip(edition.sections, fours, strict=True))
    return replace(edition, sections=tuple(section for section in sections if section.stories))


def test_the_lowest_scored_stories_are_headlines_at_the_end() -> None:
    edition = scored()
    email = renderer(theme=Theme(briefs=2)).render(edition, EVERYTHING, now=NOW)
    assert email is not None
    last = list(edition.stories())[-2:]
    for part in (email.html, email.text):
        at = part.index("संक्षेप में")
        assert all(part.index(story.url) > at for story in last)
    assert email.html.count("<h3") == 19, "headlines anyway"
    assert brief_stories(edition, 2) == {story.id for story in last}


def test_a_section_that_is_all_briefs_has_no_heading() -> None:
    email = renderer(theme=Theme(briefs=4)).render(scored(), EVERYTHING, now=NOW)
    assert email is not None
    assert ">कारोबार<" not in email.html
    assert ">विज्ञान<" in email.html


@each_row(("count", "most", "expected"), [(20, 3, 3), (20, 0, 0), (7, 3, 0), (8, 3, 2), (20, 40, 6)])
def test_number_of_briefs(count: int, most: int, expected: int) -> None:
    assert len(brief_stories(scored(count), most)) == expected


def test_the_lead_and_pinned_stories_are_never_briefs() -> None:
    edition = scored()
    last = list(edition.stories())[-1]
    assert last.id not in brief_stories(replace(edition, lead=last.id), 3)
    *others, section = edition.sections
    pinned = replace(section, stories=(*section.stories[:-1], replace(last, reasons=(PINNED,))))
    sections = (*others, pinned)
    assert last.id not in brief_stories(replace(edition, sections=sections), 3)


def test_a_story_without_summary_is_always_a_brief() -> None:
    edition = scored(5)
    first, *rest = edition.sections
    bare = replace(first, stories=(*first.stories[:3], replace(first.stories[3], summary="")))
    assert brief_stories(replace(edition, sections=(bare, *rest)), 0) == {first.stories[3].id}


def test_the_best_stories_keep_their_section_without_a_summary() -> None:
    edition = scored()
    bare = {story.id for story in list(edition.stories())[4:8]}
    changed = edition.map_stories(lambda story: replace(story, summary="") if story.id in bare else story)
    # The lead is the first story, so these are the fifth to the eighth, of which two are among the best five others.
    assert brief_stories(changed, 0) == {story.id for story in list(edition.stories())[6:8]}


def test_a_short_variant_has_no_briefs() -> None:
    email = renderer(theme=Theme(briefs=3)).render(scored(), Variant("v", frozenset({"देश"})), now=NOW)
    assert email is not None
    assert "संक्षेप में" not in email.html, "a variant of five stories needs no briefs"


def test_pinned_equals_the_reason_that_compose_gives() -> None:
    from digest.curate.compose import ComposeContext, curate
    from digest.curate.editorial import EditorialChanges
    from digest.curate.rules import Rules
    from tests.curate.sample import BRIDGE
    from tests.curate.sample import NOW as MORNING

    curated = curate(
        BRIDGE, ComposeContext(Rules(min_stories=1), MORNING, changes=EditorialChanges(pinned=(BRIDGE[0].id,)))
    )
    assert PINNED in curated.sections[0].stories[0].reasons


def test_a_daily_column_is_no_brief_no_headline_on_top_and_no_subject() -> None:
    edition = scored()
    page = replace(
        list(edition.stories())[-1], id="rashi", title="आज का राशिफल", summary="", score=0.0, recurring="horoscope"
    )
    with_page = replace(edition, sections=(*edition.sections, Section("दैनिक स्तंभ", (page,))))
    email = renderer(theme=Theme(briefs=2)).render(with_page, EVERYTHING, now=NOW)
    assert email is not None
    assert brief_stories(with_page, 2) == brief_stories(edition, 2)
    assert "rashi" not in headline_stories(with_page, set())
    assert ">दैनिक स्तंभ<" in email.html
    assert "आज का राशिफल" in email.text
    alone = replace(edition, sections=(Section("दैनिक स्तंभ", (page,)),), lead="")
    assert "राशिफल" not in subject_line(with_page, "hi") + preheader(with_page, "hi", "")
    assert subject_line(alone, "hi")
