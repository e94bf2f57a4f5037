"""Every page in every state, filled for invented readers, so that a mistake in a template is found in time.

Owns what each template is handed in such a rendering. Asks no store; a test keeps its table whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from digest.errors import TemplateMistake
from digest.events.rules import LEFT
from digest.render.masthead import Branding
from digest.render.page import build_page
from digest.render.specimen import sample_edition
from digest.store.published import Published
from digest.store.wishes import Reader
from digest.web.leaving import State, Why
from digest.web.pages import Pages
from digest.web.wishing import hours

_TOKEN = "x" * 36
_ASHA = "asha@example.com"


@dataclass(frozen=True, slots=True)
class Specimen:
    """A template and what it is handed."""

    template: str
    values: dict[str, Any]


def mistakes(pages: Pages, now: datetime, topics: Collection[str]) -> list[TemplateMistake]:
    """What is wrong in the templates of the pages, each mistake once, with file and line."""
    found: dict[str, TemplateMistake] = {}
    try:
        _ = pages.css
    except TemplateMistake as error:
        found[str(error)] = error
    for each in specimens(pages.masthead, now, topics):
        for language in pages.languages:
            try:
                pages.fill(each.template, language, here="/", **each.values)
            except TemplateMistake as error:
                found.setdefault(str(error), error)
    return list(found.values())


def specimens(masthead: Branding, now: datetime, topics: Collection[str]) -> Iterator[Specimen]:
    """Each template at least once, and once for each thing that it says only now and then."""
    sent = Published(now.date().isoformat(), now.date(), 1, "शहर में नई मेट्रो लाइन शुरू", "और दो ख़बरें", now)
    yield from _joining(sent)
    yield from _leaving(now)
    yield from _wishes(now, topics, sent)
    made = build_page(
        sample_edition(now), masthead, subject=sent.subject, preheader=sent.preheader, now=now, test=False
    )
    for pictures in (False, True):
        values = {"edition": made, "pictures": pictures, "has_remote": True, "in_brief": "संक्षेप में"}
        yield Specimen("edition.html.j2", {**values, "personal": False})
    for editions in ([], [sent]):
        yield Specimen("archive.html.j2", {"editions": editions, "personal": False})
    yield Specimen("bar.html.j2", {})
    yield Specimen("text.html.j2", {"title": sent.subject, "text": "…"})
    for said in ("", "…"):
        yield Specimen("problem.html.j2", {"title": "…", "said": said})
    for kind in ("confirm", "known"):
        for template in ("mail.html.j2", "mail.txt.j2"):
            yield Specimen(template, {"subject": "…", "kind": kind, "link": "https://example.com/"})


def _joining(sent: Published) -> Iterator[Specimen]:
    yield Specimen("front.html.j2", {"personal": False})
    for wrong, newest in (("", []), ("…", [sent])):
        values = {"wrong": wrong, "typed": _ASHA, "newest": newest, "agreement": "…"}
        yield Specimen("join.html.j2", {**values, "personal": False})
    yield Specimen("asked.html.j2", {"typed": _ASHA, "days": 3})
    for state in ("ask", "done", "late"):
        values = {"state": state, "token": _TOKEN, "email": _ASHA, "preferences": _TOKEN, "agreement": "…"}
        yield Specimen("confirm.html.j2", values)


def _leaving(now: datetime) -> Iterator[Specimen]:
    rest = {"token": _TOKEN, "reasons": get_args(Why)}
    for state in get_args(State):
        for fresh, pausing, thanked in ((False, None, False), (True, None, True), (True, now, False)):
            changing = {"state": state, "fresh": fresh, "pausing": pausing, "thanked": thanked}
            yield Specimen("leave.html.j2", {**rest, **changing})


def _wishes(now: datetime, topics: Collection[str], sent: Published) -> Iterator[Specimen]:
    send_at = now.time().replace(hour=7, minute=0, second=0, microsecond=0)

    def of(reader: Reader | None, *, pausing: bool = False, wrong: str = "", again: str = "") -> Specimen:
        values = {"token": _TOKEN, "leave": _TOKEN, "topics": topics, "send_at": send_at, "own_zone": "Asia/Kolkata"}
        changing = {"saved": not wrong, "wrong": wrong, "again": again, "edition": [sent] if again else []}
        own = {"reader": reader, "left": reader is not None and reader.suppressed == LEFT}
        more = {"pausing": now + timedelta(weeks=1) if pausing else None, "hours": hours(send_at, None)}
        return Specimen("preferences.html.j2", {**values, **changing, **own, **more})

    def reader(*, suppressed: str = "", listed: bool = True, status: str = "active", zone: str = "UTC") -> Reader:
        return Reader(
            id=1, address=_ASHA, email=_ASHA, name="आशा", topics=(), frequency="daily", hour=None, timezone=zone,
            format="html", listed=listed, status=status, suppressed=suppressed, paused_until=None,
        )  # fmt: skip

    yield of(None)
    for again in ("sent", "coming", "often", "none"):
        yield of(reader(), again=again)
    for wrong in ("topics", "form"):
        yield of(reader(zone="Asia/Kolkata"), wrong=wrong)
    yield of(reader(), pausing=True)
    yield of(reader(suppressed=LEFT))
    yield of(reader(suppressed="bounced"))
    yield of(reader(listed=False))
    yield of(reader(status="paused"))
