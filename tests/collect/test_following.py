"""Documents that a source links to: the feed of a page, children of an index, pages of articles; and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.collect.collector import PREVIEW_PAGES, SourcePreview, SourceReport, collect, preview_source
from digest.collect.http.fetch import Fetcher
from digest.collect.source_reader import CollectContext
from digest.errors import ConfigProblem, ConfigurationError
from digest.models import FulltextMode, Source, SourceAuth
from tests.collect.notebook import InMemoryStore, source
from tests.collect.server import FEED
from tests.support.http_behaviours import redirect, validated
from tests.support.http_server import HttpServer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TITLES = (
    "नहर की सफाई पूरी, खेतों तक पहुंचा पानी",
    "गांव के स्कूल में खुला नया पुस्तकालय",
    "मंडी में प्याज के दाम आधे हुए",
    "पंचायत भवन की छत की मरम्मत शुरू",
    "तालाब के किनारे लगे पांच सौ पौधे",
)
SENTENCES = " ".join(
    f"{what} का काम {when} पूरा हुआ और लोगों ने इसके लिए पंचायत का आभार जताया।"
    for what in ("सफाई", "मरम्मत", "रंगाई", "रोपाई", "खुदाई", "सिंचाई")
    for when in ("सोमवार को", "मंगलवार को", "पिछले सप्ताह")
)


def article_page(title: str) -> str:
    return (
        f"<!doctype html><html lang='hi'><head><title>{title}</title><meta property='og:type' content='article'></head>"
        f"<body><article><h1>{title}</h1><p>{title}। {SENTENCES}</p></article></body></html>"
    )


def rss(site: HttpServer, titles: tuple[str, ...] = TITLES) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>{site.url(f'/n/{nth}')}</link>"
        f"<pubDate>Mon, 23 Nov 2026 09:00:00 +0530</pubDate><description>{title}…</description></item>"
        for nth, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>गांव</title><link>{site.url('/')}</link>{items}</channel></rss>"


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as running:
        for nth, title in enumerate(TITLES):
            running.route(f"/n/{nth}", article_page(title), type="text/html; charset=utf-8")
        running.route("/feed", rss(running))
        running.route("/plain", FEED)
        yield running


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


class Run:
    def __init__(self, store: InMemoryStore, home: Path) -> None:
        self.store, self.home = store, home

    def __call__(self, one: Source, **more: object) -> SourceReport:
        context = CollectContext(Fetcher(), NOW, self.home, article_store=self.store)
        return collect([one], replace(context, **more), self.store).sources[0]  # type: ignore[arg-type]


@pytest.fixture
def run(store: InMemoryStore, tmp_path: Path) -> Run:
    return Run(store, tmp_path)


def hits(site: HttpServer, start: str) -> list[str]:
    return [request.path for request in site.requests if request.path.startswith(start)]


# --- the feed that a page names ---


def a_page_naming(url: str) -> str:
    return f"<html><head><link rel='alternate' type='application/rss+xml' href='{url}'></head><body></body></html>"


def test_the_feed_that_a_page_names_is_read_and_reported(run: Run, site: HttpServer) -> None:
    site.route("/", a_page_naming("/plain"), type="text/html")
    report = run(source("gaon", site.url("/")))
    assert (report.kind, report.new, report.error) == ("rss2.0", 1, None)
    assert report.warnings == (f"reads the feed that the page names: {site.url('/plain')}; put it in url",)
    again = run(source("gaon", site.url("/")))
    assert (again.kind, again.error, again.warnings) == ("unchanged", None, report.warnings)
    site.route("/plain", rss(site))
    assert run(source("gaon", site.url("/"))).new == len(TITLES)


def test_autodiscovery_goes_one_step(run: Run, site: HttpServer) -> None:
    site.route("/", a_page_naming("/second"), type="text/html")
    site.route("/second", a_page_naming("/plain"), type="text/html")
    report = run(source("gaon", site.url("/")))
    assert report.error
    assert hits(site, "/plain") == []
    site.route("/", a_page_naming("/gone"), type="text/html")
    assert "the feed that it names can't be fetched" in run(source("gaon", site.url("/"))).error
    site.route("/", a_page_naming("http://169.254.169.254/feed"), type="text/html")
    assert "not a public address" in run(source("gaon", site.url("/"))).error


# --- an index's children ---


def sitemap(site: HttpServer, *numbers: int) -> str:
    rows = "".join(
        f"<url><loc>{site.url(f'/n/{n}')}</loc><news:news><news:publication><news:name>गांव</news:name>"
        f"<news:language>hi</news:language></news:publication><news:publication_date>2026-11-23T09:00:00+05:30"
        f"</news:publication_date><news:title>{TITLES[n]}</news:title></news:news></url>"
        for n in numbers
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{rows}</urlset>'
    )


def index(site: HttpServer, *paths: str) -> str:
    rows = "".join(f"<sitemap><loc>{site.url(path)}</loc></sitemap>" for path in paths)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'


def test_children_of_an_index_are_merged_and_a_failing_one_is_a_warning(run: Run, site: HttpServer) -> None:
    site.route("/index.xml", index(site, "/news-1.xml", "/news-gone.xml", "/news-2.xml"))
    site.route("/news-1.xml", sitemap(site, 0, 1))
    site.route("/news-2.xml", sitemap(site, 1, 2))
    one = source("gaon", site.url("/index.xml"))
    report = run(one)
    assert (report.fetched, report.new, report.error) == (3, 3, None)
    assert any("news-gone.xml" in warning for warning in report.warnings)
    site.route("/news-gone.xml", sitemap(site, 2))
    assert run(one).new == 0
    assert run(one).kind == "unchanged"
    site.route("/news-2.xml", sitemap(site, 2, 3))
    assert run(one).new == 1


def test_an_index_without_a_usable_child_is_an_error(run: Run, site: HttpServer) -> None:
    site.route("/index.xml", index(site, "/gone.xml", "/index.xml"))
    report = run(source("gaon", site.url("/index.xml")))
    assert report.error.startswith("None of the documents that it names could be used")
    # Requested once, and once as its own child, but no further.
    assert len(site.hits("/index.xml")) == 2


# --- the pages of articles ---


def test_pages_are_read_for_a_source_that_asks_for_it_and_each_once(
    run: Run, store: InMemoryStore, site: HttpServer
) -> None:
    cut = source("gaon", site.url("/feed"))
    assert run(cut).new == len(TITLES)
    assert hits(site, "/n/") == []
    whole = source("gaon", site.url("/feed"), fulltext=FulltextMode.ALWAYS)
    report = run(whole)
    assert (report.updated, report.warnings) == (len(TITLES), ())
    assert all(len(article.text) > 700 for article in store.articles.values())
    assert len(hits(site, "/n/")) == len(TITLES)
    site.route("/feed", rss(site) + "<!-- another day -->")
    assert run(whole).updated == 0
    assert len(hits(site, "/n/")) == len(TITLES)
    site.route("/feed", rss(site) + "<!-- and another -->")
    # The cut text of a feed does not replace a full one.
    assert run(source("gaon", site.url("/feed"))).updated == 0


def test_pages_left_for_the_next_run_are_read_in_it(run: Run, store: InMemoryStore, site: HttpServer) -> None:
    site.route("/feed", validated(rss(site).encode(), etag='"v1"'))
    for nth in range(3):
        site.route(f"/n/{nth}", b"", status=503)
    whole = source("gaon", site.url("/feed"), fulltext=FulltextMode.ALWAYS)
    report = run(whole)
    assert (report.new, report.error) == (len(TITLES), None)
    assert "2 items: its page will be fetched in the next run" in report.warnings
    for nth, title in enumerate(TITLES):
        site.route(f"/n/{nth}", article_page(title), type="text/html")
    assert run(whole).updated == len(TITLES)
    assert "if-none-match" not in site.hits("/feed")[1].headers
    assert run(whole).kind == "unchanged"


def a_listing() -> str:
    cards = "".join(f"<li class='card'><a href='/n/{nth}'>{title[:14]}</a></li>" for nth, title in enumerate(TITLES))
    return f"<html><body><a href='/about'>हम</a><ul>{cards}</ul></body></html>"


def test_a_listings_articles_have_their_pages_title(run: Run, store: InMemoryStore, site: HttpServer) -> None:
    site.route("/list", a_listing(), type="text/html; charset=utf-8")
    one = source("gaon", site.url("/list"), links=".card a")
    report = run(one)
    assert (report.new, report.error) == (len(TITLES), None)
    assert sorted(article.title for article in store.articles.values()) == sorted(TITLES)
    site.route("/list", a_listing() + "<!-- x -->", type="text/html; charset=utf-8")
    again = run(one)
    assert (again.new, again.updated) == (0, 0)
    assert len(hits(site, "/n/")) == len(TITLES)


def test_an_article_of_a_listing_is_not_there_until_its_page_was_read(
    run: Run, store: InMemoryStore, site: HttpServer
) -> None:
    site.route("/list", a_listing(), type="text/html; charset=utf-8")
    site.route("/n/0", b"", status=404)
    site.route("/n/1", b"", status=500)
    one = source("gaon", site.url("/list"), links=".card a")
    report = run(one)
    assert (report.fetched, report.new, report.lost) == (3, 3, 1)
    site.route("/n/1", article_page(TITLES[1]), type="text/html; charset=utf-8")
    assert run(one).new == 1
    assert len(store.articles) == 4


def test_robots_are_asked_for_pages_and_listings_and_not_for_feeds(run: Run, site: HttpServer) -> None:
    site.route("/robots.txt", "User-agent: *\nDisallow: /n/\nDisallow: /list\nDisallow: /feed")
    site.route("/list", a_listing(), type="text/html; charset=utf-8")
    assert run(source("gaon", site.url("/feed"))).error is None
    assert len(site.hits("/robots.txt")) == 0
    report = run(source("pages", site.url("/feed"), fulltext=FulltextMode.ALWAYS))
    assert report.warnings[0] == "5 items: robots.txt forbids fetching its page"
    assert hits(site, "/n/") == []
    assert "robots.txt forbids fetching" in run(source("listing", site.url("/list"), links=".card a")).error
    assert len(site.hits("/list")) == 0
    site.route("/robots.txt", b"", status=503)
    assert "robots.txt can't be read" in run(source("listing", site.url("/list"), links=".card a")).error


def test_a_look_reads_a_few_pages_and_stores_nothing(site: HttpServer, tmp_path: Path) -> None:
    titles = tuple(f"{title}, वार्ड {ward}" for ward in ("एक", "दो", "तीन") for title in TITLES)
    for nth, title in enumerate(titles):
        site.route(f"/n/{nth}", article_page(title), type="text/html; charset=utf-8")
    site.route("/feed", rss(site, titles))

    def look(**more: object) -> SourcePreview:
        one = source("x", site.url("/feed"), **more)
        found = preview_source(one.url, CollectContext(Fetcher(), NOW, tmp_path), source=one)
        assert found.error is None
        return found

    def full(found: SourcePreview) -> int:
        return sum(len(article.text) > 700 for article in found.articles)

    found = look()
    assert full(found) == PREVIEW_PAGES
    assert found.warnings == (f"{len(titles) - PREVIEW_PAGES} items: its page was not fetched for this preview",)
    assert full(look(fulltext=FulltextMode.NEVER)) == 0


# --- keys ---


def test_a_key_in_a_header_is_sent_only_to_its_own_host(run: Run, site: HttpServer) -> None:
    with HttpServer() as other:
        other.route("/plain", FEED)
        site.route("/here", redirect("/plain"))
        site.route("/there", redirect(other.url("/plain")))
        auth = SourceAuth("NEWS_KEY", header="X-Api-Key")
        for path in ("/here", "/there"):
            assert run(source(path, site.url(path), auth=auth), secret={"NEWS_KEY": "s3cret"}.__getitem__).error is None
        assert [request.headers.get("x-api-key") for request in site.requests] == ["s3cret"] * 3
        assert "x-api-key" not in other.requests[0].headers


def test_a_key_in_the_query_is_in_no_message_and_no_store(run: Run, store: InMemoryStore, site: HttpServer) -> None:
    site.route("/v1", redirect("/v2?q=%E0%A4%95&apikey=s3cret&x=1", 301))
    site.route("/v2", FEED)
    one = source("api", site.url("/v1?q=1"), auth=SourceAuth("NEWS_KEY", param="apikey"))
    report = run(one, secret=lambda _name: "s3cret")
    assert [request.target for request in site.requests] == [
        "/v1?q=1&apikey=s3cret",
        "/v2?q=%E0%A4%95&x=1&apikey=s3cret",
    ]
    site.route("/v2", b"", status=401)
    failed = run(one, secret=lambda _name: "s3cret")
    assert "HTTP 404" in failed.error or "HTTP 401" in failed.error
    assert "s3cret" not in repr((report, failed, store.states, store.articles))


@pytest.mark.parametrize("value", ["", "two words", "a\r\nX-Evil: 1"])
def test_a_missing_or_impossible_key_is_the_sources_error(run: Run, site: HttpServer, value: str) -> None:
    def missing(name: str) -> str:
        if not value:
            raise ConfigurationError([ConfigProblem("digest.yaml", 0, f"{name} is not set")])
        return value

    one = source("api", site.url("/plain"), auth=SourceAuth("NEWS_KEY", header="X-Api-Key"))
    report = run(one, secret=missing)
    assert "NEWS_KEY" in report.error
    assert "X-Evil" not in report.error
    assert site.requests == []


def test_the_user_agent_contains_the_contact_and_is_a_valid_header(run: Run, site: HttpServer) -> None:
    for contact in ("https://news.example", "mailto:desk@news.example", "x)\r\nX-Evil: 1"):
        run(source("gaon", site.url("/plain")), fetcher=Fetcher(contact=contact))
    agents = [request.headers["user-agent"] for request in site.requests]
    assert agents[0].endswith("(+https://news.example)")
    assert agents[1].endswith("(+mailto:desk@news.example)")
    assert all("x-evil" not in request.headers for request in site.requests)


def test_a_page_that_redirects_nowhere_costs_no_other_article(site: HttpServer, run: Run) -> None:
    site.route("/n/2", redirect("http://[x", 302))
    report = run(source("gaon", site.url("/feed"), fulltext=FulltextMode.ALWAYS))
    assert (report.error, report.fetched) == (None, len(TITLES))
    assert any("redirects to something that is not a URL" in warning for warning in report.warnings)


def test_a_private_source_opens_no_other_private_host() -> None:
    from digest.collect.pages.fulltext_fetch import may_be_private

    source = Source("गाँव", url="http://cms.intranet.example:8080/feed", allow_private=True)
    assert may_be_private(source, "http://CMS.intranet.example/a/1")
    assert not may_be_private(source, "http://router.intranet.example/admin")
    assert not may_be_private(source, "http://127.0.0.1/")
    assert not may_be_private(source, "nonsense")
    assert not may_be_private(replace(source, allow_private=False), source.url)
