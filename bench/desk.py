"""Pages of the desk with 1,000,000 subscribers and 5,000 articles of the day, on SQLite: ms, p50 and p95.

An edition was sent to everybody each day of two weeks, and today's is a draft. The CPU time, of all threads, shows more
on a busy machine. It takes minutes, so `python -m bench` runs it only by name.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import quote

from pyotp import TOTP
from sqlalchemy import func, insert, literal, select, update

from bench.newsletter import email_of
from bench.sample_articles import NOW, PAPERS, make_articles
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.models import Actor, BatchState, Edition, EditionState, Role, Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import analyze
from digest.store.desk.audit import ActKind
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import audit, batch, delivery, edition, preference, subscriber, suppression
from digest.store.sending import partitions
from digest.store.sending.enqueue import Placement, RecipientGroup, enqueue_subscribers
from digest.subscribers.due import decide
from digest.web.desk.app import create_desk
from tests.support.asgi import Asgi

SUBSCRIBERS, ARTICLES = 1_000_000, 5_000
TODAY, SEARCH, LIST = 50, 50, 150
_KEY, _BEFORE = "2026-11-23", "2026-11-22"
_BY = Actor("bench", "command")
_NAMES = ["आशा", "रवि", "सुमन", "कविता", "नेहा", "मोहन", "गीता", "अमित", "पूजा", "राकेश", "सीमा", "विजय"]
_SURNAMES = ["वर्मा", "यादव", "सिंह", "पटेल", "मिश्र", "खान", "जोशी", "नायर", "दास", "शर्मा"]
_CHOICES = ((), ("देश",), ("खेल", "देश"), ("दुनिया",), ("मनोरंजन",))
Pages = dict[str, tuple[Sequence[str], int]]


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (page, ms p50, p95, CPU ms p95, the bar)."""
    return measure("", quick=quick)


def measure(store: str, *, quick: bool) -> list[tuple[str, ...]]:
    """Rows of the store at this URL; without one, of SQLite."""
    people, articles, times = (20_000, 300, 20) if quick else (SUBSCRIBERS, ARTICLES, 200)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        feeds = "".join(f'  - {{name: "paper {n}", url: "https://paper{n}.example.com/feed"}}\n' for n in range(PAPERS))
        (home / "digest.yaml").write_text(
            f"newsletter:\n  name: कसौटी\n  sender: {{name: Kasauti, email: news@example.com}}\nsources:\n{feeds}",
            encoding="utf-8",
        )
        environment = {"DIGEST_NOW": NOW.isoformat(), "DIGEST_SCHEDULE__APPROVAL": "required"}
        if store:
            environment["DIGEST_STORE__URL"] = store
        with make_app(home, environment=environment) as app:
            fill(app, people, articles)
            if store:
                vacuum(store, "subscriber, suppression, preference, delivery")
            with create_desk(app, "http://localhost") as desk, closing(Asgi(desk)) as client:
                return list(_rows(client, _sign_in(app), _pages(app), times))


def vacuum(store: str, tables: str) -> None:
    """Do what PostgreSQL does by itself within minutes."""
    import psycopg

    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE {tables}".encode())


def _rows(client: Asgi, cookie: str, pages: Pages, times: int) -> Iterator[tuple[str, ...]]:
    for what, (paths, bar) in pages.items():
        # The first one starts what is counted in the background.
        _ask(client, cookie, paths[0])
        took = [_ask(client, cookie, paths[at % len(paths)]) for at in range(times)]
        wall, cpu = (quantiles(column, n=20) for column in zip(*took, strict=True))
        yield what, f"{wall[9]:.1f}", f"{wall[18]:.1f}", f"{cpu[18]:.1f}", f"<= {bar}"


def _ask(client: Asgi, cookie: str, path: str) -> tuple[float, float]:
    """Return the milliseconds of a request: of the wall clock, and of the CPU."""
    began, worked = time.perf_counter(), time.process_time()
    answer = client.request("GET", f"/desk{path}", b"", {"Host": "localhost", "Cookie": f"desk={cookie}"})
    took = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
    assert answer.status == 200, (path, answer.status, answer.body.decode()[-3000:])
    return took


