"""View in browser: an email as a page without anything personal, and its inline images.

People forward this address, so the page contains no email address and no token. Its personal links lead to a note that
explains where to find them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from digest.mail.message import content_ids, substitute
from digest.models import PLACEHOLDERS, BatchState, RenderedEmail, Variant
from digest.render.clicks import ClickLinks
from digest.render.pictures import for_screen
from digest.render.renderer import Renderer
from digest.store.content.articles import ImageStore
from digest.store.content.editions import EditionStore, PublishedStore
from digest.subscribers.tokens import VIEW
from digest.web.archive.access import READ
from digest.web.dependencies import TEST_SUBSCRIBER, Context
from digest.web.known_browser import is_known_browser
from digest.web.pages import ON_PAGE, PAGE_RESPONSES, edition_path, language_parameter, with_page_pictures
from digest.web.resend import find_email

_IMG = re.compile(r'<img\b(?:[^>"]|"[^"]*")*>')
_SOURCE = re.compile(r'\bsrc="(https?://[^"]*)"')
_BODY = re.compile(r"<body\b[^>]*>")
_BODY_END = re.compile(r"</body>")
_HEAD_END = re.compile(r"</head>")
# An email needs no focus style, but a page is also used by keyboard. The colours are those of the other pages.
_RING = (
    "<style>:focus-visible{outline:3px solid #1c5fc4;outline-offset:2px}"
    "@media (prefers-color-scheme:dark){:focus-visible{outline-color:#8ab8ff}}</style>"
)
_TAG = "|".join(re.escape(tag) for tag in PLACEHOLDERS.values())
_PERSONAL_LINK = re.compile(rf"""\bhref=("[^"]*(?:{_TAG})[^"]*"|'[^']*(?:{_TAG})[^']*')""")
_PERSONAL_URL = re.compile(rf"(?:https?|mailto):\S*(?:{_TAG})\S*")
# The id of the note that replaces the email's personal links.
_NOTE = "personal-links"
_MAY_BE_DELIVERED = (BatchState.SUBMITTING, BatchState.ACCEPTED, BatchState.UNKNOWN)
_CID = r"^[0-9a-f]{40}@digest$"
RemoteImages = Annotated[bool, Query(alias="pictures", description="Whether to load images from other sites")]


@dataclass(frozen=True)
class EmailViewer:
    """Finds the email that a subscriber may see, and turns it into a page."""

    context: Context
    editions: EditionStore
    published: PublishedStore
    # Renders a draft for links in a test email, because test emails are not stored.
    renderer: Renderer
    # The topics that a subscriber may choose.
    topics: Collection[str]
    # Decodes the links that count clicks. The page has the real addresses.
    links: ClickLinks | None = None
    # Whether the page leads a subscriber's known browser to the archive (`web.archive: subscribers`).
    opens_archive: bool = False
    # Whether everybody may read the archive.
    has_public_archive: bool = False

    def is_public(self, key: str) -> bool:
        """Whether the edition has a public page."""
        return self.has_public_archive and self.published.get(key, self.context.now()) is not None

    def find(self, key: str, id: int) -> RenderedEmail | None:
        """Find an email. A stopped edition is shown to those who may have received it, a draft only to test links."""
        now = self.context.now()
        place = self.published.place(key, id)
        received = place is not None and place.state in _MAY_BE_DELIVERED
        visible = received or id == TEST_SUBSCRIBER or self.published.get(key, now) is not None
        subscriber = self.context.subscriber(id)
        variant = place.variant if place else None
        email = find_email(self.editions, key, subscriber, variant, choosable=self.topics) if visible else None
        if email is None and id == TEST_SUBSCRIBER and (edition := self.editions.get(key)):
            email = self.renderer.render(edition, Variant("html"), now=now, test=True)
        if email is not None and self.links is not None and (edition := self.editions.get(key)):
            email = replace(email, html=self.links.remove(email.html, edition))
        return email

    def may_see(self, key: str, code: str, email: RenderedEmail) -> bool:
        """Whether a link with this code opens the email.

        Without a public archive, a token alone opens no other edition of its subscriber. Emails of earlier versions
        have links without a code.
        """
        if self.has_public_archive or self.context.signer.is_signed_link(VIEW, key, code):
            return True
        plain = f"/view/{quote(key, safe='')}/{PLACEHOLDERS['view']}"
        return not code and plain in f"{email.html}{email.text}"

    def archive_token(self, request: Request, id: int) -> str:
        """Return the token that opens the archive in a browser that is known as the subscriber's; '' in others."""
        subscriber = self.context.subscriber(id) if self.opens_archive else None
        if subscriber is None or not is_known_browser(self.context, request, subscriber):
            return ""
        return self.context.signer.sign(READ, id)

    def response(
        self, request: Request, email: RenderedEmail, here: str, *, remote: bool, read: str = "", public: str = ""
    ) -> HTMLResponse:
        """Respond with the email as a page. Without `remote`, images from other sites are left out.

        `read` is the token that opens an archive for subscribers, `public` the path of the edition's public page.
        """
        pages = self.context.pages
        language = pages.language(request)
        catalogue = pages.catalogue(request)
        hidden = dict.fromkeys(PLACEHOLDERS.values(), catalogue.gettext("(address not shown)"))
        if not email.html:
            text = _PERSONAL_URL.sub("(" + catalogue.gettext("only in your email") + ")", email.text)
            text = substitute(text, hidden)
            return pages.response(
                request, "text.html.j2", here, title=email.subject, text=text, read=read, personal=False
            )
        logo = pages.branding.theme.logo
        html = _PERSONAL_LINK.sub(_link_within_page, email.html)
        complete = _as_page(substitute(html, hidden), pages.root, pages.base)
        page = complete if remote else without_remote_images(complete, logo)
        if page != complete:
            bar = pages.render("bar.html.j2", language, here=here)
            page = _BODY.sub(lambda body: body[0] + bar, page, count=1)
        note = pages.render("note.html.j2", language, read=read, public=public, personal=False)
        page = _BODY_END.sub(lambda end: note + end[0], page, count=1)
        return HTMLResponse(page, headers={"content-security-policy": _policy(logo=logo, remote=remote)})


