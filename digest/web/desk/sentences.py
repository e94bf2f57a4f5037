"""Translate messages into the language of the page, and the plain sentences of the store (`plain_sentences.py`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from digest.errors import ConfigProblem, ConfigurationError
from digest.hindi import numbers
from digest.messages import Message, filled, is_joined, message_of
from digest.models import PROVIDER_NAMES
from digest.notify.reasons import LONGEST, SERVERS_ANSWER, answer_of
from digest.render.blocks.rows import ROWS, kind_of
from digest.web.desk.plain_sentences import PLAIN

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

# Between the sentences of one line, and between fields.
_BETWEEN = re.compile(r"; |, (?=[a-z]+: |pause (?:for|ended))")
# A source behind a reason.
_BEHIND = re.compile(r"(.*) \((.*)\)", re.S)
# A number as programs write it.
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+")
_LIST_MARKS = re.compile(r"[][\"']")
_WEEKLY = re.compile("weekly:([a-z]{3}(?:,[a-z]{3})*)")
_PLACE = re.compile(r"%\(([a-z_]+)\)s")
# A line may have several sentences, with semicolons between them.
_ANY_ONE, _ANY = "[^;]*", ".*"
# What may stand in the place of a name; anything without a semicolon for other names.
_VALUES = {
    **dict.fromkeys(("why", "names", "words", "value", "values", "measures"), _ANY),
    "num": "-?[0-9,.]+",
    "match": "same|near|conflict",
}
# The values that are sentences or words of ours.
_SENTENCES = ("why", "where", "value", "field", "match", "role", "later")
# The state of a special edition that only has its name, beside those of editions.
UNCOMPOSED = "uncomposed"
_TRANSPORTS = {"smtp": "SMTP", **PROVIDER_NAMES}


@dataclass(frozen=True, slots=True)
class PageSentence:
    """A sentence in the language of the page. `original` is the English sentence of a program, or ''."""

    text: str
    original: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    message: str
    # The longest part without a value: whatever lacks it has another form.
    literal: str
    pattern: re.Pattern[str]


def _form(message: str) -> _Form:
    parts = _PLACE.split(message)
    named = (
        f"(?P<{part}>{_VALUES.get(part, _ANY_ONE)})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return _Form(message, max(parts[::2], key=len), re.compile("".join(named), re.S))


_FORMS: Sequence[_Form] = tuple(_form(message) for message in PLAIN)


def translate(sentence: str, catalogue: Catalogue) -> str | None:
    """Return the sentence in the catalogue's language; None if its form is unknown."""
    if isinstance(sentence, Message):
        values = {name: _show_value(name, value, catalogue) for name, value in sentence.values.items()}
        return filled(catalogue.gettext(sentence.msgid), values)
    if len(sentence) > LONGEST:
        return None
    if (word := words(catalogue).get(sentence)) is not None:
        return word
    for form in _FORMS:
        if form.literal in sentence and (found := form.pattern.fullmatch(sentence)):
            values = {name: _value(name, text, catalogue) for name, text in found.groupdict().items()}
            return catalogue.gettext(form.message) % values
    return None


def _show_value(name: str, value: str | tuple[str, ...], catalogue: Catalogue) -> str:
    """Return a value of a message in words."""
    if isinstance(value, tuple):
        return ", ".join(_show_value(name, each, catalogue) for each in value)
    return _value(name, value, catalogue)


def _value(name: str, text: str, catalogue: Catalogue) -> str:
    if isinstance(text, Message):
        return translate(text, catalogue) or text
    text = regrouped(text)
    if name == "transport":
        return transport(text, catalogue)
    if name == "state":
        return edition_states(catalogue).get(text, text)
    if name == "measures":
        return ", ".join(translate(each, catalogue) or each for each in text.split(", "))
    if name == "field":
        # A path in digest.yaml ends with the name.
        text = text.rpartition(".")[2]
    if name == "block":
        kind = ROWS.get(kind_of(text))
        return catalogue.gettext(kind.title) if kind else text
    if name == "value":
        # Lists are stored as JSON.
        text = _LIST_MARKS.sub("", text.replace("[]", "—"))
        text = _WEEKLY.sub(lambda found: _days(found[1], catalogue), text)
        # Before and after a change.
        return " → ".join(translate(each, catalogue) or each for each in text.split(" → "))
    if name == "values":
        # Or with a plus between their values. An empty list is no choice.
        texts = (_LIST_MARKS.sub("", each).replace("+", ", ") or "—" for each in text.split(" → "))
        return " → ".join(catalogue.gettext("everything") if each == "everything" else each for each in texts)
    if name not in _SENTENCES:
        return text
    return translate(text, catalogue) or text


def regrouped(text: str) -> str:
    """Return a number of a program, such as 1,000,000, grouped as the desk groups all others. Other texts stay."""
    return numbers.group(int(text.replace(",", ""))) if _GROUPED.fullmatch(text) else text


def _days(names: str, catalogue: Catalogue) -> str:
    """Return the days of a frequency in words: Mon, Wed."""
    _ = catalogue.gettext
    words = {"mon": _("Mon"), "tue": _("Tue"), "wed": _("Wed"), "thu": _("Thu"), "fri": _("Fri"), "sat": _("Sat")}
    return ", ".join({**words, "sun": _("Sun")}.get(name, name) for name in names.split(","))


def translate_all(line: str, catalogue: Catalogue, *, is_answer: bool = True) -> str:
    """Translate each sentence of a stored line. A sentence of no known form stays, such as a person's own words."""
    return translate_line(line, catalogue, is_answer=is_answer).text


