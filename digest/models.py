"""Data that stages pass to each other: articles, stories, editions, emails, subscribers. Every datetime is aware."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Literal

from digest.messages import StoredText

# Personal values of an email: name → the tag that delivery replaces by the value. `email_html` is the address escaped
# for HTML; the last three are URL-safe tokens at the end of a URL. Tags are ASCII without spaces or `<>&`, because
# SendGrid's substitutions require that, and premailer does not change such tags in text and `href`.
PLACEHOLDERS = {
    "email_html": "-DGX_EMAIL_H-",
    "email_text": "-DGX_EMAIL_T-",
    "unsubscribe": "-DGX_LEAVE-",
    "preferences": "-DGX_PREFS-",
    "view": "-DGX_VIEW-",
}

# Transport → the name of its company, if it has one.
PROVIDER_NAMES = {"sendgrid": "SendGrid", "resend": "Resend", "brevo": "Brevo", "ses": "Amazon SES"}

# How the detail of an attempt begins in which receivers deferred some recipients, and the server is not the cause.
DEFERRED = "deferred by the receiver: "

# The target of the hidden link in an email. Only machines open it.
HONEYPOT = "honeypot"

# Prefixes of keys: of editions that correct another one (`correction-2026-11-29-2`), that ask people whether to
# continue, and that inform people of a breach of their data.
CORRECTION, REENGAGE, BREACH = "correction-", "reengage-", "breach-"
# Prefixes of editions that go only to some people. No public page shows them.
LETTERS_TO_SOME = (CORRECTION, REENGAGE, BREACH)

# Slugs that subscribers choose: breaking news, and the only edition of a newsletter that has breaking news too.
BREAKING = "breaking"
MAIN = "main"
_BREAKING_SLUG = re.compile(r"breaking(?:-[0-9]+)?\Z")
_DATED_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:-([a-z].*))?\Z")


class EditionState(StrEnum):
    """State of an edition::

    draft → approved → sending → done
    draft | approved | sending → paused → draft | approved | sending
    draft | approved | sending | paused → cancelled
    draft | approved → expired
    approved | expired → draft           `digest edition reopen`
    skipped ↔ draft                      composing again finds stories, or none
    done → sending                       a new subscriber gets a place
    done → paused | cancelled            while a provider holds scheduled emails
    """

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    # Composed without enough stories; nothing to send.
    SKIPPED = "skipped"


# Pending recipients of these editions will not get them.
GIVEN_UP_STATES = (EditionState.CANCELLED, EditionState.EXPIRED, EditionState.SKIPPED)
# Editions in these states need no more work, unless an operator reopens them or new subscribers get a place.
ENDED_STATES = (EditionState.DONE, *GIVEN_UP_STATES)
# Editors may change these editions, and composing replaces them.
EDITABLE_STATES = (EditionState.DRAFT, EditionState.SKIPPED)
# Nobody has sent these editions yet. Each waits for its approval or its hour.
WAITING_STATES = (EditionState.DRAFT, EditionState.APPROVED)
# The send of these editions has begun, and nobody stopped it.
BEGUN_STATES = (EditionState.SENDING, EditionState.DONE)
# The send of these editions has begun, and can go on.
SENT_STATES = (*BEGUN_STATES, EditionState.PAUSED)


class BatchState(StrEnum):
    """State of a batch::

    pending → submitting → accepted | unknown | empty
    submitting → pending                 definitely not sent
    unknown → pending                    cancelled at the provider, or resent by an operator
    unknown → accepted                   confirmed by an event, the provider's log or an operator
    accepted → unknown                   being cancelled, because the edition is stopped
    pending → unknown                    its transport can no longer resend it safely
    pending → accepted                   the provider confirms an attempt that an operator had overridden
    pending → empty                      given up as too old
    pending | submitting | accepted → unknown   the store was restored from a copy
    """

    PENDING = "pending"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    # Everyone in it was excluded, rejected or moved to other batches.
    EMPTY = "empty"


class AttemptState(StrEnum):
    """State of an attempt to hand over a batch. It ends in the state of its outcome. Some states change later::

    submitting → accepted | rejected | split | not_sent | retryable | unknown | per_recipient
    submitting | unknown | overridden → confirmed
    unknown | accepted → cancelling → cancelled
    retryable → unknown
    unknown | cancelling | retryable | restored → overridden

    If this run seems dead, another run settles the attempt. A late outcome then replaces the assumed one::

        unknown | retryable | not_sent | overridden → accepted
        unknown → submitting → rejected | split | not_sent | per_recipient
    """

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SPLIT = "split"
    NOT_SENT = "not_sent"
    # May have been sent. The same transport can send it again without duplicates.
    RETRYABLE = "retryable"
    UNKNOWN = "unknown"
    # Each recipient has an outcome.
    PER_RECIPIENT = "per_recipient"
    # The provider was asked to cancel it, and has confirmed the cancellation.
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    # The provider showed that it accepted it.
    CONFIRMED = "confirmed"
    # Not an attempt of this store. The store was restored from a copy, and it is unknown what happened to the batch
    # since.
    RESTORED = "restored"
    # An operator decided that it reached nobody.
    OVERRIDDEN = "overridden"


class DeliveryOutcome(StrEnum):
    """Outcome of a delivery that left its batch. An excluded subscriber may be enqueued again; `rejected` is final."""

    EXCLUDED = "excluded"
    REJECTED = "rejected"


class Role(StrEnum):
    """The role of a user of the desk. Each role includes the rights of those before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    SENDER = "sender"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        roles = list(Role)
        return roles.index(self) >= roles.index(other)


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of an act. `name` is a user of the desk, or for a command the operating system's user."""

    name: str
    via: Literal["desk", "api", "command", "link", "schedule"]


