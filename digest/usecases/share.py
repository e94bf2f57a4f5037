"""Share an edition: a card with its headline, a text for a WhatsApp Channel, one post in the Telegram channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.deliver.telegram import MAX_CAPTION, MAX_MESSAGE, MaybePosted, NotPosted, Posted, fit_text
from digest.errors import DigestError
from digest.hindi import dates
from digest.i18n import translator
from digest.models import Edition
from digest.render import texts
from digest.store.sending.channel_posts import ChannelPost, PostState

if TYPE_CHECKING:
    from digest.deliver.telegram import TelegramClient
    from digest.render.themes import Branding
    from digest.store.content.archive import ArchivedEdition, ArchiveStore
    from digest.store.content.articles import ImageStore
    from digest.store.content.editions import EditionStore
    from digest.store.high_water import HighWater
    from digest.store.sending.channel_posts import ChannelPosts

# Headlines below the first one. Channels show about ten lines.
_HEADLINES = 4
_CID = "cid:"
# How many of the newest editions `digest run` checks, and their maximum age: a late post would confuse.
_NEWEST, _LATEST = 5, timedelta(hours=12)
# How long a refused or failed post waits for the next try of `digest run`.
_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class Cards:
    """Draws the picture for link previews and for sharing."""

    images: ImageStore
    branding: Branding

    def can_draw(self, title: str) -> bool:
        """Whether this machine can draw the title, and the font has its letters."""
        from digest.render import card

        return card.can_shape() and card.can_draw(f"{title}{self.branding.name}")

    def draw(self, title: str, day: date, picture: str) -> bytes:
        """Return the card as JPEG. `picture` is an image of the store; others are left out."""
        from digest.render import card

        cid = picture.removeprefix(_CID) if picture.startswith(_CID) else ""
        stored = self.images.load([cid]).get(cid) if cid else None
        shown = dates.day(day, self.branding.language)
        theme = self.branding.theme
        if theme.digits == "deva":
            title, shown = texts.devanagari_digits_in_text(title), texts.devanagari_digits_in_text(shown)
        return card.draw(title, self.branding.name, shown, theme.light, stored.data if stored else None)


def channel_text(
    edition: Edition,
    found: ArchivedEdition,
    branding: Branding,
    base: str,
    *,
    bold: str = "*",
    limit: int = MAX_MESSAGE,
) -> str:
    """Return the text of an edition for a channel, with at most `limit` UTF-16 code units.

    Asterisks make bold in WhatsApp. If space is short, headlines are left out, never the link.
    """
    catalogue = translator(branding.language)
    head = f"{bold}{_plain(branding.name)}{bold} · {dates.day(edition.day, branding.language)}"
    title = f"{bold}{_plain(found.title)}{bold}"
    others = [story for story in edition.stories() if texts.one_line(story.title) != found.title]
    first = {section.stories[0].id for section in edition.sections if section.stories}
    # The first of each section, then the best.
    others.sort(key=lambda story: (story.id not in first, -story.score))
    points = [f"• {_plain(texts.one_line(story.title))}" for story in others[:_HEADLINES]]
    tail = catalogue.gettext("The whole edition:") + f" {base}/archive/{quote(edition.key, safe='')}"
    if branding.signup:
        tail += "\n" + catalogue.gettext("Get it by email:") + f" {base}/join"
    text = fit_text(head, title, points, tail, limit)
    return texts.devanagari_digits_in_text(text) if branding.theme.digits == "deva" else text


def _plain(text: str) -> str:
    """Remove the marks by which WhatsApp formats text, such as bold and italics."""
    return text.translate({ord(mark): None for mark in "*_~`"})


@dataclass(frozen=True)
class ChannelPoster:
    """Posts editions of the public archive. `client` is only built when there is something to post."""

    channel: str
    client: Callable[[], TelegramClient]
    posts: ChannelPosts
    editions: EditionStore
    archive: ArchiveStore
    cards: Cards
    branding: Branding
    base: str
    with_card: bool
    high_water: HighWater
    now: Callable[[], datetime]

    def post(self, key: str, *, at_once: bool = False) -> ChannelPost:
        """Post the edition unless the channel has it, or may have it.

        Returns the post's state in the ledger. After a failure some minutes must pass, except with `at_once`.

        Raises DigestError for an edition that cannot be shared, and StoreError for an older copy of the store.
        """
        edition, page = self.editions.get(key), self.archive.page(key, self.now())
        if edition is None or page is None:
            raise DigestError(f"Edition {key} is not in the archive. It can be shared once it is sent.")
        card = self.cards.draw(page.title, page.day, page.picture) if self._draws(page.title) else None
        limit = MAX_CAPTION if card else MAX_MESSAGE
        text = channel_text(edition, page, self.branding, self.base, bold="", limit=limit)
        client = self.client()
        self.high_water.check()
        try:
            if held := self.posts.claim(key, self.channel, now=self.now(), at_once=at_once):
                return held
            outcome = client.post(self.channel, text, card)
        finally:
            client.close()
        now = self.now()
        match outcome:
            case Posted(message):
                self.posts.settle(key, self.channel, PostState.POSTED, now=now, message=message)
            case NotPosted(detail, after):
                wait = now + max(timedelta(seconds=after or 0), _PAUSE)
                self.posts.settle(key, self.channel, PostState.NOT_SENT, now=now, detail=detail, not_before=wait)
            case MaybePosted(detail):
                self.posts.settle(key, self.channel, PostState.UNKNOWN, now=now, detail=detail)
            case _:
                wait = now + _PAUSE
                self.posts.settle(key, self.channel, PostState.REFUSED, now=now, detail=outcome.detail, not_before=wait)
        done = self.posts.get(key, self.channel)
        if done is None:
            raise DigestError(
                f"Edition {key}: the record of its post is gone; look at the channel before you post again."
            )
        return done

    def post_due(self) -> list[ChannelPost]:
        """Post recently sent editions that are not in the channel. Returns the attempts."""
        now = self.now()
        tried = []
        for each in self.archive.newest(now, limit=_NEWEST):
            frozen_at = self.editions.frozen_at(each.key)
            if frozen_at is None or now - frozen_at > _LATEST:
                continue
            known = self.posts.get(each.key, self.channel)
            waits = known is not None and known.not_before is not None and known.not_before > now
            if waits or (known is not None and known.state in (PostState.POSTED, PostState.UNKNOWN)):
                continue
            tried.append(self.post(each.key))
        return tried

    def _draws(self, title: str) -> bool:
        return self.with_card and self.cards.can_draw(title)
