"""A simulated year of `digest run`: every edition that is expected, at the expected moment, once for each recipient.

The clock, the stories, the rendering and the provider are fakes. The calendar, the scheduler, the pipeline, the ledger
and the store are real. `Expectation` says in plain rules what must happen; it knows nothing of the scheduler.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest import pipeline
from digest.app import App
from digest.config import loader
from digest.deliver.outcome import Accepted
from digest.errors import AlreadyRunning
from digest.models import Edition, EditionState, RenderedEmail, Section, Story
from digest.scheduler import Scheduler, watch_settings
from digest.store.locks import exclusive
from digest.usecases.compose import ComposeResult
from digest.usecases.preflight import PreflightResult
from tests.support.profiles import PROFILE, only_thorough
from tests.support.webhook_receiver import WebhookReceiver

SETTINGS = """
newsletter: {name: पत्र, sender: {email: news@example.com}, timezone: %s}
sources: [{name: क, path: articles}]
alerts: {webhook: "%s", webhook_private: true}
schedule:
  # The fake stories come without collecting.
  collect_every: 30d
  approval: required
  approve_by: "06:50"
  holidays: [holidays.ics, 2026-08-15]
  editions:
    # In the hour that clock changes skip or repeat.
    - {slug: raat, compose_at: "02:15", send_at: "02:30", approval: auto}
    - {slug: subah}
    # It may still be sent after midnight.
    - {slug: shaam, compose_at: "17:30", send_at: "18:00", on_no_approval: send, expires_after: 8h}
    - {slug: saptahik, days: [sun], send_at: "09:00", window: 7d, approval: auto, default: false}
"""
LIST = """
subscribers:
  - {email: asha@example.com}
  - {email: ravi@example.com, editions: [subah], hour: "08:30", frequency: weekdays, timezone: %s}
  - {email: meena@example.com, editions: [saptahik], frequency: weekdays}
  - {email: zoya@example.com, status: paused}