@dataclass(frozen=True, slots=True)
class SourceAuth:
    """API key of a source: `env` names the variable that holds it, `header` or `param` where to send it."""

    env: str
    header: str = ""
    param: str = ""


@dataclass(frozen=True, slots=True)
class JsonMapping:
    """Paths of the fields in an API's JSON, '' where there is none."""

    # The known API whose paths fill the empty ones.
    preset: str = ""
    # The list of items, within the document. All other paths are within an item.
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
    # The newspaper, which the API appends to the title.
    publisher: str = ""
    # Dates without a zone are UTC, and not Indian time.
    utc: bool = False


class FulltextMode(StrEnum):
    """Which articles' web pages are fetched when the feed has only an excerpt."""

    # All articles, while collecting.
    ALWAYS = "always"
    NEVER = "never"
    # Articles of stories that an edition would include, while composing it.
    SELECTED = "selected"

    @classmethod
    def from_setting(cls, value: bool | None) -> FulltextMode:
        """Convert the value of `sources[].fulltext`: true, false, or left out."""
        if value is None:
            return cls.SELECTED
        return cls.ALWAYS if value else cls.NEVER


@dataclass(frozen=True, slots=True)
class Source:
    """Where articles come from: a document by `url`, or a file or folder by `path` (exactly one of the two)."""

    name: str
    url: str = ""
    path: str = ""
    weight: float = 1.0
    section: str = ""
    # A recorded sample, whose dates are moved to now.
    replay: bool = False
    # Private and local addresses may be fetched for the host of `url`.
    allow_private: bool = False
    fulltext: FulltextMode = FulltextMode.SELECTED
    # The CSS selector of the links on a listing page.
    links: str = ""
    # The layout of an API's JSON.
    mapping: JsonMapping | None = None
    auth: SourceAuth | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Fetch history of a source."""

    name: str
    url: str | None = None
    # The last success, and the last one with a new article that an edition could have.
    last_good: datetime | None = None
    last_new: datetime | None = None
    # Failed fetches in a row.
    failures: int = 0
    last_error: str | None = None
    # The end of the server's Retry-After.
    not_before: datetime | None = None
    # The target of a permanent redirect.
    moved_to: str | None = None
    # The duration of the last success.
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph (`p`) or sub-heading (`h`) of an article's body, as clean plain text."""

    kind: Literal["p", "h"]
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image by absolute URL, with its size in pixels where known. A `cid:…` URL names an InlineImage."""

    url: str
    width: int | None = None
    height: int | None = None
    alt: str = ""
    # The URL of the file from which a picture was made for an email, else ''.
    origin: str = ""


@dataclass(frozen=True, slots=True)
class InlineImage:
    """An image sent inside the email."""

    # Its Content-ID without brackets (RFC 2392), made from the content.
    cid: str
    # image/png, image/jpeg or image/gif.
    type: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Article:
    """One cleaned item of one source. All text is plain and NFC."""

    id: str
    source: str
    title: str
    # The source's date. If `dated` is false, the time when the article was first seen.
    published: datetime
    url: str | None = None
    guid: str | None = None
    # The words before the headline, cut from the front of the title.
    kicker: str = ""
    dated: bool = True
    updated: datetime | None = None
    author: str | None = None
    image: Image | None = None
    categories: tuple[str, ...] = ()
    section: str | None = None
    language: str = "hi"
    excerpt: str = ""
    body: tuple[TextBlock, ...] = ()
    # The place of the dateline, which was cut from the first paragraph.
    place: str = ""
    # Where its source shows it: from 1 at the top to 0 at the bottom. 0 too if the source orders its articles by date.
    prominence: float = 0.0
    warnings: tuple[str, ...] = ()
    content_hash: str = ""
    # From a source with `replay`: an edition with it never goes to a real address.
    sample: bool = False

    @property
    def text(self) -> str:
        """The paragraphs without sub-headings, one per line; the excerpt when there is no body."""
        return "\n".join([block.text for block in self.body if block.kind == "p"]) or self.excerpt


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence that a model wrote, and the sentence of a source that supports it."""

    sentence: str
    source: str
    source_sentence: str


