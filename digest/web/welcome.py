"""The email that welcomes a new subscriber: the newest edition as it was sent, below a few words."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from digest.i18n import translator
from digest.mail.message import Outgoing, Sender, content_ids, inline_images, recipient
from digest.models import RenderedEmail
from digest.render.size_budget import CLIPPED, PERSONAL_BYTES, measure
from digest.store.content.articles import ImageStore
from digest.store.content.editions import EditionStore, Published
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.tokens import TokenSigner
from digest.web.editions import LatestEdition
from digest.web.pages import Pages
from digest.web.resend import find_email

_STYLE = re.compile(r"<style\b.*</style>\n?", re.DOTALL)
_BODY = re.compile(r"<body\b[^>]*>")
_BODY_END = "</body>"
_HEAD_END = "</head>"


@dataclass(frozen=True)
class WelcomeEmails:
    """Builds the welcome. `topics` are those that a subscriber may choose."""

    pages: Pages
    sender: Sender
    signer: TokenSigner
    latest: LatestEdition
    editions: EditionStore
    images: ImageStore
    topics: Collection[str]

    def newest(self, subscriber: StoredSubscriber) -> Published | None:
        """Return the edition to send; None before the first one of the schedule."""
        found = self.latest.of(subscriber)
        # Only those of the schedule have a number.
        return found if found is not None and found.number else None

    def build(
        self, subscriber: StoredSubscriber, newest: Published, language: str, next_due: datetime | None
    ) -> Outgoing | None:
        """Return the email; None if the edition's own emails are no longer stored.

        The edition is left out if Gmail would cut the email. Its page is linked instead, if it has a public one.
        """
        letter = find_email(self.editions, newest.key, subscriber, choosable=self.topics)
        if letter is None:
            return None
        email = self._with_letter(subscriber, newest, language, next_due, letter)
        if measure(email).quoted_printable > CLIPPED - PERSONAL_BYTES:
            email = self._with_letter(subscriber, newest, language, next_due, None)
        to = recipient(subscriber.id, subscriber.email, self.sender, self.signer.sign_email)
        images = inline_images(email, self.images.load(content_ids([email])))
        # The Message-ID derives from the recipient's id. A mailbox may hide a message whose Message-ID repeats.
        to = to._replace(id=secrets.randbits(62))
        return Outgoing("join", "join", "join", email, self.sender, (to,), images)

    def _with_letter(
        self,
        subscriber: StoredSubscriber,
        newest: Published,
        language: str,
        next_due: datetime | None,
        letter: RenderedEmail | None,
    ) -> RenderedEmail:
        token = self.signer.sign("preferences", subscriber.id)
        public = self.pages.branding.archive
        values = {
            "subject": translator(language).gettext("Welcome to %(name)s") % {"name": self.pages.branding.name},
            "newest": newest,
            "with_letter": letter is not None,
            "next_due": next_due,
            "edition_link": self.pages.absolute_url(f"/archive/{newest.key}", language) if public else "",
            "link": self.pages.absolute_url(f"/preferences/{token}", language),
            "leave_link": self.pages.absolute_url(f"/leave/{token}", language),
        }
        html = self.pages.render("welcome.html.j2", language, **values)
        text = self.pages.render("welcome.txt.j2", language, **values)
        subject = str(values["subject"])
        if letter is None:
            return RenderedEmail("html", subject, html, text)
        return replace(letter, subject=subject, html=_above(html, letter.html), text=f"{text}\n{letter.text}")


def _above(welcome: str, letter: str) -> str:
    """Return a letter with the content of another page above its own."""
    style = _STYLE.search(welcome)
    start = _BODY.search(welcome)
    content = welcome[start.end() : welcome.rindex(_BODY_END)] if start else ""
    with_style = letter.replace(_HEAD_END, f"{style[0] if style else ''}{_HEAD_END}", 1)
    return _BODY.sub(lambda body: body[0] + content, with_style, count=1)
