"""`/stay/TOKEN`: a subscriber who was asked whether to continue says yes by one button. A GET changes nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from digest.feedback.rules import UNSUBSCRIBED
from digest.i18n import translator
from digest.mail.message import without_controls
from digest.models import PLACEHOLDERS, RenderedEmail
from digest.store.people.reengagement import QuestionOutcome, ReengagementStore
from digest.web.dependencies import TEST_SUBSCRIBER, Context
from digest.web.editions import NextEdition
from digest.web.pages import REDIRECTS, Done, Pages, page_routes, redirect

_PURPOSE = "preferences"


def router(context: Context, store: ReengagementStore, next_edition: NextEdition) -> APIRouter:
    """Return the route of the question's button, with the token of the preferences."""
    pages = context.pages
    routes = page_routes("stay", "/stay/{token}")

    @routes.get("", summary="Ask whether to continue, with one button")
    def ask(request: Request, token: str, done: Done = "") -> HTMLResponse:
        id = context.require_id(request, _PURPOSE, token)
        subscriber = context.subscriber(id)
        gone = id != TEST_SUBSCRIBER and (subscriber is None or not subscriber.listed or bool(subscriber.suppressed))
        left = subscriber is not None and subscriber.suppressed == UNSUBSCRIBED
        state = "left" if gone else "done" if done == "yes" else "ask"
        due = next_edition.of(subscriber) if subscriber is not None and state == "done" else None
        values: dict[str, Any] = {"token": token, "state": state, "left": left, "next_due": due}
        return pages.response(request, "stay.html.j2", f"/stay/{token}", **values)

    @routes.post("", summary="Continue", **REDIRECTS)
    def stay(request: Request, token: str) -> Response:
        id = context.require_id(request, _PURPOSE, token)
        subscriber = context.subscriber(id)
        if subscriber is not None and subscriber.listed and not subscriber.suppressed:
            now = context.now()
            wording = pages.catalogue(request).gettext("Yes, keep it coming")
            consent = context.consent_context(request, "stay", wording)
            store.settle(id, QuestionOutcome.STAYED, now=now)
            if context.paused_until(subscriber):
                context.preferences.set(id, {"paused_until": None}, consent, now=now)
            else:
                context.preferences.record(id, "wants to stay", consent, now=now)
        return redirect(pages, request, f"/stay/{token}", done="yes")

    return routes


def question(pages: Pages) -> RenderedEmail:
    """Return the email that asks, in the newsletter's language, with placeholders for the links of each subscriber."""
    language = pages.languages[0]
    subject = translator(language).gettext("Shall we keep sending %(name)s?") % {"name": pages.branding.name}
    values = {
        "subject": without_controls(subject),
        "kind": "stay",
        "email": PLACEHOLDERS["email_html"],
        "link": pages.absolute_url(f"/stay/{PLACEHOLDERS['preferences']}", language),
        "leave_link": pages.absolute_url(f"/leave/{PLACEHOLDERS['preferences']}", language),
        "preferences_link": pages.absolute_url(f"/preferences/{PLACEHOLDERS['preferences']}", language),
    }
    html = pages.render("mail.html.j2", language, **values)
    text = pages.render("mail.txt.j2", language, **{**values, "email": PLACEHOLDERS["email_text"]})
    return RenderedEmail("html", without_controls(subject), html, text)
