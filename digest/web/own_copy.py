"""A person's data as a page to read: all that the JSON file has, in the reader's language.

A field that has no name here is shown under its own, so the page is never shorter than the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from digest.hindi import dates
from digest.models import CORRECTION, is_breaking, split_key
from digest.render.blocks.rows import ROWS
from digest.store.people.signups import ORIGIN
from digest.subscribers.list_file import FILE_NAME
from digest.web.desk.admin import words
from digest.web.pages import zone_name

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.web.pages import Pages

# A value that is a moment, or '' if there is none.
_MOMENTS = frozenset(("at", "paused until", "added at", "last click", "asked whether to continue", "done at"))


@dataclass(frozen=True, slots=True)
class Notice:
    """A privacy notice that was agreed to."""

    hash: str
    title: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page: its entries, each with the names and values of its fields."""

    title: str
    entries: tuple[tuple[tuple[str, str], ...], ...]


def readable_copy(held: Mapping[str, Any], pages: Pages, language: str, catalogue: Catalogue) -> str:
    """Return the data of `PersonalData.collect` as an HTML file that needs no other."""
    title = catalogue.gettext("Privacy notice, version %(number)s")
    notices = [
        Notice(hash, title % {"number": each["version"]}, each["language"], each["text"])
        for hash, each in held["notices"].items()
    ]
    copy = _Copy(pages, language, catalogue, _field_names(catalogue), {each.hash: each.title for each in notices})
    return pages.render(
        "own_copy.html.j2",
        language,
        css=Markup(pages.css),  # noqa: S704
        made=copy.value("at", held["at"]),
        email=held["email"],
        parts=copy.parts(held),
        notices=notices,
    )


@dataclass(frozen=True)
class _Copy:
    pages: Pages
    language: str
    catalogue: Catalogue
    names: Mapping[str, str]
    # Hash of a notice that was agreed to → its title.
    notices: Mapping[str, str]

    def parts(self, held: Mapping[str, Any]) -> Sequence[Part]:
        _ = self.catalogue.gettext
        subscriber = dict(held["subscriber"] or {}) | {key: held[key] for key in held if key in _MOMENTS - {"at"}}
        lists = {
            "consents": _("What you agreed to, and what changed"),
            "history": _("Your editions, and what happened"),
            "words": _("What you wrote to us"),
            "requests": _("What you asked us for"),
        }
        parts = [Part(_("What you chose"), (self._fields(subscriber),))] if subscriber else []
        return parts + [
            Part(title, tuple(map(self._fields, held[key]))) for key, title in lists.items() if held.get(key)
        ]

    def value(self, key: str, value: Any) -> str:
        _ = self.catalogue.gettext
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            names = self.pages.branding.edition_names
            return ", ".join(names.get(each, each) for each in value) or _("no choice: everything that is usual")
        if not value:
            return _("With each edition") if key == "hour" else "–"
        if key in _MOMENTS:
            # Year 0 never matches, so the year is always written.
            return dates.absolute(datetime.fromisoformat(value), 0, self.language)
        if key == "edition":
            return self._edition(str(value))
        if key == "hour":
            return dates.hour(time.fromisoformat(value), self.language)
        if read := self._readers.get(key):
            # A message is a text that knows its translation; a copy of it as a plain text does not.
            return read(value if isinstance(value, str) else str(value))
        return str(value)

    def _edition(self, key: str) -> str:
        if key.startswith(CORRECTION):
            corrected = self._edition(key.removeprefix(CORRECTION).rpartition("-")[0])
            return f"{self.catalogue.gettext('Correction')}: {corrected}"
        day, _slug = split_key(key)
        name = self.catalogue.gettext("Breaking news") if is_breaking(key) else self.pages.branding.edition_name(key)
        return ", ".join(filter(None, (dates.long(day, self.language) if day else key, name)))

    def _reason(self, line: str) -> str:
        text = words.reason_text(line, self.catalogue).text
        return text.replace(FILE_NAME, self.catalogue.gettext("the editors' list"))

    def _about(self, line: str) -> str:
        """Return the subject of a comment: the name of a question, and the answer."""
        name, mark, answer = line.partition(": ")
        kind = ROWS.get(name)
        return f"{self.catalogue.gettext(kind.title)}{mark}{answer}" if kind else line

    def _fields(self, entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the fields of an entry. Empty ones are left out, but not an hour that was not chosen."""
        shown = ((key, self.value(key, value)) for key, value in entry.items() if value != "" or key == "hour")
        return tuple((self.names.get(key, key), text) for key, text in shown)

    @cached_property
    def _readers(self) -> Mapping[str, Callable[[str], str]]:
        _ = self.catalogue.gettext
        kinds = {
            "list": _("the list"),
            "consent": _("consent"),
            "letter": _("edition"),
            "event": _("after it was sent"),
            "barred": _("no email"),
            "answer": _("a comment"),
            "reply": _("a reply to an email"),
            "address": _("another address"),
            "data": _("a copy of the data"),
            "erase": _("erase everything"),
            "nominee": _("a nominee"),
            "choose": _("the link to the preferences"),
            "undo": _("undo a change"),
            "again": _("an edition again"),
        }
        formats = {"html": _("With images"), "text": _("Text only")}
        states = {"active": _("active"), "paused": _("paused by the editors")}
        return {
            "kind": lambda value: kinds.get(value, value),
            "format": lambda value: formats.get(value, value),
            "status": lambda value: states.get(value, value),
            "frequency": lambda value: words.frequency(value, self.catalogue),
            "what": lambda value: words.outcome(value, self.catalogue),
            "gets no mail because": lambda value: words.outcome(value, self.catalogue),
            "why": self._reason,
            "detail": self._reason,
            "source": self._reason,
            "timezone": lambda value: zone_name(value, self.catalogue),
            "came from": lambda value: _("the sign-up page") if value == ORIGIN else self._reason(value),
            "about": self._about,
            "notice": lambda value: self.notices.get(value, value),
        }


def _field_names(catalogue: Catalogue) -> Mapping[str, str]:
    _ = catalogue.gettext
    return {
        "at": _("When"),
        "name": _("Name"),
        "topics": _("Topics"),
        "editions": _("Editions"),
        "frequency": _("Days"),
        "hour": _("Time"),
        "timezone": _("Time zone"),
        "format": _("How the email looks"),
        "status": _("State"),
        "on the list": _("On the list"),
        "gets no mail because": _("Why no email comes"),
        "paused until": _("Paused until"),
        "added at": _("On the list since"),
        "came from": _("Where the address came from"),
        "last click": _("Last opened a link"),
        "asked whether to continue": _("Asked whether to continue"),
        "what": _("What"),
        "source": _("By which way"),
        "wording": _("The words"),
        "detail": _("Details"),
        "notice": _("Privacy notice"),
        "kind": _("Kind"),
        "edition": _("Edition"),
        "about": _("About"),
        "text": _("What you wrote"),
        "why": _("Why"),
        "new address": _("New address"),
        "done at": _("Done"),
    }
