"""Do one act to many subscribers: pause them or end their pauses, stop all email or allow it again, change topics or
frequency, or restore the frequency.

The plan says who changes, and who stays as they are and why. The act never changes people's own choices. The log of
acts gets one entry. For a single person it is the entry of an act for one, unless the act can be undone as one for
several. The consent log gets an entry for each person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import ConfigurationError, DigestError
from digest.feedback.rules import UNSUBSCRIBED
from digest.messages import Message, joined, message_of
from digest.models import Actor
from digest.store.database import wait_limit
from digest.store.desk import audit
from digest.store.desk.audit import ActKind
from digest.store.errors import BUSY_SECONDS
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent
from digest.store.people.directory import SubscriberState, state_of
from digest.store.people.preferences import PreferenceStore, StoredSubscriber
from digest.store.people.suppressions import FREQUENCY, TO, BulkActs
from digest.subscribers.list_editor import ListEditor
from digest.subscribers.list_file import parse_field
from digest.usecases.edit_subscribers import MAX_PAUSE, reason_of, source_of, subject_of
from digest.utils.text import mark_of
from digest.yamlio.editor import LONG_WAIT, edit_lock

if TYPE_CHECKING:
    from digest.store.database import Database
    from digest.store.people.directory import SubscriberDirectory, SubscriberFilter
    from digest.store.people.subscribers import SubscriberAdmin
    from digest.usecases.subscriber_list import SubscriberList

MOST = 100_000
"""The most subscribers of one act. More of them are a mistake, or need a narrower filter."""

_SOURCE = "many at once"


class ManyAct(StrEnum):
    """What is done to each of the subscribers."""

    PAUSE = "pause"
    RESUME = "resume"
    SUPPRESS = "suppress"
    LIFT = "lift"
    ADD_TOPIC = "add-topic"
    REMOVE_TOPIC = "remove-topic"
    FREQUENCY = "frequency"
    RESTORE_FREQUENCY = "restore-frequency"


# The kinds of acts for several subscribers, and for one. A stop and a frequency are undone by their entry, so they have
# the same kind for one.
_NAMES = {
    ManyAct.PAUSE: (ActKind.MANY_PAUSED, ActKind.SUBSCRIBER_PAUSED),
    ManyAct.RESUME: (ActKind.MANY_PAUSES_ENDED, ActKind.PAUSE_ENDED),
    ManyAct.SUPPRESS: (ActKind.MANY_SUPPRESSED, ActKind.MANY_SUPPRESSED),
    ManyAct.FREQUENCY: (ActKind.MANY_CHANGED, ActKind.MANY_CHANGED),
    ManyAct.LIFT: (ActKind.MANY_LIFTED, ActKind.SUPPRESSION_LIFTED),
}
_CHANGED = (ActKind.MANY_CHANGED, ActKind.SUBSCRIBER_CHANGED)


class Stays(StrEnum):
    """Why a subscriber stays as they are, in the words of the command."""

    REMOVED = "off the list"
    SUPPRESSED = "get no mail: left, bounced or complained"
    PAUSED = "paused already"
    NOT_PAUSED = "not paused"
    OWN_PAUSE = "paused by themselves"
    OWN_CHOICE = "chose it themselves on their own page"
    ALL_TOPICS = "get all topics"
    SAME = "have it already"
    NOT_CHANGED = "nothing to take back: their frequency was not changed with others, or again since"
    WITHOUT = "do not have this topic"
    LAST_TOPIC = "have no other topic"
    NOT_STOPPED = "get mail already"
    STOPPED_ALONE = "left, bounced or complained, or were stopped one by one"


@dataclass(frozen=True, slots=True)
class ManyChange:
    """An act and its value: the end of the pause, the reason to stop or allow email, the topic, or the frequency."""

    act: ManyAct
    value: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ManyPlan:
    """Who changes, and who stays as they are."""

    change: ManyChange
    people: tuple[StoredSubscriber, ...]
    stays: Mapping[Stays, tuple[StoredSubscriber, ...]]
    # Address → frequency that is put back.
    earlier: Mapping[str, str]
    # The number in the log; None if it was not done.
    act: int | None = None

    @property
    def mark(self) -> str:
        """A hash of the act and of the people whom it changes."""
        # A pause ends at the hour at which it began; the page shows the day.
        until = f"{self.change.until:%Y-%m-%d}" if self.change.until else ""
        what = (self.change.act, self.change.value, until)
        return mark_of((what, (f"{each.id}{self.earlier.get(each.address, '')}" for each in self.people)))


class PlanChanged(DigestError):
    """Other people would change than the plan said that was shown."""


@dataclass(frozen=True)
class ManyEditor:
    database: Database
    directory: SubscriberDirectory
    subscriber_list: SubscriberList
    subscriber_admin: SubscriberAdmin
    preferences: PreferenceStore
    bulk_acts: BulkActs
    # The list files that exist.
    list_files: Callable[[], list[Path]]
    topics: tuple[str, ...]
    now: Callable[[], datetime]

    def find(self, wanted: SubscriberFilter) -> list[int]:
        """Return the numbers of all subscribers that match a filter. Raises DigestError if they are too many."""
        found = self.directory.ids(wanted, now=self.now(), limit=MOST + 1)
        if len(found) > MOST:
            raise DigestError(Message("More than %(num)s subscribers match; narrow the filter.", num=f"{MOST:,}"))
        return found

    def find_addresses(self, addresses: Iterable[str]) -> list[int]:
        """Return the numbers of subscribers by their comparable addresses. Raises DigestError for an unknown one."""
        found = []
        for address in addresses:
            held = self.preferences.find(address)
            if held is None:
                raise DigestError(Message("%(email)s is not in the store; nothing was changed.", email=address))
            found.append(held.id)
        return found

    def people(self, ids: Sequence[int]) -> list[StoredSubscriber]:
        """Return subscribers by their numbers, the newest first, without erased ones."""
        if len(ids) > MOST:
            raise DigestError(
                Message(
                    "At most %(num)s subscribers at once, found %(later_num)s.",
                    num=f"{MOST:,}",
                    later_num=f"{len(ids):,}",
                )
            )
        return self.preferences.all_of(ids)

    def plan(self, ids: Sequence[int], change: ManyChange) -> ManyPlan:
        """Decide who changes. Raises ConfigurationError for a wrong value."""
        self._check(change)
        people: list[StoredSubscriber] = []
        stays: dict[Stays, list[StoredSubscriber]] = {}
        found = self.people(ids)
        chosen = self.preferences.chosen_among([each.id for each in found])
        own_pauses = self._own_pauses(found) if change.act is ManyAct.RESUME else frozenset()
        lifts = change.act is ManyAct.LIFT
        together = self.bulk_acts.stopped_together(each.address for each in found) if lifts else set()
        restores = change.act is ManyAct.RESTORE_FREQUENCY
        earlier = self.bulk_acts.earlier_frequencies(each.address for each in found) if restores else {}
        for each in found:
            if lifts:
                why = _stays_stopped(each, together)
            elif restores and earlier.get(each.address, ("", ""))[1] != each.frequency:
                why = Stays.NOT_CHANGED
            else:
                why = self._stays(each, change, chosen.get(each.id, frozenset()), own_pauses)
            if why is None:
                people.append(each)
            else:
                stays.setdefault(why, []).append(each)
        before = {address: first for address, (first, _last) in earlier.items()}
        return ManyPlan(change, tuple(people), {why: tuple(those) for why, those in stays.items()}, before)

    def run(self, ids: Sequence[int], change: ManyChange, by: Actor, *, seen: str = "", whom: str = "") -> ManyPlan:
        """Do an act. `seen` is the mark of the plan that was shown. Raises PlanChanged if the plan has changed since.

        `whom` tells the log how the people were chosen. Raises ConfigurationError and DigestError; then nobody changed.
        """
        self.subscriber_list.sync(may_be_empty=True)
        plan = self.plan(ids, change)
        if seen and seen != plan.mark:
            raise PlanChanged("Meanwhile other subscribers would change; nothing was changed. Look again.")
        if not plan.people:
            return plan
        fields = {each.address: self._fields(each, plan) for each in plan.people}
        with ExitStack() as held:
            editors = self._edited_files(held, {address: each for address, each in fields.items() if each})
            edited = self.subscriber_list.read_edited({each.path: each.edited for each in editors}) if editors else None
            # The time that parsing took does not count.
            with wait_limit(BUSY_SECONDS), self.database.transaction(), self.database.write(area="subscriber"):
                if edited is not None and not self.subscriber_list.store_edited(edited, ()):
                    raise PlanChanged("The list was changed meanwhile; nothing was changed here. Try again.")
                act = self._store(plan, fields, by, whom)
                for editor in editors:
                    editor.replace()
        return replace(plan, act=act)

    def _check(self, change: ManyChange) -> None:
        problem = ""
        if change.act is ManyAct.PAUSE:
            now = self.now()
            if change.until is None or not now < change.until <= now + MAX_PAUSE:
                problem = f"expected a pause of 1 to {MAX_PAUSE.days} days"
        elif change.act in (ManyAct.SUPPRESS, ManyAct.LIFT):
            reason_of(change.value)
        elif change.act not in (ManyAct.RESUME, ManyAct.RESTORE_FREQUENCY):
            is_frequency = change.act is ManyAct.FREQUENCY
            field, value = ("frequency", change.value) if is_frequency else ("topics", [change.value])
            try:
                parse_field(field, value, topics=self.topics)
            except ValueError as error:
                problem = message_of(error)
        if problem:
            raise ConfigurationError.at(f"--{change.act}", problem)

    def _stays(
        self, each: StoredSubscriber, change: ManyChange, chosen: frozenset[str], own_pauses: frozenset[int]
    ) -> Stays | None:
        """Return why a subscriber does not change; None if they do."""
        act, topic = change.act, change.value
        if each.suppressed:
            return Stays.SUPPRESSED
        if not each.listed:
            return Stays.REMOVED
        is_paused = state_of(each, self.now()) is SubscriberState.PAUSED
        if act is ManyAct.PAUSE:
            return Stays.PAUSED if is_paused else None
        if act is ManyAct.RESUME:
            if not is_paused:
                return Stays.NOT_PAUSED
            return Stays.OWN_PAUSE if each.id in own_pauses else None
        if act in (ManyAct.FREQUENCY, ManyAct.RESTORE_FREQUENCY):
            if each.frequency == change.value:
                return Stays.SAME
            return Stays.OWN_CHOICE if "frequency" in chosen else None
        if act is ManyAct.SUPPRESS:
            return None
        if act is ManyAct.ADD_TOPIC:
            if not each.topics:
                return Stays.ALL_TOPICS
            if topic in each.topics:
                return Stays.SAME
        elif each.topics and topic not in each.topics:
            return Stays.WITHOUT
        if "topics" in chosen:
            return Stays.OWN_CHOICE
        return Stays.LAST_TOPIC if act is ManyAct.REMOVE_TOPIC and self._without(each, topic) == () else None

    def _without(self, each: StoredSubscriber, topic: str) -> tuple[str, ...]:
        """Return the topics of a subscriber without this topic. A subscriber of all topics then has all others."""
        return tuple(name for name in each.topics or self.topics if name != topic)

    def _fields(self, each: StoredSubscriber, plan: ManyPlan) -> dict[str, Any]:
        """Return the fields of the list that change, for the file; none if only the store changes."""
        change = plan.change
        if change.act is ManyAct.ADD_TOPIC:
            return {"topics": [*each.topics, change.value]}
        if change.act is ManyAct.REMOVE_TOPIC:
            return {"topics": list(self._without(each, change.value))}
        if change.act is ManyAct.FREQUENCY:
            return {"frequency": change.value}
        if change.act is ManyAct.RESTORE_FREQUENCY:
            return {"frequency": plan.earlier[each.address]}
        if change.act is ManyAct.RESUME and each.status != "active":
            return {"status": "active"}
        return {}

    def _own_pauses(self, people: Sequence[StoredSubscriber]) -> frozenset[int]:
        """Return those who paused themselves: on their own page, or by a link of an email."""
        sources = self.subscriber_admin.consents.sources_of_pauses([each.address for each in people])
        return frozenset(each.id for each in people if sources.get(each.address, "").startswith("web:"))

    def _edited_files(self, held: ExitStack, fields: Mapping[str, Mapping[str, Any]]) -> list[ListEditor]:
        """Edit the files that list these people, without writing them. Their locks are held until the stack ends."""
        editors = []
        for path in self.list_files() if fields else ():
            held.enter_context(edit_lock(path, LONG_WAIT))
            editor = ListEditor(path)
            places = editor.places()
            values: dict[str, dict[int, Any]] = {}
            for address, own in fields.items():
                if (index := places.get(address)) is not None:
                    for key, value in own.items():
                        values.setdefault(key, {})[index] = value
            for key, new in values.items():
                editor.set_all(key, new)
            if values:
                editor.check(editor.wanted)
                editors.append(editor)
        return editors

    def _store(self, plan: ManyPlan, fields: Mapping[str, Mapping[str, Any]], by: Actor, whom: str) -> int:
        change, now, source = plan.change, self.now(), source_of(by, "bulk")
        detail = _detail(change)
        addresses = [each.address for each in plan.people]
        of_many, of_one = _NAMES.get(change.act, _CHANGED)
        with self.database.write() as connection:
            what = "changed"
            if change.act is ManyAct.SUPPRESS:
                what = UNSUBSCRIBED
                self.database.advisory_lock(connection, "suppression")
                suppressions.add_all(connection, addresses, UNSUBSCRIBED, at=now, detail=f"{change.value} ({source})")
            if change.act is ManyAct.LIFT:
                what = suppressions.LIFTED
                self.database.advisory_lock(connection, "suppression")
                if suppressions.lift_stopped_together(connection, addresses) != len(addresses):
                    raise PlanChanged("Meanwhile something was decided about some of them; nothing was changed.")
            if change.act in (ManyAct.PAUSE, ManyAct.RESUME):
                self.preferences.pause_all(connection, [each.id for each in plan.people], change.until)
            # Subscribers of the list files have these values already.
            self.subscriber_admin.set_all(connection, fields)
            entries = [
                Consent(each.address, what, now, source, detail=_own_detail(each, fields[each.address], detail))
                for each in plan.people
            ]
            consent.append_many(connection, entries)
            kind = "suppressed" if change.act is ManyAct.SUPPRESS else "changed"
            consent.queue_counts_event(connection, _SOURCE, now, **{kind: len(addresses)})
            stay = sum(map(len, plan.stays.values()))
            parts = [detail, Message("%(num)s stay as they are", num=stay) if stay else "", whom]
            return audit.add(
                connection,
                by,
                of_many if len(addresses) > 1 else of_one,
                f"{len(addresses)} subscribers" if len(addresses) > 1 else subject_of(plan.people[0].id),
                joined("; ", *parts),
                now=now,
            )


def _stays_stopped(each: StoredSubscriber, together: Collection[str]) -> Stays | None:
    """Return why a subscriber does not get mail again; None if they do. `together` were stopped with others."""
    if not each.suppressed:
        return Stays.NOT_STOPPED
    if each.suppressed != UNSUBSCRIBED or each.address not in together:
        return Stays.STOPPED_ALONE
    return None if each.listed else Stays.REMOVED


def _detail(change: ManyChange) -> str:
    """Return the description of the act for the logs."""
    return {
        ManyAct.PAUSE: Message("paused until %(day)s", day=f"{change.until:%Y-%m-%d}") if change.until else "",
        ManyAct.RESUME: Message("pause ended"),
        ManyAct.SUPPRESS: change.value,
        ManyAct.LIFT: change.value,
        ManyAct.ADD_TOPIC: Message("with the topic %(topic)s", topic=change.value),
        ManyAct.REMOVE_TOPIC: Message("without the topic %(topic)s", topic=change.value),
        ManyAct.FREQUENCY: Message("%(field)s: %(value)s", field="frequency", value=change.value),
        ManyAct.RESTORE_FREQUENCY: Message("frequency as before"),
    }[change.act]


def _own_detail(each: StoredSubscriber, fields: Mapping[str, Any], detail: str) -> str:
    """Return the detail of one person's entry in the consent log. For a frequency it also has the earlier one, for an
    undo.
    """
    if "frequency" in fields:
        return f"{FREQUENCY}{each.frequency}{TO}{fields['frequency']}"
    texts = (f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in fields.items())
    return ", ".join(texts) or detail
