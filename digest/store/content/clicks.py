"""Clicks on the links of emails: requests for a day or two, then counts.

Addresses and browser names are never stored, only a hash of them. Its key changes daily, so nobody can follow a
subscriber from one day to the next.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from digest.feedback.clicks import LinkVisit, MachineSign, classify_visits
from digest.models import HONEYPOT
from digest.store import meta
from digest.store.database import StorePart
from digest.store.schema import click_count, click_visit, last_click
from digest.store.schema import meta as meta_table

# A day is counted once it ended this long ago. All of its requests are counted together, because classifying a visitor
# needs everything that they did that day.
KEPT = timedelta(days=1)
# The name in `meta` of a day's hash key.
_KEY = "click key of "
# Stands for all targets of an edition together.
TOTAL = "*"


@dataclass(frozen=True, slots=True)
class ClickVisit:
    """A request for the target of a link. `subscriber` is None unless the settings ask for it."""

    edition: str
    target: str
    visitor: str
    subscriber: int | None
    sign: MachineSign
    at: datetime


@dataclass(frozen=True, slots=True)
class ClickNumbers:
    """Clicks on one target. A person who clicked on two days may count twice."""

    people: int = 0
    clicks: int = 0
    machine: int = 0

    def __add__(self, other: ClickNumbers) -> ClickNumbers:
        return ClickNumbers(self.people + other.people, self.clicks + other.clicks, self.machine + other.machine)


# Edition → the number of links of its email.
Links = Callable[[str], int]


class ClickStore(StorePart):
    def key_of(self, day: date) -> bytes:
        """Return the key of the hashes of a day, the same in every process."""
        held = meta.get_or_create(self.database, f"{_KEY}{day:%Y-%m-%d}", lambda: secrets.token_hex(32))
        return bytes.fromhex(held)

    def add(self, visits: Sequence[ClickVisit]) -> None:
        """Store requests in one transaction."""
        if not visits:
            return
        names = ClickVisit.__slots__
        with self.database.write() as connection:
            connection.execute(insert(click_visit), [{name: getattr(each, name) for name in names} for each in visits])

    def numbers(self, editions: Sequence[str], links: Links) -> dict[str, dict[str, ClickNumbers]]:
        """Return edition → target → its clicks, and TOTAL for all targets. Editions without a request are missing."""
        found: dict[str, dict[str, ClickNumbers]] = defaultdict(dict)
        of = click_count.c
        with self.database.read() as connection:
            rows = connection.execute(select(click_count).where(of.edition.in_(editions)))
            for row in rows:
                found[row.edition][row.target] = ClickNumbers(row.people, row.clicks, row.machine)
            visits = _visits(connection, editions=editions)
        for key, own in visits.items():
            for target, more in count(own, links(key)).items():
                found[key][target] = found[key].get(target, ClickNumbers()) + more
        return dict(found)

    def first_clicks(self, edition: str, links: Links) -> list[datetime]:
        """Return when each person clicked first, of the requests that are not folded yet."""
        with self.database.read() as connection:
            visits = _visits(connection, editions=[edition]).get(edition, [])
        found = []
        for _who, own, verdicts in _judge(visits, links(edition)):
            moments = (
                visit.at
                for visit, by_machine in zip(own, verdicts, strict=True)
                if not by_machine and visit.target != HONEYPOT
            )
            if (first := min(moments, default=None)) is not None:
                found.append(first)
        return found

    def fold(self, links: Links, now: datetime) -> int:
        """Count the requests of days that ended a day ago, and delete them and their keys. Returns how many."""
        before = (now - KEPT).replace(hour=0, minute=0, second=0, microsecond=0)
        old = select(click_visit.c.edition).where(click_visit.c.at < before).distinct()
        keys = list(self.database.query(old).scalars())
        done = 0
        for key in keys:
            number = links(key)
            with self.database.write(area="click") as connection:
                visits = _visits(connection, editions=[key], before=before)
                done += _fold_edition(connection, key, visits.get(key, []), number, before)
        name, first_kept = meta_table.c.name, f"{_KEY}{before:%Y-%m-%d}"
        self.database.change(delete(meta_table).where(name.startswith(_KEY), name < first_kept), area="meta")
        return done

    def last_click(self, subscriber: int) -> datetime | None:
        """Return the time of a subscriber's last known click; None if there is none."""
        kept = select(last_click.c.at).where(last_click.c.subscriber == subscriber)
        recent = select(func.max(click_visit.c.at)).where(click_visit.c.subscriber == subscriber)
        with self.database.read() as connection:
            found = (connection.execute(kept).scalar(), connection.execute(recent).scalar())
        return max(filter(None, found), default=None)

    def last_clicks(self, links: Links) -> dict[int, datetime]:
        """Return subscriber → the time of their last known click. Clicks of machines do not count."""
        with self.database.read() as connection:
            found = {row.subscriber: row.at for row in connection.execute(select(last_click))}
            visits = _visits(connection)
        for key, own in visits.items():
            for who, at in _last_by_subscriber(own, links(key)).items():
                found[who] = max(at, found.get(who, at))
        return found


