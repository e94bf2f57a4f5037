"""`digest edition correct`: later recipients get the right text; only those who have the wrong one get a correction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import select, update

from digest import pipeline
from digest.app import make_app
from digest.deliver.outcome import Accepted
from digest.models import Actor, BatchState, EditionState
from digest.scheduler import Scheduler, watch_settings
from digest.store.schema import batch
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.revisions import RevisionReach
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

# Each test makes and sends an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
CORRECTION = f"correction-{EDITION}-2"
SOON = datetime.fromisoformat("2026-11-23T06:25+05:30")
RIGHT, NOTE = "सही शीर्षक यहाँ है", "शीर्षक में संख्या ग़लत थी।"
PEOPLE = {f"subscriber{number}@example.com" for number in range(6)}


@pytest.fixture
def provider(newsroom: Newsroom) -> Iterator[SendGridServer]:
    newsroom.set_subscribers(*subscriber_rows(6))
    with SendGridServer() as server:
        server.clock.set(SOON.timestamp())
        newsroom.environment |= {
            "DIGEST_NOW": SOON.isoformat(),
            **sendgrid_environment(server.url),
            "DIGEST_DELIVERY__BATCH_SIZE": "2",
        }
        yield server


def lead(newsroom: Newsroom) -> str:
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        edition = app.editions.get(EDITION)
        assert edition is not None
        return edition.lead


def got(provider: SendGridServer) -> dict[str, list[str]]:
    """Each address, and the subjects of what it got."""
    found: dict[str, list[str]] = {}
    for message in provider.messages:
        if message.state == "sent":
            for address in message.emails:
                found.setdefault(address, []).append(message.subject)
    return found


def hold_back(newsroom: Newsroom, batches: int) -> None:
    """Make `count` batches wait until noon."""
    with make_app(newsroom.home, environment=newsroom.environment) as app, app.database.write() as connection:
        rows = select(batch.c.id).where(batch.c.edition == EDITION).order_by(batch.c.id.desc()).limit(batches)
        noon = datetime.fromisoformat("2026-11-23T12:00+05:30")
        connection.execute(update(batch).where(batch.c.id.in_(rows)).values(due_at=noon))


def send_a_part(newsroom: Newsroom, waiting: int) -> str:
    """Send the edition to all but `waiting` batches, and return its lead story."""
    newsroom.json("compose")
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        pipeline.send(app, EDITION, deliver=False)
    hold_back(newsroom, waiting)
    with make_app(newsroom.home, environment=newsroom.environment | {"DIGEST_DELIVERY__LEAD": "10m"}) as app:
        pipeline.send(app, EDITION)
    return lead(newsroom)


def test_what_is_held_for_later_is_cancelled_and_sent_again(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("send", "--at", "07:00")
    run = newsroom.digest("edition", "correct", EDITION, lead(newsroom), "--title", RIGHT, "--note", NOTE)
    assert run.code == 0, run.err
    assert "6 recipients get the corrected email" in run.out
    assert "went to 0 recipients" in run.out, "nobody has the wrong text"
    newsroom.json("send", EDITION)
    provider.clock.advance(3600)
    assert {address: len(subjects) for address, subjects in got(provider).items()} == dict.fromkeys(PEOPLE, 1)
    assert all(RIGHT in subjects[0] for subjects in got(provider).values())


def test_the_correction_goes_to_those_who_have_the_wrong_text(newsroom: Newsroom, provider: SendGridServer) -> None:
    story = send_a_part(newsroom, waiting=1)
    wrong = set(got(provider))
    assert len(wrong) == 4
    run = newsroom.digest("edition", "correct", EDITION, story, "--title", RIGHT, "--note", NOTE)
    assert run.code == 0, run.err
    assert "4 recipients received the wrong text" in run.out
    assert "went to 4 recipients" in run.out
    newsroom.json("send", EDITION, DIGEST_NOW="2026-11-23T12:01+05:30", code=0)
    received = got(provider)
    assert set(received) == PEOPLE
    for address, subjects in received.items():
        if address in wrong:
            assert [RIGHT in each for each in subjects] == [False, True]
            assert subjects[1].startswith("भूल-सुधार")
        else:
            assert len(subjects) == 1
            assert RIGHT in subjects[0]
    # Again and again: nobody gets anything twice.
    for key in (EDITION, CORRECTION):
        assert newsroom.json("send", key)["placed"] == 0
    assert got(provider) == received


def test_who_is_known_later_to_have_the_wrong_text_gets_the_correction_then(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    story = send_a_part(newsroom, waiting=0)
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        with app.database.write() as connection:
            number = connection.execute(select(batch.c.id).where(batch.c.edition == EDITION)).scalars().first()
            unknown = {"state": BatchState.UNKNOWN}
            connection.execute(update(batch).where(batch.c.id == number).values(unknown))
        assert number is not None
        run = newsroom.digest("edition", "correct", EDITION, story, "--title", RIGHT, "--note", NOTE)
        assert "2 recipients may have it" in run.out
        assert "went to 4 recipients" in run.out
        assert app.ledger.decide(EDITION, number, Accepted(), DecisionGrounds("seen in the log"), app.now())
    assert newsroom.json("send", CORRECTION)["placed"] == 2
    assert {len(subjects) for subjects in got(provider).values()} == {2}


def test_everybody_is_in_one_number(newsroom: Newsroom, provider: SendGridServer) -> None:
    story = send_a_part(newsroom, waiting=1)
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        with app.database.write() as connection:
            sent = select(batch.c.id).where(batch.c.edition == EDITION, batch.c.state == BatchState.ACCEPTED)
            number = connection.execute(sent).scalars().first()
            connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.SUBMITTING))
        done = app.corrector.correct(EDITION, story, Actor("suman", "command"), title=RIGHT)
    assert done.reach == RevisionReach(waiting=2, received=2, unknown=0, in_flight=2, unaffected=0)


def test_what_was_not_sent_after_all_goes_out_corrected(newsroom: Newsroom, provider: SendGridServer) -> None:
    from digest.deliver.outcome import NotSent

    story = send_a_part(newsroom, waiting=1)
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        with app.database.write() as connection:
            rows = select(batch.c.id).where(batch.c.edition == EDITION, batch.c.state == BatchState.PENDING)
            number = connection.execute(rows).scalar_one()
            connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.UNKNOWN))
        newsroom.digest("edition", "correct", EDITION, story, "--title", RIGHT)
        assert app.ledger.decide(EDITION, number, NotSent("nobody has it"), DecisionGrounds("asked them"), app.now())
    newsroom.json("send", EDITION, DIGEST_NOW="2026-11-23T12:01+05:30")
    received = got(provider)
    assert set(received) == PEOPLE
    assert sorted(RIGHT in subjects[0] for subjects in received.values()) == [False] * 4 + [True] * 2


def test_new_subscribers_get_the_corrected_email(newsroom: Newsroom, provider: SendGridServer) -> None:
    story = send_a_part(newsroom, waiting=0)
    newsroom.digest("edition", "correct", EDITION, story, "--title", RIGHT, "--note", NOTE)
    rows = [*subscriber_rows(6), "email: new@example.com", "email: text@example.com, format: text"]
    newsroom.set_subscribers(*rows)
    newsroom.json("send", EDITION)
    received = got(provider)
    for address in ("new@example.com", "text@example.com"):
        assert len(received[address]) == 1
        assert RIGHT in received[address][0]
    assert newsroom.json("send", CORRECTION)["placed"] == 0


def test_who_chose_other_topics_never_saw_it(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("compose")
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        edition = app.editions.get(EDITION)
        assert edition is not None
        with_two = next(each for each in edition.sections if any(story.id != edition.lead for story in each.stories))
        story = next(each for each in with_two.stories if each.id != edition.lead)
        other = next(each.name for each in edition.sections if each.name != with_two.name)
    newsroom.set_subscribers("email: all@example.com", f"email: other@example.com, topics: [{other}]")
    newsroom.json("send", EDITION)
    run = newsroom.digest("edition", "correct", EDITION, story.id, "--summary", "सही सार यह है।", "--note", NOTE)
    assert "went to 1 recipient." in run.out, run.out
    assert "1 recipient received or will receive no such story" in run.out
    assert {address: len(subjects) for address, subjects in got(provider).items()} == {
        "all@example.com": 2,
        "other@example.com": 1,
    }


def test_whoever_saw_the_lead_gets_its_correction(newsroom: Newsroom, provider: SendGridServer) -> None:
    newsroom.json("compose")
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        edition = app.editions.get(EDITION)
        assert edition is not None
        section = next(
            each.name for each in edition.sections if all(story.id != edition.lead for story in each.stories)
        )
    people = (f"email: topics@example.com, topics: [{section}]", "email: left@example.com")
    newsroom.set_subscribers(*people, "email: paused@example.com", "email: weekly@example.com, frequency: weekly:mon")
    newsroom.json("send", EDITION)
    newsroom.set_subscribers(
        *people, "email: paused@example.com, status: paused", "email: weekly@example.com, frequency: weekly:sun"
    )
    assert newsroom.digest("subscribers", "suppress", "left@example.com", "--reason", "asked by phone").code == 0
    run = newsroom.digest("edition", "correct", EDITION, lead(newsroom), "--title", RIGHT, "--note", NOTE)
    assert "4 recipients received the wrong text" in run.out, run.err
    assert f"2 recipients left or paused since, and got none: `digest status {CORRECTION}` names them" in run.out
    assert {address: len(subjects) for address, subjects in got(provider).items()} == {
        "topics@example.com": 2,
        "weekly@example.com": 2,
        "paused@example.com": 1,
        "left@example.com": 1,
    }


def test_a_draft_is_changed_and_not_corrected(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    run = newsroom.digest("edition", "correct", EDITION, lead(newsroom), "--title", RIGHT)
    assert run.code == 1
    assert f"digest edition edit {EDITION}" in run.err


def test_a_correction_cannot_be_composed_anew_for_everybody(newsroom: Newsroom, provider: SendGridServer) -> None:
    story = send_a_part(newsroom, waiting=0)
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        done = app.corrector.correct(EDITION, story, Actor("suman", "command"), title=RIGHT, note=NOTE)
        app.editions.move(done.correction, EditionState.DRAFT, out_of=(EditionState.APPROVED,))
        again = pipeline.compose(app, done.correction, fetch=False).edition
        assert again.corrects is not None
        assert [each.id for each in again.stories()] == [story]
    assert newsroom.digest("compose", "--slug", CORRECTION).code == 2


def test_digest_run_sends_the_correction_and_finds_who_is_known_later(
    newsroom: Newsroom, provider: SendGridServer
) -> None:
    story = send_a_part(newsroom, waiting=0)
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        with app.database.write() as connection:
            number = connection.execute(select(batch.c.id).where(batch.c.edition == EDITION)).scalars().first()
            connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.UNKNOWN))
        assert number is not None
        app.corrector.correct(EDITION, story, Actor("suman", "desk"), title=RIGHT, note=NOTE)
        scheduler = Scheduler(watch_settings(app), lambda _line: None)
        scheduler.check()
        assert sum(len(subjects) == 2 for subjects in got(provider).values()) == 4
        assert app.ledger.decide(EDITION, number, Accepted(), DecisionGrounds("seen in the log"), app.now())
        for _again in range(2):
            scheduler.check()
    assert {len(subjects) for subjects in got(provider).values()} == {2}
