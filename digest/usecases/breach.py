"""Inform people of a personal data breach: find the affected, write a letter, keep a record (docs/privacy.md).

The letter is an edition that only the affected get. It goes through the ledger like every edition, so nobody gets it
twice, and everybody who can be reached gets it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from digest.config import loader
from digest.errors import DigestError
from digest.hindi import dates
from digest.i18n import translator
from digest.models import BREACH, Actor, Edition, EditionState, RenderedEmail, is_breach
from digest.store.desk import audit
from digest.store.desk.audit import ActKind
from digest.store.people.affected import AffectedPeople, BreachScope, already_informed, find_affected
from digest.store.sending.enqueue import Placement, enqueue_people
from digest.yamlio import reader

if TYPE_CHECKING:
    from jinja2 import Environment

    from digest.render.themes import Branding
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database

EXAMPLE = """\
# What the letter says, in Hindi and English. Rule 7 of India's DPDP Rules 2025 asks for all of it.
# What happened: its nature and extent, when and where.
happened:
  hi: "22 नवंबर 2026 की रात किसी ने हमारे सर्वर की एक बैकअप फ़ाइल की नक़ल कर ली।"
  en: "On the night of 22 November 2026 somebody copied a backup file of our server."
# The possible consequences for the person.
consequences:
  hi: "आपको अनचाहे या धोखा देने वाले ईमेल आ सकते हैं।"
  en: "You may get unwanted or fraudulent email."
# What you have done and are doing about it.
measures:
  hi: "हमने फ़ाइल हटा दी है, पासवर्ड और कुंजियाँ बदल दी हैं और बोर्ड को सूचना दी है।"
  en: "We have removed the file, changed passwords and keys and informed the Board."
# What the person can do.
advice:
  hi: "किसी ईमेल के कहने पर पासवर्ड या बैंक की जानकारी न दें। हम यह कभी नहीं माँगते।"
  en: "Give nobody a password or bank details because an email asks for it. We never do."
# Who answers questions. Left empty: privacy.grievance of the settings.
contact: {name: "", email: "", phone: ""}
# When and how you noticed it. Only the report for the Board has it.
discovered: ""
"""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class BilingualText(_Model):
    """One text in Hindi and in English."""

    hi: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Contact(_Model):
    name: str = ""
    email: str = ""
    phone: str = ""


class BreachNotice(_Model):
    """The facts of the breach that the letter reports."""

    happened: BilingualText
    consequences: BilingualText
    measures: BilingualText
    advice: BilingualText
    contact: Contact = Contact()
    # Free text, for the report only.
    discovered: str = ""


def read_notice(path: Path) -> BreachNotice:
    """Read a file like EXAMPLE. Raises ConfigurationError."""
    return loader.validate(reader.read_file(path), BreachNotice, path.name)


@dataclass(frozen=True)
class BreachLetter:
    """Finds the affected, writes the letter, and enqueues everybody who can be reached."""

    database: Database
    editions: EditionStore
    branding: Branding
    environment: Callable[[], Environment]
    # The legal name of the organisation.
    responsible: str
    # The contact in the settings, used for a notice without one.
    contact: Contact
    batch_size: int
    now: Callable[[], datetime]

    def affected(self, scope: BreachScope) -> AffectedPeople:
        """Find who is affected. Raises DigestError."""
        return find_affected(self.database, scope)

    def render(
        self, notice: BreachNotice, affected: AffectedPeople, *, whole: bool
    ) -> tuple[RenderedEmail, RenderedEmail]:
        """Return the letter in HTML and as text only.

        `whole`: the store leaked, not only the recipients of an edition.
        """
        values: dict[str, Any] = {
            "notice": notice,
            "contact": self.contact_of(notice),
            "responsible": self.responsible,
            "whole": whole,
            "days": {language: self._days(affected.editions, language) for language in ("hi", "en")},
            "branding": self.branding,
            "words": {language: _words(language) for language in ("hi", "en")},
        }
        subject = values["words"]["hi"]["title"]
        html = self.environment().get_template("breach.html.j2").render(values, subject=subject)
        text = self.environment().get_template("breach.txt.j2").render(values, subject=subject)
        return RenderedEmail("html", subject, html, text), RenderedEmail("text", subject, "", text)

    def contact_of(self, notice: BreachNotice) -> Contact:
        """Return the contact for questions: that of the notice, else that of the settings. It has an address."""
        own = notice.contact
        return own.model_copy(update={"email": own.email or self.contact.email}) if own != Contact() else self.contact

    def _days(self, keys: Sequence[str], language: str) -> str:
        editions = ((key, self.editions.get(key)) for key in keys)
        days = (dates.day(found.day, language) if found else key for key, found in editions)
        return "; ".join(dict.fromkeys(days))

    def place(self, key: str, notice: BreachNotice, scope: BreachScope, actor: Actor) -> int:
        """Enqueue the affected in the letter `key`, and record it.

        Returns how many are new. A repetition with a wider scope adds the people who were missing; the letter's text
        does not change. Raises DigestError if the notice still has the example's text.
        """
        unwritten = [name for name in ("happened", "measures") if _is_example(notice, name)]
        if unwritten:
            names = " and ".join(f"'{name}'" for name in unwritten)
            raise DigestError(f"The example's text is still in {names}. Write what happened in your case, then send.")
        if not is_breach(key):
            raise DigestError(f"The name of such a letter begins with '{BREACH}'; found '{key}'.")
        now, found = self.now(), self.affected(scope)
        emails = self.render(notice, found, whole=scope.concerns_store)
        letter = Edition(key, now.date(), 0, EditionState.APPROVED, emails[0].subject, "", (), composed_at=now)
        if self.editions.get(key) is None:
            self.editions.put(letter, over=())
            self.editions.save_emails(key, emails)
        informed = already_informed(self.database, key)
        new = [person for person in found.reached if person.id is not None and person.id not in informed]
        decisions = [Placement("html", now), Placement("text", now)]
        places = [(int(person.format == "text"), person.id) for person in new if person.id is not None]
        placed = enqueue_people(self.database, key, decisions, places, self.batch_size, now=now)
        with self.database.write() as connection:
            numbers = {"affected": len(found.people), "reached": len(found.reached), "new": placed, "held": found.held}
            audit.add(connection, actor, ActKind.BREACH_LETTER, key, _describe(scope), now=now, after=numbers)
        return placed


def _is_example(notice: BreachNotice, name: str) -> bool:
    written, example = getattr(notice, name), getattr(BreachNotice.model_validate(yaml.safe_load(EXAMPLE)), name)
    return bool(written.hi == example.hi or written.en == example.en)


def _words(language: str) -> dict[str, str]:
    """Return the letter's own words in a language."""
    _ = translator(language).gettext
    return {
        "title": _("Your data: what has happened and what you can do"),
        "concerned": _("Which of your data is concerned"),
        "whole": _(
            "Your email address; what you chose; which editions you got; when and from which network address you "
            "agreed. If you gave them: your name, your answers, what you wrote to us, why you left, whom you nominated."
        ),
        "edition": _("Your email address, and that you got these editions"),
        "consequences": _("What may come of it"),
        "measures": _("What we are doing"),
        "advice": _("What you can do"),
        "contact": _("Who answers your questions"),
    }


