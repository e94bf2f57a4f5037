"""Full text: the pages of shortened stories are fetched, for the selected stories only."""

from __future__ import annotations

import json

import pytest

from tests.cli.newsroom import Newsroom
from tests.support.http_server import HttpServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
TOWNS = ("सोनपुरा", "रामगढ़िया", "कमलपुर", "नदीघाट")
TITLES = {
    "सोनपुरा": "सोनपुरा में पुरानी नहर की सफ़ाई पूरी, खेतों तक पहुँचा पानी",
    "रामगढ़िया": "रामगढ़िया की छात्राओं ने बनाया धूप से चलने वाला चूल्हा",
    "कमलपुर": "कमलपुर के मेले में इस बार मिट्टी के खिलौनों की धूम",
    "नदीघाट": "नदीघाट का पुस्तकालय अब रात नौ बजे तक खुला रहेगा",
}
BODIES = {
    "सोनपुरा": "सोनपुरा की बीस किलोमीटर लंबी नहर की सफ़ाई तीन महीने में पूरी हुई।",
    "रामगढ़िया": "रामगढ़िया की छात्राओं ने बीस मिनट में चावल पकाने वाला यह चूल्हा धूप से चलने के लिए बनाया है।",
    "कमलपुर": "मेले में साठ कुम्हार परिवारों ने अपनी दुकानें लगाई हैं।",
    "नदीघाट": "पुस्तकालय में पढ़ने वालों की संख्या एक साल में दोगुनी हो गई है।",
}


def page(town: str) -> bytes:
    # Texts with a sentence in common would be alike, and stories that are alike leave their place to others.
    more = "".join(
        f"<p>{' '.join(f'{town}{letter}{n}' for letter in 'कखगघचछजझ')} का चरण {n} दिन में पूरा हुआ।</p>"
        for n in range(4, 12)
    )
    article = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLES[town]}
    return (
        f"<!doctype html><html lang='hi'><head><title>{TITLES[town]}</title><script type='application/ld+json'>"
        f"{json.dumps(article, ensure_ascii=False)}</script></head><body><article><h1>{TITLES[town]}</h1>"
        f"<p>{BODIES[town]}</p>{more}</article></body></html>"
    ).encode()


def feed(site: HttpServer) -> bytes:
    items = "".join(
        f"<item><title>{TITLES[town]}</title><link>{site.url(f'/{at}.html')}</link><guid>{at}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 05:{at}0:00 +0530</pubDate><description>{town} से एक […]</description></item>"
        for at, town in enumerate(TOWNS)
    )
    return f"<rss version='2.0'><channel><title>गाँव</title>{items}</channel></rss>".encode()


def configure_feed(newsroom: Newsroom, site: HttpServer, more: str = "", stories: int = 4) -> None:
    site.route("/feed.xml", feed(site))
    for at, town in enumerate(TOWNS):
        site.route(f"/{at}.html", page(town), type="text/html; charset=utf-8")
    (newsroom.home / "digest.yaml").write_text(
        "newsletter: {name: न, sender: {email: a@example.com}}\n"
        f"edition: {{min_stories: 1, max_stories: {stories}}}\n"
        f"sources: [{{name: गाँव, url: '{site.url('/feed.xml')}', allow_private: true{more}}}]\n",
        encoding="utf-8",
    )


def fetched_pages(site: HttpServer) -> list[str]:
    return sorted(request.path for request in site.requests if request.path.endswith(".html"))


def summaries(composed: dict) -> list[str]:  # type: ignore[type-arg]
    return [story["summary"] for section in composed["sections"] for story in section["stories"]]


def test_a_shortened_story_is_summarised_from_its_page(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site)
        result = summaries(newsroom.json("compose"))
    assert len(result) == 4
    pages = [page(town).decode() for town in TOWNS]
    assert [summary for summary in result if not any(summary.partition("।")[0] in text for text in pages)] == []


def test_only_pages_of_selected_stories_are_fetched_and_once(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site, stories=2)
        newsroom.json("compose")
        first = fetched_pages(site)
        newsroom.json("compose")
        assert fetched_pages(site) == first
    assert len(first) == 2


def test_text_from_a_page_survives_the_next_collection(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site)
        before = summaries(newsroom.json("compose"))
        site.route("/feed.xml", feed(site).replace(b"</channel>", b"<ttl>5</ttl></channel>"))
        collected = newsroom.json("collect")["sources"][0]
        assert (collected["fetched"], collected["new"], collected["updated"]) == (4, 0, 0)
        assert summaries(newsroom.json("compose")) == before


@pytest.mark.parametrize("more", [", fulltext: false"])
def test_fulltext_false_fetches_no_pages(newsroom: Newsroom, more: str) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site, more)
        result = summaries(newsroom.json("compose"))
        assert fetched_pages(site) == []
    assert not any(body in summary for body in BODIES.values() for summary in result)


def test_fulltext_true_fetches_all_pages_when_collecting(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site, ", fulltext: true", stories=1)
        newsroom.json("collect")
        assert len(fetched_pages(site)) == 4


def test_disallowed_and_dead_pages_cost_only_their_own_summary(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site)
        site.route("/robots.txt", b"User-agent: *\nDisallow: /2.html\n")
        site.route("/3.html", b"", status=500)
        composed = newsroom.json("compose")
        assert "/2.html" not in fetched_pages(site)
    result = summaries(composed)
    assert len(result) == 4
    assert sum(any(summary.startswith(body) for body in BODIES.values()) for summary in result) == 2


def test_an_unchanged_file_is_not_parsed_again(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        text = feed(site)
    (newsroom.home / "own.xml").write_bytes(text)
    (newsroom.home / "digest.yaml").write_text(
        "newsletter: {name: न, sender: {email: a@example.com}}\nsources: [{name: गाँव, path: own.xml}]\n",
        encoding="utf-8",
    )
    assert newsroom.json("collect")["sources"][0]["new"] == 4
    again = newsroom.json("collect")["sources"][0]
    assert (again["kind"], again["new"], again["error"]) == ("unchanged", 0, "")
    (newsroom.home / "own.xml").write_bytes(text.replace("मेले में".encode(), "बाज़ार में".encode()))
    changed = newsroom.json("collect")["sources"][0]
    assert (changed["fetched"], changed["updated"]) == (4, 1)


def test_a_renamed_source_keeps_its_stories(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        configure_feed(newsroom, site)
        assert len(summaries(newsroom.json("compose"))) == 4
        newsroom.edit_settings("name: गाँव,", "name: गाँव समाचार, section: खेत,")
        composed = newsroom.json("compose")
    assert [section["name"] for section in composed["sections"]] == ["खेत"]
    assert len(summaries(composed)) == 4
    assert {name for story in composed["sections"][0]["stories"] for name in story["sources"]} == {"गाँव समाचार"}
