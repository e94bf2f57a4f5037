"""An editor's changes: the quick way and composing again give the same edition; two editors keep each other's changes;
undo.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest import pipeline
from digest.app import App, make_app
from digest.curate.compose import RunnerUp
from digest.curate.editorial import Selection, arrange
from digest.errors import DigestError
from digest.models import Actor, Edition, Section, Story
from digest.usecases.edit_edition import NameTaken, UnknownStory, stories_only_in
from tests.support.folders import newsletter_folder

KEY = "2026-11-23"
SUMAN, RAVI = Actor("suman", "desk"), Actor("ravi", "command")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={"DIGEST_NOW": f"{KEY}T06:30+05:30"}) as opened:
        pipeline.compose(opened, KEY)
        yield opened


def edition(app: App) -> Edition:
    found = app.editions.get(KEY)
    assert found is not None
    return found


def order(found: Edition) -> list[tuple[str, list[str]]]:
    return [(section.name, [story.id for story in section.stories]) for section in found.sections]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_moves_and_texts_give_what_composing_again_gives(app: App, seed: int) -> None:
    chance = random.Random(seed)
    for step in range(6):
        story = chance.choice([each.id for each in edition(app).stories()])
        before = order(edition(app))
        section = chance.choice([name for name, _ids in before])
        changed = app.editor.move(KEY, story, section, chance.randint(1, 4), SUMAN)
        app.editor.write_story(KEY, story, SUMAN, title=f"शीर्षक {step}", summary=f"सार {step}।")
        now = edition(app)
        assert order(now) == order(changed)
        again = app.composer.compose(KEY, fetch=False, store=False, again=True).edition
        assert order(again) == order(now)
        # A section that lost all its stories is gone; nothing else may be.
        assert {each.id for each in again.stories()} == {id for _name, ids in before for id in ids}
        assert (again.subject, again.preheader, again.lead) == (now.subject, now.preheader, now.lead)
        assert [(each.title, each.summary) for each in again.stories()] == [
            (each.title, each.summary) for each in now.stories()
        ]


def test_two_steps_down_pass_both_stories() -> None:
    stories = [Story(id, id, "", "", None, True, (), (), (), "देश") for id in "abcd"]  # type: ignore[arg-type]
    sections = (Section("देश", tuple(stories)),)
    moved = arrange(sections, {}, "d", "देश", 1)
    assert [id for id, _ in sorted(moved.items(), key=lambda item: item[1][1])] == ["d", "a", "b", "c"]
    after = (Section("देश", tuple(replace(stories["abcd".index(id)]) for id in "dabc")),)
    again = arrange(after, moved, "c", "देश", 2)
    assert [id for id, _ in sorted(again.items(), key=lambda item: item[1][1])] == ["d", "c", "a", "b"]


def test_a_change_keeps_what_another_editor_changed(app: App) -> None:
    first, second = [story.id for story in edition(app).stories()][-2:]
    app.editor.drop(KEY, first, SUMAN)
    app.editor.write(KEY, RAVI, subject="विषय")
    app.editor.drop(KEY, second, SUMAN)
    changes = app.editions.editorial_changes(KEY)
    assert set(changes.dropped) == {first, second}
    assert edition(app).subject == "विषय"
    assert [(act.who, act.what) for act in app.audit.newest(3)] == [
        ("suman", "dropped"), ("ravi", "texts"), ("suman", "dropped"),
    ]  # fmt: skip


def test_undo_takes_back_the_last_change_and_then_the_undoing(app: App) -> None:
    before = order(edition(app))
    app.editor.drop(KEY, edition(app).lead, SUMAN)
    dropped = order(edition(app))
    app.editor.undo(KEY, RAVI)
    assert order(edition(app)) == before
    app.editor.undo(KEY, RAVI)
    assert order(edition(app)) == dropped


def test_nothing_to_undo_is_said(app: App) -> None:
    with pytest.raises(DigestError, match="no change"):
        app.editor.undo(KEY, SUMAN)


@pytest.mark.slow
def test_stories_are_merged_and_split_and_composing_again_keeps_it(app: App) -> None:
    first, second, *_rest = list(edition(app).stories())
    before = order(edition(app))
    app.editor.merge(KEY, first.id, second.id, SUMAN)
    merged = {each.id: each for each in edition(app).stories()}
    assert merged[first.id].article_ids == (*first.article_ids, *second.article_ids)
    assert merged[first.id].title == first.title
    assert second.id not in merged
    again = app.composer.compose(KEY, fetch=False).edition
    assert order(again) == order(edition(app))
    article = second.article_ids[0]
    app.editor.split(KEY, first.id, article, RAVI)
    assert order(edition(app)) == before
    assert article in app.editions.editorial_changes(KEY).split
    app.editor.undo(KEY, RAVI)
    assert second.id not in {each.id for each in edition(app).stories()}
    assert [(act.who, act.what, act.detail) for act in app.audit.changes(KEY, limit=3)] == [
        ("ravi", "undone", "split off"),
        ("ravi", "split off", f"{second.title} ← {first.title}"),
        ("suman", "merged", f"{first.title} ← {second.title}"),
    ]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[App]:
    """A newsletter whose edition has room for four stories, and more are waiting."""
    newsletter_folder(tmp_path / "full", all_sources=False)
    environment = {"DIGEST_NOW": f"{KEY}T06:30+05:30", "DIGEST_EDITION__MAX_STORIES": "4"}
    with make_app(tmp_path / "full", environment=environment) as opened:
        pipeline.compose(opened, KEY)
        yield opened


def waiting(app: App) -> list[RunnerUp]:
    curated = app.composer.compose(KEY, fetch=False, store=False, again=True).curated
    assert curated is not None
    return list(curated.runners_up)


@pytest.mark.slow
def test_both_parts_of_a_split_story_stay_until_the_editor_drops_one(full: App) -> None:
    before = list(edition(full).stories())
    last = waiting(full)[-1]
    assert last.score < min(story.score for story in before), "its score alone would not let it in"
    app, first = full, before[0]
    merged = app.editor.merge(KEY, first.id, last.article, SUMAN)
    left_before = {story.id for story in merged.stories()}
    changed = app.editor.split(KEY, first.id, last.article, SUMAN)
    now = {story.id for story in changed.stories()}
    assert {first.id, last.id} <= now
    assert len(now) == 4, "the edition has no more stories than the settings say"
    (gone,) = stories_only_in(merged, changed)
    assert now == left_before - {gone.id} | {last.id}
    assert gone.score == min(story.score for story in merged.stories() if story.id != first.id)
    again = app.composer.compose(KEY, fetch=False).edition
    assert order(again) == order(changed)
    app.editor.undo(KEY, SUMAN)
    assert {story.id for story in edition(app).stories()} == left_before
    app.editor.undo(KEY, SUMAN)
    app.editor.drop(KEY, last.id, SUMAN)
    assert last.id not in {story.id for story in edition(app).stories()}


@pytest.mark.slow
def test_the_rest_of_a_split_story_stays_too(full: App) -> None:
    app = full
    one, two = waiting(app)[-2:]
    app.editor.add(KEY, one.article, SUMAN)
    app.editor.merge(KEY, one.id, two.article, SUMAN)
    # The headline goes with its article, and what is left is weaker than all others.
    changed = app.editor.split(KEY, one.id, one.article, SUMAN)
    assert {one.id, two.id} <= {story.id for story in changed.stories()}


@pytest.mark.slow
def test_an_added_story_gets_the_place_of_its_score_and_the_weakest_makes_room(full: App) -> None:
    app, before = full, edition(full)
    best = waiting(app)[0]
    changed = app.editor.add(KEY, best.article, SUMAN)
    assert best.id in {story.id for story in changed.stories()}
    assert changed.lead == before.lead, "it is not put on top"
    (gone,) = stories_only_in(before, changed)
    assert gone.score == min(story.score for story in before.stories()), "whatever its section"
    assert len(list(changed.stories())) == 4
    assert app.editor.add(KEY, best.id, RAVI) == changed
    back = app.editor.add(KEY, gone.article_ids[0], SUMAN)
    assert {best.id, gone.id} <= {story.id for story in back.stories()}
    assert [(act.what, act.detail) for act in app.audit.newest(2)] == [("added", gone.title), ("added", best.title)]
    with pytest.raises(UnknownStory, match="cannot have a story nobody"):
        app.editor.add(KEY, "nobody", SUMAN)
    assert app.editions.editorial_changes(KEY).added == (best.article, gone.article_ids[0])


def test_what_cannot_be_merged_or_split_is_said_and_leaves_no_trace(app: App) -> None:
    first, *_rest = list(edition(app).stories())
    with pytest.raises(DigestError, match="no other article"):
        app.editor.split(KEY, first.id, first.article_ids[0], SUMAN)
    with pytest.raises(UnknownStory, match="has no article nobody; its articles: "):
        app.editor.split(KEY, first.id, "nobody", SUMAN)
    with pytest.raises(DigestError, match="already"):
        app.editor.merge(KEY, first.id, first.articles[0], SUMAN)
    with pytest.raises(UnknownStory, match="no article is nobody"):
        app.editor.merge(KEY, first.id, "nobody", SUMAN)
    with pytest.raises(UnknownStory, match="no story nobody"):
        app.editor.merge(KEY, "nobody", first.id, SUMAN)
    assert app.editions.is_untouched(KEY)


def test_an_article_that_the_edition_cannot_have_is_not_merged(app: App) -> None:
    story = next(edition(app).stories())
    known = app.articles.by_ids(story.article_ids)[story.article_ids[0]]
    old = replace(known, id="old", url="https://example.com/old", published=known.published - timedelta(days=9))
    app.articles.save([old])
    with pytest.raises(DigestError, match="its hours, sources or language exclude it"):
        app.editor.merge(KEY, story.id, "old", SUMAN)
    assert app.editions.editorial_changes(KEY).merged == ()


@pytest.mark.slow
def test_the_name_of_a_special_edition_is_free_again_if_no_end_of_composing_it_is_stored(tmp_path: Path) -> None:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    now = [datetime.fromisoformat(f"{KEY}T06:30+05:30")]
    selection = Selection("", (), 72)
    with make_app(tmp_path / "newsletter", clock=lambda: now[0]) as app:
        pipeline.compose(app, KEY)
        composed = []

        def meanwhile() -> Mapping[str, float]:
            """Another editor, while the first one's process composes or has died."""
            with pytest.raises(NameTaken):
                app.editor.compose_special("vishesh", selection, RAVI)
            now[0] += timedelta(minutes=15)
            composed.append(app.editor.compose_special("vishesh", selection, RAVI).edition.state)
            return {}

        first = replace(app.editor, composer=replace(app.composer, interest=meanwhile))
        first.compose_special("vishesh", selection, SUMAN)
    assert composed == ["draft"]


