"""The preferences page: topics, days, hour, format, a pause, today's edition once more, and unsubscribing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import StringConstraints

from digest.hindi import dates
from digest.store.people.consent import FORGOTTEN
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import RequestKind
from digest.subscribers import frequency
from digest.subscribers.address import masked
from digest.subscribers.list_file import FORMATS
from digest.web.archive.access import READ
from digest.web.dependencies import Context, Refused
from digest.web.editions import LatestEdition, NextEdition, StoryRate, TopicRates
from digest.web.known_browser import forget, is_known_browser
from digest.web.pages import REDIRECTS, Done, page_routes, redirect
from digest.web.resend import Resender, ResendResult
from digest.web.unsubscribe import LeavePage, state_of

Choices = Annotated[tuple[Annotated[str, StringConstraints(max_length=100)], ...], Form(max_length=200)]
Wrong = Literal["topics", "editions", "days", "form"]

DONE = ("opened", "saved", "paused", "resumed", "enough", "address", "data", "erase", "nominee", *ResendResult)
"""What the page can say was done, by `?done=`."""
SHORT_DONE = ("opened", "mailed", "enough", "forgotten")
"""The same for the short page. `opened`: by a link that was mailed, so the browser has refused the cookie."""

_PURPOSE = "preferences"
# The pause that the button in an email offers.
_PAUSE_WEEKS = 2


@dataclass(frozen=True, slots=True)
class OfferedEdition:
    """An edition that a subscriber can choose, and when it is sent: None for breaking news.

    `default`: whether they get it without choosing.
    """

    slug: str
    name: str
    send_at: time | None
    default: bool


@dataclass(frozen=True, slots=True)
class PreferencesForm:
    """The form as submitted or as stored. An empty `hour` means the newsletter's own; `days` are days of the week.

    `format` is '' if a button came without the form.
    """

    topics: Sequence[str]
    days: Sequence[str]
    hour: str
    format: str
    editions: Sequence[str] = ()


def submitted_form(
    format: Annotated[Literal["", "html", "text"], Form()] = "",
    days: Choices = (),
    hour: Annotated[str, Form(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = "",
    topics: Choices = (),
    editions: Choices = (),
) -> PreferencesForm:
    return PreferencesForm(topics, days, hour, format, editions)


SubmittedForm = Annotated[PreferencesForm, Depends(submitted_form)]


@dataclass(frozen=True)
class PreferencesPage:
    """Renders the preferences of a subscriber."""

    context: Context
    latest: LatestEdition
    topics: tuple[str, ...]
    # The hour of the first edition of the day, for subscribers without their own.
    send_at: time
    # The editions among which a subscriber chooses; none if there is only one.
    editions: tuple[OfferedEdition, ...]
    next_edition: NextEdition
    rates: TopicRates
    leaving: LeavePage

    def named(self, token: str) -> StoredSubscriber | None:
        id = self.context.subscriber_id_from_token(_PURPOSE, token)
        return self.context.subscriber(id) if id is not None else None

    def subscriber(self, request: Request, token: str) -> StoredSubscriber | None:
        """Return the subscriber of the token; None unless the browser is known as theirs."""
        found = self.named(token)
        return found if found is not None and is_known_browser(self.context, request, found) else None

    def require_subscriber(self, request: Request, token: str) -> StoredSubscriber:
        """Return the subscriber of the token. Raises Refused unless the browser is known as theirs."""
        found = self.subscriber(request, token)
        if found is None:
            raise Refused(self.short(request, token, status=403))
        return found

    def response(
        self, request: Request, token: str, subscriber: StoredSubscriber, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Respond with the whole page."""
        context = self.context
        newest, own = self.latest.of_all(), self.latest.of(subscriber)
        rates = self.rates.of(newest.key if newest else None, context.now())
        values = {"form": self.stored_form(subscriber), **values}
        values = {"done": "", "wrong": "", **values}
        return context.pages.response(
            request,
            "preferences.html.j2",
            f"/preferences/{token}",
            status=status,
            token=token,
            subscriber=subscriber,
            email=subscriber.email,
            nominee=context.preferences.nominee(subscriber.address),
            pausing=context.paused_until(subscriber),
            topics=self.topics,
            editions=self.editions,
            hours=hour_choices(self.send_at, subscriber.hour, context.pages.language(request)),
            send_at=self.send_at,
            own_zone=context.pages.branding.timezone,
            edition=[own] if own else [],
            rates=rates,
            # With an error the page shows what was submitted, not what is stored.
            is_unfed=not values["wrong"] and is_unfed(subscriber.topics, rates),
            next_due=self.next_edition.of(subscriber),
            # Only a known browser sees this page, so a forwarded email does not open the archive.
            read=context.signer.sign(READ, subscriber.id),
            **values,
        )

    def short(
        self,
        request: Request,
        token: str,
        subscriber: StoredSubscriber | None = None,
        *,
        done: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        """Respond with the page for an unknown browser: unsubscribe, or get a link by email.

        `subscriber` is the token's, if the caller has read it.
        """
        context = self.context
        context.require_id(request, _PURPOSE, token)
        subscriber = subscriber or self.named(token)
        # That page says why somebody gets no email.
        if subscriber is None or state_of(subscriber) != "here":
            return self.leaving.response(request, token, status=status)
        return context.pages.response(
            request,
            "short.html.j2",
            f"/preferences/{token}",
            status=status,
            token=token,
            email=masked(subscriber.email),
            done=done,
        )

    def save(
        self, request: Request, subscriber: StoredSubscriber, form: PreferencesForm, weeks: str = ""
    ) -> Wrong | None:
        """Save the choices and pause for `weeks`. If a choice is wrong, save nothing and return what is wrong."""
        if wrong := find_error(form, subscriber, topics=self.topics, send_at=self.send_at, editions=self.editions):
            return wrong
        context = self.context
        changes = changed_columns(subscriber, form, topics=self.topics, editions=self.editions)
        details = [f"{name}: {_describe(value)}" for name, value in changes.items()]
        if weeks:
            changes["paused_until"] = context.now() + timedelta(weeks=int(weeks))
            details.append(f"pause for {weeks} weeks")
        if changes:
            consent = context.consent_context(request, _PURPOSE, detail=", ".join(details))
            context.preferences.set(subscriber.id, changes, consent, now=context.now())
        return None

    def keep(
        self, request: Request, token: str, subscriber: StoredSubscriber, form: PreferencesForm
    ) -> HTMLResponse | None:
        """Save the choices that another button of the page sends along. Respond only if they are wrong."""
        wrong = self.save(request, subscriber, form) if form.format else None
        return self.response(request, token, subscriber, status=400, wrong=wrong, form=form) if wrong else None

    def stored_form(self, subscriber: StoredSubscriber) -> PreferencesForm:
        """Return the form with the subscriber's current values."""
        return PreferencesForm(
            subscriber.topics or self.topics,
            frequency.days(subscriber.frequency),
            f"{subscriber.hour:%H:%M}" if subscriber.hour else "",
            subscriber.format,
            chosen_editions(subscriber, self.editions),
        )

    def redirect(self, request: Request, token: str, done: str = "") -> Response:
        """Redirect to the page, which confirms the change."""
        return redirect(self.context.pages, request, f"/preferences/{token}", **({"done": done} if done else {}))


def router(page: PreferencesPage, resender: Resender) -> APIRouter:
    """Serve `/preferences/TOKEN`. Each POST redirects to the page, so that going back and reloading repeat nothing."""
    context = page.context
    routes = page_routes("preferences", "/preferences/{token}")

    @routes.get("", summary="Show the preferences")
    def show(request: Request, token: str, done: Done = "") -> HTMLResponse:
        # The page has a few small questions for the store, and a transaction of each would cost as much again.
        with context.preferences.database.snapshot():
            subscriber = page.named(token)
            if subscriber is None or not is_known_browser(context, request, subscriber):
                return page.short(request, token, subscriber, done=done if done in SHORT_DONE else "")
            return page.response(request, token, subscriber, done=done if done in DONE else "")

    @routes.post("", summary="Save the preferences; with `weeks`, pause too", **REDIRECTS)
    def save(
        request: Request, token: str, form: SubmittedForm, weeks: Annotated[Literal["", "1", "2", "4"], Form()] = ""
    ) -> Response:
        subscriber = page.require_subscriber(request, token)
        if wrong := page.save(request, subscriber, form, weeks):
            return page.response(request, token, subscriber, status=400, wrong=wrong, form=form)
        return page.redirect(request, token, "paused" if weeks else "saved")

    @routes.post("/resume", summary="End the pause", **REDIRECTS)
    def resume(request: Request, token: str, form: SubmittedForm) -> Response:
        subscriber = page.require_subscriber(request, token)
        if answer := page.keep(request, token, subscriber, form):
            return answer
        consent = context.consent_context(request, _PURPOSE, detail="pause ended")
        context.preferences.set(subscriber.id, {"paused_until": None}, consent, now=context.now())
        return page.redirect(request, token, "resumed")

    @routes.post("/forget", summary="End the cookies of this or all browsers", **REDIRECTS)
    def forget_browsers(
        request: Request, token: str, form: SubmittedForm, browsers: Annotated[Literal["this", "all"], Form()]
    ) -> Response:
        subscriber = page.require_subscriber(request, token)
        # Choices with an error are lost, because another person may be waiting for this computer.
        if form.format:
            page.save(request, subscriber, form)
        if browsers == "all":
            consent = context.consent_context(request, _PURPOSE)
            context.preferences.record(subscriber.id, FORGOTTEN, consent, now=context.now())
        # The mailed link is in the history of a shared computer.
        page.leaving.notices.requests.withdraw(subscriber.id, RequestKind.CHOOSE)
        response = page.redirect(request, token, "forgotten")
        forget(context, request, response, subscriber)
        return response

    @routes.post("/again", summary="Send the newest edition again", **REDIRECTS)
    def resend(request: Request, token: str, form: SubmittedForm) -> Response:
        subscriber = page.require_subscriber(request, token)
        if answer := page.keep(request, token, subscriber, form):
            return answer
        return page.redirect(request, token, resender.resend(subscriber))

    return routes


def pause_router(page: PreferencesPage) -> APIRouter:
    """Serve `/pause/TOKEN`: the pause button of an email, with the token of the preferences."""
    context = page.context
    routes = page_routes("preferences", "/pause/{token}")

    def subscriber_of(token: str) -> StoredSubscriber | None:
        """Return the subscriber of the token; None if they get no email."""
        found = page.named(token)
        return found if state_of(found) == "here" and found and found.status != "paused" else None

    @routes.get("", summary="Ask for confirmation of a pause, with one button")
    def ask(request: Request, token: str) -> HTMLResponse:
        subscriber = subscriber_of(token)
        if subscriber is None:
            return page.short(request, token)
        return context.pages.response(
            request,
            "pause.html.j2",
            f"/pause/{token}",
            token=token,
            pausing=context.paused_until(subscriber),
            until=context.now() + timedelta(weeks=_PAUSE_WEEKS),
            known=is_known_browser(context, request, subscriber),
        )

    @routes.post("", summary="Pause for two weeks", **REDIRECTS)
    def pause(request: Request, token: str) -> Response:
        subscriber = subscriber_of(token)
        if subscriber is None or not is_known_browser(context, request, subscriber):
            return page.short(request, token, status=403)
        consent = context.consent_context(request, _PURPOSE, detail=f"pause for {_PAUSE_WEEKS} weeks")
        until = context.now() + timedelta(weeks=_PAUSE_WEEKS)
        context.preferences.set(subscriber.id, {"paused_until": until}, consent, now=context.now())
        return redirect(context.pages, request, f"/pause/{token}")

    return routes


# Few different ones are asked for, each time that a page is rendered.
@lru_cache(maxsize=256)
def hour_choices(send_at: time, current: time | None, language: str) -> Mapping[str, str]:
    """Return the hours that a subscriber can choose, in words: full hours after the newsletter's own, and the current.

    A key is the value of the form, such as `08:00`.
    """
    offered = {time(hour) for hour in range(24) if time(hour) > send_at} | ({current} if current else set())
    return {f"{hour:%H:%M}": dates.hour(hour, language) for hour in sorted(offered)}


def is_unfed(topics: Sequence[str], rates: Mapping[str, StoryRate] | None) -> bool:
    """Whether somebody chose topics, and none of them has had news lately."""
    return bool(topics) and bool(rates) and not set(topics) & set(rates or ())


def chosen_editions(subscriber: StoredSubscriber, editions: Sequence[OfferedEdition]) -> tuple[str, ...]:
    """Return the slugs of the editions that a subscriber gets."""
    chosen = tuple(edition.slug for edition in editions if edition.slug in subscriber.editions)
    return chosen or tuple(edition.slug for edition in editions if edition.default)


def find_error(
    form: PreferencesForm,
    subscriber: StoredSubscriber,
    *,
    topics: Collection[str],
    send_at: time,
    editions: Sequence[OfferedEdition] = (),
) -> Wrong | None:
    """Return which part of the form has an error; `form` for one that our pages never send."""
    hours = hour_choices(send_at, subscriber.hour, "en")
    if form.format not in FORMATS or form.hour not in ("", *hours) or not set(form.days) <= set(frequency.WEEKDAYS):
        return "form"
    if topics and not set(topics) & set(form.topics):
        return "form" if form.topics else "topics"
    if editions and not {edition.slug for edition in editions} & set(form.editions):
        return "form" if form.editions else "editions"
    return None if form.days else "days"


def changed_columns(
    subscriber: StoredSubscriber,
    form: PreferencesForm,
    *,
    topics: Collection[str],
    editions: Sequence[OfferedEdition] = (),
) -> dict[str, Any]:
    """Return the columns that a form without errors changes, with their values.

    All topics together, and exactly the default editions, are stored as no choice, so that those added later are
    included.
    """
    chosen = [topic for topic in topics if topic in form.topics]
    if len(chosen) == len(topics):
        chosen = []
    own_editions = [edition.slug for edition in editions if edition.slug in form.editions]
    if own_editions == [edition.slug for edition in editions if edition.default]:
        own_editions = []
    current = {
        "topics": [topic for topic in topics if topic in subscriber.topics],
        "frequency": subscriber.frequency,
        "hour": f"{subscriber.hour:%H:%M}" if subscriber.hour else "",
        "format": subscriber.format,
        "editions": [edition.slug for edition in editions if edition.slug in subscriber.editions],
    }
    submitted = {
        "topics": chosen,
        "frequency": frequency.of_days(form.days),
        "hour": form.hour,
        "format": form.format,
        "editions": own_editions,
    }
    return {name: value for name, value in submitted.items() if value != current[name]}


def _describe(value: object) -> str:
    """Return a value in the words of the consent log."""
    return "+".join(value) or "everything" if isinstance(value, list) else str(value) or "with the edition"
