"""Add, change, pause, remove, suppress and erase one subscriber. Commands, desk and API call the same functions.

Changes subscribers of `subscribers.yaml` in the file, preserving its comments, and those of imports and sign-ups in the
store. The audit log names subscribers by number, so erasing a person leaves nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.messages import Message, message_of
from digest.models import Actor
from digest.store.database import wait_limit
from digest.store.desk import audit
from digest.store.desk.audit import ActKind
from digest.store.errors import BUSY_SECONDS
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent
from digest.store.people.moves import MoveResult
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.subscribers import list_editor
from digest.subscribers.address import comparable, normalise, refuse_tags
from digest.subscribers.imports.formats import FIELDS
from digest.subscribers.list_file import FILE_NAME, LISTS, parse_field
from digest.utils.files import real_path, write_private
from digest.utils.text import one_line
from digest.yamlio.editor import LONG_WAIT

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from digest.store.database import Database
    from digest.store.people.erasure import ErasureResult
    from digest.store.people.subscribers import SubscriberAdmin
    from digest.usecases.erase_subscriber import SubscriberEraser
    from digest.usecases.own_data import AddressChanger
    from digest.usecases.subscriber_list import SubscriberList

MAX_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class SubscriberLocation:
    """Where a subscriber is kept: `file` relative to the newsletter's folder, or `origin`, the name of an import."""

    file: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class AddResult:
    """The list file that a subscriber was added to.

    `suppressed` says why they still get no mail; '' if they get mail.
    """

    file: str
    suppressed: str


@dataclass(frozen=True, slots=True)
class EraseResult:
    """The result of an erasure: in the store, the list file, and the number of emails in the outbox."""

    stored: ErasureResult
    file: str
    emails: int

    @property
    def known(self) -> bool:
        return self.stored.known or bool(self.file) or self.emails > 0


