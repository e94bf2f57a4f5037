"""The email as it will arrive: in a frame without scripts, light, dark or as text."""

from __future__ import annotations

import re
import secrets
import sys
from collections import OrderedDict
from threading import Lock

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from digest.models import Edition, EditionState, InlineImage, split_variant
from digest.render.pictures import for_screen
from digest.render.variants import parse_variant
from digest.usecases.shown_email import fill_placeholders, in_scheme
from digest.web.desk.checks import Checked
from digest.web.desk.visit import Visit

# The frame's own policy. A bare `sandbox` forbids scripts, forms and links to other windows.
_FRAME_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'"
FORMS = ("light", "wide", "dark", "plain", "text")
# Pixels of the email beside the list, which is shown as on a phone.
_PHONE_WIDTH = 376
# The most emails of previews that are kept, each with its pictures.
_MAX_SHOWN = 20
# An image without it shows its alternative text, as in an email program that hides pictures.
_SOURCE = re.compile(r'(<img\b[^>]*?)\ssrc="[^"]*"')
_WITHOUT_PICTURES = _FRAME_POLICY.replace("img-src data: https:", "img-src 'none'")


class ShownEmails:
    """Emails that a page shows before they exist, under names that nobody can guess. The newest ones are kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[str, str] = OrderedDict()

    def add(self, html: str) -> str:
        name = secrets.token_hex(16)
        with self._lock:
            self._held[name] = html
            while len(self._held) > _MAX_SHOWN:
                self._held.popitem(last=False)
        return name

    def get(self, name: str) -> str | None:
        with self._lock:
            return self._held.get(name)


def shown(visit: Visit) -> Response:
    """Show the email of a preview in its frame."""
    html = visit.desk.shown_emails.get(visit.parameters["name"])
    if html is None:
        raise HTTPException(404)
    return framed(in_scheme(html, "light"))


def first_form(edition: Edition) -> str:
    """Return the form in which the email is shown at first.

    Pictures of other sites may be large, and those sites see who asks for them. So they wait until the editor chooses a
    form with pictures, as in an email program.
    """
    images = [story.image.url for story in edition.stories() if story.image]
    return "plain" if any(url.startswith(("https:", "http:")) for url in images) else "light"


def frame(visit: Visit) -> Response:
    edition = visit.edition()
    if edition.state == EditionState.SKIPPED:
        raise HTTPException(404)
    shown = visit.query.get("form", "light")
    most = sys.maxsize if shown == "wide" else _PHONE_WIDTH
    html, text = _fill(visit, edition, visit.query.get("variant", ""), most)
    if shown == "text" or not html:
        body = visit.desk.views.render("text.html.j2", visit.language, text=text)
    else:
        body = in_scheme(html, "dark" if shown == "dark" else "light")
        if shown == "plain":
            body = _SOURCE.sub(r"\1", body)
    return framed(body, _WITHOUT_PICTURES if shown == "plain" else _FRAME_POLICY)


def framed(body: str, policy: str = _FRAME_POLICY) -> Response:
    """Answer with a page that only our own pages may frame, with a policy of its own."""
    headers = {"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(body, headers=headers)


def variants(visit: Visit, edition: Edition, found: Checked | None) -> list[tuple[str, str]]:
    """Return (key, label) of each variant; the label names its topics or its format."""
    _ = visit.catalogue.gettext
    labels = []
    for key in found.emails if found else ():
        variant = parse_variant(edition, split_variant(key)[0])
        chosen = [section.name for section in edition.sections if section.name in (variant.topics or ())]
        topics = ", ".join(chosen) or _("all topics")
        labels.append((key, _("%(topics)s, as text") % {"topics": topics} if variant.format == "text" else topics))
    return labels


def _fill(visit: Visit, edition: Edition, variant: str, most: int) -> tuple[str, str]:
    """Return the HTML and the text of a variant, or of the largest email, for an invented recipient.

    No picture is shown wider than `most` pixels.
    """
    app = visit.desk.app
    checked = visit.desk.checks.of(edition, wait=30.0)
    if checked is None or checked.largest is None:
        raise HTTPException(404)
    email = checked.emails.get(variant, checked.largest)

    def fit(image: InlineImage, width: int) -> InlineImage:
        return for_screen(image, min(width, most))

    _outgoing, html, text = fill_placeholders(edition, email, app.sender, app.signer, app.articles.images, fit=fit)
    return html, text