def translate_line(line: str, catalogue: Catalogue, *, is_answer: bool = True) -> PageSentence:
    """Like `translate_all`, and explain the answer of a mail server or a provider in a few words.

    `is_answer`: the line may have such an answer. A headline may look like one: `550 पेड़ लगेंगे`.
    """
    if isinstance(line, Message):
        if not is_joined(line):
            return PageSentence(translate(line, catalogue) or line)
        sentences = {
            name: translate_line(each, catalogue, is_answer=is_answer)
            for name, each in line.values.items()
            if isinstance(each, str)
        }
        texts = {name: each.text for name, each in sentences.items()}
        return PageSentence(
            line.msgid % texts, "; ".join(each.original for each in sentences.values() if each.original)
        )
    parts = _BETWEEN.split(line)
    said = [_part(part, catalogue) for part in parts]
    if not all(said) and not (is_answer and SERVERS_ANSWER.search(line)) and (whole := translate(line, catalogue)):
        return PageSentence(whole)
    found: list[str] = []
    originals: list[str] = []
    # Unknown sentences that follow each other are one: a server's answer may have a semicolon.
    for known, group in groupby(zip(parts, said, strict=True), key=lambda each: each[1] is not None):
        pairs = list(group)
        text = "; ".join(part for part, _said in pairs)
        if known:
            found += [words for _part, words in pairs if words is not None]
        elif is_answer and SERVERS_ANSWER.search(text):
            found.append(answer_of(text, catalogue))
            originals.append(text)
        else:
            found.append(text)
    return PageSentence("; ".join(found), "; ".join(originals))


def _part(part: str, catalogue: Catalogue) -> str | None:
    """Translate one sentence, perhaps with its source behind it; None if it is of no known form."""
    if said := translate(part, catalogue):
        return said
    behind = _BEHIND.fullmatch(part)
    if behind is None or SERVERS_ANSWER.search(part):
        return None
    both = [translate(each, catalogue) for each in behind.groups()]
    return (
        "{} ({})".format(*(said or each for said, each in zip(both, behind.groups(), strict=True)))
        if any(both)
        else None
    )


def refusal(error: Exception, catalogue: Catalogue) -> PageSentence:
    """Say why something was refused. An unusual reason, for an operator, stays in English behind a sentence."""
    found = []
    for problem in (
        error.problems if isinstance(error, ConfigurationError) else [ConfigProblem("", 0, message_of(error))]
    ):
        said = translate(problem.message, catalogue)
        if said is None or _has_unknown_part(problem.message, catalogue):
            return unusual(str(error), catalogue)
        line = catalogue.gettext("line %(num)s") % {"num": problem.line}
        found.append(f"{problem.where}, {line}: {said}" if problem.line else said)
    return PageSentence(" ".join(found))


def _has_unknown_part(line: str, catalogue: Catalogue) -> bool:
    if not isinstance(line, Message) or not is_joined(line):
        return False
    return any(isinstance(part, str) and translate(part, catalogue) is None for part in line.values.values())


def unusual(text: str, catalogue: Catalogue) -> PageSentence:
    """Say that a sentence is for an operator, and keep it. In English it is for everybody."""
    if catalogue.language == "en":
        return PageSentence(text)
    return PageSentence(catalogue.gettext("The reason is for whoever looks after the server:"), text)


def transport(name: str, catalogue: Catalogue) -> str:
    """Return the name by which people know a transport."""
    return catalogue.gettext("the outbox") if name == "outbox" else _TRANSPORTS.get(name, name)


@lru_cache(maxsize=4)
def words(catalogue: Catalogue) -> Mapping[str, str]:
    """Return the names of fields, roles and values, as files and the store have them, in words."""
    _ = catalogue.gettext
    return {
        # Fields of a subscriber, of a source, of an edition and of a filter.
        "name": _("name"),
        "topics": _("topics"),
        "editions": _("editions"),
        "status": _("status"),
        "frequency": _("frequency"),
        "timezone": _("timezone"),
        "hour": _("hour"),
        "format": _("format"),
        "weight": _("weight"),
        "section": _("section"),
        "subject": _("subject"),
        "preheader": _("preheader"),
        "intro": _("intro"),
        "state": _("state"),
        "topic": _("topic"),
        "origin": _("origin"),
        # Roles, and how somebody signed in.
        "viewer": _("viewer"),
        "editor": _("editor"),
        "sender": _("sender"),
        "admin": _("admin"),
        "passkey": _("passkey"),
        # Values.
        "daily": _("daily"),
        "weekdays": _("weekdays"),
        "html": _("html"),
        "text": _("text"),
        "active": _("active"),
        "paused": _("paused"),
        "complained": _("complained"),
        "unsubscribed": _("unsubscribed"),
        "bounced": _("bounced"),
        "none": _("none"),
        "everybody": _("everybody"),
        "the chosen ones": _("the chosen ones"),
        "other": _("other"),
        # The hour of somebody who chose none.
        "with the edition": _("with the edition"),
    }


def edition_states(catalogue: Catalogue) -> Mapping[str, str]:
    """Return the states of editions in words."""
    _ = catalogue.gettext
    return {
        "draft": _("draft"),
        "approved": _("approved"),
        "sending": _("being sent"),
        "paused": _("on hold"),
        "done": _("sent"),
        "cancelled": _("stopped"),
        "expired": _("not sent"),
        "skipped": _("too few stories"),
        "planned": _("planned"),
        UNCOMPOSED: _("not composed"),
    }
