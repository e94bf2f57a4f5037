"""The two mails of a sign-up: the link that confirms, and a reminder to who is a reader already. No news in them."""

from __future__ import annotations

import secrets
from dataclasses import replace

from digest.deliver.message import Outgoing, Recipient, recipient
from digest.messages import translator
from digest.models import RenderedEmail
from digest.store.wishes import Reader
from digest.web.room import NOBODY, Room


def confirmation(room: Room, number: int, email: str, token: str, language: str) -> Outgoing:
    """To an address that somebody typed: it is no reader's yet, so no link leads to wishes."""
    name = room.app.settings.newsletter.name
    subject = translator(language).gettext("Confirm: you want to get %(name)s") % {"name": name}
    sender = replace(room.app.sender, base_url="")  # who leaves does so by mail
    to = recipient(NOBODY, email, sender, room.app.signer.letters)
    link = room.pages.base + room.pages.path(f"/confirm/{token}", language).removeprefix(room.pages.root)
    # Its own id: a Message-ID is made of it, and a mail with one that repeats may be hidden.
    return _mail(room, to._replace(id=number), subject, language, kind="confirm", link=link)


def reminder(room: Room, reader: Reader, language: str) -> Outgoing:
    """To a reader whose address was typed once more."""
    subject = translator(language).gettext("You get %(name)s already") % {"name": room.app.settings.newsletter.name}
    place = f"/preferences/{room.app.signer.sign('preferences', reader.id)}"
    link = room.pages.base + room.pages.path(place, language).removeprefix(room.pages.root)
    to = recipient(reader.id, reader.email, room.app.sender, room.app.signer.letters)
    own = to._replace(id=secrets.randbits(62))  # a mail of its own each time: receivers hide what repeats a Message-ID
    return _mail(room, own, subject, language, kind="known", link=link)


def _mail(room: Room, to: Recipient, subject: str, language: str, *, kind: str, link: str) -> Outgoing:
    values = {"subject": subject, "kind": kind, "link": link}
    html = room.pages.fill("mail.html.j2", language, **values)
    text = room.pages.fill("mail.txt.j2", language, **values)
    return Outgoing("join", "join", "join", RenderedEmail("html", subject, html, text), to.sender, (to,))
