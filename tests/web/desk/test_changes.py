"""Two editors at once: an open page gets a change at once, and streams end with the server."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from http.client import HTTPConnection, HTTPResponse
from inspect import signature
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import pytest

from digest import pipeline
from digest.errors import StoreUnavailable
from digest.models import Actor, EditionState, Role, Story
from digest.usecases.enqueue import SendRequest
from digest.web.desk.changes import ChangeStreams
from tests.web.desk.browser import ROOT, Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk, put_draft
from tests.web.site import Site

HERE = f"/edition/{KEY}"
SOON = 0.001


@contextmanager
def stream_of(browser: Browser) -> Iterator[HTTPResponse]:
    place = urlsplit(browser.site.base)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=30)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    connection.request("GET", f"{ROOT}{HERE}/changes", headers={"Cookie": cookie})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def event(stream: HTTPResponse) -> str:
    """The data of the next event."""
    for line in stream:
        if line.startswith(b"data: "):
            return line.decode().removeprefix("data: ").strip()
    return ""


@pytest.mark.slow
def test_an_open_page_is_told_what_another_editor_changes(desk: Site, editor: Browser, sender: Browser) -> None:
    assert f'data-changes="{ROOT}{HERE}/changes"' in editor.get("/").text
    with stream_of(sender) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no"
        first = event(stream)
        assert first == desk.app.editions.mark(KEY)
        editor.post(f"{HERE}/texts", subject="दूसरा विषय", was_subject="")
        assert event(stream) != first
    assert editor.site.request("HEAD", f"{ROOT}{HERE}/changes", headers=cookie_of(editor)).status == 204


def cookie_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


@pytest.mark.slow
def test_whatever_a_page_shows_of_an_edition_is_in_its_mark(desk: Site) -> None:
    editor, sender = set_up(desk, "suman", Role.EDITOR), set_up(desk, "kavita", Role.SENDER)
    app = desk.app
    marks = [app.editions.mark(KEY)]
    assert app.editions.mark(KEY) == marks[0], "nothing happened"
    first, second, *_rest = [story.id for story in app.editions.get(KEY).stories()]  # type: ignore[union-attr]
    for act in (
        lambda: editor.post(f"{HERE}/move", story=second, step="down"),
        lambda: editor.post(f"{HERE}/story/{first}", title="नया शीर्षक", summary="नया सार।"),
        lambda: editor.post(f"{HERE}/undo"),
        lambda: app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,)),
        lambda: app.enqueuer.enqueue(app.editions.get(KEY), SendRequest(scheduled=True)),
        lambda: sender.post(f"{HERE}/pause"),
    ):
        act()
        marks.append(app.editions.mark(KEY))
    assert len(set(marks)) == len(marks)


def test_streams_end_with_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    served = open_desk(tmp_path / "newsletter")
    desk = next(served)
    with stream_of(set_up(desk, "suman", Role.EDITOR)) as stream, caplog.at_level(logging.ERROR):
        event(stream)
        assert next(served, None) is None, "the server has stopped"
        assert event(stream) == ""
    assert not caplog.messages, "the server waited in vain for the stream"


def test_a_store_that_does_not_answer_is_waited_for_and_nobody_is_told_of_nothing() -> None:
    told = threading.Event()
    failures = [StoreUnavailable("busy")]

    def mark(_edition: str) -> str:
        if not told.is_set():
            return "a"
        if failures:
            raise failures.pop()
        return "b"

    async def two_events() -> list[bytes]:
        with ChangeStreams(mark, every=SOON) as changes:
            found = changes.follow(KEY, "suman")
            events = [await anext(found) for _ in range(2)]
            told.set()
            events.append(await anext(found))
            await found.aclose()
            return events

    assert asyncio.run(two_events()) == [
        b"retry: 2000\n\n", b"event: changed\ndata: a\n\n", b"event: changed\ndata: b\n\n",
    ]  # fmt: skip


def test_the_first_poll_after_a_change_tells_the_page() -> None:
    """A page knows of a change after one pause between polls, which is at most a second."""
    marks, told = iter("ab"), threading.Event()
    late: list[str] = []

    def mark(_edition: str) -> str:
        found = next(marks, "")
        if not found:
            # Another poll must not be needed.
            told.wait(60)
            late.append("c")
        return found or "c"

    async def events() -> list[bytes]:
        with ChangeStreams(mark, every=SOON) as changes:
            found = changes.follow(KEY, "suman")
            events = [await anext(found) for _ in range(3)]
            assert not late
            told.set()
            await found.aclose()
            return events[1:]

    assert asyncio.run(events()) == [b"event: changed\ndata: a\n\n", b"event: changed\ndata: b\n\n"]
    assert signature(ChangeStreams).parameters["every"].default <= 1


def test_time_passes_for_a_page_too() -> None:
    async def events() -> list[bytes]:
        with ChangeStreams(lambda _edition: "a", every=SOON, beat=SOON) as changes:
            found = changes.follow(KEY, "suman")
            events = [await anext(found) for _ in range(4)]
            await found.aclose()
            return events

    assert len(asyncio.run(events())) == 4


def test_streams_are_few_and_none_begins_after_the_end() -> None:
    async def rooms() -> list[bool]:
        with ChangeStreams(lambda _edition: "a") as changes:
            open_ = [changes.follow(KEY, "suman") for _ in range(8)]
            for each in open_:
                await anext(each)
            found = [changes.has_room("suman"), changes.has_room("kavita")]
            for each in open_:
                await each.aclose()
            found.append(changes.has_room("suman"))
            changes.end()
            return [*found, changes.has_room("suman")]

    assert asyncio.run(rooms()) == [False, True, True, False]


@pytest.mark.slow
def test_who_replaces_a_newer_text_sees_it_at_once_and_can_take_it_back(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    story = next(edition.stories())
    here, opened = f"{HERE}/story/{story.id}", {"was_title": story.title, "was_summary": story.summary}
    other = set_up(desk, "ravi", Role.EDITOR)
    other.submit(here, {"title": "रवि का शीर्षक", "summary": story.summary, **opened})
    page = editor.submit(here, {"title": "सुमन का शीर्षक", "summary": story.summary, **opened}, follow=True).text
    line = page.partition('class="undo warn"')[2].partition("</form>")[0]
    assert "“रवि का शीर्षक”" in line
    assert "ravi का ताज़ा लिखा" in line
    assert 'id="undo"' in line
    page = editor.post(f"{HERE}/undo", follow=True).text
    assert 'class="undo warn"' not in page
    assert "रवि का शीर्षक" in [each.title for each in stories(desk)]
    # Nothing is lost by whoever saw the newer text, or wrote the same, or changes another field.
    for fields in (
        {"title": "तीसरा", "was_title": "रवि का शीर्षक"},
        {"title": "तीसरा", "was_title": "और पुराना"},
        {"summary": "नया सारांश।", **opened, "title": story.title},
    ):
        assert 'class="undo warn"' not in editor.submit(here, fields, follow=True).text, fields
    editor.submit(f"{HERE}/texts", {"subject": "रवि का विषय", "was_subject": edition.subject})
    page = other.submit(f"{HERE}/texts", {"subject": "सुमन का विषय", "was_subject": edition.subject}, follow=True).text
    assert "“रवि का विषय”" in page.partition('class="undo warn"')[2].partition("</form>")[0]


def stories(desk: Site) -> list[Story]:
    edition = edition_of(desk)
    return list(edition.stories())


@pytest.mark.slow
def test_two_saves_of_one_field_at_the_same_moment_lose_no_words(desk: Site, editor: Browser) -> None:
    story = stories(desk)[0]
    other = set_up(desk, "ravi", Role.EDITOR)
    here = f"{HERE}/story/{story.id}"
    written = {"suman": "सुमन का शीर्षक", "ravi": "रवि का शीर्षक"}
    browsers = {"suman": editor, "ravi": other}
    ready = Barrier(2)

    def save(name: str) -> None:
        fields = {"title": written[name], "was_title": story.title, "csrf": tokens[name]}
        ready.wait()
        browsers[name].submit(here, fields, token="")

    tokens = {name: browser.token() for name, browser in browsers.items()}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, written))
    present = stories(desk)[0].title
    winner, loser = sorted(written, key=lambda name: written[name] != present)
    assert written[winner] == present
    notice = lost(browsers[loser].get(f"{HERE}/state?seen=before").text)
    assert f"{winner} ने भी इसे सहेजा है" in notice
    assert re.findall('class="typed"[^>]*>([^<]*)<', notice) == [present, written[loser]]
    # Also beside another story, and without the script.
    assert lost(browsers[loser].get(f"{HERE}/story/{stories(desk)[1].id}").text)
    assert not lost(browsers[winner].get(HERE).text)
    fields = dict(re.findall('name="(story|field|text|present|seen)" value="([^"]*)"', notice))
    htmx = {"hx-request": "true"}
    page = browsers[loser].submit(f"{HERE}/settle", {**fields, "back": "1"}, headers=htmx, follow=True).text
    assert stories(desk)[0].title == written[loser]
    assert "data-stale" in page
    assert not lost(page)
    # In the second round the other one is asked.
    notice = lost(browsers[winner].get(HERE).text)
    assert f"{loser} ने भी इसे सहेजा है" in notice
    fields = dict(re.findall('name="(field|replacing)" value="([^"]*)"', notice))
    assert not lost(browsers[winner].post(f"{HERE}/settle", **fields, follow=True).text)
    assert not lost(browsers[loser].get(HERE).text)


@pytest.mark.slow
def test_an_editor_can_let_the_other_text_stand(desk: Site, editor: Browser) -> None:
    other, was = set_up(desk, "ravi", Role.EDITOR), {"was_subject": "", "was_intro": ""}
    editor.post(f"{HERE}/texts", **was, subject="सुमन का विषय", intro="सुमन की **बात**\nदूसरा पैरा")
    other.post(f"{HERE}/texts", **was, subject="रवि का विषय", intro="रवि की बात")
    notice = lost(editor.get(HERE).text)
    assert "सुमन का विषय" in notice
    assert "सुमन की **बात**\nदूसरा पैरा" in notice
    assert not lost(set_up(desk, "asha", Role.EDITOR).get(HERE).text)
    # Only what was shown is let go: not the intro, and not a later text.
    fields = dict(re.findall('name="(field|replacing)" value="([^"]*)"', notice.partition("</form>")[0]))
    assert fields["field"] == "subject"
    notice = lost(editor.post(f"{HERE}/settle", **fields, follow=True).text)
    assert "सुमन का विषय" not in notice
    assert "दूसरा पैरा" in notice
    fields = dict(re.findall('name="(field|replacing)" value="([^"]*)"', notice))
    assert not lost(editor.post(f"{HERE}/settle", **fields, follow=True).text)
    assert desk.app.editions.get(KEY).subject == "रवि का विषय"  # type: ignore[union-attr]
    # A later one is a new one.
    editor.post(f"{HERE}/texts", was_subject="रवि का विषय", subject="सुमन का दूसरा")
    other.post(f"{HERE}/texts", was_subject="रवि का विषय", subject="रवि का दूसरा")
    assert "सुमन का दूसरा" in lost(editor.get(HERE).text)
    # Not any more, when the editor has written it again.
    editor.post(f"{HERE}/texts", was_subject="रवि का दूसरा", subject="सुमन का तीसरा")
    assert not lost(editor.get(HERE).text)
    assert editor.post(f"{HERE}/settle", back="1", field="lead", text="x").status == 422
    assert editor.post(f"{HERE}/settle", field="subject").status == 422


def test_a_page_learns_which_texts_others_saved_meanwhile(desk: Site, editor: Browser) -> None:
    asked, story = re.search('hx-get="/desk([^"]+)"', editor.get(HERE).text), stories(desk)[0]
    assert asked
    opened = unescape(asked[1])
    other = set_up(desk, "ravi", Role.EDITOR)
    other.post(f"{HERE}/story/{story.id}", title="रवि का <b>शीर्षक</b>", was_title=story.title)
    other.post(f"{HERE}/texts", subject="रवि का विषय", was_subject="")
    line = editor.get(opened).text
    newer = re.findall('<li data-story="([^"]*)" data-field="([^"]*)" data-says="([^"]*)"[^>]*>([^<]*)<', line)
    says = "ravi ने अभी यह सहेजा है:"
    assert set(newer) == {
        (story.id, "title", says, "रवि का &lt;b&gt;शीर्षक&lt;/b&gt;"),
        ("", "subject", says, "रवि का विषय"),
    }
    assert 'id="newer"' not in editor.get(HERE).text
    own = other.get(opened).text
    assert own.count('data-says=""') == 2, "one's own text is not told"


def lost(page: str) -> str:
    """The part of a page that shows the editor's texts that somebody replaced."""
    return unescape(page.partition('<section class="lost"')[2].partition("</section>")[0])


