"""Turn raw items into articles: check dates, assign ids, clean texts, drop duplicates. All parsers use it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from digest.collect.cleaning.clean import clean_article, menu_entries
from digest.collect.cleaning.dedupe import drop_shared
from digest.collect.cleaning.identity import article_id, canonical_url
from digest.collect.cleaning.titles import first_words
from digest.collect.feeds.dates import as_indian, is_mislabelled, parse_date, zero_labelled
from digest.collect.types import FROM_THE_FUTURE, FeedInfo, ParseContext, RawItem
from digest.hindi.cut import shorten
from digest.hindi.language import guess
from digest.hindi.text import repair
from digest.models import Article

# No news feed is older. Software writes year 1 and 1970 for "no date".
EARLIEST = 1990

# How far in the future a date may be before it counts as wrong. Clocks differ by minutes, time zones by hours.
MAX_AHEAD = timedelta(minutes=10)

# The age of the newest item of a recorded sample.
REPLAY_AGE = timedelta(hours=1)

# Characters first, then grapheme clusters.
MAX_TITLE = 400

# Grapheme clusters of the text that replaces a missing title.
MAX_MADE_TITLE = 90

# Characters from which the language is guessed. With fewer, two of 3,800 texts are guessed wrong.
LEAD = 400

# Characters from which the language is guessed if the lead does not show it.
LONG_LEAD = 3_000

MAX_CATEGORIES = 30

# A URL with this many different titles is a section's. Two may be a story and its update.
SHARED_BY = 3

# With this many items, short ones may be a menu among headlines.
MIN_ITEMS_WITH_MENU = 3

# Prefix of the guid of an item from a local file, which needs no link.
OWN_FILE = "file:"

MENU_WARNING = "a menu entry, not news, so it was left out"

_NO_INFO = FeedInfo()


class NormalisedItems(NamedTuple):
    """Articles in the order of the items, and the number of items without an article."""

    articles: tuple[Article, ...]
    lost: int
    duplicates: int


def normalise_items(items: Sequence[RawItem], context: ParseContext, feed: FeedInfo = _NO_INFO) -> NormalisedItems:
    """Make articles of the items. Warnings go to the context's log; nothing in an item makes it raise."""
    source, now, log = context.source, context.now, context.log
    if not source.replay and is_mislabelled(items, source, now, feed):
        items = [_in_indian_time(item) for item in items]
        log.add("its dates say +00:00 but are Indian time, as some are in the future; read as +05:30")
    maker = _ArticleMaker(
        context,
        feed,
        shift=_replay_shift(items, now) if source.replay else timedelta(0),
        # A recorded sample gets new ids every day.
        salt=now.astimezone(UTC).date().isoformat() if source.replay else "",
        shared_urls=_shared_urls(items),
    )
    made: list[Article] = []
    lost = 0
    for item in items:
        try:
            article = maker.make(item)
        except Exception as error:
            # One odd item must not lose the others.
            lost += 1
            log.count(f"could not be read ({type(error).__name__})")
            continue
        if article is None:
            lost += 1
            log.count("no title, no text and no link, so it was left out")
        else:
            made.append(article)
    unique = _without_duplicates(made)
    fetched = [article for article in unique if not _is_own_file(article)]
    menu = menu_entries(fetched) if len(fetched) >= MIN_ITEMS_WITH_MENU else set()
    for _ in menu:
        log.count(MENU_WARNING)
    news = [article for article in unique if article.id not in menu]
    return NormalisedItems(tuple(drop_shared(news)), lost + len(menu), len(made) - len(unique))