@dataclass(frozen=True)
class SubscriberEditor:
    """Changes one subscriber of a newsletter. Each act is recorded in the consent log and in the log of acts."""

    home: Path
    database: Database
    subscriber_list: SubscriberList
    subscriber_admin: SubscriberAdmin
    eraser: Callable[[], SubscriberEraser]
    address_changer: AddressChanger
    preferences: PreferenceStore
    # The list files that exist.
    list_files: Callable[[], list[Path]]
    topics: tuple[str, ...]
    editions: tuple[str, ...]
    now: Callable[[], datetime]

    def add(
        self, email: str, fields: Mapping[str, str | None], by: Actor, *, wording: str = "", file: str | None = None
    ) -> AddResult:
        """Add a subscriber at the end of a list file. `wording` is where and how the person agreed.

        `fields` are texts as a command takes them; see `parse_fields`. Raises DigestError.
        """
        address = parse_address(email)
        try:
            refuse_tags(email)
        except ValueError as error:
            raise ConfigurationError.at("EMAIL", message_of(error)) from None
        path = self._file_to_edit(file)
        known = {address for address, _subscriber in self.subscriber_list.read(may_be_empty=True)}
        values = {"email": email.strip(), **{k: v for k, v in self.parse_fields(fields).items() if v is not None}}
        record = self.subscriber_admin.find(address)
        if address in known or (record and record.listed and record.origin):
            raise _is_listed(email, (record and address not in known and record.origin) or "")
        if (moved := self.subscriber_list.subscribers.moved().get(address)) is not None:
            raise DigestError(
                Message(
                    "%(email)s changed their address to %(moved)s. Only their own sign-up can add the old one.",
                    email=email,
                    moved=moved,
                )
            )
        if self.subscriber_admin.erasures.among([address]):
            raise DigestError(
                Message(
                    "%(email)s was erased at the person's request. Only their own sign-up can add them again.",
                    email=email,
                )
            )
        entry = Consent(address, "added", self.now(), source_of(by, "add"), wording)
        save = self._saver(
            lambda: self._record(address, by, ActKind.SUBSCRIBER_ADDED, "", [entry]), address, must_be_valid=True
        )
        if not list_editor.add(path, values, save=save, wait=LONG_WAIT):
            # Somebody else added the address meanwhile.
            raise _is_listed(email)
        suppressed = self.subscriber_admin.find(address)
        return AddResult(path.name, (suppressed.suppressed if suppressed else None) or "")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Yield a transaction during which no other process syncs the list."""
        with self.database.transaction(), self.database.write(area="subscriber"):
            yield

    def change(
        self, email: str, fields: Mapping[str, str | None], by: Actor
    ) -> tuple[SubscriberLocation, dict[str, Any]]:
        """Set fields of a subscriber; an empty text removes a field. Returns where, and the parsed fields.

        Raises DigestError if they are not on the list.
        """
        values = self.parse_fields(fields)
        listed = bool(self.subscriber_list.read(may_be_empty=True))
        source, now = source_of(by, "set"), self.now()
        changes = ", ".join(key if key == "name" else f"{key}: {_log_text(value)}" for key, value in values.items())
        address = comparable(email)
        if address is None:
            raise DigestError(Message("%(email)s is not on the list; nothing was changed.", email=email))
        entry = Consent(address, "changed", now, source, detail=changes)
        save = self._saver(lambda: self._record(address, by, ActKind.SUBSCRIBER_CHANGED, changes, [entry]))
        path = None
        if listed:
            path = self._first(lambda file: list_editor.change(file, email, values, save=save, wait=LONG_WAIT))
        if path is None:
            with self._transaction():
                if not self.subscriber_admin.update(address, _store_values(values), source=source, now=now):
                    raise DigestError(Message("%(email)s is not on the list; nothing was changed.", email=email))
                self._record(address, by, ActKind.SUBSCRIBER_CHANGED, changes, [])
        return self._place(path, email), values

    def remove(self, email: str, by: Actor) -> SubscriberLocation:
        """Take a subscriber off the list. Raises DigestError if they are not on it."""
        source, now = source_of(by, "remove"), self.now()
        address = comparable(email)
        if address is None:
            raise DigestError(Message("%(email)s is not on the list; nothing was changed.", email=email))
        entry = Consent(address, "removed", now, source)
        save = self._saver(lambda: self._record(address, by, ActKind.SUBSCRIBER_REMOVED, "", [entry]), address)
        path = self._first(lambda file: list_editor.remove(file, email, save=save, wait=LONG_WAIT))
        if path is None:
            with self._transaction():
                if not self.subscriber_admin.remove(address, source=source, now=now):
                    raise DigestError(Message("%(email)s is not on the list; nothing was changed.", email=email))
                self._record(address, by, ActKind.SUBSCRIBER_REMOVED, "", [])
        return self._place(path, email)

    def move(self, email: str, new: str, by: Actor) -> None:
        """Give a subscriber another address.

        Raises DigestError if they get no mail, the address is taken, or an email is on its way to them.
        """
        address = parse_address(new)
        self.subscriber_list.sync(may_be_empty=True)
        held = self.preferences.find(parse_address(email))
        result = MoveResult.NOBODY
        if held is not None:
            result = self.address_changer.change(held.id, address, new.strip(), source=source_of(by, "move"))
        if result == MoveResult.NOBODY:
            raise DigestError(f"{email} is not on the list or gets no mail; nothing was changed.")
        if result == MoveResult.TAKEN:
            raise DigestError(f"{new} is on the list already; remove one of the two.")
        if result == MoveResult.BUSY:
            raise DigestError(f"An edition is on its way to {email}; nothing was changed. Try again when it is sent.")
        self._record(address, by, ActKind.ADDRESS_CHANGED, "", [])

    def nominate(self, email: str, nominee: str, contact: str, by: Actor) -> None:
        """Record a person's nominee and how to reach them, as the person's own page does. Raises DigestError."""
        address = parse_address(email)
        named = [one_line(each) for each in (nominee, contact)]
        problems = [
            ConfigProblem(option, 0, f"expected {what}")
            for option, what, text in (
                ("NOMINEE", "the name of the nominee", named[0]),
                ("--contact", "how to reach the nominee", named[1]),
            )
            if not text
        ]
        if problems:
            raise ConfigurationError(problems)
        if self.preferences.find(address) is None:
            raise DigestError(Message("%(email)s is not in the store; nothing was changed.", email=email))
        entry = Consent(address, consent.NOMINATED, self.now(), source_of(by, "nominate"), detail=", ".join(named))
        # The log of acts has no names.
        self._record(address, by, ActKind.NOMINATED, "", [entry])

    def pause(self, email: str, until: datetime | None, by: Actor) -> None:
        """Pause the mail until a time, as the subscriber's own page does; None ends a pause. Raises DigestError."""
        address, now = parse_address(email), self.now()
        held = self.preferences.find(address)
        if held is None:
            raise DigestError(Message("%(email)s is not in the store; nothing was changed.", email=email))
        if until is not None and not now < until <= now + MAX_PAUSE:
            raise DigestError(f"A pause ends after now and within {MAX_PAUSE.days} days, found {until:%Y-%m-%d}.")
        detail = Message("paused until %(day)s", day=f"{until:%Y-%m-%d}") if until else Message("pause ended")
        with self._transaction():
            context = ConsentContext(source_of(by, "pause"), detail=detail)
            self.preferences.set(held.id, {"paused_until": until}, context, now=now)
            self._record(address, by, ActKind.SUBSCRIBER_PAUSED if until else ActKind.PAUSE_ENDED, detail, [])

    def suppress(self, email: str, reason: str, by: Actor) -> bool:
        """Suppress an address, as if it had unsubscribed. False if it was suppressed before. Raises DigestError."""
        address, why = parse_address(email), reason_of(reason)
        now, source = self.now(), source_of(by, "suppress")
        with self.database.transaction(), self.database.write(area="suppression") as connection:
            new = suppressions.suppress(connection, address, UNSUBSCRIBED, at=now, detail=f"{why} ({source})")
            if new:
                consent.append(connection, [Consent(address, UNSUBSCRIBED, now, source, detail=why)])
                self._add(connection, address, by, ActKind.SUPPRESSED, why)
        return new

    def unsuppress(self, email: str, reason: str, by: Actor) -> str:
        """End a suppression, and return its reason.

        Raises DigestError if there is none, or after a complaint, which only a new sign-up ends.
        """
        address, why = parse_address(email), reason_of(reason)
        now = self.now()
        with self.database.transaction(), self.database.write(area="suppression") as connection:
            before = suppressions.reason_of(connection, address)
            if before is None:
                raise DigestError(Message("%(email)s is not suppressed; nothing was changed.", email=email))
            if before == COMPLAINED:
                raise DigestError(
                    Message(
                        "%(email)s reported an email as spam. Only their own sign-up ends that; nothing was changed.",
                        email=email,
                    )
                )
            suppressions.unsuppress(connection, address)
            entry = Consent(address, suppressions.LIFTED, now, source_of(by, "lift"), detail=f"{before}: {why}")
            consent.append(connection, [entry])
            self._add(connection, address, by, ActKind.SUPPRESSION_LIFTED, f"{before}: {why}")
        return before

    def erase(self, email: str, reason: str, by: Actor) -> EraseResult:
        """Erase a person from the list file, the store and the outbox. `reason` must not name the person."""
        address, why = parse_address(email), reason_of(reason)
        subject = self._subject(address)
        eraser = self.eraser()
        path = eraser.remove_line(email)
        stored, emails = eraser.erase(address, f"{why} ({source_of(by, 'erase')})")
        with self.database.write() as connection:
            audit.add(connection, by, ActKind.SUBSCRIBER_ERASED, subject, why, now=self.now())
        return EraseResult(stored, path.name if path else "", emails)

    def parse_fields(self, given: Mapping[str, str | None]) -> dict[str, Any]:
        """Validate fields given as text; several topics or editions are separated by commas.

        A field that is None was not given and is left out; '' removes the field and becomes None. Raises
        ConfigurationError with every error.
        """
        fields: dict[str, Any] = {}
        problems = []
        for key, value in given.items():
            if value is None:
                continue
            if not value.strip():
                fields[key] = None
                continue
            raw: Any = [name.strip() for name in value.split(",") if name.strip()] if key in LISTS else value
            try:
                parse_field(key, raw, topics=self.topics, editions=self.editions)
            except ValueError as error:
                problems.append(ConfigProblem(f"--{key}", 0, message_of(error)))
            fields[key] = raw
        if problems:
            raise ConfigurationError(problems)
        # Always in the same order, so that the file and the log do not depend on the caller.
        return {key: fields[key] for key in FIELDS if key in fields}

    def place_of(self, address: str) -> SubscriberLocation:
        """Return where a subscriber of the store is kept."""
        record = self.subscriber_admin.find(address)
        return (
            SubscriberLocation(origin=record.origin) if record and record.origin else SubscriberLocation(file=FILE_NAME)
        )

    def _file_to_edit(self, file: str | None) -> Path:
        path = self.home / FILE_NAME
        if file is None:
            if not path.exists():
                write_private(path, b"subscribers:\n")
            return path
        path = real_path(self.home / file)
        if path not in self.list_files():
            raise ConfigurationError.at(file, f"is not a list file; add it to 'include:' in {FILE_NAME} first")
        return path

    def _first(self, edit: Callable[[Path], bool]) -> Path | None:
        """Return the first list file that an edit changed."""
        return next((file for file in self.list_files() if edit(file)), None)

    def _saver(self, record: Callable[[], None], *reported: str, must_be_valid: bool = False) -> list_editor.Save:
        """Return how an edited file is saved: in one transaction with its record and with the store's list.

        The whole list is parsed before the transaction. A long one takes many seconds, in which nobody else could write
        to the store. The file is written last: if the store is busy, it stays as it is. `reported` is an address that
        joined or left, which has a webhook event of its own. With `must_be_valid`, an edit that makes the list invalid
        is refused, such as an address that somebody else has added to another file of the list.
        """

        def save(editor: list_editor.ListEditor) -> None:
            editor.check(editor.wanted)
            try:
                edited = self.subscriber_list.read_edited({editor.path: editor.edited})
            except ConfigurationError:
                if must_be_valid:
                    raise
                edited = None
            # The time that parsing took does not count.
            with wait_limit(BUSY_SECONDS), self._transaction():
                followed = edited is not None and self.subscriber_list.store_edited(edited, reported)
                record()
                editor.replace()
            if not followed:
                # If the file has errors elsewhere, the next valid one is synced.
                with suppress(ConfigurationError):
                    self.subscriber_list.sync(may_be_empty=True, reported=reported)

        return save

    def _place(self, path: Path | None, email: str) -> SubscriberLocation:
        if path is not None:
            return SubscriberLocation(file=path.relative_to(self.home).as_posix())
        record = self.subscriber_admin.find(parse_address(email))
        return SubscriberLocation(origin=record.origin or "" if record else "")

    def _record(self, address: str, by: Actor, what: ActKind, detail: str, entries: list[Consent]) -> None:
        with self.database.write() as connection:
            consent.append(connection, entries)
            self._add(connection, address, by, what, detail)

    def _add(self, connection: Connection, address: str, by: Actor, what: ActKind, detail: str) -> None:
        audit.add(connection, by, what, self._subject(address), detail, now=self.now())

    def _subject(self, address: str) -> str:
        held = self.preferences.find(address)
        return subject_of(held.id) if held else "subscriber"