@pytest.mark.slow
def test_who_ended_an_approval_by_which_change_is_named_to_both(desk: Site, sender: Browser) -> None:
    other, story = set_up(desk, "ravi", Role.EDITOR), stories(desk)[1]
    sender.post(f"{HERE}/approve", seen=shown(sender.get(HERE).text)["seen"])
    opened = shown(sender.get(HERE).text)
    page = other.post(f"{HERE}/move", story=story.id, step="down", follow=True).text
    assert "kavita की मंज़ूरी हट गई।" in page
    line = sender.get(f"{HERE}/state?seen={opened['seen']}&act={opened['act']}").text
    assert "ravi: अंक बदला गया, इसलिए आपकी मंज़ूरी हट गई।" in line
    opened = shown(sender.get(HERE).text)
    other.post(f"{HERE}/move", story=story.id, step="up")
    line = sender.get(f"{HERE}/state?seen={opened['seen']}&act={opened['act']}").text
    assert f"ravi: जगह बदली: {story.title[:20]}" in unescape(line)
    # A refused approval says what changed.
    refused = sender.post(f"{HERE}/approve", **opened)
    assert refused.status == 409
    assert f"ravi: जगह बदली: {story.title[:20]}" in unescape(refused.text)


@pytest.mark.slow
def test_what_the_sender_typed_meanwhile_refuses_no_approval(desk: Site, sender: Browser) -> None:
    opened, story = shown(sender.get(HERE).text), stories(desk)[1]
    sender.post(f"{HERE}/story/{story.id}", title="कविता का शीर्षक", was_title=story.title)
    assert sender.post(f"{HERE}/approve", **opened).status == 303
    opened = shown(sender.get(HERE).text)
    sender.post(f"{HERE}/reopen")
    sender.post(f"{HERE}/drop", story=story.id)
    assert sender.post(f"{HERE}/approve", **opened).status == 409, "what took its place was not seen"