def _pages(app: App) -> Pages:
    """The pages by name, each with the paths that are asked in turn, and its bar."""
    stories = [story.id for story in app.editions.get(_KEY).stories()]  # type: ignore[union-attr]
    dice = random.Random(5)
    words = [word for article in make_articles(60) for word in article.title.split()]
    names = [quote(name) for name in (*_NAMES, *_SURNAMES)]
    people = [
        *(email_of(dice.randrange(20_000))[:-9] for _ in range(20)),
        *names,
        *(quote(f"{dice.choice(_NAMES)} {dice.choice(_SURNAMES)[:2]}") for _ in range(20)),
    ]
    lists = ("state=active", "state=paused", "state=bounced", "state=left", "state=removed", "frequency=weekly")
    topics = [f"topic={quote(name)}" for name in ("देश", "मनोरंजन")]
    # Each matches many, and together they match nobody.
    mixed = f"state=bounced&timezone=Europe/London&topic={quote('खेल')}"
    return {
        "today": (["/"], TODAY),
        "today, its line of state": ([f"/edition/{_KEY}/state"], TODAY),
        "a story beside its sources": ([f"/edition/{_KEY}/story/{id}" for id in stories], TODAY),
        "search in the articles": ([f"/edition/{_KEY}/pool?q={quote(word)}" for word in words], SEARCH),
        "search for a subscriber": ([f"/subscribers?q={text}" for text in people], SEARCH),
        "search for a domain": (
            [f"/subscribers?q={each}" for each in ("@example.com", "@exa", "example.c", "@no")],
            SEARCH,
        ),
        "search with a filter": (
            [f"/subscribers?state=bounced&q={each}" for each in ("@example.com", *names[:12:2])],
            LIST,
        ),
        "subscribers": (["/subscribers", "/subscribers?before=9000"], LIST),
        "subscribers, filtered": ([f"/subscribers?{each}" for each in (*lists, *topics, mixed)], LIST),
        "one subscriber": ([f"/subscriber/{dice.randrange(1, 20_000)}" for _ in range(50)], LIST),
        "the next best stories": ([f"/edition/{_KEY}/next"], LIST),
        "calendar": (["/calendar"], LIST),
        "sources": (["/sources"], LIST),
        "reports": (["/reports"], LIST),
        "the report of an edition": ([f"/report/{_BEFORE}"], LIST),
        "who did not get it": ([f"/report/{_BEFORE}/missed?kind={each}" for each in ("excluded", "rejected")], LIST),
        "the log": (["/log", "/log?q=suman"], LIST),
        "the log, filtered": (["/log?who=suman&since=2026-11-01&until=2026-11-10", "/log?what=moved"], LIST),
        # No entry has the first word; the second is the name of many subscribers.
        "the log, searched": (["/log?q=zzzz", f"/log?q={quote(_NAMES[0])}"], LIST),
    }


def _sign_in(app: App) -> str:
    """Return the session of an admin."""
    app.accounts.add("suman", Role.ADMIN, _BY)
    link = app.accounts.make_link("suman", _BY)
    code = TOTP(app.accounts.app_key(link)).at(app.now())
    signed_in = app.accounts.use_link(link, "nadi ke paar gaon", code, agent="bench")
    assert signed_in
    return signed_in.token


