"""Send a test of an edition to a few addresses. Its links let the recipients decide on the edition."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from digest.deliver.direct import send_direct
from digest.errors import DigestError
from digest.i18n import translator
from digest.mail.message import Outgoing, content_ids, inline_images, recipient
from digest.messages import Message
from digest.models import WAITING_STATES, Edition, Variant
from digest.render.context import DeskLink
from digest.store import meta
from digest.usecases.accounts import hash_token
from digest.usecases.approval import revision

if TYPE_CHECKING:
    from digest.deliver.ports import Transport
    from digest.mail.message import Sender, Sign
    from digest.render.renderer import Renderer
    from digest.store.content.articles import ImageStore
    from digest.store.database import Database
    from digest.store.desk.links import DecisionLink, LinkStore

# An edition is decided on within a day.
LINK_LASTS = timedelta(hours=48)


class LinkAct(StrEnum):
    """What a link in a test email does."""

    APPROVE = "approve"
    HOLD = "hold"


@dataclass(frozen=True)
class DraftMailer:
    """Mails tests. The ledger does not record them; the store remembers when the last one was sent."""

    database: Database
    renderer: Renderer
    images: ImageStore
    links: LinkStore
    sender: Sender
    sign: Sign
    transport: Callable[[], Transport]
    # The address of the desk; None if it is turned off or has none.
    desk_url: str | None
    language: str
    now: Callable[[], datetime]

    def send(self, edition: Edition, addresses: Sequence[str]) -> list[str]:
        """Send the edition, marked as a test, to these addresses only.

        Returns a sentence for each address that it was not handed over for. Raises DigestError for an edition without
        a story.
        """
        email = self.renderer.render(
            edition, Variant("html"), now=self.now(), test=True, desk=self._desk_links(edition) if addresses else ()
        )
        if email is None:
            raise DigestError(Message("Edition %(name)s has no story to show.", name=edition.key))
        # Signed for subscriber 0, who does not exist: the links of a test open pages but change nobody's preferences.
        recipients = [recipient(0, address, self.sender, self.sign) for address in addresses]
        images = inline_images(email, self.images.load(content_ids([email])))
        outgoing = [
            Outgoing(f"{edition.key}-test", "test", "test", email, self.sender, (to,), images) for to in recipients
        ]
        transport = self.transport()
        problems = send_direct(transport, outgoing)
        if sent := len(outgoing) - len(problems):
            meta.save_test_send(self.database, meta.SentTest(self.now(), sent, transport.name))
        return problems

    def link(self, token: str) -> DecisionLink | None:
        """Return a link, used or not; None if it is unknown or too old."""
        return self.links.get(hash_token(token), self.now())

    def use(self, token: str, by: str) -> bool:
        """Record that a link was used. False if it was used before."""
        return self.links.use(hash_token(token), by, self.now())

    def _desk_links(self, edition: Edition) -> list[DeskLink]:
        if not self.desk_url:
            return []
        _ = translator(self.language).gettext
        here = f"{self.desk_url}/edition/{edition.key}"
        found = []
        if edition.state in WAITING_STATES:
            labels = {LinkAct.APPROVE: _("Approve"), LinkAct.HOLD: _("Hold")}
            found = [DeskLink(label, f"{here}/decide/{self.make_link(edition, act)}") for act, label in labels.items()]
        return [*found, DeskLink(_("Open the desk"), here)]

    def make_link(self, edition: Edition, act: LinkAct) -> str:
        """Return the token of a new link, which works once for the edition as it is now."""
        token, now = secrets.token_urlsafe(24), self.now()
        self.links.add(hash_token(token), edition.key, revision(edition), act, now=now, expires_at=now + LINK_LASTS)
        return token