def test_a_change_removes_no_story_of_a_paused_source(app: App) -> None:
    edited = next(each for each in edition(app).stories() if len(each.sources) == 1)
    app.editor.write_story(KEY, edited.id, SUMAN, title="सुमन का शीर्षक", summary=None)
    before = {each.id for each in edition(app).stories()}
    dropped = next(each.id for each in edition(app).stories() if each.id != edited.id)
    app.source_editor.change(edited.sources[0], {"paused": True}, SUMAN)
    with make_app(app.home, environment={"DIGEST_NOW": f"{KEY}T06:35+05:30"}) as later:
        changed = later.editor.drop(KEY, dropped, RAVI)
    assert before - {dropped} <= {each.id for each in changed.stories()}
    assert "सुमन का शीर्षक" in [each.title for each in changed.stories()]


def test_a_story_that_an_editor_worked_on_stays_when_its_articles_are_older_than_the_window(app: App) -> None:
    stories = [each for each in edition(app).stories() if not each.recurring]
    edited, pinned, moved, *others = stories
    app.editor.write_story(KEY, edited.id, SUMAN, title="सुमन का शीर्षक", summary=None)
    app.editor.pin(KEY, pinned.id, SUMAN)
    app.editor.move(KEY, moved.id, moved.section, 1, SUMAN)
    # This window is after nearly every article of the draft.
    environment = {
        "DIGEST_NOW": f"{KEY}T06:35+05:30",
        "DIGEST_EDITION__WINDOW": "1h",
        "DIGEST_EDITION__MIN_STORIES": "1",
    }
    for _ in range(2):
        with make_app(app.home, environment=environment) as later:
            again = {each.id: each for each in later.editor.refresh(KEY).stories()}
        assert {edited.id, pinned.id, moved.id} <= again.keys()
        assert not again.keys() & {each.id for each in others if each.published < later.now() - timedelta(hours=1)}
        assert again[edited.id].title == "सुमन का शीर्षक"
        assert again[edited.id].summary == edited.summary
        assert again[edited.id].article_ids == edited.article_ids


def test_fewer_stories_in_the_settings_leave_those_that_an_editor_worked_on(app: App) -> None:
    sections = sorted(edition(app).sections, key=lambda section: -len(section.stories))
    moved, *others = [each for section in sections for each in reversed(section.stories)]
    untouched = next(each for each in others if each.section == moved.section)
    edited, pictured, dropped = [each for each in others if each is not untouched][-3:]
    app.editor.move(KEY, moved.id, moved.section, 1, SUMAN)
    app.editor.write_story(KEY, edited.id, SUMAN, title="सुमन का शीर्षक", summary=None)
    app.editor.choose_picture(KEY, pictured.id, SUMAN, "")
    environment = {"DIGEST_NOW": f"{KEY}T06:35+05:30", "DIGEST_EDITION__MAX_STORIES": "3"}
    with make_app(app.home, environment=environment) as later:
        changed = later.editor.drop(KEY, dropped.id, RAVI)
    assert {each.id for each in changed.stories() if not each.recurring} == {moved.id, edited.id, pictured.id}