def fill(app: App, people: int, articles: int) -> None:
    """Store subscribers in every state, yesterday's send to all of them, and a draft from today's articles."""
    database, now = app.database, app.now()
    SubscriberStore(database).sync(_subscribers(people), now=now - timedelta(days=40))
    with database.write() as connection:
        for reason, every in (("bounced", 50), ("unsubscribed", 70), ("complained", 4000)):
            at = literal(now - timedelta(days=20), suppression.c.at.type)
            fresh = select(subscriber.c.address, literal(reason), literal(""), at)
            rows = fresh.where(subscriber.c.id % every == 1, subscriber.c.address.not_in(select(suppression.c.address)))
            connection.execute(insert(suppression).from_select(["address", "reason", "detail", "at"], rows))
        until = literal(now + timedelta(days=9), preference.c.paused_until.type)
        paused = select(subscriber.c.id, until).where(subscriber.c.id % 300 == 7)
        connection.execute(insert(preference).from_select(["subscriber", "paused_until"], paused))
        # As by an import, because the list file does not have them.
        connection.execute(update(subscriber).values(origin="mela", listed=subscriber.c.id % 500 != 9))
        for table in (subscriber, suppression, preference):
            analyze(connection, table)
    _send(app, now - timedelta(days=1))
    for days in range(2, 15):
        _send_earlier(app, now - timedelta(days=days))
    app.articles.save(make_articles(articles))
    composed = app.composer.compose(_KEY, fetch=False).edition
    assert composed.state == EditionState.DRAFT, composed.reason
    acts = ("subscriber changed", "subscriber paused", "moved", "pinned")
    with database.write() as connection:
        entries: list[dict[str, Any]] = [
            {"at": now - timedelta(minutes=turn), "who": ("suman", "ravi")[turn % 2], "via": "desk"}
            | {"what": acts[turn % 4], "subject": f"subscriber {turn % people + 1}", "detail": "topics: खेल, देश"}
            for turn in range(min(people, 200_000), 0, -1)
        ]
        connection.execute(insert(audit), entries)
        analyze(connection, audit)
    for turn in range(40):
        app.audit.record(replace(_BY, name=("suman", "ravi")[turn % 2]), ActKind.SEEN, _KEY, now=now)


def _send(app: App, at: datetime) -> None:
    """Store an edition that all due subscribers got."""
    store = EditionStore(app.database)
    store.put(Edition(_BEFORE, at.date(), 1, EditionState.APPROVED, "कल का अंक", "", ()), over=())
    decisions = {group: _decision(group, at) for group in app.subscribers.recipient_groups(_BEFORE)}
    enqueue_subscribers(app.database, _BEFORE, decisions, 1000, now=at)
    with app.database.write() as connection:
        connection.execute(update(batch).values(state=BatchState.ACCEPTED))
        connection.execute(update(edition).where(edition.c.key == _BEFORE).values(state=EditionState.DONE))
        assert connection.execute(select(func.count()).select_from(batch)).scalar_one()


def _send_earlier(app: App, at: datetime) -> None:
    """Store an edition of before. Of its recipients, reports read only those who did not get it."""
    key, of = f"{at:%Y-%m-%d}", delivery.c
    EditionStore(app.database).put(Edition(key, at.date(), 1, EditionState.APPROVED, "पहले का अंक", "", ()), over=())
    with app.database.write() as connection:
        partitions.create(connection, [key])
        failed = select(literal(key), of.subscriber, of.outcome, of.reason).where(of.edition == _BEFORE)
        columns = ["edition", "subscriber", "outcome", "reason"]
        connection.execute(insert(delivery).from_select(columns, failed.where(of.outcome.is_not(None))))
        size = select(func.sum(batch.c.size)).where(batch.c.edition == _BEFORE).scalar_subquery()
        sent = {"edition": key, "variant": "all", "due_at": at, "state": BatchState.ACCEPTED, "size": size}
        connection.execute(insert(batch).values(sent))
        done = update(edition).where(edition.c.key == key)
        connection.execute(done.values(state=EditionState.DONE, frozen_at=at, done_at=at))


def _decision(group: RecipientGroup, at: datetime) -> Placement:
    excluded = decide(group.candidate(), at.date(), send_at=None, now=at).excluded
    return Placement(excluded=excluded) if excluded else Placement("all", at)


def _subscribers(count: int) -> Iterator[tuple[str, Subscriber]]:
    for number in range(count):
        email = email_of(number)
        name = f"{_NAMES[number % len(_NAMES)]} {_SURNAMES[number // 7 % len(_SURNAMES)]}"
        yield (
            email,
            Subscriber(
                email,
                name=name,
                topics=_CHOICES[number % len(_CHOICES)] if number % 3 else (),
                frequency="weekly" if number % 11 == 0 else "daily",
                timezone="Europe/London" if number % 13 == 0 else "Asia/Kolkata",
            ),
        )
