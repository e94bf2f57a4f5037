"""The checks of a rendered email: our email has no findings, and each defect is found."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.models import PLACEHOLDERS, RenderedEmail
from digest.render.lint import lint, urls
from digest.render.themes import LOOKS, Theme
from tests.render.sample import EDITION, EVERYTHING, NOW, renderer, twenty
from tests.support.tables import each_row

LEAVE = f"/leave/{PLACEHOLDERS['preferences']}"


@cache
def ours(**branding: object) -> RenderedEmail:
    email = renderer(**branding).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    return email


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(LOOKS))
@pytest.mark.parametrize("base_url", ["https://news.example.com", ""])
def test_our_own_emails_have_no_findings(look: str, base_url: str) -> None:
    assert lint(ours(theme=Theme(LOOKS[look]), base_url=base_url)) == []
    assert lint(ours(theme=Theme(LOOKS[look], "#ffff00"), language="en")) == []


def test_a_text_only_email_has_no_findings() -> None:
    assert lint(replace(ours(), html="")) == []


DEFECTS = [
    # Old text, new text, level and rule of the finding, a word of its message.
    ("<!DOCTYPE html>", "<!doctype html>", "error", "frame", "DOCTYPE"),
    ("</h1>", "</h1><script>x()</script>", "error", "element", "script"),
    ("<h1 ", '<h1 onclick="x()" ', "error", "element", "event handler"),
    ("</h1>", "</h1><form><input></form>", "error", "element", "form"),
    ("</h1>", '</h1><p style="display:flex">क</p>', "warning", "style", "flex"),
    ("</h1>", '</h1><p style="position:absolute">क</p>', "warning", "style", "position"),
    ("</h1>", "</h1><h4>क</h4>", "warning", "headings", "<h4> follows <h1>"),
    ("</h1>", "</h1><h1>क</h1>", "warning", "headings", "2 <h1>"),
    ("</h1>", "</h1><table><tr><td>क</td></tr></table>", "warning", "tables", "presentation"),
    ("</body>", "<p>क</p></body>", "warning", "language", "lang"),
    ("</h1>", '</h1><a href="/news/1">क</a>', "error", "link", "/news/1"),
    ("</h1>", '</h1><a href="javascript:x()">क</a>', "error", "link", "javascript"),
    ("</h1>", "</h1><a>क</a>", "error", "link", "no address"),
    ("</h1>", '</h1><a href="https://example.com/1"></a>', "error", "link", "no text"),
    ("</h1>", '</h1><a href="https://example.com/ख़बर">क</a>', "error", "link", "ASCII"),
    (
        'href="https://news.example.com/leave/',
        'href="http://news.example.com/leave/',
        "warning",
        "settings",
        "base_url",
    ),
    ("</h1>", '</h1><a href="http://example.com/">क</a>', "warning", "link", "not https"),
    ("</h1>", '</h1><a href="#top">क</a>', "warning", "link", "inside the email"),
    ("</h1>", '</h1><img src="http://example.com/a.jpg" alt="" width="9">', "error", "picture", "https"),
    ("</h1>", '</h1><img src="https://example.com/a.jpg" width="9">', "error", "picture", "alt"),
    ("</h1>", '</h1><img src="https://example.com/a.jpg" alt="">', "warning", "picture", "width"),
    ("</h1>", '</h1><img src="https://example.com/a.jpg" alt="" width="1" height="1">', "warning", "picture", "pixel"),
    ("</h1>", '</h1><img src="https://example.com/a.webp?x=1" alt="" width="9">', "warning", "picture", "Outlook"),
    (
        "</h1>",
        '</h1><a href="https://e.com/"><img src="https://e.com/a.jpg" alt="" width="9"></a>',
        "error",
        "picture",
        "no alt text",
    ),
    ("</h1>", "</h1><p>{{ story.title }}</p>", "error", "residue", "template"),
    ("</h1>", "</h1><p>%(num)s ख़बरें</p>", "error", "residue", "template"),
    ("</h1>", "</h1><p>नमस्ते *|FNAME|*</p>", "error", "residue", "FNAME"),
    ("</h1>", "</h1><p>नमस्ते %NAME%</p>", "error", "residue", "NAME"),
    ("</h1>", "</h1><p>नमस्ते [[first_name]]</p>", "error", "residue", "first_name"),
    ("</h1>", "</h1><p>नमस्ते ${name}</p>", "error", "residue", "name"),
    ("</h1>", "</h1><p>None</p>", "error", "residue", "None"),
    ("</h1>", '</h1><p style="color:#cccccc">क</p>', "error", "contrast", "in light"),
    ("</h1>", '</h1><p style="color:#808080">क</p>', "warning", "contrast", "in light"),
    ("</h1>", '</h1><p style="color:#222222">क</p>', "error", "contrast", "in dark"),
    ("</h1>", "</h1>" + "<p>क</p>" * 12_000, "error", "size", "Gmail"),
    ("</style></head>", ".x{color:red}" * 1_500 + "</style></head>", "error", "size", "style sheets"),
]


@pytest.mark.slow
@each_row(("old", "new", "level", "rule", "word"), DEFECTS)
def test_each_defect_is_found(old: str, new: str, level: str, rule: str, word: str) -> None:
    html = ours().html.replace("</style>\n</head>", "</style></head>")
    assert old in html
    found = lint(replace(ours(), html=html.replace(old, new, 1)))
    assert [one for one in found if (one.level, one.rule) == (level, rule) and word in one.message], found


def test_a_missing_unsubscribe_link_is_an_error() -> None:
    rules = [one.rule for one in lint(replace(ours(), html=ours().html.replace(LEAVE, "x"))) if one.level == "error"]
    assert rules == ["unsubscribe"]
    assert "unsubscribe" in [one.rule for one in lint(replace(ours(), text=ours().text.replace(LEAVE, "x")))]


@pytest.mark.parametrize(
    ("subject", "level", "word"),
    [
        ("", "error", "empty"),
        ("क" * 61, "warning", "61"),
        ("BREAKING NEWS आज", "warning", "capitals"),
        (f"ख़बर {LEAVE}", "error", "placeholder"),
    ],
)
def test_subjects(subject: str, level: str, word: str) -> None:
    found = lint(replace(ours(), subject=subject))
    assert [one for one in found if one.level == level and one.rule == "subject" and word in one.message]


def test_an_empty_text_part_is_an_error() -> None:
    assert "text-part" in [one.rule for one in lint(replace(ours(), text=" \n")) if one.level == "error"]


def test_a_repeated_or_empty_preheader_is_a_warning() -> None:
    start = ours().html.index("mso-hide:all")
    hidden = ours().html[ours().html.index(">", start) + 1 : ours().html.index("</div>", start)]
    for text, word in ((ours().subject, "repeats"), ("", "empty")):
        found = lint(replace(ours(), html=ours().html.replace(hidden, text)))
        assert [one for one in found if one.rule == "preheader" and word in one.message]


def test_no_headline_from_a_feed_can_stop_a_send() -> None:
    first = EDITION.sections[0].stories[1]
    section = replace(EDITION.sections[0], stories=(replace(first, title="{{ 7*7 }} None %(x)s", summary="None"),))
    edition = replace(EDITION, sections=(section,), lead="")
    email = renderer().render(edition, EVERYTHING, now=NOW)
    assert email is not None
    assert [one for one in lint(email) if one.level == "error"]
    assert not [one for one in lint(email, edition) if one.level == "error"]
    assert [one for one in lint(email, edition) if one.rule == "residue"]


@each_row(
    "expected",
    [
        "18% महँगाई, 5% कर",
        "100%50%",
        "दर 5%-7% तक",
        "$5 {क} [ANI] 2*3|4",
        "https://e.com/%E0%A4%AB%E0%A4%BF%E0%A4%B2%AB%CD%AB",
    ],
)
def test_percentages_and_brackets_are_not_leftovers(expected: str) -> None:
    page = ours().html.replace("</h1>", f"</h1><p>{expected}</p>", 1)
    assert not [one for one in lint(replace(ours(), html=page)) if one.rule == "residue"]


def with_links(*links: str) -> list[str]:
    """Return the messages about links of an email that also has these."""
    page = ours().html.replace("</h1>", "</h1>" + "".join(links), 1)
    return [one.message for one in lint(replace(ours(), html=page)) if one.rule == "link"]


def test_a_link_that_is_there_twice_is_reported_once() -> None:
    picture = '<a href="http://example.com/1"><img src="https://example.com/a.jpg" alt="" width="9"></a>'
    found = with_links(picture, '<a href="http://example.com/1">सुर्ख़ी</a>', '<a href="http://example.com/1">पूरी ख़बर</a>')
    assert [message for message in found if "https" in message] == ["http://example.com/1 is not https (सुर्ख़ी)"]


def test_links_without_encryption_are_one_warning() -> None:
    found = with_links(*(f'<a href="http://example.com/{number}">क</a>' for number in range(5)))
    assert found == [
        "5 links are not https: http://example.com/0, http://example.com/1, http://example.com/2 …",
    ]


def test_own_pages_without_encryption_are_one_warning() -> None:
    page = ours().html.replace("https://news.example.com/", "http://news.example.com/")
    found = [one.message for one in lint(replace(ours(), html=page)) if one.rule == "settings"]
    assert found == ["newsletter.base_url is not https: mail programs offer no one-click unsubscribe"]


def test_urls_are_those_without_tokens() -> None:
    email = renderer().render(twenty(), EVERYTHING, now=NOW)
    assert email is not None
    found = urls(email, "https://news.example.com")
    assert len(found) == len(set(found))
    assert found
    assert all(url.startswith("https://samachar.example.com/") for url in found)
    assert any(url.startswith("https://news.example.com/archive/") for url in urls(email))
    assert urls(replace(email, html="")) == []


@given(st.text(alphabet="<>/=\"' abdhipst{}%!-:;#.&कि", max_size=200))
def test_any_html_can_be_checked(html: str) -> None:
    lint(RenderedEmail("v", "s", html or "x", "t"))
    lint(RenderedEmail("v", "s", "<!DOCTYPE html><body>" + html, "t"))
