"""Post an edition in the newsletter's Telegram channel, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.deliver.telegram.client import MAX_CAPTION, MAX_MESSAGE, MaybePosted, NotPosted, Posted
from digest.errors import DigestError
from digest.store.sending.channel_posts import ChannelPost, PostState
from digest.usecases.share import channel_text

if TYPE_CHECKING:
    from digest.deliver.telegram.client import TelegramClient
    from digest.render.themes import Branding
    from digest.store.content.archive import ArchiveStore
    from digest.store.content.editions import EditionStore
    from digest.store.high_water import HighWater
    from digest.store.sending.channel_posts import ChannelPosts
    from digest.usecases.share import Cards

# How many of the newest editions `digest run` checks, and their maximum age: a late post would confuse.
_NEWEST, _LATEST = 5, timedelta(hours=12)
# How long a refused or failed post waits for the next try of `digest run`.
_PAUSE = timedelta(minutes=5)


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
            raise DigestError(f"Edition {key}: the record of its post is gone.")
        return done

    def post_due(self) -> list[ChannelPost]:
        """Post recently sent editions that are not in the channel. Returns the attempts."""
        now = self.now()
        tried = []
        for each in self.archive.newest(now, most=_NEWEST):
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
