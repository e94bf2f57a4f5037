"""The privacy notice: generated from the settings, shown at `/privacy`, and stored word for word with each consent.

It describes how the digest uses data under the current settings, so it is never out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from digest.config.settings import Settings
from digest.config.web import Law, PrivacySettings, Processor
from digest.i18n import translator
from digest.models import PROVIDER_NAMES
from digest.store.content.clicks import KEPT as CLICKS_KEPT
from digest.store.people.consent import NoticeStore, StoredNotice, hash_of
from digest.store.people.requests import KEPT
from digest.store.people.signups import PENDING
from digest.store.rate_limits import KEPT as LIMITS_KEPT
from digest.store.sending.folding import KEPT_EDITIONS
from digest.web.archive.access import KEPT as READER_KEPT
from digest.web.archive.metadata import privacy_metadata
from digest.web.known_browser import KEPT as COOKIE_KEPT
from digest.web.pages import Pages, page_routes


class Tracking(StrEnum):
    """What the newsletter learns about reading. Templates compare the values."""

    NOTHING = ""
    # How many people opened a link, not who.
    CLICKS = "clicks"
    # Who opened a link.
    PEOPLE = "people"
    # Who opened a link or an email, as the email service reports.
    OPENS = "opens"


def tracking_of(settings: Settings) -> Tracking:
    """Return the most that these settings let the newsletter see."""
    if settings.newsletter.tracking == "on":
        return Tracking.OPENS
    if settings.clicks.subscribers:
        return Tracking.PEOPLE
    return Tracking.CLICKS if settings.clicks.enabled else Tracking.NOTHING


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One line of the notice: which data, what for, and how long it is kept."""

    data: str
    purpose: str
    kept: str