"""
# The faulty edits. Meanwhile the old hour is used, new subscribers wait, and removed ones get nothing.
FAULTY = {
    "settings": ("    - {slug: subah}", '    - {slug: subah, send_at: "08:00", sendat: "08:00"}'),
    "list": ("  - {email: ravi@example.com", "  - {email: kavi@example.com}\n  - {email: nobody}\n# "),
}
HOLIDAYS = """BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20200126
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261107
DTEND;VALUE=DATE:20261110
END:VEVENT
END:VCALENDAR
"""
FREE = {date(2026, 1, 26), date(2027, 1, 26), date(2026, 8, 15), *(date(2026, 11, day) for day in (7, 8, 9))}
MINUTE = timedelta(minutes=1)
EXPIRES = {"shaam": timedelta(hours=8)} | dict.fromkeys(("raat", "subah", "saptahik"), timedelta(hours=4))
# How long an editor takes to approve a draft.
READING = timedelta(minutes=5)
# How long after it expired an edition is reopened and sent by a person.
REOPENING = timedelta(minutes=30)
# How long a killed process is gone.
DOWN = timedelta(minutes=7)
HOURS = {"raat": (2, 15, 2, 30), "subah": (5, 30, 7, 0), "shaam": (17, 30, 18, 0), "saptahik": (7, 30, 9, 0)}


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Story_:
    """What happens to one edition."""

    thin: str = ""  # "", "always", "until its hour"
    editor: str = "in time"  # "in time", "never", "reopens"
    killed: str = ""  # "", "compose", "send"


@dataclass
class Plan:
    """A year that was drawn by a seed: what happens to each edition, and when the machine is not running."""

    zone: ZoneInfo
    first: date
    days: int
    rng: random.Random
    editions: dict[str, Story_] = field(default_factory=dict)
    # Start (the last moment at which it runs) and end of each outage, and what it is.
    outages: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    # Moments at which another process takes over.
    takeovers: set[datetime] = field(default_factory=set)
    # From, to and by how much the clock is wrong.
    steps: list[tuple[datetime, datetime, timedelta]] = field(default_factory=list)
    # What is faulty (a key of `FAULTY`), from when and until when.
    faults: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def draw(self) -> None:
        for day in self.dates():
            # There is no outage when clocks skip or repeat an hour, because it would hide errors.
            roll = (
                1.0
                if self.local(day, 0, 0).astimezone(self.zone).utcoffset() != self._evening(day)
                else self.rng.random()
            )
            midnight = self.local(day, 0, 0)
            if roll < 0.15:
                start = midnight + timedelta(seconds=self.rng.randrange(86_400))
                self.outages.append((start, start + timedelta(minutes=self.rng.randrange(5, 600)), "asleep"))
            elif roll < 0.3:
                start = midnight + timedelta(seconds=self.rng.randrange(86_400))
                self.outages.append((start, start + timedelta(minutes=self.rng.randrange(1, 30)), "restart"))
            elif roll < 0.4:
                self.takeovers.add(midnight + timedelta(seconds=self.rng.randrange(86_400)))
            elif roll < 0.5:
                # At noon nothing is due; a quarter past six, the evening edition has just been sent.
                at, by = self.rng.choice([((12, 0), 90), ((12, 30), -60), ((18, 15), -40), ((3, 50), -80)])
                start = self.local(day, *at)
                self.steps.append((start, start + 40 * MINUTE, timedelta(minutes=by)))
            for slug in self.slugs(day):
                story = self.editions[f"{day}-{slug}"] = Story_(
                    thin=self.rng.choices(["", "always", "until its hour"], [90, 5, 5])[0] if roll < 1 else "",
                    editor=self.rng.choices(["in time", "never", "reopens"], [75, 15, 10])[0],
                )
                # A kill is an outage too, so it is not next to another one.
                if 0.5 <= roll < 1 and self.rng.random() < 0.08:
                    story.killed = self.rng.choice(["compose", "send"] if slug in ("raat", "saptahik") else ["compose"])
                    if story.killed == "send":
                        story.thin = ""
                    hours = HOURS[slug]
                    at = self.local(day, *(hours[:2] if story.killed == "compose" else hours[2:]))
                    self.outages.append((at, at + DOWN, story.killed))
        self.outages.sort()
        self.draw_faults()

    def draw_faults(self) -> None:
        for what, day in (("list", 1), ("settings", 2)):
            while day + 2 < self.days:
                # At these hours no edition of the morning is sent any more, and none of the evening yet.
                start = self.local(self.first + timedelta(days=day), 13, self.rng.randrange(60))
                last = self.first + timedelta(days=day + self.rng.choice([1, 2]))
                end = self.local(last, 14, self.rng.randrange(60))
                if what == "list" or not self.starts_between(start, end):
                    self.faults.append((what, start, end))
                    day += self.rng.randrange(3, 20)
                else:
                    day += 1

    def starts_between(self, start: datetime, end: datetime) -> bool:
        """Whether a process starts meanwhile. It would refuse faulty settings."""
        restarts = (why != "asleep" and begins < end and ends > start for begins, ends, why in self.outages)
        return any(restarts) or any(start <= at < end for at in self.takeovers)

    def is_faulty(self, what: str, at: datetime) -> bool:
        return any(each == what and start <= at < end for each, start, end in self.faults)

    def dates(self) -> Iterator[date]:
        for number in range(self.days):
            yield self.first + timedelta(days=number)

    def slugs(self, day: date) -> list[str]:
        if day in FREE:
            return []
        return ["raat", "subah", "shaam", *(["saptahik"] if day.weekday() == 6 else [])]

    def local(self, day: date, hour: int, minute: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)

    def _evening(self, day: date) -> timedelta | None:
        return self.local(day, 23, 0).astimezone(self.zone).utcoffset()

    def is_down(self, at: datetime) -> datetime | None:
        """Return the end of the outage at a moment. At the start of a kill the process dies while it works."""
        for start, end, why in self.outages:
            begins = start if why in ("compose", "send") else start + timedelta(microseconds=1)
            if begins <= at < end:
                return end
        return None

    def running(self, at: datetime) -> datetime:
        """Return the first moment from then on at which the machine is running."""
        while (end := self.is_down(at)) is not None:
            at = end
        return at

    def after_reading(self, composed: datetime) -> set[datetime]:
        """Return when the editor has read what was composed at a moment, and a minute later."""
        read = self.running(composed + READING)
        return {read, read + MINUTE}


@dataclass(frozen=True)
class Expected:
    """The time at which each recipient gets the edition, and its last state ('' if it was never composed)."""

    sent: dict[str, datetime]
    state: str


def expect(plan: Plan, key: str, day: date, slug: str) -> Expected:
    """Return what is expected of an edition."""
    story, hours = plan.editions[key], HOURS[slug]
    send_at = plan.local(day, *hours[2:])
    expires_at = send_at + EXPIRES[slug]
    compose_at = min(plan.local(day, *hours[:2]), send_at)
    approve_by = send_at - 10 * MINUTE
    composed = plan.running(compose_at)
    on_time = plan.running(send_at)
    if composed > expires_at:
        return Expected({}, "")
    if story.thin and (composed < send_at or story.thin == "always"):
        # The second try is at its hour.
        if on_time > expires_at or story.thin == "always":
            return Expected({}, "skipped")
        composed = on_time
    ready = max(composed, on_time)
    if slug in ("raat", "saptahik"):
        return _sent(plan, day, slug, ready, send_at) if ready <= expires_at else Expected({}, "expired")
    approved = plan.running(composed + READING) if story.editor == "in time" else None
    late = composed >= approve_by
    decision = plan.running(approve_by)
    if approved is not None and (approved < approve_by or approved < decision or (late and slug == "subah")):
        ready = max(approved, on_time)
    elif slug == "shaam":
        ready = max(decision, composed, on_time)
    else:
        ready = datetime.max.replace(tzinfo=UTC)
    if ready <= expires_at:
        return _sent(plan, day, slug, ready, send_at)
    if story.editor != "reopens":
        return Expected({}, "expired")
    by_hand = plan.running(expires_at + REOPENING)
    return Expected(dict.fromkeys(_recipients(plan, day, slug, by_hand), by_hand), "done")


def _sent(plan: Plan, day: date, slug: str, ready: datetime, send_at: datetime) -> Expected:
    sent = {}
    for name in _recipients(plan, day, slug, ready):
        own = plan.local(day, 8, 30) if name == "ravi" else send_at
        sent[name] = ready if own <= ready else plan.running(own)
        # A recipient who is not reached in time gets no old news.
        if sent[name] > max(own, ready) + EXPIRES[slug] - MINUTE and own > ready:
            del sent[name]
    return Expected(sent, "done")


def _recipients(plan: Plan, day: date, slug: str, at: datetime) -> list[str]:
    """Return who gets an edition that is sent at a moment. One of them is not in the faulty list."""
    if slug == "saptahik":
        return ["meena"]
    gets_both = slug == "subah" and day.weekday() < 5 and not plan.is_faulty("list", at)
    return ["asha", *(["ravi"] if gets_both else [])]


class World:
    """The newsletter's folder, its provider, and the machine that `digest run` works on."""

    def __init__(self, home: Path, plan: Plan, admins: WebhookReceiver) -> None:
        self.home, self.plan, self.admins = home, plan, admins
        zone = plan.zone.key
        self.files = {"settings": home / "digest.yaml", "list": home / "subscribers.yaml"}
        self.texts = {"settings": SETTINGS % (zone, admins.url), "list": LIST % zone}
        for what, file in self.files.items():
            file.write_text(self.texts[what], encoding="utf-8")
        (home / "articles").mkdir()
        (home / "holidays.ics").write_text(HOLIDAYS, encoding="utf-8")
        # The true time; the machine's clock may be wrong.
        self.now = datetime.combine(plan.first, datetime.min.time(), plan.zone).astimezone(UTC)
        # (edition, recipient) → when.
        self.sent: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
        self.log: list[str] = []
        # The alerts to the admins: when, raised or resolved, kind, subject.
        self.alerts: list[tuple[datetime, str, str, str]] = []
        self.killed: set[tuple[str, str]] = set()
        # Editions that the editor has decided on.
        self.decided: set[str] = set()
        self.process: Process | None = None
        self.ticks = self.starts = 0

    def clock(self) -> datetime:
        wrong = sum((by for start, end, by in self.plan.steps if start < self.now < end), timedelta(0))
        return self.now + wrong

    def tick(self) -> None:
        for what, file in self.files.items():
            text, (old, new) = self.texts[what], FAULTY[what]
            wanted = text.replace(old, new) if self.plan.is_faulty(what, self.now) else text
            if file.read_text(encoding="utf-8") != wanted:
                file.write_text(wanted, encoding="utf-8")
        if self.process is None:
            self.process = Process(self)
            self.starts += 1
        self.ticks += 1
        try:
            self.act()
            self.process.scheduler.tick()
            assert self.process.app.alerts.deliver() == []
            for request in self.admins.requests[len(self.alerts) :]:
                message = json.loads(request.body)
                self.alerts.append((self.now, message["type"], message["data"]["kind"], message["data"]["subject"]))
        except Killed:
            self.crash()

    def crash(self) -> None:
        if self.process is not None:
            self.process.end()
        self.process = None

    def kill(self, key: str, where: str) -> None:
        """Die once at this place, if the plan says so."""
        if self.plan.editions.get(key, Story_()).killed == where and (key, where) not in self.killed:
            self.killed.add((key, where))
            raise Killed

    def act(self) -> None:
        """Let the editor approve, and reopen what expired."""
        assert self.process is not None
        app, now = self.process.app, self.now
        today = app.now().date()
        keys = [f"{today - timedelta(days=ago)}-{slug}" for ago in (0, 1) for slug in ("subah", "shaam")]
        for key in keys:
            story = self.plan.editions.get(key)
            if story is None or story.editor == "never" or key in self.decided:
                continue
            planned, edition = app.calendar.of(key), app.editions.get(key)
            if planned is None or edition is None:
                continue
            read = edition.composed_at is not None and now >= edition.composed_at + READING
            if edition.state == EditionState.DRAFT and story.editor == "in time" and read:
                app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
                self.decided.add(key)
            reopens = story.editor == "reopens" and now >= planned.expires_at + REOPENING
            if edition.state == EditionState.EXPIRED and reopens:
                app.editions.move(key, EditionState.DRAFT, out_of=(EditionState.EXPIRED,), reason="")
                app.editions.record_decision(key, EditionState.DRAFT, "by an editor", now=now)
                # The scheduler leaves it to a person.
                self.process.scheduler.tick()
                app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
                self.process.scheduler.tick()
                assert (key, "asha@example.com") not in self.sent
                self.decided.add(key)
                pipeline.send(app, key)