@dataclass(frozen=True, slots=True)
class RefusedSummary:
    """A model's text, and why a check refused it, as an English clause."""

    text: str
    problem: StoredText


@dataclass(frozen=True, slots=True)
class CorrectionNote:
    """What the editors say about a story that they corrected after it was sent."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about the same event."""

    id: str
    title: str
    summary: str
    url: str
    published: datetime
    dated: bool
    # Names, that of the first article first.
    sources: tuple[str, ...]
    # URLs.
    articles: tuple[str, ...]
    article_ids: tuple[str, ...]
    section: str
    image: Image | None = None
    score: float = 0.0
    # Why it has its rank, for editors.
    reasons: tuple[StoredText, ...] = ()
    # A message id, such as that of अपडेट; '' for none.
    label: str = ""
    language: str = "hi"
    # One for each sentence of the summary that a model wrote.
    support: tuple[Support, ...] = ()
    # The kind of a daily column (`horoscope`, `weather`). It is not news and has a separate section.
    recurring: str = ""
    # Set if a model wrote the headline.
    title_support: Support | None = None
    # Independent origins: copies of one agency's report count once. None in stories that were stored without it.
    origins: int | None = None
    # A model's summary that is not used. Only editors see it.
    refused: RefusedSummary | None = None
    # The edition's page in the archive shows them.
    corrections: tuple[CorrectionNote, ...] = ()
    # Articles outside the story that may report the same event, for the editor to compare.
    alike: tuple[str, ...] = ()

    @property
    def origin_count(self) -> int:
        """How many independent origins report the story, as shown to subscribers and editors."""
        return len(self.sources) if self.origins is None else self.origins

    @property
    def is_title_by_machine(self) -> bool:
        """Whether a model wrote the headline."""
        return self.title_support is not None and self.title_support.sentence == self.title

    @property
    def is_by_machine(self) -> bool:
        """Whether the summary has a sentence of a model. An editor's own text has none."""
        return any(each.sentence in self.summary for each in self.support)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model's work for an edition."""

    # Totals over all times that the edition was composed. Tokens are counted by the server, or estimated.
    calls: int = 0
    tokens: int = 0
    # Texts of the last time: summaries, headlines, an intro.
    accepted: int = 0
    # Texts without support or in a wrong form. The articles' own words were used instead.
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A named list of stories in reading order."""

    name: str
    stories: tuple[Story, ...]


def is_question(key: str) -> bool:
    """Whether the edition asks people who seem not to read whether to continue."""
    return key.startswith(REENGAGE)


def is_breach(key: str) -> bool:
    """Whether the edition informs people of a breach of their data."""
    return key.startswith(BREACH)


def split_key(key: str) -> tuple[date | None, str]:
    """Split an edition's key into day and slug: `2026-11-29-shaam`, `2026-11-29`, or `special` without a day."""
    match = _DATED_KEY.match(key)
    try:
        return (date.fromisoformat(match[1]), match[2] or "") if match else (None, key)
    except ValueError:
        return None, key


def is_special(key: str) -> bool:
    """Whether this is the key of a special edition, which a person composes outside the schedule."""
    return split_key(key)[0] is None and not key.startswith(LETTERS_TO_SOME)


def is_breaking(key: str) -> bool:
    """Whether this is the key of an alert edition: `2026-11-29-breaking-1`."""
    day, slug = split_key(key)
    return day is not None and bool(_BREAKING_SLUG.match(slug))


@dataclass(frozen=True, slots=True)
class EditionBlock:
    """A part of an edition besides its stories, such as the weather."""

    # Its key in the table of `render.blocks.rows`.
    kind: str
    shown: Literal["email", "web", "both"]
    place: str
    # JSON values.
    data: Mapping[str, Any]
    # The name of its file without the ending, for editors; '' for a booked advertisement.
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Corrects:
    """What a correction edition corrects: the emails of `edition` that `revision` replaced."""

    edition: str
    revision: int


# A model's sentence remains one if an editor makes a word of it bold or a link.
_INTRO_MARKUP = re.compile(r"\]\([^()\s]*\)|[*_\[\]\\]")


