"""`digest sources`: preview and add a source, exchange feed lists, show the health of sources."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from digest.app import make_app
from digest.cli.output import ago
from digest.collect.feeds.opml import Outline
from digest.collect.types import SourceState
from digest.config.source_list import parse_target, plan_import
from digest.models import SourceHealth
from tests.cli.newsroom import Newsroom
from tests.support.http_server import HttpServer
from tests.support.tables import each_row

pytestmark = pytest.mark.all_sources

BODY = "<p>किसानों ने बताया कि खेतों की सिंचाई शुरू हो गई है और गाँव के लोग इससे बहुत ख़ुश हैं।</p>" * 3
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def feed(title: str = "गाँव समाचार", items: int = 7) -> str:
    entries = "".join(
        f"<item><title>ख़बर {n}: नहर में पानी आया</title><link>https://village.example/{n}</link>"
        f"<pubDate>Sun, 22 Nov 2026 0{n}:00:00 +0000</pubDate>"
        "<description>किसानों ने सिंचाई शुरू कर दी।</description></item>"
        for n in range(items)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{entries}</channel></rss>'


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.route("/rss", feed())
        server.route("/other", feed("पहाड़ टाइम्स: ताज़ा"))
        server.route("/empty", feed(items=0))
        server.route("/old", status=301, headers={"Location": "/rss"})
        server.route("/lately", status=302, headers={"Location": "/rss"})
        page = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
        server.route("/page", page, type="text/html; charset=utf-8")
        cards = "".join(f'<h3><a href="/n/{n}">नहर में पानी की ख़बर {n}</a></h3>' for n in range(4))
        for n in range(4):
            article = (
                f"<!doctype html><html><body><article><h1>नहर में पानी की ख़बर {n}</h1>{BODY}</article></body></html>"
            )
            server.route(f"/n/{n}", article, type="text/html; charset=utf-8")
        server.route("/list", f"<!doctype html><html><body>{cards}</body></html>", type="text/html; charset=utf-8")
        yield server


def text(newsroom: Newsroom) -> str:
    return (newsroom.home / "digest.yaml").read_bytes().decode()


def new_lines(newsroom: Newsroom, before: str) -> list[str]:
    """Return the lines that were added to digest.yaml. Fails if any other line changed."""
    after, old = text(newsroom).splitlines(keepends=True), before.splitlines(keepends=True)
    start = next((at for at, pair in enumerate(zip(old, after, strict=False)) if pair[0] != pair[1]), len(old))
    more = len(after) - len(old)
    assert after[:start] + after[start + more :] == old
    return [line.strip() for line in after[start : start + more]]


def add(newsroom: Newsroom, *arguments: str, code: int = 0) -> Any:
    return newsroom.json("sources", "add", *arguments, "--yes", "--allow-private", code=code)


@pytest.mark.slow
def test_a_feed_is_previewed_before_it_is_added_under_its_title(newsroom: Newsroom, site: HttpServer) -> None:
    before = text(newsroom)
    shown = newsroom.digest("sources", "add", site.url("/rss"), "--dry-run", "--allow-private")
    assert shown.code == 0
    assert "rss2.0, 7 articles; the newest:" in shown.out
    titles = [line.split()[2:4] for line in shown.out.splitlines() if "ख़बर" in line]
    assert titles == [["ख़बर", f"{n}:"] for n in (6, 5, 4, 3, 2)]
    # 06:00 UTC in the newsletter's zone.
    assert "2026-11-22 11:30" in shown.out
    assert text(newsroom) == before
    result = add(newsroom, site.url("/rss"), "--section", "देश", "--weight", "1.5", "--no-fulltext")
    place = f'name: गाँव समाचार, url: "{site.url("/rss")}"'
    row = f"- {{{place}, weight: 1.5, section: देश, fulltext: false, allow_private: true}}"
    assert new_lines(newsroom, before) == [row]
    assert (result["added"], result["kind"], result["found"], result["line"]) == (True, "rss2.0", 7, 23)
    assert [article["url"][-1] for article in result["articles"]] == ["6", "5", "4", "3", "2"]
    assert newsroom.json("check")["faults"] == []


@pytest.mark.parametrize(("place", "kept"), [("/page", "/rss"), ("/old", "/rss"), ("/lately", "/lately")])
def test_the_permanent_address_of_a_feed_is_added(newsroom: Newsroom, site: HttpServer, place: str, kept: str) -> None:
    before = text(newsroom)
    run = newsroom.digest("sources", "add", site.url(place), "--yes", "--allow-private")
    assert run.code == 0
    (row,) = new_lines(newsroom, before)
    assert f'url: "{site.url(kept)}"' in row
    assert (f"leads to {site.url('/rss')}, which is added instead" in run.err) == (place != kept)


def test_adding_a_known_source_changes_nothing(newsroom: Newsroom, site: HttpServer) -> None:
    add(newsroom, site.url("/rss"))
    before = text(newsroom)
    for place in ("/rss", "/rss/?utm_source=x#top", "/page", "/old"):
        run = newsroom.digest("sources", "add", site.url(place), "--allow-private", "--yes")
        assert run.code == 0
        assert "is already a source: गाँव समाचार (digest.yaml:23)" in run.out
    assert "is already a source" in newsroom.digest("sources", "add", "samples/feeds/lok-darpan.xml").out
    assert newsroom.json("sources", "add", site.url("/rss"))["already"] == {"name": "गाँव समाचार", "line": 23}
    assert text(newsroom) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["/nothing"], 1, "does not exist"),
        (["/empty"], 1, "gives no articles"),
        (["/rss", "--weight", "11"], 2, "'weight': expected a number of at most 10, found 11.0"),
        (["/rss", "--name", "डेस्क"], 2, "'name': expected a name that no other source has, found 'डेस्क'"),
        (["/rss", "--section", "a\nb"], 2, "'section': expected one line of text"),
    ],
)
def test_a_source_with_an_error_or_no_articles_is_not_added(
    newsroom: Newsroom, site: HttpServer, arguments: list[str], code: int, message: str
) -> None:
    before = text(newsroom)
    run = newsroom.digest("sources", "add", site.url(arguments[0]), *arguments[1:], "--yes", "--allow-private")
    assert run.code == code
    assert message in run.err
    assert text(newsroom) == before
    if code == 1:
        result = add(newsroom, site.url(arguments[0]), code=1)
        assert not result["added"]
        assert message in result["error"]
        assert add(newsroom, site.url(arguments[0]), "--force", "--name", "क")["added"]


def test_private_addresses_need_an_option_and_other_schemes_are_refused(newsroom: Newsroom, site: HttpServer) -> None:
    before = text(newsroom)
    assert "not a public address" in newsroom.digest("sources", "add", site.url("/rss"), "--yes").err
    for target in ("file:///etc/passwd", "ftp://a.example/rss"):
        run = newsroom.digest("sources", "add", target, "--yes")
        assert run.code == 2
        assert "'url'" in run.err or "expected url to start with https:// or http://" in run.err
    assert text(newsroom) == before


@pytest.mark.slow
def test_a_private_address_is_refused_with_what_to_do(newsroom: Newsroom, site: HttpServer) -> None:
    url = site.url("/rss")
    option = "127.0.0.1 is not a public address. If you trust it, run the command again with `--allow-private`."
    key = "127.0.0.1 is not a public address. If you trust it, set `allow_private: true` at this source in digest.yaml."
    added = newsroom.digest("sources", "add", url, "--yes")
    assert added.err == f"digest: {url}: {option} Nothing was added.\n"
    for arguments in ([url], [site.url("/list"), "--links", "h3 a"]):
        assert option in newsroom.digest("sources", "test", *arguments).err
    (newsroom.home / "mine.txt").write_text(url, encoding="utf-8")
    assert option in newsroom.digest("sources", "import", "mine.txt", "--check").err
    add(newsroom, url)
    newsroom.edit_settings(", allow_private: true", "")
    assert f"गाँव समाचार (digest.yaml:23): {key}" in newsroom.digest("collect").err
    assert f"गाँव समाचार: {key}" in newsroom.digest("sources", "test", "गाँव समाचार").err
    assert any(key in warning for warning in newsroom.json("check")["warnings"])
    assert site.requests == site.hits("/rss")


def test_a_redirect_to_another_private_host_has_no_such_remedy(newsroom: Newsroom, site: HttpServer) -> None:
    site.route("/away", status=302, headers={"Location": f"http://localhost:{site.port}/rss"})
    run = newsroom.digest("sources", "add", site.url("/away"), "--allow-private", "--yes")
    assert "which is not a public address (after a redirect from" in run.err
    assert "If you trust it" not in run.err


@pytest.mark.slow
def test_without_a_terminal_adding_needs_yes(
    newsroom: Newsroom, site: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = text(newsroom)
    monkeypatch.setattr("sys.stdin", StringIO())
    run = newsroom.digest("sources", "add", site.url("/rss"), "--allow-private")
    assert run.code == 2
    assert "use --yes" in run.err
    assert site.hits("/rss") == []
    assert text(newsroom) == before


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "kept"), [(b"y\n", True), (b"n\n", False)])
def test_on_a_terminal_adding_asks_for_confirmation(
    newsroom: Newsroom, site: HttpServer, monkeypatch: pytest.MonkeyPatch, answer: bytes, kept: bool
) -> None:
    before = text(newsroom)
    master, slave = pty.openpty()
    try:
        os.write(master, answer)
        with os.fdopen(slave, encoding="utf-8") as terminal:
            monkeypatch.setattr("sys.stdin", terminal)
            run = newsroom.digest("sources", "add", site.url("/rss"), "--allow-private")
    finally:
        os.close(master)
    assert run.code == 0, run.err
    assert "Add 'गाँव समाचार' as a source?" in run.err
    assert (text(newsroom) != before) == kept


def test_a_folder_in_the_newsletter_gets_a_relative_path(newsroom: Newsroom, tmp_path: Path) -> None:
    outside = tmp_path / "desk"
    for folder in (newsroom.home / "mine", outside):
        folder.mkdir()
        (folder / "one.txt").write_text("नहर में पानी आया\n\nकिसानों ने खेतों की सिंचाई शुरू कर दी है।\n", encoding="utf-8")
    before = text(newsroom)
    add(newsroom, "mine")
    (row,) = new_lines(newsroom, before)
    assert row == "- {name: mine, path: mine, allow_private: true}"
    assert add(newsroom, str(outside))["source"]["path"] == str(outside)


def test_a_listing_page_can_be_tested_and_added(newsroom: Newsroom, site: HttpServer) -> None:
    preview = newsroom.json("sources", "test", site.url("/list"), "--links", "h3 a", "--allow-private")
    assert preview["kind"] == "listing"
    assert len(preview["articles"]) == 4
    wrong = newsroom.digest("sources", "add", site.url("/list"), "--links", "h3[", "--yes")
    assert wrong.code == 2
    assert "'links'" in wrong.err
    result = add(newsroom, site.url("/list"), "--links", "h3 a", "--name", "सूची")
    assert result["source"]["links"] == "h3 a"
    assert "links: h3 a" in text(newsroom)


def test_a_source_can_be_tested_by_its_name(newsroom: Newsroom) -> None:
    preview = newsroom.json("sources", "test", "खेल दुनिया")
    assert preview["kind"] == "rss1.0"
    assert {"url", "title", "kicker", "published", "updated", "author", "image", "categories", "language", "excerpt",
            "body", "summary", "warnings"} <= set(preview["articles"][0])  # fmt: skip
    assert newsroom.digest("sources", "test", "खेल").code == 1


def test_a_path_of_the_settings_is_tested_with_their_keys(newsroom: Newsroom) -> None:
    """The sample's `replay` moves its dates."""
    path = "samples/feeds/khel-duniya.rdf"
    found = newsroom.json("sources", "test", path, DIGEST_NOW="2026-12-23T07:00+05:30")
    assert max(article["published"] for article in found["articles"])[:9] == "2026-12-2"
    assert found["warnings"] == []