@pytest.mark.slow
def test_own_texts_hide_no_other_change_from_an_approval(desk: Site, sender: Browser) -> None:
    app, story = desk.app, stories(desk)[1]

    def type_texts(number: int) -> None:
        for each in range(number):
            app.editor.write(KEY, Actor("kavita", "desk"), intro=f"नमस्ते {each}")

    # What came since leads to another edition.
    opened = shown(sender.get(HERE).text)
    put_draft(desk, edition_of(desk).map_stories(lambda each: replace(each, summary=f"{each.summary} पुराना।")))
    pipeline.compose(app, KEY)
    type_texts(1)
    refused = sender.post(f"{HERE}/approve", **opened)
    assert refused.status == 409
    assert "digest: फिर से बना" in refused.text
    opened = shown(sender.get(HERE).text)
    app.editor.drop(KEY, story.id, Actor("ravi", "desk"))
    type_texts(31)
    assert sender.post(f"{HERE}/approve", **opened).status == 409
    assert sender.post(f"{HERE}/approve", **shown(sender.get(HERE).text)).status == 303


def shown(page: str) -> dict[str, str]:
    """What the form to approve says about the edition that its page shows."""
    form = page.partition('id="state"')[2].partition("</form>")[0]
    return dict(re.findall('name="(seen|act)" value="([^"]*)"', form))
