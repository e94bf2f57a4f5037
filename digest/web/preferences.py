"""The preferences page: topics, days, hour, format, a pause, today's edition once more, and unsubscribing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from digest.feedback.rules import UNSUBSCRIBED
from digest.models import FREQUENCIES, Frequency
from digest.store.content.editions import PublishedStore
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.list_file import FORMATS
from digest.web.dependencies import Context
from digest.web.outbound_mail import Resender, ResendResult
from digest.web.pages import PAGE_RESPONSES, language_parameter

Pause = Literal["0", "1", "2", "4"]
Topics = Annotated[tuple[Annotated[str, StringConstraints(max_length=100)], ...], Form(max_length=200)]

_PURPOSE = "preferences"
# What the button in an email offers.
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


@dataclass(frozen=True)
class PreferencesPage:
    """Renders the preferences of a subscriber."""

    context: Context
    published: PublishedStore
    topics: tuple[str, ...]
    # When the first edition of the day is sent to subscribers without their own hour.
    send_at: time
    # The editions among which a subscriber chooses; none if there is only one.
    editions: tuple[OfferedEdition, ...] = ()

    def subscriber(self, token: str) -> StoredSubscriber | None:
        """The subscriber whom the token names."""
        id = self.context.subscriber_id_from_token(_PURPOSE, token)
        return self.context.subscriber(id) if id is not None else None

    def response(self, request: Request, token: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer with the page that the token opens."""
        context = self.context
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None:
            return context.invalid_link(request)
        subscriber = context.subscriber(id)
        values = {"saved": False, "wrong": "", "again": "", **values}
        return context.pages.response(
            request,
            "preferences.html.j2",
            f"/preferences/{token}",
            status=status,
            token=token,
            subscriber=subscriber,
            left=subscriber is not None and subscriber.suppressed == UNSUBSCRIBED,
            pausing=context.paused_until(subscriber),
            topics=self.topics,
            editions=self.editions,
            chosen=chosen_editions(subscriber, self.editions) if subscriber else (),
            hours=selectable_hours(self.send_at, subscriber.hour if subscriber else None),
            send_at=self.send_at,
            own_zone=context.pages.branding.timezone,
            edition=self.published.newest(1, context.now()),
            **values,
        )