def test_a_source_can_be_removed(newsroom: Newsroom) -> None:
    before = text(newsroom)
    run = newsroom.digest("sources", "remove", "खेल दुनि")
    assert (run.code, text(newsroom)) == (2, before)
    assert "did you mean 'खेल दुनिया'?" in run.err
    assert newsroom.digest("sources", "remove", "खेल दुनिया").code == 0
    row = next(line for line in before.splitlines(keepends=True) if "खेल दुनिया" in line)
    assert text(newsroom) == before.replace(row, "")


def test_the_samples_are_removed_at_once(newsroom: Newsroom) -> None:
    newsroom.edit_settings("sources:\n", "sources:\n  - {name: Paper, url: 'https://paper.example.com/rss'}\n")
    assert newsroom.digest("sources", "remove").code == 2
    assert newsroom.digest("sources", "remove", "डेस्क", "लोक दर्पण").code == 0
    removed = newsroom.digest("sources", "remove", "--samples").out
    assert removed.count("Removed ") == 4
    assert [row["name"] for row in newsroom.json("sources", "list")["sources"]] == ["Paper"]
    assert newsroom.digest("sources", "remove", "--samples").err == "There are no samples.\n"


def test_an_edit_of_an_invalid_file_is_refused(newsroom: Newsroom, site: HttpServer) -> None:
    newsroom.edit_settings("max_stories: 12", "max_storys: 12")
    before = text(newsroom)
    for arguments in (["add", site.url("/rss"), "--yes"], ["remove", "डेस्क"]):
        run = newsroom.digest("sources", *arguments)
        assert run.code == 2
        assert "max_storys" in run.err
    assert text(newsroom) == before


