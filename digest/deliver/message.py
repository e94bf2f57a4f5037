"""What a transport is handed: one letter, its common headers, and the readers with what is personal to each.

Data and pure functions from data to data; knows neither MIME nor a provider's JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape
from itertools import repeat
from typing import NamedTuple
from urllib.parse import quote

from digest.models import PLACEHOLDERS, InlineImage, RenderedEmail

_TAG = re.compile("|".join(re.escape(tag) for tag in PLACEHOLDERS.values()))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_CID = re.compile(r"""src=["']cid:([^"'\s<>]{1,200})["']""")
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?A-~]+\Z")


@dataclass(frozen=True, slots=True)
class Sender:
    """The letter's From, Reply-To and list identity, as the settings have them."""

    name: str
    email: str
    reply_to: str
    list_name: str
    base_url: str

    @property
    def list_id(self) -> str:
        """A stable ASCII identifier for List-Id (RFC 2919): `digest.` and the sender's domain."""
        return "digest." + self.email.rpartition("@")[2].encode("idna").decode("ascii")


Tokens = tuple[str, str, str]
"""One reader's signed words, each URL-safe ASCII: to leave, for the preferences, to view."""

Sign = Callable[[Sequence[int]], Iterable[Tokens]]
"""Signs for these readers, in their order."""


class Recipient(NamedTuple):
    """One reader of a batch: no more than a transport can't work out for itself, as there may be a million."""

    id: int
    email: str
    sender: Sender
    leave: str
    preferences: str
    view: str

    @property
    def values(self) -> dict[str, str]:
        """Each placeholder tag of the letter → what stands there for this reader."""
        return {
            PLACEHOLDERS["email_html"]: escape(self.email),
            PLACEHOLDERS["email_text"]: self.email,
            PLACEHOLDERS["unsubscribe"]: self.leave,
            PLACEHOLDERS["preferences"]: self.preferences,
            PLACEHOLDERS["view"]: self.view,
        }

    @property
    def unsubscribe(self) -> tuple[str, ...]:
        """URIs for List-Unsubscribe: one https where reader pages exist, and a mailto (RFC 2369, RFC 8058)."""
        return tuple([start + self.leave for start in unsubscribe_uri_prefixes(self.sender)])


@lru_cache(maxsize=16)
def unsubscribe_uri_prefixes(sender: Sender) -> tuple[str, ...]:
    """What stands before the token in each URI by which a reader of this sender leaves."""
    mailto = f"mailto:{quote(sender.reply_to or sender.email, safe='@+')}?subject=unsubscribe%20"
    return (f"{sender.base_url}/leave/", mailto) if sender.base_url.startswith("https://") else (mailto,)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One batch on its way out. `edition`, `delivery` and `attempt` are opaque ids that come back in events."""

    edition: str
    batch: str
    attempt: str
    letter: RenderedEmail
    sender: Sender
    recipients: Sequence[Recipient]
    pictures: tuple[InlineImage, ...] = ()
    """Those that the letter's HTML shows by `cid:`, each once (`inline_images`)."""
    schedule_id: str = ""
    """The provider's id under which this attempt can be recalled until shortly before `send_at`; '' without one."""
    send_at: int = 0
    """When the provider is to let it go, in Unix seconds; 0: at once."""


def content_ids(letters: Iterable[RenderedEmail]) -> tuple[str, ...]:
    """The Content-IDs of the pictures that these letters show, each once, in the order of the letters."""
    return tuple(dict.fromkeys(cid for letter in letters for cid in _content_ids(letter.html)))


@lru_cache(maxsize=16)
def _content_ids(html: str) -> tuple[str, ...]:
    """Looked for once a letter, not once a batch."""
    return tuple(_CID.findall(html))


def inline_images(letter: RenderedEmail, pictures: Mapping[str, InlineImage]) -> tuple[InlineImage, ...]:
    """The pictures that must travel with this letter, in the order in which it shows them."""
    return tuple(pictures[cid] for cid in content_ids([letter]) if cid in pictures)


def substitute(text: str, values: Mapping[str, str]) -> str:
    """`text` with every placeholder replaced in one pass, so that a value that looks like a tag stays as it is."""
    return _TAG.sub(lambda match: values[match[0]], text)


def recipients(readers: Sequence[tuple[int, str]], sender: Sender, token: Sign) -> tuple[Recipient, ...]:
    """(id, email) of each reader with what is personal to them."""
    if not readers:
        return ()
    ids, emails = zip(*readers, strict=True)
    columns = zip(ids, emails, repeat(sender, len(ids)), *zip(*token(ids), strict=True), strict=True)
    return tuple(map(partial(tuple.__new__, Recipient), columns))  # what a constructor does, in a quarter of the time


def recipient(id: int, email: str, sender: Sender, token: Sign) -> Recipient:
    """One reader, as `recipients`."""
    return recipients([(id, email)], sender, token)[0]


def split_placeholders(text: str) -> list[tuple[str, str]]:
    """`text` as (placeholder's tag, text that follows it) in order; the first tag is '' for the text before any."""
    found = _TAG.split(text), _TAG.findall(text)
    return list(zip(("", *found[1]), found[0], strict=True))


def invalid_recipients(readers: Iterable[Recipient]) -> dict[int, str]:
    """Readers whose address can stand in no header and no envelope, with the sentence. The list lets none through."""
    said = "the address holds characters that no mail can carry"
    return {reader.id: said for reader in readers if not _ADDRESS.match(reader.email)}


def list_headers(reader: Recipient) -> dict[str, str]:
    """List-Unsubscribe and, where one click can work, its -Post companion (RFC 8058 section 3.1)."""
    uris = reader.unsubscribe
    headers = {"List-Unsubscribe": ", ".join([f"<{uri}>" for uri in uris])}
    if uris[0].startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def one_line(text: str) -> str:
    """Header text without control characters: nothing can start a header of its own."""
    return _CONTROL.sub(" ", text).strip()