def _is_listed(email: str, origin: str = "") -> DigestError:
    if not origin:
        return DigestError(
            Message("%(email)s is already on the list. `digest subscribers set` changes a subscriber.", email=email)
        )
    return DigestError(
        Message(
            "%(email)s is already on the list (from import %(name)s). `digest subscribers set` changes a subscriber.",
            email=email,
            name=origin,
        )
    )


def subject_of(id: int) -> str:
    """Return how the log of acts names a subscriber."""
    return f"subscriber {id}"


def number_of(subject: str) -> int | None:
    """Return the number of the subscriber whom the log of acts names by this subject; None for another subject."""
    kind, _space, number = subject.partition(" ")
    return int(number) if kind == "subscriber" and number.isdecimal() else None


def source_of(by: Actor, command: str) -> str:
    """Return the source of an act for the consent log, such as `digest subscribers remove, by asha`."""
    way = {"desk": "the desk", "api": "the API"}.get(by.via, f"digest subscribers {command}")
    return f"{way}, by {by.name}" if by.name else way


def parse_address(email: str) -> str:
    """Return the address in its comparable form. Raises ConfigurationError."""
    try:
        return normalise(email)
    except ValueError as error:
        raise ConfigurationError.at(
            "EMAIL", Message("%(email)s is not a valid email address: %(why)s", email=f"{email!r}", why=error)
        ) from None


def _store_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the fields for a row in the store."""
    return {key: None if raw is None else parse_field(key, raw, topics=None) for key, raw in fields.items()}


def _log_text(value: Any) -> str:
    """Return a value for the log. The desk shows an empty one in the same way."""
    return ", ".join(value) if isinstance(value, list | tuple) else str(value or "—")


def reason_of(reason: str) -> str:
    """Return a reason on one line. Raises ConfigurationError if it is empty."""
    text = one_line(reason)
    if not text:
        raise ConfigurationError.at("--reason", Message("expected why, for the record"))
    return text[:200]