class Process:
    """One `digest run`, with fakes at its edges."""

    def __init__(self, world: World) -> None:
        self.world = world
        environment: dict[str, str] = {}
        opened = App(world.home, loader.load(world.home, environment), environment, world.clock)
        self.held = ExitStack()
        self.held.enter_context(closing(opened))
        self.held.enter_context(exclusive(opened.database, "running the schedule", wait=0.0))
        self.scheduler = Scheduler(watch_settings(opened), world.log.append, monotonic=lambda: world.now.timestamp())
        self.scheduler.on_reload.append(self.put_fakes_into)
        self.put_fakes_into(self.scheduler.app)

    @property
    def app(self) -> App:
        return self.scheduler.app

    def put_fakes_into(self, app: App) -> None:
        # App is frozen, and keeps its collaborators in its `__dict__`.
        app.__dict__["composer"] = SimpleNamespace(compose=self.compose)
        app.__dict__["transports"] = (FakeTransport(self.world),)
        app.__dict__["suppression_sync"] = SimpleNamespace(is_due=lambda: False)
        preflight = SimpleNamespace(run_checks=lambda _emails, _edition: PreflightResult())
        renderer = SimpleNamespace(render=self.render)
        app.__dict__["enqueuer"] = replace(app.enqueuer, renderer=renderer, preflight=preflight)

    def end(self) -> None:
        self.held.close()

    def compose(self, key: str, *, fetch: bool = True, on_source: object = None, store: bool = True) -> ComposeResult:
        app, world = self.app, self.world
        stored = app.editions.get(key)
        planned = app.calendar.of(key)
        if (stored and stored.state not in (EditionState.DRAFT, EditionState.SKIPPED)) or planned is None:
            assert stored is not None
            return ComposeResult(stored)
        world.kill(key, "compose")
        now = app.now()
        thin = world.plan.editions[key].thin
        few = thin == "always" or (thin == "until its hour" and now < planned.send_at)
        edition = Edition(
            key=key,
            day=planned.day,
            number=0,
            state=EditionState.SKIPPED if few else EditionState.DRAFT,
            subject=key,
            preheader="",
            sections=(STORIES,),
            reason="few stories" if few else "",
            composed_at=now,
        )
        earlier = app.calendar.earlier_planned(key, now)
        saved = app.editions.put(edition, over=(EditionState.DRAFT, EditionState.SKIPPED), earlier=earlier)
        assert saved is not None
        return ComposeResult(saved)

    def render(self, edition: Edition, variant: Any, *, now: datetime, test: bool = False) -> RenderedEmail:
        self.world.kill(edition.key, "send")
        return RenderedEmail(variant.key, edition.subject, "<p>x</p>", "x")


