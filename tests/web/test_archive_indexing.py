"""What search engines and link previews read: metadata, JSON-LD, sitemaps, robots.txt, and cards."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from digest.app import make_app
from digest.render import card
from digest.web.server import run_pages
from tests.support.feeds import NEWS_ARTICLE, atom_errors, sitemap_errors
from tests.web.site import NOW, Site

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DAY = "2026-11-23"
BASE = "https://news.example.com"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
needs_raqm = pytest.mark.skipif(not card.can_shape(), reason="libfribidi0 is not installed")


def properties(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def structured_data(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def story_of(sent: Site) -> str:
    edition = sent.app.editions.get(DAY)
    assert edition is not None
    return next(story.id for story in edition.stories() if story.id != edition.lead)


def locations(sent: Site, path: str) -> list[str]:
    answer = sent.get(path)
    assert answer.headers["content-type"].startswith("application/xml")
    return [each.text or "" for each in ElementTree.fromstring(answer.text).iter(f"{SITEMAP}loc")]


def pages(sent: Site) -> list[str]:
    return [f"/archive/{DAY}", f"/story/{story_of(sent)}"]


def test_a_page_describes_itself_to_link_previews(sent: Site) -> None:
    for path in pages(sent):
        shown = sent.get(path)
        found = properties(shown.text)
        title = html.unescape(re.sub("<[^>]*>", "", shown.title))
        assert found["og:title"] == title
        assert found["og:url"] == BASE + path
        assert found["og:type"] == "article"
        assert found["og:site_name"] == "सुबह की ख़बरें"
        assert found["description"] == found["og:description"]
        assert 20 < len(found["description"]) < 400
        assert datetime.fromisoformat(found["article:published_time"]).tzinfo


def test_json_ld_has_what_google_asks_of_a_news_article(sent: Site) -> None:
    """https://developers.google.com/search/docs/appearance/structured-data/article and schema.org/NewsArticle."""
    for path in pages(sent):
        shown = sent.get(path)
        data = structured_data(shown.text)
        assert (data["@context"], data["@type"]) == ("https://schema.org", "NewsArticle")
        assert data["headline"] == html.unescape(re.sub("<[^>]*>", "", shown.title))
        assert data["mainEntityOfPage"] == {"@type": "WebPage", "@id": BASE + path}
        first, last = (datetime.fromisoformat(data[name]) for name in ("datePublished", "dateModified"))
        assert first.tzinfo
        assert first <= last
        for who in (data["author"], data["publisher"]):
            assert who["@type"] == "Organization"
            assert who["name"] == "सुबह की ख़बरें"
            assert who["url"].startswith("https://")
        assert data["inLanguage"] == "hi"
        assert "@" not in json.dumps({name: data[name] for name in ("headline", "description", "url")})
    assert all(url.startswith("http") for url in data["isBasedOn"])


def test_json_ld_names_the_editors(sent: Site) -> None:
    editors = "[{name: आशा वर्मा, about: शहर की ख़बरें, url: 'https://example.com/asha'}, {name: रवि}]"
    with (
        make_app(sent.app.home, environment={"DIGEST_NOW": NOW, "DIGEST_NEWSLETTER__EDITORS": editors}) as app,
        run_pages(app, port=0) as served,
    ):
        for path in pages(sent):
            data = structured_data(Site(app, served.base).get(path).text)
            assert data["editor"] == [
                {
                    "@type": "Person",
                    "name": "आशा वर्मा",
                    "description": "शहर की ख़बरें",
                    "url": "https://example.com/asha",
                },
                {"@type": "Person", "name": "रवि"},
            ]
    assert "editor" not in structured_data(sent.get(path).text)


@needs_raqm
def test_the_picture_of_a_preview_exists_and_has_the_size_that_it_claims(sent: Site) -> None:
    for path in pages(sent):
        shown = sent.get(path).text
        found = properties(shown)
        assert structured_data(shown)["image"][0]["url"] == found["og:image"]
        place = urlsplit(found["og:image"]).path
        answer = sent.request("GET", place)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert (found["og:image:width"], found["og:image:height"]) == (str(card.WIDTH), str(card.HEIGHT))
    assert sent.get("/card/edition/2020-01-01.jpg").status == 404
    assert sent.get("/card/story/x.jpg").status == 404


def test_sitemaps_list_every_page_once_and_each_exists(sent: Site) -> None:
    maps = locations(sent, "/sitemap.xml")
    assert maps == [f"{BASE}/sitemap/{name}.xml" for name in ("pages", "news", "2026")]
    listed = [each for one in maps if not one.endswith("news.xml") for each in locations(sent, urlsplit(one).path)]
    assert len(listed) == len(set(listed))
    assert {f"{BASE}/archive", f"{BASE}/archive/{DAY}", f"{BASE}/story/{story_of(sent)}"} <= set(listed)
    for address in listed:
        shown = sent.get(address.removeprefix(BASE))
        assert (shown.status, shown.headers["x-robots-tag"]) == (200, "all"), address
        assert re.findall('<link rel="canonical" href="([^"]*)">', shown.text) == [address]
    assert sent.get("/sitemap/2019.xml").status == 200
    assert sent.get("/sitemap/0.xml").status == 404


def test_what_is_published_keeps_to_its_schema(sent: Site) -> None:
    for path in ("/sitemap.xml", *(urlsplit(each).path for each in locations(sent, "/sitemap.xml"))):
        assert sitemap_errors(sent.get(path).text) == [], path
    assert atom_errors(sent.get("/archive.atom").text) == []
    for path in pages(sent):
        found = Draft202012Validator(NEWS_ARTICLE).iter_errors(structured_data(sent.get(path).text))
        assert [error.message for error in found] == [], path
    # Control: the schemas reject a faulty document.
    assert sitemap_errors(sent.get("/sitemap/news.xml").text.replace("<loc>https", "<loc>ftp"))
    assert atom_errors(sent.get("/archive.atom").text.replace("<atom:updated>", "<atom:updated>x"))