def _describe(scope: BreachScope) -> str:
    parts = [f"edition {key}" for key in scope.editions]
    parts += [f"{name} {moment:%Y-%m-%d %H:%M %z}" for name, moment in _moments(scope) if moment]
    return ", ".join([*parts, "the store"] if scope.store else parts)


def _moments(scope: BreachScope) -> tuple[tuple[str, datetime | None], ...]:
    return ("editions since", scope.since), ("editions until", scope.until), ("store of", scope.held_at)


def affected_csv(affected: AffectedPeople) -> str:
    """Return all affected people as CSV, with the reason why no letter goes to somebody: inform them in another way."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["email", "letter"])
    for person in affected.people:
        email = f"'{person.email}" if person.email.startswith(("=", "+", "-", "@")) else person.email
        table.writerow([email, f"no: {person.unreached}" if person.unreached else "yes"])
    return out.getvalue()


def board_report(
    letter: BreachLetter, notice: BreachNotice, affected: AffectedPeople, scope: BreachScope, key: str, now: datetime
) -> str:
    """Draft the report to the Data Protection Board: due without delay, and in detail within 72 hours (rule 7(2))."""
    held = "\n".join(f"- {what}: {number:,}" for what, number in affected.held.items())
    unreached = len(affected.people) - len(affected.reached)
    contact = letter.contact_of(notice)
    who = ", ".join(filter(None, (letter.responsible, letter.branding.postal_address)))
    return (
        f"# Personal data breach: report for the Data Protection Board (draft of {now:%Y-%m-%d %H:%M %Z})\n\n"
        f"## Organisation\n\n{who} (newsletter: {letter.branding.name})\n\n"
        f"Contact: {', '.join(filter(None, (contact.name, contact.email, contact.phone)))}\n\n"
        f"## Discovery\n\n{notice.discovered or '(write when and how you noticed it)'}\n\n"
        f"## Nature, extent, time and place\n\n{notice.happened.en}\n\nScope: {_describe(scope)}.\n\n"
        f"People affected: {len(affected.people):,}\n\nData held about them (people):\n\n{held}\n\n"
        f"## Likely impact\n\n{notice.consequences.en}\n\n"
        f"## Measures against the risk, and against a repetition\n\n{notice.measures.en}\n\n"
        "## Circumstances, reasons, and findings about who caused it\n\n(write this)\n\n"
        f"## How the affected people were informed\n\nBy email ({key}): {len(affected.reached):,}. By other means, "
        f"because no email reaches them: {unreached:,} (affected.csv).\n\nAdvice given: {notice.advice.en}\n"
    )