STORIES = Section("देश", (Story("s", "शीर्षक", "सार", "", datetime(2026, 1, 1, tzinfo=UTC), True, ("क",), (), (), "देश"),))


class FakeTransport:
    """A provider that accepts everything and records the time."""

    name = "outbox"
    recovery = "redo"

    def __init__(self, world: World) -> None:
        self.world = world

    def submit(self, outgoing: Any, log: Any) -> Accepted:
        for recipient in outgoing.recipients:
            self.world.sent[outgoing.edition, recipient.email].append(self.world.now)
        return Accepted()

    def close(self) -> None:
        pass


def moments(plan: Plan) -> list[datetime]:
    """Return when the machine's `digest run` ticks: at the planned moments, a minute later, and at random."""
    found: set[datetime] = set()
    for day in plan.dates():
        for slug in plan.slugs(day):
            hours = HOURS[slug]
            send_at = plan.local(day, *hours[2:])
            compose_at = min(plan.local(day, *hours[:2]), send_at)
            base = {compose_at, send_at}
            if slug in ("subah", "shaam"):
                base |= {send_at - 10 * MINUTE, send_at + EXPIRES[slug] + REOPENING}
                base |= plan.after_reading(compose_at) | plan.after_reading(send_at)
            if slug == "subah":
                base.add(plan.local(day, 8, 30))
            for at in base | {send_at + EXPIRES[slug]}:
                running = plan.running(at)
                found |= {running, running + MINUTE, *(plan.after_reading(running) if running != at else ())}
        midnight = plan.local(day, 0, 0)
        found |= {midnight + timedelta(seconds=plan.rng.randrange(86_400)) for _ in range(2)}
    for start, end, _why in plan.outages:
        found |= {start, end, end + MINUTE, *plan.after_reading(end)}
    found |= plan.takeovers
    for _what, start, end in plan.faults:
        found |= {plan.running(start), plan.running(end)}
    for start, end, _by in plan.steps:
        found |= {start + n * 8 * MINUTE for n in range(6)} | {end}
    # The last day only completes the one before.
    return sorted(at for at in found if at < plan.local(plan.first + timedelta(days=plan.days), 0, 0))