def opml(site: HttpServer) -> str:
    return f"""<?xml version="1.0"?>
<opml version="2.0"><body>
  <outline text="खेल"><outline text="गाँव के खेल" xmlUrl="{site.url("/rss")}"/>
    <outline text="वही" xmlurl="{site.url("/rss/")}?utm_source=feed"/></outline>
  <outline text="पढ़ना है">
    <outline text="डेस्क" xmlUrl="{site.url("/other")}"/>
    <outline text="ख़ाली" xmlUrl="{site.url("/empty")}"/>
    <outline text="पन्ना" xmlUrl="{site.url("/page")}"/>
  </outline>
  <outline text="बिना पता"/>
  <outline text="फ़ाइल" xmlUrl="file:///etc/passwd"/>
</body></opml>"""


@pytest.mark.slow
def test_opml_is_imported_in_one_edit(newsroom: Newsroom, site: HttpServer) -> None:
    (newsroom.home / "mine.opml").write_text(opml(site), encoding="utf-8")
    before = text(newsroom)
    arguments = ("sources", "import", "mine.opml", "--allow-private")
    planned = newsroom.json(*arguments, "--dry-run")
    assert text(newsroom) == before
    result = newsroom.json(*arguments)
    assert result == {**planned, "dry_run": False}
    assert [(row["name"], row.get("section")) for row in result["added"]] == [
        ("गाँव के खेल", "खेल"),
        ("डेस्क 2", None),
        ("ख़ाली", None),
        ("पन्ना", None),
    ]
    assert len(new_lines(newsroom, before)) == 4
    assert [(one["name"], one["why"]) for one in result["skipped"]] == [("गाँव के खेल", "is in the file twice")]
    assert [one["line"] for one in result["rejected"]] == [10, 11]
    assert result["folders_ignored"] == {"पढ़ना है": 3}
    assert site.requests == []
    again = newsroom.digest(*arguments)
    assert again.code == 0
    assert "0 sources added, 5 already listed, 2 rejected" in again.out
    assert "mine.opml:11: rejected: file:///etc/passwd is not an http or https URL" in again.err
    assert newsroom.json("check")["faults"] == []


