"""Rendered emails: the golden edition, HTML structure, placeholders, and hostile headlines."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from digest.hindi import cut
from digest.models import PLACEHOLDERS, Edition, Image, RenderedEmail, Section, Story, Support, Variant
from digest.render.blocks.printing import FOLDER
from digest.render.blocks.rows import ROWS
from digest.render.themes import LOOKS, Theme, contrast
from tests.render.sample import DESH, EDITION, EVERYTHING, NOW, TEMPLATES, VIGYAN, make_image, renderer, story, twenty
from tests.support.tables import each_row

GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Tree(HTMLParser):
    """Every start tag with its attributes, the text and the path of tags above it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[tuple[str, tuple[str, ...]]] = []
        self.empty_links = 0
        self._filled: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag == "img" and dict(attrs).get("alt"):
            self._filled = [True] * len(self._filled)
        if tag not in VOID:
            self.open.append(tag)
            self._filled.append(False)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"
        if not self._filled.pop() and tag == "a":
            self.empty_links += 1

    def handle_data(self, data: str) -> None:
        self.texts.append((data, tuple(self.open)))
        if data.strip():
            self._filled = [True] * len(self._filled)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.tags if name == tag]

    def text(self, tag: str) -> str:
        return "".join(text for text, path in self.texts if tag in path)


def render(
    edition: Edition = EDITION, variant: Variant = EVERYTHING, *, test: bool = False, **branding: object
) -> RenderedEmail:
    email = renderer(**branding).render(edition, variant, now=NOW, test=test)
    assert email is not None
    return email


def of(*stories: Story, **other: object) -> Edition:
    values: dict[str, object] = {"sections": (Section("देश", stories),), "lead": "", "intro": ""} | other
    return replace(EDITION, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["html", "txt"])
def test_golden(kind: str) -> None:
    """`UPDATE_GOLDEN=1` rewrites the file; review it before you commit it."""
    email = render()
    got, path = (email.html if kind == "html" else email.text), GOLDEN / f"edition.{kind}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


def test_rendering_is_deterministic() -> None:
    made = renderer()
    assert made.render(EDITION, EVERYTHING, now=NOW) == made.render(EDITION, EVERYTHING, now=NOW)


def test_html_structure() -> None:
    html = render().html
    tree = Tree(html)
    assert html.startswith("<!DOCTYPE html>")
    assert tree.open == []
    assert {"lang": "hi", "dir": "ltr"}.items() <= tree.all("html")[0].items()
    children = [attributes for _, attributes, path in tree.tags if path == ("html", "body")]
    assert len(children) == 2
    assert all(one["lang"] == "hi" and one["dir"] == "ltr" for one in children)
    assert all(one.get("role") == "presentation" for one in tree.all("table"))
    assert max(path.count("table") for _, _, path in tree.tags) <= 3
    assert all("alt" in one and one["width"] for one in tree.all("img"))
    assert tree.empty_links == 0
    assert tree.text("title") == render().subject
    assert html.count("<!--[if") == html.count("<![endif]-->")
    assert not re.search(r"letter-spacing|italic|justify|url\(|@import|rgb\(", html)


def test_styles_that_roundcube_would_override() -> None:
    """In Roundcube a class on the body replaces its own class and disables every kept rule. Its stylesheet resets the
    weight of headings and the underlines of links.
    """
    html = render().html
    assert "class" not in Tree(html).all("body")[0]
    kept = kept_sheet(html)
    assert re.search(r"^h1,h2,\.k\{font-weight:700\}$", kept, re.M)
    assert re.search(r"^\.m\{[^}]*text-decoration:underline\}$", kept, re.M)


