"""An edition once more, to one reader who asks for it. Not a delivery: it is an extra letter, outside the ledger, that
leaves every promise of the ledger as it is, and it is rationed.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Literal

from digest.deliver.message import Outgoing, carried, cids, recipient
from digest.models import RenderedEmail
from digest.render.variants import variant_for
from digest.store.rate_limits import Quota
from digest.store.wishes import Reader
from digest.web.room import Room

Told = Literal["sent", "coming", "often", "none"]


def send_again(room: Room, reader: Reader) -> Told:
    """`sent`; `coming` when their own copy has not gone yet; `often` when they have had it three times today or a few
    minutes ago; `none` when there is no edition for them, or no mail may go to them."""
    app = room.app
    newest = room.published.newest(1, room.now())
    if not newest or reader.suppressed or not reader.listed:
        return "none"
    key = newest[0].key
    place = room.published.place(key, reader.id)
    if place and place.state in ("pending", "submitting"):
        return "coming"
    letter = letter_of(room, key, reader, place.variant if place else "")
    if letter is None:
        return "none"
    who = f"again:{reader.id}"
    rations = [Quota(who, 3, timedelta(days=1)), Quota(who, 1, timedelta(minutes=5))]
    if not room.quotas.take(rations, room.now()):
        return "often"
    pictures = carried(letter, app.articles.pictures.held(cids([letter])))
    name = f"{key}-again-{secrets.token_hex(4)}"  # a Message-ID of its own: one that repeats may be hidden
    to = recipient(reader.id, reader.email, app.sender, app.signer.letters)
    taken = room.post.send(Outgoing(name, "again", "again", letter, app.sender, (to,), pictures))
    return "sent" if taken else "often"


def letter_of(room: Room, key: str, reader: Reader | None, variant: str = "") -> RenderedEmail | None:
    """The letter that a reader has of a sent edition; else the one that they would have by their wishes; else the one
    of everything. None when no letter of it is kept."""
    letters = room.app.editions.letters(key)
    edition = room.app.editions.get(key)
    if variant not in letters and reader is not None and edition is not None:
        variant = variant_for(edition, reader.topics, reader.format).key
    return letters.get(variant) or letters.get("html") or letters.get("text")