def test_import_with_check_skips_empty_feeds_and_finds_the_feed_of_a_page(newsroom: Newsroom, site: HttpServer) -> None:
    path = newsroom.home / "mine.txt"
    urls = [site.url(place) for place in ("/page", "/rss", "/empty", "/nothing", "/other")]
    path.write_text("\n".join(urls), encoding="utf-8")
    result = newsroom.json("sources", "import", "mine.txt", "--check", "--allow-private")
    assert [row["url"] for row in result["added"]] == [site.url("/rss"), site.url("/other")]
    assert [one["url"] for one in result["left_out"]] == [site.url(place) for place in ("/rss", "/empty", "/nothing")]
    assert "which is already a source" in result["left_out"][0]["why"]


def test_import_with_check_names_a_source_by_its_title(newsroom: Newsroom, site: HttpServer) -> None:
    urls = [site.url(place) for place in ("/rss", "/other")]
    (newsroom.home / "mine.txt").write_text("\n".join(urls), encoding="utf-8")
    arguments = ("sources", "import", "mine.txt", "--allow-private", "--dry-run")
    names = [[row["name"] for row in newsroom.json(*arguments, *more)["added"]] for more in ((), ("--check",))]
    assert names == [["127.0.0.1", "127.0.0.1 2"], ["गाँव समाचार", "पहाड़ टाइम्स: ताज़ा"]]
    # A title of the file stays, and no two sources have one name.
    outlines = f'<outline text="गाँव समाचार" xmlUrl="{urls[1]}"/><outline xmlUrl="{urls[0]}"/>'
    (newsroom.home / "mine.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8")
    result = newsroom.json("sources", "import", "mine.opml", "--check", "--allow-private")
    assert [row["name"] for row in result["added"]] == ["गाँव समाचार", "गाँव समाचार 2"]