def test_headings_skip_no_level() -> None:
    levels = [int(tag[1]) for tag, _, _ in Tree(render().html).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def kept_sheet(html: str) -> str:
    return max(re.findall(r"<style>(.*?)</style>", html, re.S), key=len)


def is_dark_fill(kind: str, colour: str) -> bool:
    return kind == "background-color" and contrast("#ffffff", colour) >= 4.5


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_every_colour_has_both_dark_mode_rules(look: str) -> None:
    html = render(theme=Theme(LOOKS[look])).html
    kept = kept_sheet(html)
    media = kept[kept.index("prefers-color-scheme") :]
    assert re.search(r"body\{background-color:#[0-9a-f]{6}!important\}", media)
    for tag, attributes, _ in Tree(html).tags:
        if tag == "body":
            continue
        for kind, mark in (("color", "c"), ("background-color", "b")):
            colour = re.search(rf"(?:^|[; ]){kind}:(#[0-9a-f]+)", attributes.get("style") or "")
            # White text on a dark fill is the same in both modes.
            if colour and colour[1] != "#fff" and not is_dark_fill(kind, colour[1]):
                classes = (attributes.get("class") or "").split()
                assert any(f".{one}{{{kind}:" in media for one in classes), attributes
                assert any(f"[data-ogs{mark}] .{one}{{{kind}:" in kept for one in classes), attributes


def test_sections_keep_their_order_in_both_parts() -> None:
    email = render(replace(EDITION, sections=EDITION.sections[::-1]))
    for part in (email.html, email.text):
        mark = ">" if part is email.html else "\n"
        places = [part.index(mark + name) for name in ("कारोबार", "खेल", "विज्ञान", "देश", "संक्षेप में")]
        assert places == sorted(places)


@pytest.mark.slow
def test_the_lead_appears_once_and_first() -> None:
    email = render(replace(EDITION, sections=EDITION.sections[::-1]))
    title = "तीन दिन तक और गिरेगा पारा"
    assert Tree(email.html).text("h2").count(title) == 1
    assert Tree(email.html).text("h3").count(title) == 0
    body = email.text[email.text.index("बड़ी ख़बर") :]
    assert body.index(title) < body.index("देश\n")
    assert body.count(title) == 1


def test_a_variant_has_its_sections_and_the_lead() -> None:
    email = render(variant=Variant("khel", frozenset({"खेल"})))
    assert email.variant == "khel"
    for part in (email.html, email.text):
        assert "आख़िरी गेंद" in part
        assert "पहली बर्फ़बारी" in part
        assert "उपग्रह" not in part
        assert "मेट्रो लाइन पर" not in part
        assert "3 ख़बरें" in part


def test_a_variant_without_stories_gives_no_email() -> None:
    assert renderer().render(EDITION, Variant("v", frozenset({"मौसम"})), now=NOW) is None


def test_a_text_variant_has_no_html() -> None:
    email = render(variant=Variant("text", format="text"))
    assert email.html == ""
    assert email.text == render().text


def test_placeholders() -> None:
    email = render()
    html, text = (Counter(re.findall(r"-DGX_[A-Z_]*-", part)) for part in (email.html, email.text))
    p = PLACEHOLDERS
    assert html == {p["email_html"]: 1, p["preferences"]: 3}
    assert text == {p["email_text"]: 1, p["preferences"]: 3}
    for page in ("leave", "pause", "preferences"):
        assert f'href="https://news.example.com/{page}/{p["preferences"]}"' in email.html
        assert f"\nhttps://news.example.com/{page}/{p['preferences']}\n" in email.text


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_sharing_links_contain_nothing_personal(look: str) -> None:
    email = render(theme=Theme(LOOKS[look]))
    page = "https://news.example.com/archive/2026-11-23"
    links = {unescape(one["href"] or "") for one in Tree(email.html).all("a")}
    forward = next(link for link in links if link.startswith("mailto:?"))
    whatsapp = next(link for link in links if link.startswith("https://wa.me/?text="))
    for link in (forward, whatsapp):
        assert unquote(link).endswith(page)
        assert "DGX_" not in link
    assert {page, "https://news.example.com/join"} <= links
    assert {page, "https://news.example.com/join", whatsapp} <= set(email.text.split())


def test_without_a_public_archive_there_is_nothing_to_share() -> None:
    email = render(archive=False)
    p = PLACEHOLDERS
    for part in (email.html, email.text):
        assert "WhatsApp" not in part
        assert "/archive/" not in part
        assert f"https://news.example.com/view/2026-11-23/{p['view']}" in part
    silent = render(signup=False)
    assert "/join" not in silent.html + silent.text


def test_unsubscribing_is_at_the_end_only() -> None:
    email = render()
    for part in (email.html, email.text):
        assert part.index("/leave/") > part.rindex("khabar-12")


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_five_headlines_with_their_sections_lead_to_the_stories(look: str) -> None:
    tree = Tree(render(theme=Theme(LOOKS[look])).html)
    first = [one["href"] for one in tree.all("a")][:5]
    assert first == [f"https://samachar.example.com/2026/11/23/khabar-{number}" for number in (2, 3, 5, 7, 9)]
    text = render().text
    box = text[text.index("आज की सुर्ख़ियाँ") : text.index("बड़ी ख़बर")]
    assert re.findall(r"^(\d)\. ([^·]+) ·", box, re.M) == [
        ("1", "देश"), ("2", "देश"), ("3", "विज्ञान"), ("4", "खेल"), ("5", "कारोबार"),
    ]  # fmt: skip


def test_the_best_of_the_other_stories_fill_the_headlines() -> None:
    desh, *others = EDITION.sections
    *rest, park = desh.stories
    scored = replace(desh, stories=(*rest, replace(park, score=9.0)))
    page = render(replace(EDITION, sections=(scored, *others))).html
    first = re.findall(r"khabar-(\d+)", page)[:5]
    assert first == ["2", "4", "5", "7", "9"]


def test_a_headline_that_no_inbox_shows_is_shortened_on_top_only() -> None:
    first, *others = EDITION.sections
    long = "शहर की नई मेट्रो लाइन पर आज से सफ़र शुरू, 18 स्टेशन जुड़े, " * 3
    changed = replace(first, stories=(first.stories[0], replace(first.stories[1], title=long), *first.stories[2:]))
    page = render(replace(EDITION, sections=(changed, *others))).html
    top, rest = re.findall(r'khabar-2"[^>]*>([^<]+)</a>', page)[:2]
    assert top.endswith("…")
    assert 70 < cut.length(top) <= 90
    assert rest == long.strip()


def test_a_short_email_has_no_headlines_on_top() -> None:
    for edition in (of(*DESH.stories, *VIGYAN.stories, lead="s1"), of(*(story(n, "ख़बर") for n in range(12)))):
        email = render(edition)
        assert "आज की सुर्ख़ियाँ" not in email.html + email.text


def test_an_email_of_few_summaries_has_five_headlines_on_top() -> None:
    told = [story(number, f"ख़बर {number}", "सार" if number < 2 else "", score=float(number)) for number in range(12)]
    text = render(of(*told, lead="s0")).text
    top = text.partition("आज की सुर्ख़ियाँ")[2].split("\n\n")[0]
    assert [each for each in ("ख़बर 1", "ख़बर 11", "ख़बर 10", "ख़बर 9", "ख़बर 8") if each not in top] == []


def test_without_reader_pages_unsubscribing_is_a_mailto_link() -> None:
    email = render(base_url=None, reply_to=None)
    leave = f"mailto:news@example.com?subject=unsubscribe%20{PLACEHOLDERS['unsubscribe']}"
    assert email.html.count(f'href="{leave}"') == 1
    assert f"\n{leave}\n" in email.text
    for part in (email.html, email.text):
        assert PLACEHOLDERS["view"] not in part
        assert PLACEHOLDERS["preferences"] not in part
        assert "एक क्लिक" not in part
    assert "mailto:desk@example.com?" in render(base_url=None).html


@each_row("tag", PLACEHOLDERS.values())
def test_hostile_stories_are_escaped(tag: str) -> None:
    evil = f'<script>alert("x")</script> {tag} {{{{ name }}}} </style>'
    plain = story(0, "सादी ख़बर", "सादा सार")
    hostile = story(
        1,
        evil,
        evil,
        url=f'https://x.example/{tag}"><script>',
        sources=(evil, evil, evil),
        image=Image(f"https://x.example/{tag}.jpg", 10, 10, evil),
        language='en" onload="x',
    )
    branding = {"name": evil, "postal_address": evil}
    edition = of(hostile, plain, lead="s1", intro=evil)
    edition = replace(edition, sections=(Section(evil, edition.sections[0].stories),), subject=evil, preheader=evil)
    email, harmless = render(edition, **branding), render(of(plain))
    for got, expected in ((email.html, harmless.html), (email.text, harmless.text)):
        assert got.count(tag) == expected.count(tag)
    assert tag not in email.subject
    tree = Tree(email.html)
    assert tree.all("script") == []
    assert not any("onload" in attributes for _, attributes, _ in tree.tags)
    assert '<script>alert("x")' in email.text, "the text part needs no escaping"


def test_a_story_without_address_has_an_unlinked_title() -> None:
    email = render(of(story(1, "बिना पते की ख़बर", "सार", url=""), story(2, "बुरे पते की ख़बर", "सार", url="javascript:x")))
    tree = Tree(email.html)
    assert [text for text, path in tree.texts if "h3" in path and "a" in path] == []
    assert "javascript" not in email.html + email.text
    assert tree.empty_links == 0


def test_only_a_story_from_before_yesterday_has_its_date() -> None:
    usual = [story(number, "ख़बर", "सार", published=NOW - timedelta(hours=number)) for number in (1, 2)]
    night = story(3, "रात की", "सार", published=NOW - timedelta(hours=12))
    older = story(4, "और पुरानी", "सार", published=NOW - timedelta(days=2))
    text = render(of(*usual, night, older)).text
    assert "और पुरानी\nसार\n21 नवंबर\n" in text
    assert "आज सुबह" not in text
    assert "कल" not in text
    assert "21 नवंबर" not in render(of(*usual, replace(older, dated=False))).text


def test_an_edition_of_older_stories_tells_only_the_other_days() -> None:
    usual = [story(number, "ख़बर", "सार", published=NOW - timedelta(days=5)) for number in (1, 2)]
    text = render(of(*usual, story(3, "और पुरानी", "सार", published=NOW - timedelta(days=6)))).text
    assert "18 नवंबर" not in text
    assert "17 नवंबर" in text


def test_breaking_news_has_its_time() -> None:
    news = story(1, "ख़बर", "सार", published=NOW - timedelta(hours=1))
    assert "आज सुबह 6 बजे" in render(of(news, key="2026-11-23-breaking-1", lead="s1")).text


def test_notes_never_break_across_lines() -> None:
    rows = [story(n, "ख़बर", "सार", published=NOW - timedelta(hours=n)) for n in (1, 2)]
    email = render(of(*rows, story(3, "ख़बर", "सार", published=NOW - timedelta(days=2), sources=("क", "ख", "ग"))))
    assert ">3\u00a0स्रोत · 21\u00a0नवंबर<" in unescape(email.html)
    assert "\u00a0" not in email.text


def test_a_note_counts_the_origins_of_a_story() -> None:
    papers = ("क", "ख", "ग")
    rows = [
        story(1, "पहली", "सार", sources=papers, origins=2),
        story(2, "दूसरी", "सार", sources=papers, origins=1),
    ]
    text = render(of(*rows)).text
    assert "2 स्रोत" in text
    assert "3 स्रोत" not in text
    # One agency's report: the papers that print it.
    assert "क, ख और 1 अन्य" in text


def test_only_the_top_storys_image_has_the_headline_as_its_alt_text() -> None:
    long = "शहर की नई मेट्रो लाइन पर आज से सफ़र शुरू, 18 स्टेशन जुड़े"
    rows = [
        story(number, long, "सार", image=make_image(str(number), text))
        for number, text in ((1, ""), (2, ""), (3, long))
    ]
    # The headline is next to the thumbnail already.
    assert re.findall(r'<img [^>]*alt="([^"]*)"', render(of(*rows, lead="s1")).html) == [long, "", ""]
    localised = story(4, "The hill in winter", "Snow.", image=make_image("hill", "Snow on the hill"), language="en")
    assert ' src="https://img.example.com/hill.jpg" alt="Snow on the hill" lang="en"' in render(of(localised)).html


def test_no_image_is_enlarged() -> None:
    small = story(1, "ख़बर", "सार", image=make_image("small", "", 300, 200))
    stamp = story(2, "ख़बर", "सार", image=make_image("stamp", "", 60, 60))
    assert re.findall(r"com/([a-z]+)\.jpg", render(of(small, stamp, lead="s1")).html) == []
    assert re.findall(r"com/([a-z]+)\.jpg", render(of(small, stamp)).html) == ["small"]


@pytest.mark.parametrize(("url", "links"), [("https://x.example/1", 1), ("", 0)])
def test_the_lead_s_image_links_to_its_story(url: str, links: int) -> None:
    page = render(of(story(1, "ख़बर", "सार", image=make_image("1", "मेट्रो"), url=url), lead="s1")).html
    assert len(re.findall(r'<a [^>]*href="https://x.example/1"[^>]*><img [^>]*alt="मेट्रो"', page)) == links
    assert page.count("<img") == 1


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_thumbnail_is_beside_the_headline_only(look: str) -> None:
    page = render(of(story(1, "ख़बर", "सार यहाँ", image=make_image("1", "मेट्रो"))), theme=Theme(LOOKS[look])).html
    tree = Tree(page)
    image = next(path for tag, _, path in tree.tags if tag == "img")
    summary = next(path for text, path in tree.texts if text.startswith("सार यहाँ") and "p" in path)
    heading = next(path for tag, _, path in tree.tags if tag == "h3")
    assert image.count("table") == heading.count("table") == summary.count("table") + 1


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_no_image_is_taller_than_its_slot(look: str) -> None:
    rows = [story(number, "ख़बर", "सार", image=make_image(str(number), "मेट्रो", 900, 1600)) for number in (1, 2)]
    page = render(of(*rows, lead="s1"), theme=Theme(LOOKS[look])).html
    boxes = re.findall(
        r'style="[^"]*max-height:(\d+)px;overflow:hidden[^"]*">(?:<a [^>]*>)?<img [^>]*width="(\d+)"', page
    )
    assert [int(height) / int(width) <= 0.75 for height, width in boxes] == [True, True]
    assert int(boxes[0][0]) * 2 <= int(boxes[0][1])


SIGNS = {
    "newspaper": (r'<a class="i t" [^>]*>ख़बर</a>', r'<a class="m" [^>]*>पूरी\u00a0ख़बर\u00a0›</a>'),
    "modern": (r'<a class="a t" [^>]*>ख़बर\u00a0›</a>', r'<h3[^>]*><a class="a t"'),
    "plain": (r'<a class="a" [^>]*>ख़बर</a>', r'<p style="[^"]*">सार</p>'),
}


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_each_theme_has_its_own_sign_of_a_link(look: str) -> None:
    page = unescape(render(of(story(1, "ख़बर", "सार")), theme=Theme(LOOKS[look])).html)
    for name, patterns in SIGNS.items():
        assert all(re.search(pattern, page) for pattern in patterns) == (name == look), name


def test_a_story_in_another_script_has_its_direction() -> None:
    expected = story(1, "دہلی میں سردی", "اسکول دس بجے کھلیں گے۔", language="ur")
    page = render(of(expected, story(2, "ख़बर", "सार", language="mr"))).html
    assert re.search(r'<h3 [^>]*lang="ur" dir="rtl"[^>]*><a [^>]*>دہلی میں سردی', page)
    assert re.search(r'<p lang="ur" dir="rtl"[^>]*>اسکول', page)
    assert re.search(r'<p lang="mr" style', page)


def test_replies_are_invited_only_with_a_reply_address() -> None:
    for part in (render().html, render().text):
        assert "आपका दिन अच्छा बीते" in part
        assert "इसी ईमेल का जवाब दें" in part
    silent = render(reply_to=None)
    assert "जवाब दीजिए" not in silent.html + silent.text


@each_row(
    ("names", "expected"),
    [
        (("एक",), "(एक)"),
        (("एक", "दो"), "(एक और दो)"),
        (("एक", "दो", "तीन"), "(एक, दो और 1 अन्य)"),
        (("एक", "दो", "तीन", "चार"), "(एक, दो और 2 अन्य)"),
        ((), "• ख़बर\n"),
    ],
)
def test_source_names(names: tuple[str, ...], expected: str) -> None:
    assert expected in render(of(story(0, "ख़बर", sources=names), story(1, "और", "सार"))).text


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_source_is_named_where_the_edition_has_several(look: str) -> None:
    rows = (story(1, "ख़बर", "सार", sources=("जन",)), story(2, "ख़बर", "सार", sources=("लोक", "नगर")))
    several = render(of(*rows), theme=Theme(LOOKS[look]))
    alone = render(of(rows[0]), theme=Theme(LOOKS[look]))
    for part in (several.html, several.text):
        assert "जन" in part
        assert "2\u00a0स्रोत" in unescape(part).replace("2 स्रोत", "2\u00a0स्रोत")
        assert "लोक" not in part
    assert "जन" not in alone.html + alone.text


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_the_name_of_a_source_stays_on_one_line_if_it_fits(look: str) -> None:
    long = "नदीपुर और पहाड़पुर का साप्ताहिक समाचार पत्र"
    rows = (story(1, "ख़बर", "सार", sources=("लोक दर्पण",)), story(2, "और", "सार", sources=(long,)))
    html = unescape(render(of(*rows), theme=Theme(LOOKS[look])).html)
    assert "लोक\u00a0दर्पण" in html
    assert long in html


def test_an_english_story_has_its_lang() -> None:
    headings = [a for tag, a, _ in Tree(render().html).tags if tag == "h3"]
    assert [one["lang"] for one in headings if "lang" in one] == ["en"]


CID = "cid:" + "0f" * 20 + "@digest"


@each_row(
    "url",
    [
        "http://x.example/a.jpg",
        "data:image/png;base64,AA",
        "",
        "javascript:x",
        "cid:x@digest",
        CID + ".evil",
        f"{CID}\n",
    ],
)
def test_only_https_and_attached_images(url: str) -> None:
    assert Tree(render(of(story(1, "ख़बर", "सार", image=Image(url, 10, 10, "चित्र")))).html).all("img") == []


def test_an_attached_image_is_shown_by_its_content_id() -> None:
    email = render(of(story(1, "ख़बर", "सार", image=Image(CID, 448, 336, "चित्र")), lead="s1"))
    (image,) = Tree(email.html).all("img")
    assert (image["src"], image["width"], image["alt"]) == (CID, "544", "चित्र")
    assert "cid:" not in email.text


def test_an_image_of_unknown_size_has_a_width() -> None:
    images = Tree(render(of(story(1, "ख़बर", "सार", image=Image("https://x.example/a.jpg")))).html).all("img")
    assert [(one["width"], one["alt"]) for one in images] == [("96", "")]


def test_a_missing_lead_story_leaves_the_rest() -> None:
    email = render(of(story(1, "पहली ख़बर", "सार"), story(2, "दूसरी ख़बर", "सार"), lead="s9"))
    assert "बड़ी ख़बर" not in email.html + email.text
    assert email.subject.startswith("पहली ख़बर")


def test_without_any_address_there_is_no_unsubscribe_link() -> None:
    email = render(base_url=None, reply_to=None, sender_email="")
    assert 'href=""' not in email.html
    assert "सदस्यता छोड़ें" not in email.html + email.text


def test_a_test_email_is_marked() -> None:
    email = render(test=True)
    assert email.subject.startswith("[टेस्ट] पहाड़ों में")
    assert "यह टेस्ट ईमेल है" in email.html
    assert email.text.startswith("यह टेस्ट ईमेल है")
    assert "टेस्ट" not in render().html + render().text + render().subject
    # The archive has no page of an edition that was not sent.
    assert all(PLACEHOLDERS["view"] in part for part in (email.html, email.text))


def test_the_newsroom_s_subject_and_preheader_are_kept() -> None:
    khel = Variant("khel", frozenset({"खेल"}))
    edited = replace(EDITION, subject="डेस्क का विषय", preheader="डेस्क की पंक्ति")
    email = render(edited, khel)
    assert email.subject == "डेस्क का विषय"
    assert "डेस्क की पंक्ति" in email.html
    from digest.render.subject import preheader, subject_line

    generated = preheader(EDITION, "hi", subject_line(EDITION, "hi"))
    stored = replace(EDITION, preheader=generated)
    assert generated in render(stored).html
    assert "18 स्टेशन" in generated
    assert "18 स्टेशन" not in render(stored, khel).html


def test_the_text_part_fits_72_columns() -> None:
    email = render(twenty())
    for row in email.text.splitlines():
        assert cut.width(row) <= 72 or row.startswith("https://"), row
    assert re.search("[\u0900-\u097f]", email.text)
    assert "\n\n\n" not in email.text
    assert not re.search(r"[ \t]\n", email.text)


def test_an_english_email_has_no_hindi_texts() -> None:
    stories = (story(1, "Rain at last", "It rained.", sources=("The Hill Post",), language="en"),)
    email = render(of(*stories, lead="s1"), language="en", name="Morning", postal_address="12 Press Road")
    assert not re.search("[\u0900-\u097f]", email.text)
    assert "minute read" not in email.text, "of a single story"
    more = (*stories, story(2, "Sun at last", "It shone.", sources=("The Hill Post",), language="en"))
    email = render(of(*more, lead="s1"), language="en", name="Morning", postal_address="12 Press Road")
    assert "2 stories · 1 minute read" in email.text
    assert 'lang="en" dir="ltr"' in email.html


def test_a_newsletter_overrides_a_block_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "letter.html.j2").write_text(
        '{% extends "house/letter.html.j2" %}{% block footer %}<tr><td>हमारा पैर {{ email }}</td></tr>{% endblock %}',
        encoding="utf-8",
    )
    (tmp_path / "letter.txt.j2").write_text("{{ name }}: {{ lead.title }} & {{ email }}", encoding="utf-8")
    email = renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    assert "हमारा पैर -DGX_EMAIL_H-" in email.html
    assert "दो हफ़्ते रोकें" not in email.html
    assert "संक्षेप में" in email.html
    assert email.text.startswith("सुबह की ख़बरें: पहाड़ों में")
    assert " & -DGX_EMAIL_T-" in email.text


