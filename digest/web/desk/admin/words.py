"""Translate the store's English records into the editor's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from digest.notify.reasons import reason
from digest.web.desk.sentences import PageSentence, translate_line

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

# Class of a mark for each outcome; others are plain.
MARKS = {
    "accepted": "ok",
    "delivered": "ok",
    "signed up": "ok",
    "pending": "info",
    "submitting": "info",
    "unknown": "warn",
    "blocked": "warn",
    "deferred": "warn",
    "rejected": "bad",
    "bounced": "bad",
    "dropped": "bad",
    "complained": "bad",
    "unsubscribed": "bad",
    "removed": "bad",
}


def outcome(word: str, catalogue: Catalogue, *, stopped_by_admin: bool = False) -> str:
    """Translate the outcome of an edition for a person, or an act of the person."""
    _ = catalogue.gettext
    if stopped_by_admin:
        return _("an admin stopped their email")
    words = {
        "accepted": _("sent"),
        "delivered": _("arrived"),
        "pending": _("will be sent"),
        "submitting": _("being sent"),
        "unknown": _("unknown whether it was sent"),
        "blocked": _("not taken this time"),
        "deferred": _("later, says the mailbox"),
        "rejected": _("refused"),
        "bounced": _("bounced"),
        "dropped": _("not sent by the provider"),
        "complained": _("reported as spam"),
        "excluded": _("not sent"),
        "none": _("not sent"),
        "unsubscribed": _("left"),
        "left": _("left"),
        "came back": _("came back"),
        "signed up": _("confirmed the address"),
        "asked": _("asked for the newsletter"),
        "asked again": _("asked again"),
        "added": _("added to the list"),
        "changed": _("changed"),
        "removed": _("taken off the list"),
        "imported": _("imported"),
        "agreed": _("agreed"),
        "answered": _("answered"),
        "opened": _("opened"),
        "clicked": _("clicked"),
        "erased": _("erased"),
        "suppression lifted": _("may get mail again"),
        "wants to stay": _("wants to stay"),
        "said why": _("said why"),
        "changed address": _("changed the address"),
        "nominated": _("nominated somebody"),
        "forgot all browsers": _("forgot all browsers"),
    }
    return words.get(word, word)


_DURATION = re.compile(r"(?:(?P<h>[0-9]+) h )?(?:(?P<min>[0-9]+) min)?(?: ?(?P<s>[0-9]+) s)?")
_NOT_REPORTED = re.compile(r"not reported by (.+)")
_FEWER = re.compile("fewer than ([0-9,]+)")


def value(text: str, catalogue: Catalogue) -> str:
    """Translate a number, duration or sentence in a report's table. Unknown texts stay as they are."""
    _ = catalogue.gettext
    if found := _NOT_REPORTED.fullmatch(text):
        return _("%(name)s does not report it") % {"name": {"the outbox": _("the outbox")}.get(found[1], found[1])}
    if text and (found := _DURATION.fullmatch(text)):
        units = {
            "h": _("%(num)s hr") % {"num": found["h"]},
            "min": _("%(num)s min") % {"num": found["min"]},
            "s": _("%(num)s s") % {"num": found["s"]},
        }
        return " ".join(words for name, words in units.items() if found[name])
    if found := _FEWER.fullmatch(text):
        return _("fewer than %(num)s") % {"num": found[1]}
    return {"not known": _("not known"), "nothing was sent yet": _("nothing was sent yet")}.get(text, text)


def reason_text(text: str, catalogue: Catalogue) -> PageSentence:
    """Translate a reason or a line of a history. A server's answer stays as it is."""
    known = reason(text, catalogue)
    return PageSentence(known) if known != text else translate_line(text, catalogue)


def days(catalogue: Catalogue) -> Mapping[str, str]:
    """Return the days of the week with their short names."""
    _ = catalogue.gettext
    return {
        "mon": _("Mon"),
        "tue": _("Tue"),
        "wed": _("Wed"),
        "thu": _("Thu"),
        "fri": _("Fri"),
        "sat": _("Sat"),
        "sun": _("Sun"),
    }


def frequency(value: str, catalogue: Catalogue) -> str:
    """Translate a frequency: daily, weekdays, weekly:sun."""
    _ = catalogue.gettext
    if value == "daily":
        return _("every day")
    if value == "weekdays":
        return _("Monday to Friday")
    names = days(catalogue)
    return ", ".join(names.get(day, day) for day in value.partition(":")[2].split(","))
