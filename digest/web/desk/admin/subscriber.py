"""The page of one subscriber: data, history, why they did not get an edition, and an admin's actions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.models import LETTERS_TO_SOME, Actor
from digest.store.desk.audit import ActKind
from digest.store.people.directory import state_of
from digest.store.people.history import NOBODY_GOT_IT, HistoryEntry, HistoryKind
from digest.store.people.preferences import ERASED, StoredSubscriber
from digest.subscribers.due import NOT_DUE
from digest.usecases.edit_subscribers import subject_of
from digest.usecases.enqueue import NO_STORY
from digest.usecases.send_late import can_be_sent_late
from digest.web.desk.admin import words
from digest.web.desk.admin.form import FREQUENCIES, changes_in, field_problem, fields_of, given_in
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.app import App

# Lines of the history that are shown at first.
_SHOWN = 30
_GOT = ("accepted", "delivered", "opened", "clicked")
_EDITIONS = (HistoryKind.EDITION, HistoryKind.EVENT)
_CHANGES = (HistoryKind.LIST, HistoryKind.CONSENT, HistoryKind.BARRED)


def page(
    visit: Visit, *, status: int = 200, field: str = "", problem: str | PageSentence = "", editing: bool = False
) -> Response:
    """Show a subscriber. `editing`: the form stays open, with the typed values."""
    desk, now = visit.desk, visit.desk.now()
    app, held = desk.app, _held_subscriber(visit)
    entries = _entries(visit, held)
    view = visit.query.get("view", "")
    kinds = {"letters": _EDITIONS, "changes": _CHANGES}.get(view)
    shown = [each for each in entries if kinds is None or each.kind in kinds]
    # A person who never had a wrong text lacks no correction, and nobody lacks an edition that nobody got.
    expected = [
        each
        for each in entries
        if each.what != "none"
        or not ((each.edition or "").startswith(LETTERS_TO_SOME) or each.why.startswith(NOBODY_GOT_IT))
    ]
    everything, why = "all" in visit.query, _why_not(expected)
    record = app.subscriber_admin.find(held.address)
    chosen = app.preferences.chosen_by(held.id)
    return visit.page(
        "admin/subscriber.html.j2",
        status=status,
        field=field,
        problem=problem,
        held=held,
        record=record,
        listed=record.subscriber if record else None,
        chosen=chosen,
        state=state_of(held, now),
        stop=_stop_by_admin(entries) if held.suppressed else None,
        editing=editing,
        given=given_in(visit, record.subscriber if record else None),
        why=why,
        late=why is not None and _came_late(app, why),
        entries=shown if everything else shown[:_SHOWN],
        hidden=0 if everything else max(0, len(shown) - _SHOWN),
        view=view,
        got=len({each.edition for each in expected if each.what in _GOT and each.edition}),
        all=len({each.edition for each in expected if each.edition}),
        place=app.subscriber_editor.place_of(held.address),
        acts=app.audit.newest(10, subject=subject_of(held.id)),
        done=visit.query.get("done", ""),
        topics=app.topics,
        editions=app.edition_slugs,
        frequencies=FREQUENCIES,
        words=words,
        now=now,
    )


def save(visit: Visit) -> Response:
    app, held = visit.desk.app, _held_subscriber(visit)
    record = app.subscriber_admin.find(held.address)
    listed = record.subscriber if record else None
    changes = changes_in(visit, listed) if listed else fields_of(visit)
    if not changes:
        return visit.go(f"/subscriber/{held.id}", done="same")
    return _act(visit, "saved", lambda email, by: app.subscriber_editor.change(email, changes, by), editing=True)


def pause(visit: Visit) -> Response:
    days = number_in(visit.form.get("days", "")) or 0
    until = visit.desk.now() + timedelta(days=days) if 0 < days < 1000 else None
    done = "paused" if until else "resumed"
    return _act(visit, done, lambda email, by: visit.desk.app.subscriber_editor.pause(email, until, by))


def suppress(visit: Visit) -> Response:
    reason = visit.form.get("reason", "")
    return _act(visit, "stopped", lambda email, by: visit.desk.app.subscriber_editor.suppress(email, reason, by))


def unsuppress(visit: Visit) -> Response:
    reason = visit.form.get("reason", "")
    return _act(visit, "lifted", lambda email, by: visit.desk.app.subscriber_editor.unsuppress(email, reason, by))


def remove(visit: Visit) -> Response:
    return _act(visit, "removed", lambda email, by: visit.desk.app.subscriber_editor.remove(email, by))


def ask_erase(visit: Visit) -> Response:
    return visit.page("admin/erase.html.j2", held=_held_subscriber(visit))


def erase(visit: Visit) -> Response:
    reason = visit.form.get("reason", "").strip() or "at the person's request"
    held = _held_subscriber(visit)
    visit.desk.app.subscriber_editor.erase(held.email, reason, visit.actor)
    visit.desk.forget_counts()
    return visit.go("/subscribers", done="erased")


def data(visit: Visit) -> Response:
    """Download everything that is stored about a person, as a file for them (GDPR articles 15 and 20)."""
    held = _held_subscriber(visit)
    app = visit.desk.app
    text = json.dumps(app.personal_data.collect(held.address), ensure_ascii=False, indent=1)
    app.audit.record(visit.actor, ActKind.DATA_GIVEN_OUT, subject_of(held.id), now=app.now())
    return visit.download(f"subscriber-{held.id}.json", text, "application/json")


def _act(visit: Visit, done: str, act: Callable[[str, Actor], object], *, editing: bool = False) -> Response:
    """Carry out an action on a subscriber, and show the page again."""
    held = _held_subscriber(visit)
    try:
        act(held.email, visit.actor)
    except ConfigurationError as error:
        return page(visit, status=422, **field_problem(visit, error), editing=editing)
    except DigestError as error:
        return page(visit, status=409, problem=visit.refusal(error), editing=editing)
    visit.desk.forget_counts()
    return visit.go(f"/subscriber/{held.id}", done=done)


def _held_subscriber(visit: Visit) -> StoredSubscriber:
    held = visit.desk.app.preferences.get(number_in(visit.parameters["id"]) or 0)
    if held is None or held.status == ERASED:
        raise HTTPException(404)
    return held


def _entries(visit: Visit, held: StoredSubscriber) -> list[HistoryEntry]:
    """Return the history of a subscriber, newest first."""
    app = visit.desk.app
    zone, orphans = app.settings.newsletter.zone, app.status_reader.orphans(app.now())
    return app.subscriber_admin.history.entries(held.address, zone, orphans)[::-1]


def _stop_by_admin(entries: list[HistoryEntry]) -> HistoryEntry | None:
    """Return the entry of the admin who stopped a suppressed person's email; None if no admin did."""
    suppressed = next((each for each in entries if each.kind == HistoryKind.BARRED), None)
    return suppressed if suppressed and suppressed.stopped_by_admin else None


def _came_late(app: App, why: HistoryEntry) -> bool:
    """Whether the edition can still be sent to them: they came or may get mail again since it was made ready."""
    chosen = why.why.startswith((NOT_DUE, NO_STORY))
    edition = None if chosen or why.what not in ("none", "excluded") else app.editions.get(why.edition or "")
    return edition is not None and can_be_sent_late(edition)


def _why_not(entries: list[HistoryEntry]) -> HistoryEntry | None:
    """Return why the newest edition did not reach them; None if it did, or is on its way."""
    newest = next((each.edition for each in entries if each.kind == HistoryKind.EDITION and each.edition), None)
    if newest is None:
        return None
    own = [each for each in entries if each.edition == newest]
    failed = next(
        (each for each in own if each.kind == HistoryKind.EVENT and words.MARKS.get(each.what) in ("bad", "warn")), None
    )
    if failed:
        return failed
    letter = next((each for each in own if each.kind == HistoryKind.EDITION), None)
    return None if letter is None or letter.what in ("accepted", "pending", "submitting") else letter