def test_a_newsroom_prints_stories_in_its_own_way(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/story.html.j2").write_text(
        '{% macro lead(story) %}<h2 class="h2">ऊपर: {{ story.title }}</h2>{% endmacro %}\n'
        '{% macro row(story, last, pictures) %}<tr><td class="st"><h3>अपना: {{ story.title }}</h3></td></tr>'
        "{% endmacro %}\n"
        "{% macro brief(story) %}<h3>अंत: {{ story.title }}</h3>{% endmacro %}\n",
        encoding="utf-8",
    )
    for look in LOOKS.values():
        email = renderer(tmp_path, theme=Theme(look)).render(EDITION, EVERYTHING, now=NOW)
        assert email is not None
        assert [email.html.count(word) for word in ("ऊपर: ", "अपना: ", "अंत: ")] == [1, 8, 3]


def test_there_are_no_unused_built_in_templates() -> None:
    from digest.render.environment import make_environment

    names = set(make_environment([TEMPLATES], "hi").list_templates())
    assert {name.removeprefix("house/") for name in names} == {
        "article.html.j2",
        "breach.html.j2",
        "breach.txt.j2",
        "letter.html.j2",
        "letter.txt.j2",
        *(f"{look}/{name}.j2" for look in LOOKS for name in ("look.html", "styles.css", "kept.css")),
        *(f"{FOLDER}/{row.template or kind}.html.j2" for kind, row in ROWS.items()),
        "parts/common.html.j2",
        "parts/kept.css.j2",
        "parts/mso.html.j2",
        "parts/story.html.j2",
        "parts/styles.css.j2",
    }