def simulate(world: World) -> None:
    plan = world.plan
    for moment in moments(plan):
        ends = plan.is_down(moment)
        starts = next((why for start, _end, why in plan.outages if start == moment), "")
        # A sleep may begin while the machine sleeps.
        if ends is not None and (not starts or any(start < moment < end for start, end, _why in plan.outages)):
            continue
        world.now = moment
        if moment in plan.takeovers and world.process is not None:
            # The second `digest run` gets the lock only when the first has ended.
            with pytest.raises(AlreadyRunning):
                Process(world)
            world.crash()
        world.tick()
        if starts not in ("", "asleep"):
            world.crash()


@pytest.mark.parametrize(
    ("zone", "first", "days", "seed"),
    [
        # The days around a change of the clocks, and under `ci` the holidays after one. The seeds of the short ones
        # draw an outage, a takeover, a kill while composing and one while sending, clocks that are fast and slow,
        # faulty files, and every kind of editor and of edition.
        # The other zone proves most of it.
        pytest.param("America/New_York", "2026-03-06", 5, 1433, marks=[pytest.mark.slow, only_thorough]),
        pytest.param(
            "Europe/Berlin",
            *(("2026-10-20", 24, 1) if PROFILE == "ci" else ("2026-10-24", 5, 637)),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_simulated_days(tmp_path: Path, zone: str, first: str, days: int, seed: int) -> None:
    simulate_days(tmp_path, zone, first, days, seed)


def simulate_days(home: Path, zone: str, first: str, days: int, seed: int) -> str:
    """Simulate days, compare them with what is expected, and return a summary in words."""
    plan = Plan(ZoneInfo(zone), date.fromisoformat(first), days, random.Random(seed))
    plan.draw()
    with WebhookReceiver() as admins:
        world = World(home, plan, admins)
        simulate(world)
    assert world.process is not None
    editions = {edition.key: edition for edition in world.process.app.editions.all()}
    world.crash()
    found = compare_editions(world, editions)
    faults = compare_faults(world)
    assert not [line for line in world.log if "internal error" in line or "failed" in line]
    assert found["done"] >= 2 * (days - 1), (found, world.ticks, world.starts)
    assert faults.keys() == FAULTY.keys()
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.items()))
    reported = ", ".join(f"{count} of the {what}" for what, count in sorted(faults.items()))
    return f"{states}; {world.ticks} ticks of {world.starts} processes; faulty edits reported once: {reported}"


def compare_editions(world: World, editions: Mapping[str, Edition]) -> Counter[str]:
    """Return how many editions ended in each state."""
    plan, wrong = world.plan, list[str]()
    found: Counter[str] = Counter()
    for day in list(plan.dates())[:-1]:
        for slug in plan.slugs(day):
            key = f"{day}-{slug}"
            expected = expect(plan, key, day, slug)
            sent = {name.partition("@")[0]: times for (edition, name), times in world.sent.items() if edition == key}
            state = str(editions[key].state) if key in editions else ""
            on_time = sent.keys() == expected.sent.keys() and all(
                len(times) == 1 and timedelta(0) <= times[0] - expected.sent[name] <= MINUTE
                for name, times in sent.items()
            )
            if not on_time or state != expected.state:
                wrong.append(f"{key}: {plan.editions[key]} expected {expected}, found {state} {sent}")
            found[state or "missed"] += 1
    assert wrong == []
    assert {key for key, _name in world.sent} <= plan.editions.keys()
    # Numbers follow the calendar.
    for slug in HOURS:
        numbers = [
            editions[key].number
            for key in sorted(editions)
            if key.endswith(slug) and editions[key].state == EditionState.DONE
        ]
        assert numbers == list(range(1, len(numbers) + 1))
    return found


def compare_faults(world: World) -> Counter[str]:
    """Return how many faulty edits of each file were reported: one alert at the start and one at the end."""
    kinds = {"list-faulty": "list", "settings-faulty": "settings"}
    found = [(kinds[kind], type, at) for at, type, kind, _subject in world.alerts if kind in kinds]
    expected = [
        (what, type, world.plan.running(at))
        for what, start, end in world.plan.faults
        for type, at in (("alert.raised", start), ("alert.resolved", end))
    ]
    assert sorted(found) == sorted(expected)
    others = Counter((type, kind, subject) for _at, type, kind, subject in world.alerts if kind not in kinds)
    # After an outage.
    assert {kind for _type, kind, _subject in others} <= {"edition-missed", "recipients-expired"}
    assert [alert for alert, times in others.items() if times > 1] == []
    return Counter(what for what, _start, _end in world.plan.faults)