def router(page: PreferencesPage, resender: Resender) -> APIRouter:
    """`/preferences/TOKEN`."""
    context = page.context
    routes = APIRouter(
        prefix="/preferences/{token}",
        tags=["preferences"],
        responses=PAGE_RESPONSES,
        dependencies=[Depends(language_parameter)],
    )

    @routes.get("", response_class=HTMLResponse, summary="Show the preferences")
    def show(request: Request, token: str) -> HTMLResponse:
        return page.response(request, token)

    @routes.post("", response_class=HTMLResponse, summary="Save the preferences")
    def save(
        request: Request,
        token: str,
        frequency: Annotated[Frequency, Form()],
        format: Annotated[Literal["html", "text"], Form()],
        hour: Annotated[str, Form(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = "",
        topics: Topics = (),
        editions: Topics = (),
    ) -> HTMLResponse:
        subscriber = page.subscriber(token)
        if subscriber is None:
            return page.response(request, token)
        form = PreferencesForm(topics, frequency, hour, format, editions)
        changes = changed_columns(subscriber, form, topics=page.topics, send_at=page.send_at, editions=page.editions)
        if changes is None:
            wrong = "topics" if page.topics and not topics else "editions" if page.editions and not editions else "form"
            return page.response(request, token, status=400, wrong=wrong)
        detail = ", ".join(f"{name}: {_describe(value)}" for name, value in changes.items())
        consent = context.consent_context(request, _PURPOSE, detail=detail)
        context.preferences.set(subscriber.id, changes, consent, now=context.now())
        return page.response(request, token, saved=True)

    @routes.post("/pause", response_class=HTMLResponse, summary="Pause for a number of weeks; 0 ends the pause")
    def pause(request: Request, token: str, weeks: Annotated[Pause, Form()]) -> HTMLResponse:
        subscriber = page.subscriber(token)
        if subscriber is not None:
            now = context.now()
            until = now + timedelta(weeks=int(weeks)) if weeks != "0" else None
            detail = f"pause for {weeks} weeks" if until else "pause ended"
            consent = context.consent_context(request, _PURPOSE, detail=detail)
            context.preferences.set(subscriber.id, {"paused_until": until}, consent, now=now)
        return page.response(request, token, saved=True)

    # The page never shows the token of another page, so unsubscribing from here has separate routes.
    @routes.post("/leave", response_class=HTMLResponse, summary="Unsubscribe")
    def unsubscribe(request: Request, token: str) -> HTMLResponse:
        subscriber = page.subscriber(token)
        if subscriber is not None:
            wording = context.pages.catalogue(request).gettext("Unsubscribe now")
            consent = context.consent_context(request, _PURPOSE, wording)
            context.preferences.unsubscribe(subscriber.id, consent, now=context.now())
        return page.response(request, token)

    @routes.post("/back", response_class=HTMLResponse, summary="Undo the unsubscribe")
    def resubscribe(request: Request, token: str) -> HTMLResponse:
        subscriber = page.subscriber(token)
        if subscriber is not None:
            context.preferences.resubscribe(
                subscriber.id, context.consent_context(request, _PURPOSE), now=context.now()
            )
        return page.response(request, token)

    @routes.post("/again", response_class=HTMLResponse, summary="Send today's edition again")
    def resend(request: Request, token: str) -> HTMLResponse:
        subscriber = page.subscriber(token)
        result = resender.resend(subscriber) if subscriber is not None else None
        status = 429 if result == ResendResult.RATE_LIMITED else 200
        return page.response(request, token, again=result or "", status=status)

    return routes


def pause_router(page: PreferencesPage) -> APIRouter:
    """`/pause/TOKEN`: the pause button of an email, with the token of the preferences."""
    context = page.context
    routes = APIRouter(
        prefix="/pause/{token}",
        tags=["preferences"],
        responses=PAGE_RESPONSES,
        dependencies=[Depends(language_parameter)],
    )

    def response(request: Request, token: str, subscriber: StoredSubscriber | None) -> HTMLResponse:
        # The preferences page says why somebody gets no email, or that the token names nobody.
        if subscriber is None or not subscriber.listed or subscriber.suppressed or subscriber.status == "paused":
            return page.response(request, token)
        return context.pages.response(
            request,
            "pause.html.j2",
            f"/pause/{token}",
            token=token,
            pausing=context.paused_until(subscriber),
            until=context.now() + timedelta(weeks=_PAUSE_WEEKS),
        )

    @routes.get("", response_class=HTMLResponse, summary="Ask for confirmation of a pause, with one button")
    def ask(request: Request, token: str) -> HTMLResponse:
        return response(request, token, page.subscriber(token))

    @routes.post("", response_class=HTMLResponse, summary="Pause for two weeks")
    def pause(request: Request, token: str) -> HTMLResponse:
        subscriber = page.subscriber(token)
        if subscriber is not None:
            now = context.now()
            consent = context.consent_context(request, _PURPOSE, detail=f"pause for {_PAUSE_WEEKS} weeks")
            until = now + timedelta(weeks=_PAUSE_WEEKS)
            context.preferences.set(subscriber.id, {"paused_until": until}, consent, now=now)
        return response(request, token, page.subscriber(token))

    return routes


@dataclass(frozen=True, slots=True)
class PreferencesForm:
    """The submitted form. An empty `hour` means the newsletter's own."""

    topics: Sequence[str]
    frequency: str
    hour: str
    format: str
    editions: Sequence[str] = ()


def selectable_hours(send_at: time, current: time | None) -> tuple[time, ...]:
    """The hours that a subscriber can choose: full hours after the newsletter's own, and the current choice."""
    offered = {time(hour) for hour in range(24) if time(hour) > send_at} | ({current} if current else set())
    return tuple(sorted(offered))


def chosen_editions(subscriber: StoredSubscriber, editions: Sequence[OfferedEdition]) -> tuple[str, ...]:
    """The slugs of the editions that a subscriber gets."""
    chosen = tuple(edition.slug for edition in editions if edition.slug in subscriber.editions)
    return chosen or tuple(edition.slug for edition in editions if edition.default)


def changed_columns(
    subscriber: StoredSubscriber,
    form: PreferencesForm,
    *,
    topics: Collection[str],
    send_at: time,
    editions: Sequence[OfferedEdition] = (),
) -> dict[str, Any] | None:
    """The columns that the form changes, with their values; None for a form that our pages never send.

    All topics together, and exactly the default editions, are stored as no choice, so that those added later are
    included.
    """
    hours = ("", *(f"{hour:%H:%M}" for hour in selectable_hours(send_at, subscriber.hour)))
    if form.frequency not in FREQUENCIES or form.format not in FORMATS or form.hour not in hours:
        return None
    chosen = [topic for topic in topics if topic in form.topics]
    if topics and not chosen:
        return None
    if len(chosen) == len(topics):
        chosen = []
    own_editions = [edition.slug for edition in editions if edition.slug in form.editions]
    if editions and not own_editions:
        return None
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
        "frequency": form.frequency,
        "hour": form.hour,
        "format": form.format,
        "editions": own_editions,
    }
    return {name: value for name, value in submitted.items() if value != current[name]}


def _describe(value: object) -> str:
    """A value in the words of the consent log."""
    return "+".join(value) or "everything" if isinstance(value, list) else str(value) or "with the edition"