def test_words_of_a_machine_are_labelled_at_the_story_and_in_the_footer() -> None:
    text = "पहली ट्रेन सुबह पाँच बजे चली।"
    by_machine = story(1, "मेट्रो चली", text, support=(Support(text, "सुबह समाचार", "पहली ट्रेन पाँच बजे चली।"),))
    email = render(of(by_machine))
    assert email.html.replace("\u00a0", " ").count("मशीन ने लिखा") == 2
    assert email.text.count("मशीन ने लिखा") == 2


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_headline_and_an_intro_of_a_machine_are_labelled(look: str) -> None:
    title, text = "मेट्रो की पहली ट्रेन चली", "पहली ट्रेन सुबह पाँच बजे चली।"
    own = story(1, title, text, title_support=Support(title, "सुबह समाचार", text))
    in_brief = story(2, title, "", title_support=Support(title, "सुबह समाचार", text))
    for edition in (
        of(own),
        of(in_brief),
        of(story(3, "ख़बर", "सार"), intro=text, intro_support=(Support(text, "सुबह समाचार", text),)),
    ):
        email = render(edition, theme=Theme(LOOKS[look]))
        assert email.html.replace("\u00a0", " ").count("मशीन ने लिखा") == 2
        assert email.text.replace("\u00a0", " ").count("मशीन ने लिखा") == 2
        assert "संपादक" not in email.html + email.text


def test_an_editors_own_words_have_no_label() -> None:
    support = (Support("पहली ट्रेन सुबह पाँच बजे चली।", "सुबह समाचार", "पहली ट्रेन पाँच बजे चली।"),)
    email = render(of(story(1, "मेट्रो चली", "संपादक ने यह वाक्य नए सिरे से लिखा है।", support=support)))
    assert "मशीन" not in email.html + email.text


def test_each_of_several_editions_a_day_says_which_one_counts_its_issues() -> None:
    evening = replace(EDITION, key="2026-11-23-shaam")
    email = renderer(edition_names={"shaam": "शाम"}).render(evening, EVERYTHING, now=NOW)
    assert email is not None
    for part in (email.html, email.text):
        assert "शाम, अंक 214" in part
    assert "शाम, " not in render().html