@dataclass(frozen=True, slots=True)
class Edition:
    """One issue of the newsletter."""

    # Its date (`2026-11-23`), date and slug (`2026-11-23-shaam`), or the slug of a special edition. Breaking news has
    # a date and a running number (`2026-11-23-breaking-1`).
    key: str
    day: date
    # Counts the editions with the same slug by their dates, from 1. 0 for special editions and breaking news.
    number: int
    state: EditionState
    subject: str
    preheader: str
    sections: tuple[Section, ...]
    # The id of the top story, which is also the first one of its section.
    lead: str = ""
    intro: str = ""
    # Why it has its state, such as why it was skipped.
    reason: str = ""
    composed_at: datetime | None = None
    # The length of the window, if too few stories made it longer than usual.
    widened_hours: int | None = None
    # Whether it has a sample article.
    sample: bool = False
    blocks: tuple[EditionBlock, ...] = ()
    # Sentences about pictures, blocks or an intro that were left out.
    warnings: tuple[StoredText, ...] = ()
    # One for each sentence of the intro that a model wrote.
    intro_support: tuple[Support, ...] = ()
    # None if no model was asked to write.
    model_use: ModelUse | None = None
    # Hash of a request → the model's response.
    model_answers: Mapping[str, str] = field(default_factory=dict)
    # Each correction during the send adds 1.
    revision: int = 1
    # Set for a correction edition, which goes only to those who got the wrong text.
    corrects: Corrects | None = None
    # That of a special edition, for recipients.
    name: str = ""

    @property
    def is_intro_by_machine(self) -> bool:
        """Whether the intro has a sentence of a model. An editor's own intro has none."""
        words = _INTRO_MARKUP.sub("", self.intro)
        return any(_INTRO_MARKUP.sub("", each.sentence) in words for each in self.intro_support)

    def stories(self) -> Iterator[Story]:
        """Yield every story in reading order."""
        for section in self.sections:
            yield from section.stories

    def story(self, id: str) -> Story | None:
        return next((each for each in self.stories() if each.id == id), None)

    def story_named(self, name: str) -> Story | None:
        """Return the story with this id, or with this article, by id or URL."""
        return next((each for each in self.stories() if name in (each.id, *each.articles, *each.article_ids)), None)

    def map_stories(self, change: Callable[[Story], Story]) -> Edition:
        sections = (Section(section.name, tuple(map(change, section.stories))) for section in self.sections)
        return replace(self, sections=tuple(sections))

    def with_story(self, changed: Story) -> Edition:
        """Return the edition with `changed` in place of the story with its id."""
        return self.map_stories(lambda story: changed if story.id == changed.id else story)


@dataclass(frozen=True, slots=True)
class Variant:
    """The form of an edition for a group of subscribers. `topics` are section names; None means all."""

    key: str
    topics: frozenset[str] | None = None
    format: Literal["html", "text"] = "html"


def variant_of_revision(variant: str, revision: int) -> str:
    """Return the key of a variant's email in a revision of the edition: `html`, then `html~2`."""
    base, _ = split_variant(variant)
    return f"{base}~{revision}" if revision > 1 else base


def split_variant(variant: str) -> tuple[str, int]:
    """Split the key of an email into the variant and the revision: (`html`, 2) of `html~2`."""
    base, _, revision = variant.partition("~")
    return base, int(revision or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientCounts:
    """An edition's recipients by state: frozen = accepted + rejected + excluded + pending + unknown."""

    frozen: int = 0
    accepted: int = 0
    rejected: int = 0
    excluded: int = 0
    pending: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """A rendered variant with placeholders."""

    variant: str
    subject: str
    # '' for an email of text only.
    html: str
    text: str
    # Parts that were cut to fit the size limit.
    left_out: tuple[str, ...] = ()
    # Parts that could not be shown.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber from the list, at `line` of `file`."""

    email: str
    name: str = ""
    # Sections; empty means all.
    topics: tuple[str, ...] = ()
    # The days on which the newsletter is sent (`subscribers/frequency.py`).
    frequency: str = "daily"
    timezone: str = "Asia/Kolkata"
    # None means the newsletter's.
    hour: time | None = None
    status: Literal["active", "paused"] = "active"
    format: Literal["html", "text"] = "html"
    # Slugs of the chosen editions; empty means the default ones.
    editions: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)
    file: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SubscriberRecord:
    """A subscriber with the state of their address, as lists and exports have it."""

    address: str
    subscriber: Subscriber
    # The name of an import; None for subscribers.yaml.
    origin: str | None = None
    listed: bool = True
    # The reason of a suppression.
    suppressed: str | None = None
    suppressed_at: datetime | None = None
    # The first known consent.
    agreed_at: datetime | None = field(default=None, compare=False)
    # When a pause of the subscriber ends. A pause in the list has no end.
    paused_until: datetime | None = None