def test_folders_can_be_ignored(newsroom: Newsroom, site: HttpServer) -> None:
    (newsroom.home / "mine.opml").write_text(opml(site), encoding="utf-8")
    result = newsroom.json("sources", "import", "mine.opml", "--no-section-from-folder", "--dry-run")
    assert all("section" not in row for row in result["added"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("<rss><channel/></rss>", "list.opml:1: is a feed (<rss>)"),
        (
            '<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>',
            "list.opml:1: declares dangerous XML",
        ),
        ("\nकुछ भी\n", "list.opml:2: is neither OPML nor a list of URLs"),
    ],
)
def test_a_file_that_is_no_feed_list_is_reported_with_its_line(
    newsroom: Newsroom, content: str | None, message: str
) -> None:
    before = text(newsroom)
    if content is not None:
        (newsroom.home / "list.opml").write_text(content, encoding="utf-8")
    run = newsroom.digest("sources", "import", "list.opml")
    assert run.code == 2
    assert message in run.err
    assert text(newsroom) == before


def test_exported_sources_can_be_imported(newsroom: Newsroom, site: HttpServer, tmp_path: Path) -> None:
    add(newsroom, site.url("/rss"), "--section", "खेल")
    add(newsroom, site.url("/other"))
    run = newsroom.digest("sources", "export", str(tmp_path / "all.opml"))
    assert "2 feeds in" in run.out
    assert "6 sources are not included: OPML holds only feeds by URL" in run.err
    assert newsroom.digest("sources", "export").out.encode() == (tmp_path / "all.opml").read_bytes()
    kept = text(newsroom)
    for name in ("गाँव समाचार", "पहाड़ टाइम्स: ताज़ा"):
        newsroom.digest("sources", "remove", name)
    result = newsroom.json("sources", "import", str(tmp_path / "all.opml"), "--allow-private")
    assert {(row["name"], row.get("section")) for row in result["added"]} == {
        ("गाँव समाचार", "खेल"),
        ("पहाड़ टाइम्स: ताज़ा", None),
    }
    assert sorted(text(newsroom)) == sorted(kept)


