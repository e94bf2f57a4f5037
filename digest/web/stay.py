"""`/stay/EDITION/CODE/TOKEN`: a subscriber who was asked whether to continue says yes by one button.

A GET changes nothing. The token alone is in every email, so the code of the question is needed too, and the subscriber
must be one of those who were asked by it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from digest.feedback.rules import UNSUBSCRIBED
from digest.i18n import translator
from digest.mail.message import without_controls
from digest.models import PLACEHOLDERS, RenderedEmail
from digest.store.people.reengagement import QuestionOutcome, ReengagementStore
from digest.subscribers.tokens import TokenSigner
from digest.web.dependencies import TEST_SUBSCRIBER, Context, Refused
from digest.web.editions import NextEdition
from digest.web.pages import REDIRECTS, Done, Pages, page_routes, redirect

_PURPOSE = "preferences"
_CODE = "stay"


def router(context: Context, store: ReengagementStore, next_edition: NextEdition) -> APIRouter:
    """Return the route of the question's button, with the token of the preferences."""
    pages = context.pages
    routes = page_routes("stay", "/stay/{edition}/{edition_code}/{token}")

    def read(request: Request, edition: str, code: str, token: str) -> int:
        """Return the subscriber of a link. Raises Refused."""
        id = context.require_id(request, _PURPOSE, token)
        is_ours = context.signer.is_signed_link(_CODE, edition, code)
        if not is_ours or (id != TEST_SUBSCRIBER and store.asked_by(id) != edition):
            raise Refused(context.invalid_link(request))
        return id

    @routes.get("", summary="Ask whether to continue, with one button")
    def ask(request: Request, edition: str, edition_code: str, token: str, done: Done = "") -> HTMLResponse:
        id = read(request, edition, edition_code, token)
        subscriber = context.subscriber(id)
        gone = id != TEST_SUBSCRIBER and (subscriber is None or not subscriber.listed or bool(subscriber.suppressed))
        left = subscriber is not None and subscriber.suppressed == UNSUBSCRIBED
        state = "left" if gone else "done" if done == "yes" else "ask"
        due = next_edition.of(subscriber) if subscriber is not None and state == "done" else None
        values: dict[str, Any] = {"token": token, "state": state, "left": left, "next_due": due}
        return pages.response(request, "stay.html.j2", _path(edition, edition_code, token), **values)

    @routes.post("", summary="Continue", **REDIRECTS)
    def stay(request: Request, edition: str, edition_code: str, token: str) -> Response:
        id = read(request, edition, edition_code, token)
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
        return redirect(pages, request, _path(edition, edition_code, token), done="yes")

    return routes


def _path(edition: str, code: str, token: str) -> str:
    return f"/stay/{quote(edition, safe='')}/{code}/{token}"


def question(pages: Pages, signer: TokenSigner, edition: str) -> RenderedEmail:
    """Return the email that asks, in the newsletter's language, with placeholders for the links of each subscriber.

    `edition` is the key of the edition that carries it.
    """
    language = pages.languages[0]
    subject = translator(language).gettext("Shall we keep sending %(name)s?") % {"name": pages.branding.name}
    values = {
        "subject": without_controls(subject),
        "kind": "stay",
        "email": PLACEHOLDERS["email_html"],
        "link": pages.absolute_url(
            _path(edition, signer.sign_link(_CODE, edition), PLACEHOLDERS["preferences"]), language
        ),
        "leave_link": pages.absolute_url(f"/leave/{PLACEHOLDERS['preferences']}", language),
        "preferences_link": pages.absolute_url(f"/preferences/{PLACEHOLDERS['preferences']}", language),
    }
    html = pages.render("mail.html.j2", language, **values)
    text = pages.render("mail.txt.j2", language, **{**values, "email": PLACEHOLDERS["email_text"]})
    return RenderedEmail("html", without_controls(subject), html, text)