def count(visits: Sequence[ClickVisit], links: int) -> dict[str, ClickNumbers]:
    """Target → its clicks, and TOTAL for all of them. The hidden link is no target."""
    people: dict[str, set[object]] = defaultdict(set)
    clicks: Counter[str] = Counter()
    machine: Counter[str] = Counter()
    for who, own, verdicts in _judge(visits, links):
        for visit, by_machine in zip(own, verdicts, strict=True):
            if visit.target == HONEYPOT:
                continue
            for target in (visit.target, TOTAL):
                if by_machine:
                    machine[target] += 1
                else:
                    clicks[target] += 1
                    people[target].add(who)
    names = {*people, *machine}
    return {name: ClickNumbers(len(people[name]), clicks[name], machine[name]) for name in sorted(names)}


def _judge(visits: Sequence[ClickVisit], links: int) -> Iterable[tuple[object, list[ClickVisit], list[bool]]]:
    """Return subscriber → visits, each with whether a machine made it. Visits without a subscriber are by visitor."""
    groups: dict[object, list[ClickVisit]] = defaultdict(list)
    for visit in visits:
        groups[visit.subscriber if visit.subscriber is not None else visit.visitor].append(visit)
    for who, own in groups.items():
        yield (
            who,
            own,
            classify_visits([LinkVisit(each.target, each.at, each.sign, each.visitor) for each in own], links),
        )


def _last_by_subscriber(visits: Sequence[ClickVisit], links: int) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for who, own, verdicts in _judge([each for each in visits if each.subscriber is not None], links):
        moments = [visit.at for visit, machine in zip(own, verdicts, strict=True) if not machine]
        if moments and isinstance(who, int):
            found[who] = max(moments)
    return found


def _visits(
    connection: Connection, *, editions: Sequence[str] | None = None, before: datetime | None = None
) -> Mapping[str, list[ClickVisit]]:
    """Return edition → its stored requests."""
    of = click_visit.c
    rows = select(of.edition, of.target, of.visitor, of.subscriber, of.sign, of.at).order_by(of.at, of.id)
    if editions is not None:
        rows = rows.where(of.edition.in_(editions))
    if before is not None:
        rows = rows.where(of.at < before)
    found: dict[str, list[ClickVisit]] = defaultdict(list)
    for row in connection.execute(rows):
        visit = ClickVisit(row.edition, row.target, row.visitor, row.subscriber, MachineSign(row.sign), row.at)
        found[row.edition].append(visit)
    return found


def _fold_edition(connection: Connection, key: str, visits: Sequence[ClickVisit], links: int, before: datetime) -> int:
    for target, more in count(visits, links).items():
        this_target = (click_count.c.edition == key) & (click_count.c.target == target)
        of = click_count.c
        values = {
            "people": of.people + more.people,
            "clicks": of.clicks + more.clicks,
            "machine": of.machine + more.machine,
        }
        if not connection.execute(update(click_count).where(this_target).values(values)).rowcount:
            numbers = {"people": more.people, "clicks": more.clicks, "machine": more.machine}
            connection.execute(insert(click_count).values(edition=key, target=target, **numbers))
    for who, at in _last_by_subscriber(visits, links).items():
        person = last_click.c.subscriber == who
        known = connection.execute(select(last_click.c.at).where(person)).scalar()
        if known is None:
            connection.execute(insert(last_click).values(subscriber=who, at=at))
        elif known < at:
            connection.execute(update(last_click).where(person).values(at=at))
    deleted = delete(click_visit).where(click_visit.c.edition == key, click_visit.c.at < before)
    return int(connection.execute(deleted).rowcount)
