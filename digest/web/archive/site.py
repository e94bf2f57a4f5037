"""The pages of the archive, as values for their templates."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from digest.hindi.language import DEVANAGARI
from digest.hindi.sounds import romanised, sounds, sounds_like, spelling_likeness
from digest.hindi.text import fold
from digest.hindi.tokens import query_groups, written_tokens
from digest.render.archive_page import SHARE, SITE
from digest.web.archive import metadata
from digest.web.editions import MAX_STORIES, on_show
from digest.web.pages import edition_path, story_path, with_page_pictures
from digest.web.view_in_browser import without_remote_images

if TYPE_CHECKING:
    from digest.store.content.archive import ArchivedCorrection, ArchivedStory, ArchiveStore
    from digest.web.archive.metadata import Metadata
    from digest.web.dependencies import Context

PER_PAGE = 30
"""Editions or stories of a list."""

# Limits of suggestions: the number of stories whose headlines are searched, and of query words that are corrected.
_TITLES, _MOST_CORRECTED = 1_500, 4
# The fewest consonants of a Latin word for which a Devanagari one is suggested.
_LEAST_SOUNDS = 3
_LATIN = re.compile("[A-Za-z]")
_OWN_LINK = re.compile(rf'="{SITE}(/(?:story/|topic/|corrections)[^"]*)"')


@dataclass(frozen=True, slots=True)
class Share:
    """The content that a page's share buttons use."""

    address: str
    whatsapp: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The stories that match. If none does, there is another query that would match.

    A query in Latin letters may stand for Devanagari words. `instead` then has these words, and the stories match them.
    """

    query: str
    stories: tuple[ArchivedStory, ...]
    count: int
    suggestion: str = ""
    suggested: int = 0
    # Whether Latin letters were searched where the stories have Devanagari ones.
    latin: bool = False
    instead: str = ""
    # The section that the query names, in either script; '' for none.
    topic: str = ""


@dataclass(frozen=True, slots=True)
class _Suggestions:
    """What a search can suggest: headline words, folded form → most frequent spelling, and the sections."""

    words: Mapping[str, str]
    topics: Sequence[str]


@dataclass(frozen=True)
class Archive:
    """The archive of one newsletter. `can_draw` says whether the link preview of a title has a picture.

    Pages that are not `public` are for subscribers only: they have no share buttons and are not indexed.
    """

    context: Context
    store: ArchiveStore
    can_draw: Callable[[str], bool]
    public: bool = True
    # Version of the archive → what a search can suggest; one at most.
    _suggestions: dict[str, _Suggestions] = field(default_factory=dict, repr=False)

    def edition(self, key: str, language: str, *, remote: bool) -> dict[str, Any] | None:
        """Return the values of an edition's page; None if it is not published.

        Without `remote`, no images of other sites.
        """
        now = self.context.now()
        found = self.store.page(key, now)
        if found is None:
            return None
        complete = self.with_links(found.html, language)
        html = complete if remote else without_remote_images(complete, None)
        before, _share, after = html.partition(SHARE)
        previous, following = self.store.neighbours(found, now)
        return {
            "edition": replace(found, html=""),
            # Printed by our template, and without anything personal.
            "before": Markup(before),  # noqa: S704
            "after": Markup(after),  # noqa: S704
            "previous": previous,
            "following": following,
            "has_remote": "<img" in complete and complete != without_remote_images(complete, None),
            "pictures": remote,
            "share": self.share(found.title, edition_path(key)),
            "meta": metadata.of_edition(self.context.pages, found, card=self.can_draw(found.title)),
        }

    def story(self, thread: str, *, remote: bool) -> dict[str, Any] | None:
        """Return the values of a story's page; None if none of its editions is published."""
        now = self.context.now()
        found = self.store.thread(thread, now)
        if not found:
            return None
        newest = found[0]
        pages = self.context.pages
        is_remote = newest.picture.startswith("https://")
        corrections = self.store.corrections(now, thread=thread)
        published, modified = self._moments(found, corrections)
        beside = self.store.stories(newest.edition, limit=MAX_STORIES)
        return {
            "story": newest,
            "thread": found,
            "picture": newest.picture if is_remote and remote else pages.picture(newest.picture),
            "has_remote": is_remote,
            "pictures": remote,
            "corrections": corrections,
            "others": [each for each in on_show(beside) if each.thread != thread],
            "published": self._local(newest.published),
            "share": self.share(newest.title, story_path(thread)),
            "meta": metadata.of_story(pages, found, published, modified, card=self.can_draw(newest.title)),
        }

    def search(self, query: str, *, page: int) -> SearchResult:
        """Find stories with all words of a query; without any, suggest a query that finds some."""
        now, words = self.context.now(), query_groups(query)
        found = self.store.search(words, now, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
        if found.count:
            return SearchResult(query, found.stories, found.count)
        known = self._known_words(now)
        suggestion, suggested = self._suggest(query, known.words, now) if words else ("", 0)
        latin = self.context.pages.branding.language in DEVANAGARI and bool(_LATIN.search(query))
        topic = next((each for each in known.topics if _may_be(query, each)), "")
        suggestion = suggestion or (topic if latin else "")
        if latin and suggestion and not _LATIN.search(suggestion):
            found = self.store.search(query_groups(suggestion), now, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
        if found.count:
            return SearchResult(query, found.stories, found.count, instead=suggestion, topic=topic)
        return SearchResult(query, (), 0, suggestion, suggested, latin, topic=topic)

    def with_links(self, html: str, language: str) -> str:
        """Return an article with the addresses of our pages in this language, and of our pictures."""
        pages = self.context.pages
        linked = _OWN_LINK.sub(lambda link: f'="{pages.path(link[1], language)}"', html)
        return with_page_pictures(linked.replace(f'="{SITE}/', f'="{pages.root}/'))

    def share(self, title: str, path: str) -> Share | None:
        """Return the content of the share buttons: the page's title and canonical address."""
        if not self.public:
            return None
        address = self.context.pages.base + path
        text = f"{title}\n{address}"
        return Share(address, f"https://wa.me/?text={quote(text, safe='')}")

    def list_metadata(self, title: str, description: str, path: str) -> Metadata:
        return metadata.Metadata(self.context.pages.base + path, title, description)

    def _suggest(self, query: str, by_fold: Mapping[str, str], now: datetime) -> tuple[str, int]:
        """Return a query whose unknown words are corrected or left out, and its results."""
        kept = []
        for token, word in written_tokens(query)[:_MOST_CORRECTED]:
            stems = query_groups(word)
            if stems and self.store.count_matches(stems, now):
                kept.append(word)
            elif token.isascii():
                spelled = [by_fold[word] for word in _spelled_in_latin(token, by_fold)]
                # Not for words such as `me`, में.
                kept += [word for word in spelled if query_groups(word)]
            elif near := difflib.get_close_matches(token, _similar(token, by_fold), n=1, cutoff=0.7):
                kept.append(by_fold[near[0]])
        for length in range(len(kept), 0, -1):
            suggestion = " ".join(kept[:length])
            count = self.store.count_matches(query_groups(suggestion), now)
            # A number alone is not what the query is about.
            if count and suggestion != query and not suggestion.isdigit():
                return suggestion, count
        return "", 0

    def _known_words(self, now: datetime) -> _Suggestions:
        """Return the words that a search can suggest. They are read once per version of the archive."""
        version = self.store.version(now)
        known = self._suggestions.get(version)
        if known is None:
            titles = self.store.newest_titles(now, _TITLES)
            count = Counter(word for title in titles for _token, word in written_tokens(title))
            words: dict[str, str] = {}
            for word, _times in count.most_common():
                words.setdefault(fold(word), word)
            known = _Suggestions(words, [each.name for each in self.store.topics(now)])
            self._suggestions.clear()
            self._suggestions[version] = known
        return known

    def _local(self, moment: datetime | None) -> datetime | None:
        return moment.astimezone(self.context.pages.zone) if moment else None

    def _moments(
        self, thread: Sequence[ArchivedStory], corrections: Sequence[ArchivedCorrection]
    ) -> tuple[datetime, datetime]:
        """Return when a story first appeared, and when it last moved on or was corrected.

        `thread` is sorted newest first.
        """

        def midnight(found: ArchivedStory | ArchivedCorrection) -> datetime:
            return datetime.combine(found.day, time(), self.context.pages.zone)

        first = thread[-1].published or midnight(thread[-1])
        changes = (each.corrected_at or midnight(each) for each in corrections)
        return first, max(first, thread[0].published or midnight(thread[0]), *changes)


def _may_be(query: str, topic: str) -> bool:
    """Whether a query is the name of a section: `khel`, खेल."""
    name = fold(topic)
    return fold(query) == name or (query.isascii() and bool(spelling_likeness(query, name)))


def _spelled_in_latin(latin: str, words: Collection[str]) -> list[str]:
    """Return the word that is most like a Latin one, if there is any: `khel`, खेल. `words` has frequent ones first."""
    best = max(words, key=lambda word: spelling_likeness(latin, word), default="")
    if best and spelling_likeness(latin, best):
        return [best]
    # The start of a word, or a part of one. With two consonants it is like too many.
    if len(sounds(latin)) < _LEAST_SOUNDS:
        return []
    start = romanised(latin)
    return [word for word in words if romanised(word).startswith(start) or sounds_like(latin, word)][:1]


def _similar(token: str, words: Mapping[str, str]) -> Sequence[str]:
    """Return the words that this one may misspell: of similar length, with the same beginning.

    Comparing all words would take long.
    """
    return [word for word in words if word[:1] == token[:1] and abs(len(word) - len(token)) <= 2]
