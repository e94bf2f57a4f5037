"""Content for sharing an edition: a card with its headline, and a text for a WhatsApp Channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.deliver.telegram.client import MAX_MESSAGE, compose
from digest.hindi import dates
from digest.i18n import translator
from digest.models import Edition
from digest.render import texts

if TYPE_CHECKING:
    from digest.render.themes import Branding
    from digest.store.content.archive import ArchivedEdition
    from digest.store.content.articles import ImageStore

# Headlines below the first one. Channels show about ten lines.
_HEADLINES = 4
_CID = "cid:"


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
    tail = f"{catalogue.gettext('The whole edition:')} {base}/archive/{quote(edition.key, safe='')}"
    if branding.signup:
        tail += f"\n{catalogue.gettext('Get it by email:')} {base}/join"
    text = compose(head, title, points, tail, limit)
    return texts.devanagari_digits_in_text(text) if branding.theme.digits == "deva" else text


def _plain(text: str) -> str:
    """Remove the marks by which WhatsApp formats text, such as bold and italics."""
    return text.translate({ord(mark): None for mark in "*_~`"})
