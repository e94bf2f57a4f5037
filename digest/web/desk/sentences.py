"""Translate what the store has in English, such as warnings and a subscriber's history, into the page's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

KEPT = (
    "left out to fit: %(title)s",
    "%(num)s summary cut to the first sentence to fit",
    "%(num)s summaries cut to the first sentence to fit",
    "block left out: %(why)s",
    "block %(name)s is left out: %(why)s",
    "advertisements left out: %(why)s",
    "no intro: the model's was not used, because %(why)s",
    "“%(title)s” has no picture: the file%(name)s %(why)s",
    # The history of a subscriber.
    "first seen in %(origin)s",
    "came from the sign-up page",
    "from the sign-up page",
    "the link in the mail was not followed yet",
    "gets no mail from here on",
    "nothing but this is kept",
    "at the person's request",
    "due at %(moment)s",
    "by %(transport)s, batch %(num)s",
    "by %(transport)s, batch %(num)s, its id there %(id)s",
    "batch %(num)s",
    "%(num)s tries",
    "the edition was given up: %(state)s",
    "decided by an operator: %(command)s",
    "%(num)s editions until this time are counted only",
    "who got them is no longer kept (store.keep.deliveries)",
    "option %(num)s of the %(block)s",
    # Where a change came from.
    "the desk, by %(who)s",
    "the API, by %(who)s",
    "digest subscribers %(command)s, by %(who)s",
    "import %(name)s of %(file)s",
    # The log.
    "import %(name)s",
    "subscriber %(num)s",
    "source %(name)s",
    "%(num)s new, %(again)s on the list again, %(changed)s changed",
    "%(num)s stories",
    "%(num)s subscribers",
    "paused until %(day)s",
    "pause for %(num)s weeks",
    "pause ended",
    "unsubscribed: %(why)s",
    "bounced: %(why)s",
    "blocked: %(why)s",
    "viewer",
    "editor",
    "sender",
    "admin",
    "passkey",
    # Fields of a subscriber and of a source.
    "topics: %(value)s",
    "frequency: %(value)s",
    "timezone: %(value)s",
    "hour: %(value)s",
    "format: %(value)s",
    "status: %(value)s",
    "editions: %(value)s",
    "section: %(value)s",
    "weight: %(value)s",
    # How the articles of a story were found to belong together.
    "section %(name)s: %(num)s of the other articles",
    "same story: %(names)s = %(measures)s",
    "related: %(names)s = %(measures)s",
    "shared: %(words)s",
    # Refusals.
    "%(email)s is already on the list. `digest subscribers set` changes a subscriber.",
    "%(email)s changed their address to %(moved)s. Only their own sign-up can add the old one.",
    "%(email)s was erased at the person's request. Only their own sign-up can add them again.",
    "%(email)s is not on the list",
    "%(email)s is not in the store",
    "%(email)s is not suppressed",
    "nothing was changed.",
    "%(email)s is not a valid email address: %(why)s",
    "an email address must have an @-sign",
    "unknown topic %(name)s",
    "did you mean %(name)s?",
    "expected why, for the record",
    "There is a user %(name)s already. `digest users link %(again)s` makes a new link.",
    "%(email)s is not an email address.",
    "Another user signs in with %(email)s.",
    "%(email)s is the only admin. Make somebody else an admin first.",
)
"""Their forms. Sentences of other forms stay in English, such as most that `why` stands for, which are about a file."""

# Between the sentences of one line, and between fields.
_BETWEEN = re.compile(r"; |, (?=[a-z]+: )")
# A source behind a reason.
_BEHIND = re.compile(r"(.*) \((.*)\)", re.S)
_LIST_MARKS = re.compile(r"[][\"']")
_PLACE = re.compile(r"%\(([a-z]+)\)s")


def _pattern(form: str) -> re.Pattern[str]:
    parts = _PLACE.split(form)
    found = {"num": "[0-9,]+", "email": r"\S+"}
    named = (
        f"(?P<{part}>{found.get(part, '.*')})" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
    return re.compile("".join(named), re.S)


_PATTERNS: Mapping[str, re.Pattern[str]] = {form: _pattern(form) for form in KEPT}


def translate_all(line: str, catalogue: Catalogue) -> str:
    """Translate each sentence of a stored line. A sentence of no known form stays, such as a server's response."""
    found = []
    for part in _BETWEEN.split(line):
        whole, behind = translate(part, catalogue), _BEHIND.fullmatch(part)
        if whole is None and behind:
            whole = "{} ({})".format(*(translate(each, catalogue) or each for each in behind.groups()))
        found.append(whole or part)
    return "; ".join(found)


def translate(sentence: str, catalogue: Catalogue) -> str | None:
    """Return the sentence in the catalogue's language; None if its pattern is unknown."""
    for form, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            values = found.groupdict()
            if "why" in values:
                values["why"] = translate(values["why"], catalogue) or values["why"]
            if "value" in values:
                # Lists are stored as JSON.
                values["value"] = _LIST_MARKS.sub("", values["value"])
            return catalogue.gettext(form) % values
    return None
