"""The data that stages hand to each other: articles, stories, editions, letters, readers.

Stands under all stages and imports none of them. Holds shapes, no rule and no I/O. Every datetime is aware.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal, get_args

PLACEHOLDERS = {
    "email_html": "-DGX_EMAIL_H-",
    "email_text": "-DGX_EMAIL_T-",
    "unsubscribe": "-DGX_LEAVE-",
    "preferences": "-DGX_PREFS-",
    "view": "-DGX_VIEW-",
}
"""What is personal in a letter: name → the tag that stands for it until delivery puts the value in.

`email_html` is the address escaped for HTML, `email_text` as it is; the other three are URL-safe tokens that
stand at the end of a URL. ASCII without spaces or `<>&`, as SendGrid's substitutions ask, and untouched by
premailer in text and in `href`.
"""

Frequency = Literal[
    "daily", "weekdays",
    "weekly:mon", "weekly:tue", "weekly:wed", "weekly:thu", "weekly:fri", "weekly:sat", "weekly:sun",
]  # fmt: skip
"""On which days a subscriber gets the newsletter."""

FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)


class EditionState(StrEnum):
    """State of an edition::

    draft → approved → (frozen →) sending → done
    draft | approved | frozen | sending → paused → approved | sending
    draft | approved | frozen | sending | paused → cancelled
    draft | approved | frozen → expired
    approved → draft                     `digest edition reopen`
    skipped ↔ draft                      composing again finds stories, or none
    done → sending                       a new subscriber gets a place
    done → paused | cancelled            while a provider holds letters for later
    """

    DRAFT = "draft"
    APPROVED = "approved"
    FROZEN = "frozen"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    # Composed without enough stories; nothing to send.
    SKIPPED = "skipped"


class BatchState(StrEnum):
    """State of a batch::

    pending → submitting → accepted | unknown | empty
    submitting → pending                 certainly not sent
    unknown → pending                    cancelled at the provider, or resent by an operator
    unknown → accepted                   proved by an event or the provider's log, or by an operator
    accepted → unknown                   being cancelled, because the edition is stopped
    pending → unknown                    its only transport can no longer resend it safely
    pending → accepted                   the provider shows an attempt that an operator had given up
    pending → empty                      given up as too old
    """

    PENDING = "pending"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    # Everyone in it was excluded, rejected or moved to other batches.
    EMPTY = "empty"


class AttemptState(StrEnum):
    """State of an attempt to hand over a batch. It ends as its outcome says, and unknown ones go on::

    submitting → accepted | rejected | halved | not_sent | redo | unknown | mixed
    submitting | unknown | decided → proved
    unknown | accepted → recalling → recalled
    redo → unknown
    unknown | recalling | redo → decided
    """

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    HALVED = "halved"
    NOT_SENT = "not_sent"
    # May have been sent; the same transport sends it again without harm.
    REDO = "redo"
    UNKNOWN = "unknown"
    # Recipients have outcomes of their own.
    MIXED = "mixed"
    # The provider is asked to cancel it, and has confirmed that.
    RECALLING = "recalling"
    RECALLED = "recalled"
    # The provider showed that it took it.
    PROVED = "proved"
    # An operator said that it reached nobody.
    DECIDED = "decided"


class DeliveryOutcome(StrEnum):
    """Outcome of one delivery that differs from its batch's state; None otherwise. `excluded` may get a place again,
    `rejected` is final."""

    EXCLUDED = "excluded"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class SourceAuth:
    """How a source is asked with a key: the variable `env` holds it, and it goes into the HTTP header or the query
    parameter named (one of the two). Never holds the key itself."""

    env: str
    header: str = ""
    param: str = ""


@dataclass(frozen=True, slots=True)
class JsonMapping:
    """Where an API's JSON has what: a path for each field within an item ('' for none), `items` within the document.

    The paths' syntax is collect.jsonpath's. `preset` names the row that fills the fields left empty. `publisher` is
    the paper that an item is of, which stands behind its title. `utc`: dates that name no zone are UTC, else Indian.
    """

    preset: str = ""
    items: str = ""
    title: str = ""
    url: str = ""
    published: str = ""
    updated: str = ""
    body: str = ""
    excerpt: str = ""
    image: str = ""
    author: str = ""
    categories: str = ""
    language: str = ""
    guid: str = ""
    section: str = ""
    publisher: str = ""
    utc: bool = False


class FulltextMode(StrEnum):
    """Which articles' web pages are fetched, when the feed has only an excerpt of them."""

    # All of them, while collecting.
    ALWAYS = "always"
    NEVER = "never"
    # Those of stories that an edition would include, while composing it.
    SELECTED = "selected"

    @classmethod
    def from_setting(cls, value: bool | None) -> FulltextMode:
        """Convert the value of `sources[].fulltext`: true, false, or left out."""
        if value is None:
            return cls.SELECTED
        return cls.ALWAYS if value else cls.NEVER


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a document by `url`, or a file or folder by `path` (exactly one of the two).

    `links` is the CSS selector of the links on a listing page, `mapping` the layout of an API's JSON.
    """

    name: str
    url: str = ""
    path: str = ""
    weight: float = 1.0
    section: str = ""
    replay: bool = False
    allow_private: bool = False
    fulltext: FulltextMode = FulltextMode.SELECTED
    links: str = ""
    mapping: JsonMapping | None = None
    auth: SourceAuth | None = None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source has been doing. `failures` counts the fetches that failed in a row; `last_good` is the last that
    did not, `last_new` the last that brought an article that was not known; `not_before` when it may be asked again
    (Retry-After); `moved_to` the address that it has moved to for good.
    """

    name: str
    url: str = ""
    last_good: datetime | None = None
    last_new: datetime | None = None
    failures: int = 0
    last_error: str = ""
    not_before: datetime | None = None
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of an article's body: a paragraph (`p`) or a sub-heading (`h`). Plain text, repaired, no markup."""

    kind: Literal["p", "h"]
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by absolute URL; pixels where known; `alt` is plain text and may be empty.

    `cid:…` is the URL of one that lay beside its article as a file and travels inside the mail (an InlineImage).
    """

    url: str
    width: int | None = None
    height: int | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class InlineImage:
    """A picture of our own, with its bytes. `cid` is its Content-ID without brackets (RFC 2392) and says what it
    holds: one picture has one for ever. `type` is image/png, image/jpeg or image/gif; sides in pixels."""

    cid: str
    type: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Article:
    """One cleaned item of one source. All text is plain, NFC, safe to show after escaping.

    `published` is the source's own date, or the moment it was first seen when `dated` is false.
    `kicker` is what was taken off the title's front; `place` what was taken off the lead as its dateline.
    """

    id: str
    source: str
    title: str
    published: datetime
    url: str = ""
    guid: str = ""
    kicker: str = ""
    dated: bool = True
    updated: datetime | None = None
    author: str = ""
    image: Image | None = None
    categories: tuple[str, ...] = ()
    section: str = ""
    language: str = "hi"
    excerpt: str = ""
    body: tuple[Block, ...] = ()
    place: str = ""
    warnings: tuple[str, ...] = ()
    content_hash: str = ""

    @property
    def text(self) -> str:
        """The paragraphs without sub-headings, one per line; the excerpt when there is no body."""
        return "\n".join(block.text for block in self.body if block.kind == "p") or self.excerpt


@dataclass(frozen=True, slots=True)
class Story:
    """The articles that tell the same event. `sources` are names, lead's first; `articles` their URLs.

    `reasons` say, in operator's English, why it stands where it stands; `label` is a message id or ''.
    """

    id: str
    title: str
    summary: str
    url: str
    published: datetime
    dated: bool
    sources: tuple[str, ...]
    articles: tuple[str, ...]
    article_ids: tuple[str, ...]
    section: str
    image: Image | None = None
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    label: str = ""
    language: str = "hi"


@dataclass(frozen=True, slots=True)
class Section:
    """A named run of stories, in the order in which they are read."""

    name: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """One issue of the newsletter. `key` is its date (`2026-11-23`) or a slug; `number` counts issues from 1.

    `lead` is the id of the story set on top; it also stands first in its section.
    """

    key: str
    day: date
    number: int
    state: EditionState
    subject: str
    preheader: str
    sections: tuple[Section, ...]
    lead: str = ""
    intro: str = ""
    reason: str = ""
    composed_at: datetime | None = None

    def stories(self) -> Iterator[Story]:
        """Every story in reading order."""
        for section in self.sections:
            yield from section.stories


@dataclass(frozen=True, slots=True)
class Variant:
    """What differs between groups of readers. `topics` are section names; None means everything."""

    key: str
    topics: frozenset[str] | None = None
    format: Literal["html", "text"] = "html"


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """A rendered variant. `html` is '' for readers who want text only. Holds placeholders for what is personal.

    `left_out` says, in operator's English, what was taken out so that it fits its budget of bytes.
    """

    variant: str
    subject: str
    html: str
    text: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A reader as the list has it. `topics` empty means everything; `hour` None means the newsletter's send_at.

    `line` and `file` are where the list says so.
    """

    email: str
    name: str = ""
    topics: tuple[str, ...] = ()
    frequency: Frequency = "daily"
    timezone: str = "Asia/Kolkata"
    hour: time | None = None
    status: Literal["active", "paused"] = "active"
    format: Literal["html", "text"] = "html"
    line: int = field(default=0, compare=False)
    file: str = field(default="", compare=False)
