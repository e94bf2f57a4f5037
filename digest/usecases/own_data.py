"""A person's rights over their data: a copy of it, and a change of address. Used by pages and commands."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import DigestError
from digest.store.people.consent import MOVED, Consent
from digest.store.people.history import HistoryKind
from digest.store.people.moves import MoveResult, move
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.store.content.clicks import ClickStore
    from digest.store.database import Database
    from digest.store.people.consent import NoticeStore
    from digest.store.people.erasure import Erasures
    from digest.store.people.preferences import PreferenceStore, StoredSubscriber
    from digest.store.people.reengagement import ReengagementStore
    from digest.store.people.requests import RequestStore
    from digest.store.people.subscriber_texts import SubscriberTextStore
    from digest.store.people.subscribers import SubscriberAdmin
    from digest.store.sending.recovery import Orphan

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PersonalData:
    """Collects everything that the store holds about a person (GDPR article 15, DPDP Act section 11)."""

    admin: SubscriberAdmin
    preferences: PreferenceStore
    notices: NoticeStore
    texts: SubscriberTextStore
    clicks: ClickStore
    reengagement: ReengagementStore
    requests: RequestStore
    orphans: Callable[[datetime], Mapping[int, Orphan]]
    zone: tzinfo
    now: Callable[[], datetime]

    def collect(self, address: str) -> dict[str, Any] | None:
        """Return the data of a comparable address as JSON values, with all times in the newsletter's zone.

        None if nothing is stored.
        """
        now = self.now()
        held = self.preferences.find(address)
        consents = self.admin.consents.entries(address)
        history = self.admin.history.entries(address, self.zone, self.orphans(now))
        if held is None and not consents and not history:
            return None
        notices = self.notices.named({entry.notice for entry in consents if entry.notice})
        entries = [
            {"at": self._time(entry.at), **pick(entry, "what source wording detail notice")} for entry in consents
        ]
        return {
            "at": self._time(now),
            "email": held.email if held else address,
            "subscriber": self._fields(held) if held else None,
            **(self._responses(held.id) if held else {}),
            "consents": entries,
            "notices": {
                hash: {"language": notice.language, "version": notice.version, "text": notice.text}
                for hash, notice in notices.items()
            },
            "history": [
                {
                    "at": self._time(event.at),
                    "kind": event.kind,
                    "edition": event.edition or "",
                    "what": event.what,
                    "why": event.why,
                }
                for event in history
                if event.kind != HistoryKind.CONSENT
            ],
        }

    def _responses(self, id: int) -> dict[str, Any]:
        """Return the person's texts, clicks and requests, and when they were asked whether to continue."""
        asked = self.reengagement.asked(id)
        clicked = self.clicks.last_click(id)
        return {
            "words": [
                {"at": self._time(word.at), **pick(word, "kind edition about text")} for word in self.texts.of(id)
            ],
            "last click": self._time(clicked),
            "asked whether to continue": self._time(asked),
            "requests": [
                {
                    "at": self._time(request.asked_at),
                    "kind": str(request.kind),
                    "new address": request.email,
                    "done at": self._time(request.done_at),
                    "edition": request.edition,
                }
                for request in self.requests.of(id)
            ],
        }

    def _fields(self, held: StoredSubscriber) -> dict[str, Any]:
        return {
            **pick(held, "name topics editions frequency"),
            "hour": held.hour.isoformat("minutes") if held.hour else "",
            **pick(held, "timezone format status"),
            "on the list": held.listed,
            "gets no mail because": held.suppressed or "",
            "paused until": self._time(held.paused_until),
            "added at": self._time(held.added_at),
            "came from": held.origin,
        }

    def _time(self, moment: datetime | None) -> str:
        """Return a moment with its offset from UTC; '' for none."""
        return moment.astimezone(self.zone).isoformat(timespec="seconds") if moment else ""


@dataclass(frozen=True)
class AddressChanger:
    """Gives a subscriber another address, in the store and in the list file."""

    database: Database
    erasures: Erasures
    preferences: PreferenceStore
    list_files: Callable[[], list[Path]]
    now: Callable[[], datetime]

    def change(self, id: int, address: str, email: str, *, source: str, detail: str = "") -> MoveResult:
        """Give the subscriber the comparable `address`, written as `email`. Durable when it returns."""
        # If there is no key yet, it is created in its own transaction.
        _ = self.erasures.key
        held = self.preferences.get(id)
        if held is None:
            return MoveResult.NOBODY
        former = f"from {held.address}"
        why = Consent(address, MOVED, self.now(), source, detail="; ".join(filter(None, (former, detail))))
        with self.database.write(area="subscriber") as connection:
            result = move(connection, self.erasures, id, address, email, now=self.now(), why=why)
        if result == MoveResult.DONE:
            self._edit_list(held.address, email)
        return result

    def _edit_list(self, former: str, email: str) -> None:
        """Change the line in the list file. Failing is harmless, because the store has the new address."""
        from digest.subscribers import list_editor

        try:
            for path in self.list_files():
                if list_editor.change(path, former, {"email": email}):
                    return
        except (DigestError, OSError) as error:
            # The error's message may quote an address.
            kind = type(error).__name__
            log.warning("a subscriber changed their address; the list file still has the old one: %s", kind)
