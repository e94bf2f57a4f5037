"""Report faults and states to editors and operators: once when they begin and once when they end, by log and alert.

Each (kind, subject) is reported by one thread only, so there are no locks. `refresh` reads the faults of all threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.app import App
from digest.errors import ConfigProblem, ConfigurationError, DigestError, StoreError
from digest.notify.alert import (
    NOTICES,
    Alert,
    AlertKind,
    AlertTexts,
    MessageType,
    NoticeKind,
    title_of_errors,
    without_code,
)
from digest.store import meta

# Kinds that are warnings in the log.
_FAULTS = frozenset(
    {
        NoticeKind.SETTINGS,
        NoticeKind.LIST,
        NoticeKind.HOLIDAYS,
        NoticeKind.JOB,
        NoticeKind.MISSED,
        NoticeKind.EXPIRED,
        NoticeKind.NOT_APPROVED,
    }
)
# Kinds whose alerts name the file and the lines.
_ABOUT_FILES = frozenset({NoticeKind.SETTINGS, NoticeKind.LIST})


@dataclass(frozen=True, slots=True)
class _Noticed:
    text: str
    # When it ends silently.
    until: datetime | None


# What the reason says → what to do.
_REPAIRS = (("disk", "Free space on the disk."), ("locked", "End the program that locks it."))
_REPAIR = "See that the database answers, and that this user may write to it."


class Notices:
    """Reports to the log and to the admins. `app` returns the App in use."""

    def __init__(
        self, app: Callable[[], App], log: Callable[[str], None], warn: Callable[[str], None], *, others: bool = False
    ) -> None:
        """`others`: other processes report about the same store at the same time."""
        self._app, self._log, self._warn = app, log, warn
        # (kind, subject) → the notice, while it lasts.
        self._noticed: dict[tuple[NoticeKind, str], _Noticed] = {}
        # (kind, subject) of notices that have no open alert, not even one of an earlier process.
        self._ended: set[tuple[NoticeKind, str]] = set()
        self._others = others
        # Alerts that could not be stored.
        self._unstored: dict[tuple[str, str], Alert] = {}
        # Whether the admins were told that the store cannot be used.
        self._store_failed, self._telling_of_store = False, threading.Lock()

    def notice(
        self,
        kind: NoticeKind,
        subject: str,
        text: str,
        *,
        problems: Sequence[ConfigProblem] = (),
        until: datetime | None = None,
    ) -> None:
        """Report a fault or state once, and again only if its text changes or it returns.

        `subject` is the file, job or edition that it is about. The text ends with the `problems`. A kind in `NOTICES`
        also raises an alert. The notice ends with `clear`, or silently at `until`.
        """
        intro = text
        if problems:
            text = f"{intro}: {'; '.join(map(str, problems))}"
        known = self._noticed.get((kind, subject))
        if known is not None and known.text == text:
            return
        self._noticed[kind, subject] = _Noticed(text, until)
        (self._warn if kind in _FAULTS else self._log)(without_code(text))
        if (found := NOTICES.get(kind)) is not None:
            self._ended.discard((kind, subject))
            title, action = found.title.format(subject=subject), found.action.format(subject=subject)
            if problems and kind in _ABOUT_FILES:
                # The log has an event in one line, an alert an error in each.
                title, text = title_of_errors(problems), "\n".join([f"{intro}:", *map(str, problems)])
            self.raise_alert(found.kind, subject, AlertTexts(title, text, action), until=until)

    def clear(self, kind: NoticeKind, subject: str, text: str = "") -> bool:
        """Report in the sentence `text`, if given, that a fault is gone. False if there was no such fault.

        This also ends an alert that an earlier process raised. If the store cannot end it, the next call tries again.
        """
        known = self._noticed.pop((kind, subject), None) is not None
        if known and text:
            self._log(text)
        if (found := NOTICES.get(kind)) is not None and (kind, subject) not in self._ended:
            self._unstored.pop((found.kind, subject), None)
            try:
                self._app().alerts.clear(found.kind, subject, text)
            except (ConfigurationError, DigestError):
                return known
            if not self._others:
                self._ended.add((kind, subject))
        return known

    def subjects(self, kind: NoticeKind) -> list[str]:
        return [subject for each, subject in [*self._noticed] if each == kind]

    def raise_alert(self, kind: AlertKind, subject: str, texts: AlertTexts, *, until: datetime | None = None) -> bool:
        """Raise an alert. False if the store could not take it: then `refresh` tries again."""
        return self._store(Alert(kind, subject, *texts, self._app().now(), until))

    def refresh(self) -> None:
        """Forget faults that have ended by themselves, and store the alerts that the store could not take before."""
        now = self._app().now()
        for key, noticed in [*self._noticed.items()]:
            if noticed.until is not None and noticed.until <= now:
                self._noticed.pop(key, None)
        for alert in [*self._unstored.values()]:
            if alert.until is not None and alert.until <= now:
                self._unstored.pop(alert.key, None)
            elif not self._store(alert):
                # Each of the others would wait for the same store in turn.
                return

    def _store(self, alert: Alert) -> bool:
        try:
            self._app().alerts.raise_alert(alert)
        except StoreError as error:
            self._unstored[alert.key] = alert
            self.report_store_failure(str(error))
            return False
        self._unstored.pop(alert.key, None)
        return True

    def report_store_failure(self, reason: str) -> None:
        """Tell the admins once that the store cannot be used, without using it."""
        with self._telling_of_store:
            if self._store_failed:
                return
            self._store_failed = True
        repair = next((repair for word, repair in _REPAIRS if word in reason), _REPAIR)
        self._app().alerts.send_at_once(
            MessageType.RAISED,
            AlertKind.STORE_UNUSABLE,
            "The store cannot be used",
            f"Nothing can be sent or recorded: {reason}",
            f"{repair} `digest check` tests the store. Nothing needs a restart.",
        )

    def report_store_recovery(self) -> None:
        """Tell the admins that the store can be written again, if they were told that it cannot."""
        if self._store_failed:
            try:
                # Reads are no test, because they also work in a locked or full store.
                meta.save_probe_time(self._app().database, self._app().now())
            except StoreError:
                return
            self._store_failed = False
            title, text = "The store cannot be used", "It works again."
            self._app().alerts.send_at_once(MessageType.RESOLVED, AlertKind.STORE_UNUSABLE, title, text, "")
