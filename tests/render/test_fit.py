"""An email that is too long: summaries are cut first, then stories, lowest first, and each cut is reported."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.sentences import split
from digest.models import Edition, RenderedEmail
from digest.render.renderer import Renderer
from digest.render.size_budget import CLIPPED, MIN_STORIES, PERSONAL_BYTES, fit, measure, removable
from tests.render.sample import BRANDING, EVERYTHING, NOW, TEMPLATES, twenty


def scored() -> Edition:
    """Twenty stories with falling scores."""
    edition = twenty()
    scores = iter(range(20, 0, -1))
    return edition.map_stories(lambda story: replace(story, score=float(next(scores))))


def render_within(budget: int) -> RenderedEmail:
    made = Renderer(BRANDING, [TEMPLATES], budget=budget).render(scored(), EVERYTHING, now=NOW)
    assert made is not None
    return made


def plain(edition: Edition) -> RenderedEmail:
    """An email without markup, quick to measure."""
    body = "\n".join(f"{story.title} {story.summary}" for story in edition.stories())
    return RenderedEmail("v", "s", body, body)


def test_an_email_within_its_budget_is_not_cut() -> None:
    assert render_within(50_000).left_out == ()
    assert render_within(50_000) == render_within(90_000)


def test_summaries_of_the_lowest_stories_are_cut_first() -> None:
    whole = render_within(90_000)
    made = render_within(measure(whole).decoded - 1_000)
    assert measure(made).decoded <= measure(whole).decoded - 1_000
    assert len(made.left_out) == 1
    assert made.left_out[0].endswith("cut to the first sentence to fit")
    first, *_, last = scored().stories()
    assert split(last.summary)[0] in made.html
    assert first.summary in made.html


def test_stories_are_left_out_next_and_each_is_named() -> None:
    made = render_within(20_000)
    assert measure(made).decoded <= 20_000
    gone = [line.removeprefix("left out to fit: ") for line in made.left_out if line.startswith("left out")]
    assert gone
    assert made.html.count("<h3") == 19 - len(gone)


@pytest.mark.slow
def test_quoted_printable_stays_below_gmail_s_limit() -> None:
    """Pure Devanagari is 2.3 times as long in quoted-printable."""
    wordy = scored().map_stories(lambda story: replace(story, title=f"{story.title} " * 8))

    def made(budget: int) -> RenderedEmail:
        email = Renderer(BRANDING, [TEMPLATES], budget=budget).render(wordy, EVERYTHING, now=NOW)
        assert email is not None
        return email

    whole = measure(made(90_000))
    assert whole.decoded < 51_000
    assert whole.quoted_printable > CLIPPED
    assert measure(made(51_000)).quoted_printable <= CLIPPED - PERSONAL_BYTES
    assert made(51_000).left_out


def test_three_stories_always_remain() -> None:
    made = render_within(10_000)
    assert made.html.count("<h3") + 1 == MIN_STORIES
    assert scored().lead
    assert next(iter(scored().stories())).title in made.html


@given(st.integers(100, 12_000))
def test_no_more_is_cut_than_necessary(budget: int) -> None:
    edition = scored()
    fitted = fit(edition, plain, budget)
    assert fitted.email is not None
    size = measure(fitted.email).decoded
    smallest = measure(fit(edition, plain, 1).email or fitted.email).decoded
    assert size <= max(budget, smallest)
    if fitted.left_out:
        # Without cuts it would not have fitted.
        assert measure(plain(edition)).decoded > budget


@pytest.mark.parametrize("budget", [1, 10**6])
def test_an_edition_of_one_story_is_never_cut(budget: int) -> None:
    edition = twenty()
    section = replace(edition.sections[0], stories=edition.sections[0].stories[:1])
    alone = replace(edition, sections=(section,), lead=section.stories[0].id)
    fitted = fit(alone, plain, budget)
    assert fitted.email is not None
    assert edition.sections[0].stories[0].title in fitted.email.html


def test_an_edition_that_renders_to_nothing_gives_no_email() -> None:
    assert fit(twenty(), lambda _: None, 10).email is None


def test_what_is_left_out_next_is_what_a_smaller_budget_leaves_out() -> None:
    titles = [story.title for story in removable(scored())]
    made = render_within(20_000)
    left = [line.removeprefix("left out to fit: ") for line in made.left_out if line.startswith("left out to fit: ")]
    assert left == titles[: len(left)] != []