@each_row(
    ("seconds", "message"),
    [(0, "just now"), (-59, "just now"), (60, "1 min ago"), (-1250, "in 20 min"), (7200, "2 h ago"),
     (47 * 3600, "47 h ago"), (48 * 3600, "2 days ago")],
)  # fmt: skip
def test_times_are_shown_relative_to_now(seconds: int, message: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == message


def save_health(newsroom: Newsroom, health: SourceHealth) -> None:
    with make_app(newsroom.home, environment=newsroom.environment) as app:
        app.articles.save_state(SourceState(health))


def test_list_shows_the_health_of_sources(newsroom: Newsroom, site: HttpServer) -> None:
    for place in ("/rss", "/other", "/lately"):
        add(newsroom, site.url(place), "--name", place[1:])
    first = newsroom.digest("sources", "list")
    assert first.out.count("not yet collected") == 3
    url = site.url("/rss")
    save_health(
        newsroom, SourceHealth("rss", url, NOW - timedelta(hours=2), NOW - timedelta(days=3), moved_to=site.url("/new"))
    )
    save_health(
        newsroom, SourceHealth("other", site.url("/other"), None, None, 4, "is down", NOW + timedelta(minutes=20))
    )
    save_health(newsroom, SourceHealth("lately", site.url("/before"), NOW))
    run = newsroom.digest("sources", "list")
    lines = {line.split()[0]: line for line in run.out.splitlines()}
    for word in ("2 h ago", "3 days ago", f"moved to {site.url('/new')}"):
        assert word in lines["rss"]
    for word in ("failed 4×: is down", "next try in 19 min"):
        assert word in lines["other"]
    # Its recorded health belongs to another address.
    assert "not yet collected" in lines["lately"]
    rows = {row["name"]: row for row in newsroom.json("sources", "list")["sources"]}
    assert rows["rss"]["url"] == url
    assert rows["rss"]["health"]["last_good"] == (NOW - timedelta(hours=2)).isoformat()
    assert rows["other"]["health"]["failures"] == 4
    assert rows["lately"]["health"]["collected"] is False


@pytest.mark.slow
def test_check_reports_unhealthy_sources_with_their_line(newsroom: Newsroom, site: HttpServer) -> None:
    for place in ("/rss", "/other", "/lately"):
        add(newsroom, site.url(place), "--name", place[1:])
    long_ago = NOW - timedelta(days=9)
    save_health(newsroom, SourceHealth("rss", site.url("/rss"), NOW, NOW, moved_to=site.url("/new")))
    save_health(newsroom, SourceHealth("other", site.url("/other"), long_ago, long_ago, 3, "is down"))
    save_health(newsroom, SourceHealth("lately", site.url("/lately"), NOW, long_ago))
    requested = len(site.requests)
    result = newsroom.json("check", "--offline")
    assert len(site.requests) == requested
    for line, words in {23: "permanently moved", 24: "failed 3 times in a row", 25: "no new article since"}.items():
        (warning,) = [message for message in result["warnings"] if message.startswith(f"digest.yaml:{line}: source ")]
        assert words in warning
    assert any("is down" in message for message in result["warnings"])


@pytest.mark.slow
def test_check_fetches_sources_and_reports_a_missing_path_with_its_line(newsroom: Newsroom, site: HttpServer) -> None:
    add(newsroom, site.url("/rss"))
    site.route("/rss", "gone", status=410)
    assert newsroom.json("check", "--offline")["warnings"] == []
    (warning,) = newsroom.json("check")["warnings"]
    assert warning.startswith("digest.yaml:23: source गाँव समाचार: ")
    assert "410" in warning
    newsroom.edit_settings("path: samples/articles", "path: samples/articels")
    result = newsroom.json("check", code=2)
    assert result["faults"] == [
        {"where": "digest.yaml", "line": 22, "message": "source डेस्क: file or folder not found: samples/articels"}
    ]


def test_an_override_by_the_environment_is_reported(newsroom: Newsroom, site: HttpServer) -> None:
    row = "[{name: अच्छा, path: samples/feeds/subah-samachar.xml}]"
    run = newsroom.digest("sources", "add", site.url("/rss"), "--yes", "--allow-private", DIGEST_SOURCES=row)
    assert run.code == 0
    assert "DIGEST_SOURCES is set" in run.err
    assert site.url("/rss") in text(newsroom)


def test_imported_sources_get_names_that_no_source_has(tmp_path: Path) -> None:
    rows = "".join(f'  - {{name: {name}, url: "https://v.example/f"}}\n' for name in ("गाँव", "खेत"))
    (tmp_path / "digest.yaml").write_text(f"sources:\n{rows}", encoding="utf-8")
    fresh = [Outline("https://w.example/f", "गाँव"), Outline("https://x.example/f", "खेत")]
    planned = plan_import(tmp_path, fresh, sections=(), by_folder=True)
    assert [row["name"] for row in planned.rows] == ["गाँव 2", "खेत 2"]


def test_the_home_of_an_unknown_user_is_a_plain_path(tmp_path: Path) -> None:
    assert parse_target(tmp_path, "~nobody-of-that-name/x") == {"path": "~nobody-of-that-name/x"}