@dataclass(frozen=True)
class PrivacyNotice:
    pages: Pages
    settings: Settings

    @property
    def privacy(self) -> PrivacySettings:
        return self.settings.privacy

    def values(self, language: str) -> Mapping[str, Any]:
        """Return the values for `privacy.html.j2` and `privacy.txt.j2`."""
        branding, grievance = self.pages.branding, self.privacy.grievance
        return {
            "responsible": self.privacy.responsible or branding.name,
            "items": self.items(language),
            "processors": self.processors(language),
            "grievance": grievance,
            "contact": grievance.email or branding.reply_to or branding.sender_email,
            "laws": set[Law](self.privacy.laws),
            "board_url": self.privacy.board_url,
            "minimum_age": self.privacy.minimum_age,
            "tracks": tracking_of(self.settings),
        }

    def items(self, language: str) -> list[NoticeLine]:
        """Return which data is stored under these settings, for which purpose, and how long."""
        _ = translator(language).gettext
        settings = self.settings
        listed = _("until you have it erased")
        # Editions are kept whole at least as long as this, and then only their totals.
        edition = _("%(time)s, and always of the %(num)s newest editions; after that only totals without names")
        kept = edition % {"time": self._days(settings.store.keep.deliveries, language), "num": KEPT_EDITIONS}
        found = [
            NoticeLine(
                _("your email address and, if you gave it, your name"), _("to send you the newsletter"), listed
            ),
            NoticeLine(
                _("what you choose: topics, days, time, format, pauses"), _("to send you what you want"), listed
            ),
            NoticeLine(
                _("when, from which network address and to which words you agreed"),
                _("to be able to prove your consent"),
                _("until you have it erased; after that only the dates, without a name"),
            ),
            NoticeLine(
                _("which edition we sent you, and whether it arrived"),
                _("so that no edition goes to you twice or not at all"),
                kept,
            ),
            NoticeLine(
                _("that you have unsubscribed, that email to you came back, or that you reported it as spam"),
                _("so that we do not write to you again"),
                _("until you have it erased; after that only a number that does not show your address"),
            ),
            NoticeLine(_("your answers to polls and quizzes"), _("to learn what readers like"), kept),
            NoticeLine(
                _("what you write to us with an answer, or as a reply to an email"),
                _("to learn what readers like"),
                self._days(settings.store.keep.words, language),
            ),
            NoticeLine(_("why you left, if you tell us"), _("to improve the newsletter"), listed),
            NoticeLine(
                _("whom you nominate to use your rights, and how to reach the person, if you tell us"),
                _("to know that person"),
                listed,
            ),
        ]  # fmt: skip
        if settings.newsletter.tracking == "on":
            found.append(
                NoticeLine(_("whether you open an email and which links you follow"), _("to see what is read"), kept)
            )
        if settings.clicks.enabled:
            found += self._clicks(language, listed)
        if settings.web.signup:
            days = self._days(PENDING, language)
            found.append(
                NoticeLine(_("an address that was entered but not confirmed"), _("to ask whether it is right"), days)
            )
        if settings.web.webhooks.providers:
            found.append(
                NoticeLine(
                    _("the messages of our email service about delivery"),
                    _("to learn whether an email arrived"),
                    self._days(settings.web.webhooks.keep, language),
                )
            )
        found.append(
            NoticeLine(
                _("what you asked for on your preferences page: a new address, your data, erasure"),
                _("to do it only after you have confirmed it by email"),
                self._days(KEPT, language),
            )
        )
        flood = _("so that nobody can flood a mailbox or our pages")
        code = _("a number made from your address or network, if you ask us for an email on these pages")
        found.append(NoticeLine(code, flood, self._days(LIMITS_KEPT, language)))
        cookie = _("a cookie in your browser, if you confirm your subscription or open your preferences by an email")
        why = _("so that only you see and change what you chose; it does not follow you anywhere")
        time = _("%(time)s, or until you let the browser forget you on your preferences page")
        found.append(NoticeLine(cookie, why, time % {"time": self._days(COOKIE_KEPT, language)}))
        if settings.web.archive == "subscribers":
            cookie = _("another cookie, if you open past editions from one of our emails")
            found.append(NoticeLine(cookie, _("so that only subscribers read them"), self._days(READER_KEPT, language)))
        return [*found, *(NoticeLine(each.data, each.purpose, each.kept) for each in self.privacy.purposes)]

    def _clicks(self, language: str, listed: str) -> list[NoticeLine]:
        _ = translator(language).gettext
        # A request is deleted at the end of the day after it.
        days = self._days(CLICKS_KEPT + timedelta(days=1), language)
        kept = _("%(time)s; after that only totals without names") % {"time": days}
        if not self.settings.clicks.subscribers:
            what = _(
                "which link of an edition was opened when, with a number made from network and browser, without you"
            )
            return [NoticeLine(what, _("to count how many people read a story"), kept)]
        why = _("to ask you, if you have not read for long, whether emails should go on")
        return [
            NoticeLine(_("which links of an edition you open, and when"), _("to see what is read"), kept),
            NoticeLine(_("when you last opened a link"), why, listed),
        ]

    def processors(self, language: str) -> list[Processor]:
        """Return the processors of the data besides the newsroom: the email providers, and those in the settings.

        A provider that the settings describe, with its country, is listed once.
        """
        task = translator(language).gettext("sends the emails")
        described = {each.name.casefold() for each in self.privacy.processors}
        names = [PROVIDER_NAMES[name] for name in self.settings.delivery.transport if name in PROVIDER_NAMES]
        found = [Processor(name=name, task=task) for name in names if name.casefold() not in described]
        return [*found, *self.privacy.processors]

    def text(self, language: str) -> str:
        """Return the notice as plain text. This is the form that the store keeps."""
        return self._texts[language]

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {
            language: self.pages.render("privacy.txt.j2", language, **self.values(language))
            for language in self.pages.languages
        }

    def _days(self, time: timedelta, language: str) -> str:
        number, ngettext = max(1, time.days), translator(language).ngettext
        if number % 365 == 0:
            return ngettext("%(num)s year", "%(num)s years", number // 365) % {"num": number // 365}
        return ngettext("%(num)s day", "%(num)s days", number) % {"num": number}


@dataclass(frozen=True)
class CurrentNotice:
    """The current notice, and its version in the store."""

    notice: PrivacyNotice
    store: NoticeStore

    def keep(self, language: str, now: datetime) -> StoredNotice:
        """Return the notice in this language. Stores its text if it is new."""
        return self.store.keep(self.notice.text(language), language, now)

    def stored(self, language: str) -> StoredNotice | None:
        """Return the notice in this language with its version; None before somebody agreed to it."""
        hash = hash_of(self.notice.text(language))
        return self.store.named([hash]).get(hash)


def router(current: CurrentNotice) -> APIRouter:
    """Serve `/privacy`: the data stored about subscribers, its purpose and duration, and their rights."""
    notice, pages = current.notice, current.notice.pages
    routes = page_routes("privacy")

    @routes.get("/privacy", summary="The privacy notice")
    def show(request: Request) -> HTMLResponse:
        language = pages.language(request)
        values = {**notice.values(language), "stored": current.stored(language)}
        values["meta"] = privacy_metadata(pages, request)
        response = pages.response(request, "privacy.html.j2", "/privacy", personal=False, **values)
        response.headers["x-robots-tag"] = "all"
        response.headers["cache-control"] = "public, max-age=300"
        return response

    return routes
