"""Makes articles of raw items: dates judged, ids given, text cleaned, doubles dropped. Parses no format.

All kinds of sources end here, so that a rule about dates or identity is written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digest.collect.clean import clean_article, menu_entries
from digest.collect.feeddates import as_indian, is_mislabelled, parse_date, zero_labelled
from digest.collect.identity import article_id, canonical_url
from digest.collect.parsed import RawItem, WarningLog
from digest.collect.repeats import drop_shared
from digest.collect.titles import first_words
from digest.hindi.cut import shorten
from digest.hindi.language import guess
from digest.hindi.text import repair
from digest.models import Article, Source

EARLIEST = 1990
"""No news feed is older; year 1 and 1970 are what software writes for `no date`."""

AHEAD = timedelta(minutes=10)
"""How far ahead a date may lie before it is called wrong: clocks differ by minutes, zones by hours."""

REPLAY_AGE = timedelta(hours=1)
TITLE_LIMIT = 400  # characters, then clusters
LEAD = 400  # characters: by fewer, two texts of 3,800 are called otherwise
LONGER = 3_000  # characters, where the lead names no language
MADE_TITLE = 90  # clusters of the text that an item without a title is known by
MAX_CATEGORIES = 30

SHARED_BY = 3
"""Titles at one address: two may be a story and its update, more are a page that all items of a feed name."""

FEWEST_OF_MENU = 3
"""Items; what stands alone or beside one other is no menu among headlines."""

OWN_FILE = "file:"
"""Begins the guid of what stands in a file of ours, which needs no link."""


def assemble(
    items: Sequence[RawItem],
    *,
    source: Source,
    now: datetime,
    notes: WarningLog,
    hint: str = "",
    site: str = "",
    built: str = "",
) -> tuple[tuple[Article, ...], int, int]:
    """Articles in the items' order, how many items gave none (lost), and how many were doubles.

    `hint` is the feed's own language, `site` its name (taken off titles), `built` when it says that it was made.
    Warnings go to `notes`. Never raises for what an item holds.
    """
    if not source.replay and is_mislabelled(items, source, now, hint=hint, built=built):
        items = [_in_indian_time(item) for item in items]
        notes.add("its dates say +00:00 but are Indian time by what lies in the future; read as +05:30")
    shift = _replay_shift(items, now) if source.replay else timedelta(0)
    salt = now.astimezone(UTC).date().isoformat() if source.replay else ""
    shared = _shared_addresses(items)
    made: list[Article] = []
    lost = 0
    for item in items:
        try:
            alone = not shared or canonical_url(item.url) not in shared
            article = _article(item, source, now, shift, salt, notes, hint, site, alone)
        except Exception as mistake:  # one odd item must not cost the others
            lost += 1
            notes.count(f"could not be read ({type(mistake).__name__})")
            continue
        if article is None:
            lost += 1
            notes.count("no title, no text and no link, so it was left out")
        else:
            made.append(article)
    kept, doubles = _without_doubles(made)
    listed = [article for article in kept if not article.guid.startswith(OWN_FILE)]
    menu = menu_entries(listed) if len(listed) >= FEWEST_OF_MENU else set()
    for _ in menu:
        notes.count("an entry of a menu and no news, so it was left out")
    news = [article for article in kept if article.id not in menu]
    return tuple(drop_shared(news)), lost + len(menu), doubles


def _shared_addresses(items: Sequence[RawItem]) -> set[str]:
    """Canonical URLs that stand for a section or a whole site: so many items with titles of their own point there."""
    titles: dict[str, set[str]] = {}
    for item in items:
        if item.url and item.title:
            titles.setdefault(canonical_url(item.url), set()).add(item.title)
    return {url for url, own in titles.items() if len(own) >= (2 if url.count("/") < 3 else SHARED_BY)}


def _in_indian_time(item: RawItem) -> RawItem:
    """The item with dates that say +00:00 written as Indian ones."""
    date, updated = zero_labelled(item.date), zero_labelled(item.updated)
    return replace(
        item,
        date=as_indian(date).isoformat() if date else item.date,
        updated=as_indian(updated).isoformat() if updated else item.updated,
    )


def _article(
    item: RawItem,
    source: Source,
    now: datetime,
    shift: timedelta,
    salt: str,
    notes: WarningLog,
    hint: str,
    site: str,
    alone: bool,
) -> Article | None:
    warnings = list(item.warnings)
    published, dated = _published(item, now, shift, warnings, replay=source.replay)
    title = shown = item.title
    if not title.strip():
        text = next((block.text for block in item.body), item.excerpt)
        title = shorten(text, MADE_TITLE).strip()
        if not title:
            return None
        shown = first_words(repair(text)) or title
        warnings.append("it has no title; its first words stand in for it")
    if not item.url and not item.guid.startswith(OWN_FILE):
        warnings.append("it has no usable link")
    updated = parse_date(item.updated) if item.updated else None
    if updated is not None:
        updated = updated.astimezone(UTC) + shift
        if updated.year < EARLIEST or updated > now + AHEAD or updated <= published:
            updated = None
    article = Article(
        id=article_id(item.url, item.guid, source.name, title, salt)
        if alone
        else article_id("", "", source.name, f"{item.guid} {title}", salt),
        source=source.name,
        title=shown if len(shown) <= TITLE_LIMIT else shorten(shown[: 8 * TITLE_LIMIT], TITLE_LIMIT),
        published=published,
        url=item.url,
        guid=item.guid[:2000],
        dated=dated,
        updated=updated,
        author=item.author[:200],
        image=item.images[0] if item.images else None,
        categories=tuple(dict.fromkeys(c for c in item.categories if c))[:MAX_CATEGORIES],
        section=item.section or source.section,
        excerpt=item.excerpt,
        body=tuple(item.body),
    )
    article = clean_article(article, sites=tuple(name for name in (site, source.name) if name))
    if "\ufffd" in article.title + article.text:
        warnings.append("letters were lost before it came here (U+FFFD)")
    for warning in warnings:
        notes.count(warning)
    # the lead and not the whole text: further down stand English names, code, lists of links
    lead = f"{article.title}\n{article.excerpt or article.text[:LEAD]}"
    known = item.language or hint
    language = guess(lead, known) or guess(f"{article.title}\n{article.text[:LONGER]}", known)
    return replace(article, language=language, warnings=(*warnings, *article.warnings))


def _published(
    item: RawItem, now: datetime, shift: timedelta, warnings: list[str], *, replay: bool
) -> tuple[datetime, bool]:
    """When the source says that it was published, in UTC, and whether it says so at all.

    A file's mtime counts as the editor's date, but not in a replay: a checkout sets it to anything.
    """
    date = _date(item)
    if date is None and item.seen is not None:
        if replay:
            return now - REPLAY_AGE, False
        date = item.seen
    if date is None:
        if item.date.strip():
            warnings.append("its date can't be read, so it counts from when it was first seen")
        return now, False
    if date.year < EARLIEST:
        warnings.append(f"its date lies before {EARLIEST}, so it counts from when it was first seen")
        return now, False
    date = date.astimezone(UTC) + shift
    if date > now + AHEAD:
        warnings.append("its date lies in the future, so now was taken")
        return now, True
    return date, True


def _date(item: RawItem) -> datetime | None:
    for raw in (item.date, item.updated):
        if raw.strip() and (date := parse_date(raw)) is not None:
            return date
    return item.fallback


def _replay_shift(items: Iterable[RawItem], now: datetime) -> timedelta:
    """What puts the newest item an hour before `now` and keeps all distances: for recorded samples."""
    dates = [date for item in items if (date := _date(item)) is not None and date.year >= EARLIEST]
    return now - REPLAY_AGE - max(dates) if dates else timedelta(0)


def _without_doubles(articles: list[Article]) -> tuple[list[Article], int]:
    """One article per id: the newer stays, in the place of the first."""
    best: dict[str, Article] = {}
    for article in articles:
        known = best.get(article.id)
        if known is None or _stamp(article) > _stamp(known):
            best[article.id] = article
    return list(best.values()), len(articles) - len(best)


def _stamp(article: Article) -> tuple[bool, datetime]:
    return article.dated, article.updated or article.published