def router(viewer: EmailViewer, images: ImageStore) -> APIRouter:
    """Serve `/view/EDITION/CODE/TOKEN`, `/view/EDITION/TOKEN` and `/picture/CID`."""
    context = viewer.context
    pages = context.pages
    routes = APIRouter(tags=["view"], responses=PAGE_RESPONSES)

    @routes.get(
        "/view/{edition}/{edition_code}/{token}",
        response_class=HTMLResponse,
        summary="The email that a subscriber got, without anything personal",
        dependencies=[Depends(language_parameter)],
    )
    def view(
        request: Request, edition: str, edition_code: str, token: str, show_images: RemoteImages = False
    ) -> HTMLResponse:
        id = context.require_id(request, VIEW, token)
        email = viewer.find(edition, id)
        if email is None or not viewer.may_see(edition, edition_code, email):
            return pages.error(request, 404, pages.catalogue(request).gettext("There is no such edition"))
        here = "/".join(filter(None, (f"/view/{quote(edition, safe='')}", edition_code, token)))
        read = viewer.archive_token(request, id)
        public = edition_path(edition) if viewer.is_public(edition) else ""
        return viewer.response(request, email, here, remote=show_images, read=read, public=public)

    @routes.get(
        "/view/{edition}/{token}",
        response_class=HTMLResponse,
        summary="The same, by the links of a public archive and of earlier versions",
        dependencies=[Depends(language_parameter)],
    )
    def view_without_code(
        request: Request, edition: str, token: str, show_images: RemoteImages = False
    ) -> HTMLResponse:
        return view(request, edition, "", token, show_images)

    @routes.get(
        "/picture/{cid}",
        response_class=Response,
        summary="An inline image of an email",
        responses={200: {"content": {"image/png": {}, "image/jpeg": {}, "image/gif": {}, "image/webp": {}}}},
    )
    def image(
        request: Request,
        cid: Annotated[str, Path(pattern=_CID)],
        at: Annotated[str, Query(description="`page`: with fewer bytes, in a format that mail programs lack")] = "",
    ) -> Response:
        found = images.load([cid]).get(cid)
        if found is None:
            return pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here"))
        if f"at={at}" == ON_PAGE:
            found = for_screen(found, found.width)
        # The Content-ID is a hash of the content, so the image never changes.
        # Webmail shows it on a page of another site.
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "cross-origin-resource-policy": "cross-origin",
        }
        return Response(found.data, media_type=found.type, headers=headers)

    return routes


def _policy(*, logo: str | None, remote: bool) -> str:
    """Return the Content-Security-Policy of an email: it needs inline styles, and nothing else beyond our pages."""
    images = "https:" if remote else html.escape(logo or "", quote=True).replace(";", "%3B").replace(",", "%2C")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' {images}; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _as_page(email: str, root: str, base: str) -> str:
    """Return the HTML of an email as a page: inline images get URLs, and the email's article becomes the main
    landmark.
    """
    for cid in content_ids([RenderedEmail("", "", email, "")]):
        email = email.replace(f'"cid:{cid}"', f'"{root}/picture/{cid}"')
    # Images that the email loads from our pages come from the same path here, whatever the host.
    email = with_page_pictures(email.replace(f'src="{base}/picture/', f'src="{root}/picture/'))
    email = _HEAD_END.sub(_RING + "</head>", email, count=1)
    return email.replace('role="article"', 'role="main"', 1).replace(' aria-roledescription="email"', "", 1)


def _link_within_page(link: re.Match[str]) -> str:
    """Replace a personal link: "view in browser" links to this page, the others lead to the note."""
    return 'href="#"' if f"/{PLACEHOLDERS['view']}" in link[0] and "/view/" in link[0] else f'href="#{_NOTE}"'


def without_remote_images(page: str, logo: str | None) -> str:
    """Remove images by which other sites would learn of the visit. The newsletter's own logo stays."""

    def keep_or_drop(image: re.Match[str]) -> str:
        source = _SOURCE.search(image[0])
        return "" if source and html.unescape(source[1]) != logo else image[0]

    return _IMG.sub(keep_or_drop, page)