@dataclass(frozen=True, slots=True)
class _ArticleMaker:
    """Makes articles of the items of one document."""

    context: ParseContext
    feed: FeedInfo
    # Added to all dates.
    shift: timedelta
    salt: str
    # Canonical URLs that several items share, so they identify none of them.
    shared_urls: set[str]

    def make(self, item: RawItem) -> Article | None:
        """Return the item's article; None if it has no title and no text."""
        source = self.context.source
        warnings = list(item.warnings)
        published, is_dated = self._publication_time(item, warnings)
        title = shown = item.title
        if not title.strip():
            text = next((block.text for block in item.body), item.excerpt)
            title = shorten(text, MAX_MADE_TITLE).strip()
            if not title:
                return None
            shown = first_words(repair(text)) or title
            warnings.append("it has no title; its first words replace it")
        if not item.url and not _is_own_file(item):
            warnings.append("it has no usable link")
        article = Article(
            id=self._id(item, title),
            source=source.name,
            title=shown if len(shown) <= MAX_TITLE else shorten(shown[: 8 * MAX_TITLE], MAX_TITLE),
            published=published,
            url=item.url,
            guid=item.guid[:2000] if item.guid else None,
            dated=is_dated,
            updated=self._update_time(item, published),
            author=item.author[:200] if item.author else None,
            image=item.images[0] if item.images else None,
            categories=tuple(dict.fromkeys(filter(None, item.categories)))[:MAX_CATEGORIES],
            section=item.section or source.section or None,
            excerpt=item.excerpt,
            body=tuple(item.body),
            sample=source.replay,
        )
        article = clean_article(article, sites=tuple(filter(None, (self.feed.title, source.name))))
        if "\ufffd" in article.title + article.text:
            warnings.append("some of its characters were lost before we received it (U+FFFD)")
        for warning in warnings:
            self.context.log.count(warning)
        language = _language(article, (item.language or self.feed.language or "")[:35])
        return replace(article, language=language, warnings=(*warnings, *article.warnings))

    def _id(self, item: RawItem, title: str) -> str:
        name = self.context.source.name
        if self.shared_urls and canonical_url(item.url) in self.shared_urls:
            return article_id(None, None, name, f"{item.guid} {title}", self.salt)
        return article_id(item.url, item.guid, name, title, self.salt)

    def _publication_time(self, item: RawItem, warnings: list[str]) -> tuple[datetime, bool]:
        """Return when the item was published, in UTC, and whether the source says so."""
        now = self.context.now
        date = _date(item)
        if date is None and item.modified is not None:
            # A checkout sets modification times to anything, so they do not count in a replay.
            if self.context.source.replay:
                return now - REPLAY_AGE, False
            date = item.modified
        if date is None:
            if item.date and item.date.strip():
                warnings.append("its date can't be read, so the time when it was first seen counts")
            return now, False
        if date.year < EARLIEST:
            warnings.append(f"its date is before {EARLIEST}, so the time when it was first seen counts")
            return now, False
        date = date.astimezone(UTC) + self.shift
        if date > now + MAX_AHEAD:
            warnings.append(FROM_THE_FUTURE)
            return now, True
        return date, True

    def _update_time(self, item: RawItem, published: datetime) -> datetime | None:
        """Return when the item was changed; None if that is unknown or implausible."""
        date = parse_date(item.updated) if item.updated else None
        if date is None:
            return None
        date = date.astimezone(UTC) + self.shift
        is_plausible = date.year >= EARLIEST and published < date <= self.context.now + MAX_AHEAD
        return date if is_plausible else None


def _language(article: Article, declared: str) -> str:
    # Not from the whole text: further down are English names, code, and lists of links.
    lead = f"{article.title}\n{article.excerpt or article.text[:LEAD]}"
    return guess(lead, declared) or guess(f"{article.title}\n{article.text[:LONG_LEAD]}", declared)


def _is_own_file(item: RawItem | Article) -> bool:
    return item.guid is not None and item.guid.startswith(OWN_FILE)


def _shared_urls(items: Sequence[RawItem]) -> set[str]:
    """Return the canonical URLs of sections or whole sites: several items with different titles link there."""
    titles: dict[str, set[str]] = {}
    for item in items:
        if item.title and (url := canonical_url(item.url)):
            titles.setdefault(url, set()).add(item.title)
    return {url for url, own in titles.items() if len(own) >= (2 if url.count("/") < 3 else SHARED_BY)}


def _in_indian_time(item: RawItem) -> RawItem:
    """Return the item with its +00:00 dates read as Indian time."""
    date, updated = zero_labelled(item.date), zero_labelled(item.updated)
    return replace(
        item,
        date=as_indian(date).isoformat() if date else item.date,
        updated=as_indian(updated).isoformat() if updated else item.updated,
    )


def _date(item: RawItem) -> datetime | None:
    for raw in (item.date, item.updated):
        if raw and raw.strip() and (date := parse_date(raw)) is not None:
            return date
    return item.fallback_date


def _replay_shift(items: Iterable[RawItem], now: datetime) -> timedelta:
    """Return the shift that moves the newest item of a recorded sample to an hour before `now`."""
    dates = [date for item in items if (date := _date(item)) is not None and date.year >= EARLIEST]
    return now - REPLAY_AGE - max(dates) if dates else timedelta(0)


def _without_duplicates(articles: list[Article]) -> list[Article]:
    """Return one article per id: the newer one, at the place of the first."""
    newest: dict[str, Article] = {}
    for article in articles:
        known = newest.get(article.id)
        if known is None or _age_key(article) > _age_key(known):
            newest[article.id] = article
    return list(newest.values())


def _age_key(article: Article) -> tuple[bool, datetime]:
    return article.dated, article.updated or article.published
