"""Images next to articles: all ways of naming them, limits of place and size, and never from the network."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.collect import images
from digest.collect.collector import collect
from digest.collect.dispatch import read_document
from digest.collect.files import read_path
from digest.collect.http.fetch import Fetcher, Response
from digest.collect.source_reader import CollectContext
from digest.collect.types import ParseResult
from digest.models import Article, Source
from tests.collect.drawn import gif, jpeg, png
from tests.collect.notebook import InMemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DESK = Source("डेस्क", path="articles")
TEXT = "पुल पर सोमवार से गाड़ियाँ चलने लगीं और लोगों ने राहत की साँस ली।"
MARKDOWN = "---\ntitle: पुल खुला\n{front}---\n\n" + TEXT + "\n\n{inside}\n"
PAGE = (
    "<html lang=hi><head><title>पुल खुला</title>{head}</head>"
    "<body><article><h1>पुल खुला</h1><p>{text}</p>{inside}</article></body></html>"
)
RSS = (
    "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><title>पत्र</title>{site}"
    "<item><title>पुल खुला</title>{link}<guid>a1</guid><description>{text}</description>{inside}</item></channel></rss>"
)
SITE, LINK = "<link>https://paper.example.com/</link>", "<link>https://paper.example.com/city/bridge</link>"


def markdown(folder: Path, *, front: str = "", inside: str = "", name: str = "pul.md") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(MARKDOWN.format(front=front, inside=inside), "utf-8")


def page(inside: str, head: str = "") -> str:
    return PAGE.format(head=head, text=TEXT * 3, inside=inside)


def rss(inside: str, *, site: str = SITE, link: str = LINK) -> str:
    return RSS.format(site=site, link=link, text=TEXT, inside=inside)


def only(parsed: ParseResult) -> Article:
    assert parsed.error is None
    (article,) = parsed.articles
    return article


def shown(parsed: ParseResult) -> tuple[bytes, str]:
    """The bytes and the text of the image of the only article; fails if it has none."""
    image = only(parsed).image
    assert image is not None
    (embedded,) = parsed.images
    assert image.url == f"cid:{embedded.cid}"
    assert (image.width, image.height) == (embedded.width, embedded.height)
    return embedded.data, image.alt


@pytest.mark.parametrize(("name", "data"), [("pul.png", png()), ("पुल.jpg", jpeg()), ("p ul.gif", gif())])
def test_front_matter_names_a_file(tmp_path: Path, name: str, data: bytes) -> None:
    markdown(tmp_path, front=f"image: {name}\nimage_alt: नदी का पुल\n")
    (tmp_path / name).write_bytes(data)
    parsed = read_path(tmp_path, DESK, NOW)
    assert shown(parsed) == (data, "नदी का पुल")
    assert parsed.warnings == ()


def test_markdown_names_a_file(tmp_path: Path) -> None:
    markdown(tmp_path, inside="![नया पुल](<चित्र/नया पुल.png>)")
    (tmp_path / "चित्र").mkdir()
    (tmp_path / "चित्र/नया पुल.png").write_bytes(png())
    assert shown(read_path(tmp_path, DESK, NOW)) == (png(), "नया पुल")


@pytest.mark.parametrize("head", ["", "<link rel=canonical href='https://paper.example.com/city/bridge'>"])
def test_a_page_names_a_file_whatever_its_own_address(tmp_path: Path, head: str) -> None:
    (tmp_path / "pul.html").write_text(page("<img src='./pul.png' width=9 height=9 alt='पुल'>", head), "utf-8")
    (tmp_path / "pul.png").write_bytes(png())
    assert shown(read_path(tmp_path, DESK, NOW)) == (png(), "पुल")


@pytest.mark.parametrize(
    "inside",
    [
        "<enclosure url='images/pul.png' type='image/png' length='1'/>",
        "<media:content url='images/pul.png' medium='image'/>",
        "<media:thumbnail url='./images/pul.png'/>",
        "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>&lt;p&gt;" + TEXT + "&lt;/p&gt;"
        "&lt;img src='images/pul.png'&gt;</content:encoded>",
    ],
)
@pytest.mark.parametrize(("site", "link"), [(SITE, LINK), ("", LINK), ("", "")])
def test_a_saved_feed_names_a_file(tmp_path: Path, inside: str, site: str, link: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/pul.png").write_bytes(png())
    (tmp_path / "feed.xml").write_text(rss(inside, site=site, link=link), "utf-8")
    assert shown(read_path(tmp_path / "feed.xml", DESK, NOW))[0] == png()
    assert shown(read_path(tmp_path, DESK, NOW))[0] == png()


def test_a_saved_json_feed_names_a_file(tmp_path: Path) -> None:
    item = {"id": "1", "url": "https://paper.example.com/1", "title": "पुल", "content_text": TEXT, "image": "pul.png"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "पत्र", "items": [item]}
    (tmp_path / "feed.json").write_text(json.dumps(feed), "utf-8")
    (tmp_path / "pul.png").write_bytes(png())
    assert shown(read_path(tmp_path / "feed.json", DESK, NOW))[0] == png()


def test_a_missing_file_is_a_url_or_a_warning(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(rss("<enclosure url='pul.png' type='image/png'/>"), "utf-8")
    image = only(read_path(tmp_path / "feed.xml", DESK, NOW)).image
    assert image is not None
    assert image.url == "https://paper.example.com/city/pul.png"
    markdown(tmp_path / "articles", front="image: pul.png\n")
    parsed = read_path(tmp_path / "articles", DESK, NOW)
    assert only(parsed).image is None
    assert parsed.warnings == ("pul.md: its image pul.png is not in its folder",)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "images/../../secret.png",
        "%2e%2e/secret.png",
        "..%2fsecret.png",
        "link.png",
        "linked/secret.png",
        "images",
        "fifo.png",
        "..\\secret.png",
        "pul.png\x00.png",
        "x" * 5000 + ".png",
    ],
)
def test_no_file_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    home = tmp_path / "articles"
    (home / "images").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(png())
    (home / "link.png").symlink_to(tmp_path / "secret.png")
    (home / "linked").symlink_to(tmp_path)
    os.mkfifo(home / "fifo.png")
    (home / "pul.html").write_text(page(f"<img src='{name}' alt='x'>"), "utf-8")
    parsed = read_path(home / "pul.html", DESK, NOW)
    assert only(parsed).image is None
    assert parsed.images == ()


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "file:///secret.png", "//host/pul.png", "C:\\pul.png", "cid:abc@digest"]
)
def test_no_path_of_this_machine_is_an_image(tmp_path: Path, name: str) -> None:
    markdown(tmp_path, front=f"image: '{name}'\n")
    parsed = read_path(tmp_path, DESK, NOW)
    assert only(parsed).image is None
    assert parsed.warnings == ("1 item: its image is neither a file next to it nor an http or https URL",)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(png())
    (tmp_path / "pul.png").symlink_to("real.png")
    markdown(tmp_path / "sub", front="image: ../pul.png\n")
    assert shown(read_path(tmp_path, DESK, NOW))[0] == png()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(padding=images.MAX_IMAGE_BYTES), "has more than 5,000,000 bytes"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a PNG, JPEG or GIF file"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "is not a PNG, JPEG or GIF file"),
        (b"<html>", "is not a PNG, JPEG or GIF file"),
        (b"", "is not a PNG, JPEG or GIF file"),
    ],
)
def test_unsuitable_images_are_left_out_with_a_warning(tmp_path: Path, data: bytes, reason: str) -> None:
    markdown(tmp_path, front="image: pul.png\nurl: https://paper.example.com/pul\n")
    (tmp_path / "pul.png").write_bytes(data)
    parsed = read_path(tmp_path, DESK, NOW)
    assert only(parsed).image is None
    assert parsed.images == ()
    (warning,) = parsed.warnings
    assert warning.startswith(f"pul.md: its image pul.png {reason}")


def test_an_image_of_exactly_the_maximum_size_is_used(tmp_path: Path) -> None:
    data = png(padding=images.MAX_IMAGE_BYTES - len(png(padding=1)) + 1)
    assert len(data) == images.MAX_IMAGE_BYTES
    markdown(tmp_path, front="image: pul.png\n")
    (tmp_path / "pul.png").write_bytes(data)
    assert shown(read_path(tmp_path, DESK, NOW))[0] == data


def test_a_folder_of_too_many_bytes_keeps_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 2 * len(png(40, 30)) + 50)
    for n in range(4):
        markdown(tmp_path, front=f"image: {n}.png\nid: i{n}\n", name=f"{n}.md")
        (tmp_path / f"{n}.png").write_bytes(png(40, 30 + n))
    parsed = read_path(tmp_path, DESK, NOW)
    assert len(parsed.articles) == 4
    assert 1 <= len(parsed.images) <= 2
    assert any("bytes together" in warning for warning in parsed.warnings)


def test_two_articles_share_one_image(tmp_path: Path) -> None:
    for n in range(2):
        markdown(tmp_path, front=f"image: {n}.png\nid: i{n}\n", name=f"{n}.md")
        (tmp_path / f"{n}.png").write_bytes(png())
    parsed = read_path(tmp_path, DESK, NOW)
    assert len({article.image for article in parsed.articles}) == 1
    assert len(parsed.images) == 1


def test_an_unused_image_gives_a_warning_and_is_not_stored(tmp_path: Path) -> None:
    markdown(tmp_path)
    (tmp_path / "pul.png").write_bytes(png())
    parsed = read_path(tmp_path, DESK, NOW)
    assert parsed.images == ()
    assert parsed.warnings == ("pul.png is an image that no article uses",)


def test_counters_and_spacers_are_not_used(tmp_path: Path) -> None:
    markdown(tmp_path, inside="![](dot.gif) ![पुल](pul.png)")
    (tmp_path / "dot.gif").write_bytes(gif(1, 1))
    (tmp_path / "pul.png").write_bytes(png())
    assert shown(read_path(tmp_path, DESK, NOW)) == (png(), "पुल")


def test_a_new_image_changes_the_content_hash(tmp_path: Path) -> None:
    def hash_now() -> str:
        return only(read_path(tmp_path, DESK, NOW)).content_hash

    markdown(tmp_path, front="image: pul.png\n")
    without = hash_now()
    (tmp_path / "pul.png").write_bytes(png())
    first = hash_now()
    assert hash_now() == first
    (tmp_path / "pul.png").write_bytes(png(50, 30))
    second = hash_now()
    markdown(tmp_path, front="image: pul.png\nimage_alt: पुल\n")
    assert len({without, first, second, hash_now()}) == 4


HOSTILE = [
    "pul.png",
    "cid:" + "a" * 40 + "@digest",
    "file:///srv/pul.png",
    "/srv/pul.png",
    "data:image/png;base64,iVBO",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("base", ["https://paper.example.com/rss.xml", ""])
def test_fetched_documents_cannot_name_local_files(tmp_path: Path, name: str, base: str) -> None:
    (tmp_path / "pul.png").write_bytes(png())
    item = {"id": "1", "url": "https://paper.example.com/1", "title": "पुल", "image": name}
    item["content_html"] = f"<p>{TEXT}</p><img src='{name}'>"
    documents = [
        rss(f"<enclosure url='{name}' type='image/png'/><media:content url='{name}' medium='image'/>"),
        rss(f"<description>&lt;img src='{name}'&gt;</description>"),
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "पत्र", "items": [item]}),
        page(f"<img src='{name}'>", f"<meta property='og:image' content='{name}'>"),
    ]
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for document in documents:
            parsed = read_document(Response(200, base, document.encode()), source=Source("पत्र", url=base), now=NOW)
            assert parsed.images == ()
            for article in parsed.articles:
                assert article.image is None or article.image.url.startswith("https://paper.example.com/")
    finally:
        os.chdir(here)


def test_a_changed_image_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(rss("<enclosure url='pul.png' type='image/png'/>"), "utf-8")
    store, source = InMemoryStore(), Source("पत्र", path="feed.xml")
    for data in (png(), png(50, 30)):
        (tmp_path / "pul.png").write_bytes(data)
        collect(
            [source],
            CollectContext(Fetcher(), NOW, tmp_path, article_store=store),
            store,
        )
        (article,) = store.articles.values()
        assert article.image is not None
        assert store.images[article.image.url.removeprefix("cid:")].data == data
    assert len(store.threads) == 1
