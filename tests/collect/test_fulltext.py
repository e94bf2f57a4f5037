"""Articles completed from their pages: what is used, what stays, and how few pages are fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.collect.http.connect import FetchError
from digest.collect.http.fetch import Fetcher, Response, StreamedResponse, TempBody
from digest.collect.pages.fulltext import WHOLE, complete, wants_page, with_body_of
from digest.collect.pages.fulltext_fetch import (
    MAX_PAGES,
    FulltextCache,
    FulltextContext,
    PageFetcher,
    add_fulltext,
    reuse_fulltext,
)
from digest.collect.types import ParseResult
from digest.models import Article, Source, TextBlock
from tests.collect.server import Handler, serving
from tests.paths import ROOT

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
GOLDEN = ROOT / "tests/collect/golden/pages/cms"
PAGE = (GOLDEN / "wordpress.html").read_bytes()
URL = "https://gram-darpan.example/?p=811"
CUT = Article(
    id="a1",
    source="ग्राम दर्पण",
    title="नहर की सफाई पूरी, रामगढ़िया के खेतों तक पहुंचा पानी",
    published=NOW,
    dated=False,
    url=URL,
    excerpt="रामगढ़िया की मुख्य नहर की सफाई का काम शनिवार को पूरा हो गया।",
)
SOURCE = Source(name="ग्राम दर्पण", url="https://gram-darpan.example/feed/")


def test_missing_fields_come_from_the_page_and_the_id_stays() -> None:
    whole = complete(CUT, PAGE, URL)
    assert whole.id == CUT.id
    assert whole.title == CUT.title
    assert whole.text.startswith("रामगढ़िया की मुख्य नहर")
    assert whole.text.endswith("एक निगरानी समिति बनाई गई है।")
    assert len(whole.text) > WHOLE > len(CUT.text)
    assert (whole.author, whole.dated) == ("कविता सिंह", True)
    assert whole.published == datetime.fromisoformat("2026-11-22T10:05:10+05:30")
    assert whole.url == "https://gram-darpan.example/2026/11/22/nahar-ki-safai/"
    assert whole.image is not None
    assert whole.content_hash != CUT.content_hash
    assert whole.warnings == ()
    assert wants_page(CUT)
    assert not wants_page(whole)


def test_a_title_that_is_no_headline_gives_way_to_that_of_the_page() -> None:
    whole = complete(CUT, PAGE, URL)
    for title in ("नहर की सफाई पूरी, रामगढ़िया के खे...", CUT.excerpt.rstrip("।")):
        feed = replace(CUT, title=title, published=whole.published, dated=True)
        completed = complete(feed, PAGE, URL)
        assert (completed.title, completed.content_hash) == (whole.title, whole.content_hash)
        # The feed still has its title in the next run, when the page is known.
        assert with_body_of(feed, completed) == replace(completed, excerpt=feed.excerpt)
        assert reuse_fulltext([feed], Stored(completed))[0].title == whole.title


def test_the_values_of_the_feed_have_priority() -> None:
    dated = replace(CUT, dated=True, published=NOW - timedelta(hours=1), author="सुमन")
    whole = complete(dated, PAGE, URL)
    assert (whole.published, whole.author) == (dated.published, "सुमन")


def test_page_about_something_else_adds_no_text() -> None:
    other = complete(replace(CUT, title="चांद पर उतरेगा नया अंतरिक्ष यान, वैज्ञानिक तैयार"), PAGE, URL)
    assert other.body == ()
    assert other.warnings == ("its page is about something else, so the feed's text is used",)
    consent = complete(CUT, "<html><body><p>कुकी के लिए सहमति दें।</p></body></html>".encode(), URL)
    assert (consent.body, len(consent.warnings)) == ((), 1)


def test_page_with_less_text_than_the_feed_is_not_used() -> None:
    long = complete(CUT, PAGE, URL)
    short = f"<html><body><article><h1>{CUT.title}</h1><p>{CUT.excerpt}</p></article></body></html>".encode()
    kept = complete(long, short, URL)
    assert kept.body == long.body
    assert kept.warnings == ("its page has no more text than the feed",)


def test_complete_never_raises() -> None:
    for page in (b"", b"\xff\xfe\x00", b"<html", b"\x00" * 100, "नहर".encode("utf-16"), b"<" * 5000):
        assert complete(CUT, page, URL).id == CUT.id


class Site:
    """Returns one page for every URL, or raises the given error; records the requests."""

    def __init__(self, error: str = "") -> None:
        self.asked: list[str] = []
        self.error = error

    def stream(self, url: str, *, allow_private: bool = False) -> StreamedResponse:
        self.asked.append(url)
        if self.error:
            raise FetchError(self.error)
        return StreamedResponse(Response(200, url, content_type="text/html; charset=utf-8"), TempBody([PAGE]))


class Stored:
    def __init__(self, *articles: Article) -> None:
        self.articles = {article.id: article for article in articles}

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        return {one: self.articles[one] for one in ids if one in self.articles}


def fill(
    articles: tuple[Article, ...],
    pages: PageFetcher,
    *,
    source: Source = SOURCE,
    cache: FulltextCache | None = None,
    **more: Any,
) -> tuple[ParseResult, bool]:
    return add_fulltext(
        ParseResult("rss2.0", articles), source, FulltextContext(pages, cache or FulltextCache(), **more)
    )


def test_only_cut_articles_are_fetched_and_each_once() -> None:
    whole = complete(replace(CUT, id="a2"), PAGE, URL)
    site, cache = Site(), FulltextCache()
    filled, left = fill((CUT, whole), site, cache=cache)
    assert site.asked == [URL]
    assert [len(article.text) > WHOLE for article in filled.articles] == [True, True]
    assert (left, filled.warnings) == (False, ())
    again, _ = fill(
        (replace(CUT, published=NOW + timedelta(hours=1)), whole),
        site,
        cache=cache,
    )
    assert site.asked == [URL]
    assert again.articles[0] == filled.articles[0]
    fill((replace(CUT, title=CUT.title + " अब"),), site, cache=cache)
    assert len(site.asked) == 2


def test_the_page_of_a_short_report_is_fetched_only_once() -> None:
    class Brief(Site):
        def stream(self, url: str, *, allow_private: bool = False) -> StreamedResponse:
            page = f"<article><h1>{CUT.title}</h1><p>{CUT.excerpt}</p></article>".encode()
            self.asked.append(url)
            return StreamedResponse(Response(200, url), TempBody([page]))

    site, cache, cut = Brief(), FulltextCache(), replace(CUT, body=(TextBlock("p", CUT.excerpt),))
    first, _ = fill((cut,), site, cache=cache)
    second, _ = fill((cut,), site, cache=cache)
    third, _ = fill((cut,), site, article_store=Stored(first.articles[0]))
    assert len(site.asked) == 1
    assert first.articles == second.articles == third.articles


def test_stored_full_texts_are_not_fetched_again() -> None:
    whole = complete(CUT, PAGE, URL)
    site = Site("must not be asked")
    filled, left = fill((CUT,), site, article_store=Stored(whole))
    assert (site.asked, left) == ([], False)
    assert filled.articles[0].text == whole.text
    assert filled.articles[0].content_hash == whole.content_hash
    assert with_body_of(whole, CUT) is whole


def test_a_failing_site_is_left_alone_and_nothing_is_lost() -> None:
    cut = tuple(replace(CUT, id=f"a{number}", url=f"{URL}{number}") for number in range(9))
    site = Site("It is out of service for now.")
    filled, left = fill(cut, site)
    assert len(site.asked) == 3
    assert left
    assert filled.articles == cut
    assert filled.warnings == (
        "3 items: its page could not be fetched: It is out of service for now",
        "6 items: its page will be fetched in the next run",
    )


@pytest.mark.slow
def test_limits_of_number_and_time_and_robots() -> None:
    cut = tuple(replace(CUT, id=f"a{number}", url=f"{URL}{number}") for number in range(MAX_PAGES + 5))
    site = Site()
    _, left = fill(cut, site)
    assert (len(site.asked), left) == (MAX_PAGES, True)
    ticks = iter(range(0, 10_000, 25))
    slow = Site()
    fill(cut, slow, clock=lambda: float(next(ticks)))
    assert len(slow.asked) == 2
    forbidden = Site()
    filled, left = fill((CUT,), forbidden, may=lambda _url: "no")
    assert (forbidden.asked, left) == ([], False)
    assert filled.warnings == ("1 item: robots.txt forbids fetching its page",)


def test_through_a_real_server() -> None:
    with serving() as base:
        cut = replace(CUT, url=f"{base}/nothing")
        filled, _ = fill(
            (cut,),
            Fetcher(),
            source=replace(SOURCE, url=f"{base}/feed", allow_private=True),
        )
        assert [path for path, _headers in Handler.seen] == ["/nothing"]
        assert filled.articles[0] == cut
        assert "does not exist" in filled.warnings[0]
        guarded, _ = fill((cut,), Fetcher())
        assert len(Handler.seen) == 1
        assert guarded.articles[0] == cut


def test_paragraph_that_three_articles_share_is_dropped() -> None:
    blurb = "कहानी प्रतियोगिता में भाग लेने के लिए अपनी रचना हमें डाक से भेजें और इनाम पाएं।"
    bodies = tuple(
        replace(CUT, id=f"a{number}", body=(TextBlock("p", f"पहली बात {number}। " * 80), TextBlock("p", blurb)))
        for number in range(3)
    )
    filled, _ = fill(bodies, Site())
    assert all(blurb not in article.text for article in filled.articles)