def test_the_news_sitemap_has_the_editions_of_two_days(sent: Site) -> None:
    root = ElementTree.fromstring(sent.get("/sitemap/news.xml").text)
    (item,) = root.iter(f"{NEWS}news")
    assert item.findtext(f"{NEWS}publication/{NEWS}name") == "सुबह की ख़बरें"
    assert item.findtext(f"{NEWS}publication/{NEWS}language") == "hi"
    assert datetime.fromisoformat(item.findtext(f"{NEWS}publication_date") or "").tzinfo
    title = html.unescape(re.sub("<[^>]*>", "", sent.get(f"/archive/{DAY}").title))
    assert item.findtext(f"{NEWS}title") == title


def test_robots_txt_names_the_sitemaps_and_keeps_personal_pages_out(sent: Site) -> None:
    text = sent.get("/robots.txt").text
    assert f"Sitemap: {BASE}/sitemap.xml" in text
    for place in ("/leave/", "/preferences/", "/view/", "/search"):
        assert f"Disallow: {place}\n" in text
    assert "Disallow: /archive" not in text


def alternates_of(shown: str) -> dict[str, str]:
    return dict(re.findall('<link rel="alternate" hreflang="([^"]*)" href="([^"]*)">', shown))


def test_translated_pages_are_indexed_in_both_languages_and_name_each_other(sent: Site) -> None:
    """https://developers.google.com/search/docs/specialty/international/localized-versions."""
    listed = ElementTree.fromstring(sent.get("/sitemap/pages.xml").text)
    in_sitemap = {
        url.findtext(f"{SITEMAP}loc"): {each.get("hreflang"): each.get("href") for each in url.iter(f"{XHTML}link")}
        for url in listed
    }
    translated_pages = {address: found for address, found in in_sitemap.items() if found}
    assert len(translated_pages) == 4
    for address, found in translated_pages.items():
        assert address
        shown = sent.get(address.removeprefix(BASE))
        assert shown.headers["x-robots-tag"] == "all"
        assert re.findall('<link rel="canonical" href="([^"]*)">', shown.text) == [address]
        # Each names itself, the page that it names names it, and the default is the newsletter's language.
        assert alternates_of(shown.text) == found
        assert found[shown.headers["content-language"]] == address
        assert all(in_sitemap[other] == found for other in found.values())
        assert found["x-default"] == found["hi"]
    # The English form of a page with Hindi news is a duplicate: not listed, not indexed, and no alternate.
    for path in ("/archive", f"/archive/{DAY}", f"/story/{story_of(sent)}", "/corrections"):
        shown = sent.get(f"{path}?lang=en")
        assert shown.headers["x-robots-tag"] == "noindex, follow"
        assert alternates_of(shown.text) == alternates_of(sent.get(path).text) == {}
        assert re.findall('<link rel="canonical" href="([^"]*)">', shown.text) == [BASE + path]


def test_the_home_page_is_in_two_languages_and_may_be_indexed(sent: Site) -> None:
    for query, own in (("", "/"), ("?lang=en", "/?lang=en")):
        for path in ("/", "/join"):
            shown = sent.get(path + query)
            assert shown.headers["x-robots-tag"] == "all"
            assert re.findall('<link rel="canonical" href="([^"]*)">', shown.text) == [BASE + own]
            assert alternates_of(shown.text) == {"hi": f"{BASE}/", "en": f"{BASE}/?lang=en", "x-default": f"{BASE}/"}
            assert properties(shown.text)["og:locale"] == ("en_IN" if query else "hi_IN")
    if card.can_shape():
        assert properties(sent.get("/").text)["og:image"] == f"{BASE}/card/edition/{DAY}.jpg"
    assert sent.post("/join", email="x").headers["x-robots-tag"] == "noindex, nofollow"


def test_the_buttons_share_the_one_address_of_a_page(sent: Site) -> None:
    for path in pages(sent):
        page = sent.get(path + "?lang=en").text
        (link,) = re.findall(r'href="(https://wa\.me/[^"]*)"', page)
        assert unquote(urlsplit(html.unescape(link)).query).endswith("\n" + BASE + path)
        assert f'data-copy="{BASE}{path}"' in page
        # Without JavaScript there is no button that does nothing.
        assert re.search(r"<button[^>]* hidden>", page)
    assert "[hidden]{display:none!important}" in sent.get("/style.css").text


@needs_raqm
def test_a_card_has_room_for_every_headline() -> None:
    from digest.render.themes import LOOKS

    palette = LOOKS["newspaper"].light
    for title in ("बाढ़", "राष्ट्रपति " * 60, "अ" * 400, "A" * 300, ""):
        for picture in (None, b"no picture"):
            drawn = card.draw(title, "सुबह की ख़बरें", "23 नवंबर", palette, picture)
            assert Image.open(BytesIO(drawn)).size == (card.WIDTH, card.HEIGHT)
    assert card.can_draw("ISRO की ‘उड़ान’: ₹82.5 करोड़…")
    assert not card.can_draw("ஈ")


@needs_raqm
def test_the_card_of_a_headline_is_shaped() -> None:
    """Without shaping, the i sign would be after its consonant, and the conjunct would be three letters wide."""
    font = card._font(60)
    assert font.getlength("क्ष", language="hi") < font.getlength("कष", language="hi")
    assert font.getlength("ISRO", language="hi") > 0
