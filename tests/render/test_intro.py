"""An editor's intro: a little Markdown, in the email as HTML and as text, and nothing that could do harm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.models import PLACEHOLDERS, RenderedEmail, Support
from digest.render.intro import MAX_LENGTH, paragraphs
from digest.render.lint import lint
from digest.render.lint_tree import parse
from digest.render.renderer import Renderer
from digest.render.themes import LOOKS, Theme
from tests.render.sample import BRANDING, EVERYTHING, NOW, TEMPLATES, twenty
from tests.support.tables import each_row

EDITION = twenty()


def shown(intro: str, *, of_model: str = "") -> tuple[list[str], list[str]]:
    """The paragraphs as text and as HTML."""
    support = (Support(of_model, "सुबह समाचार", of_model),) if of_model else ()
    found = paragraphs(replace(EDITION, intro=intro, intro_support=support))
    return [str(each) for each in found], [each.__html__() for each in found]


def render(intro: str, look: str = "newspaper") -> RenderedEmail:
    branding = replace(BRANDING, theme=Theme(LOOKS[look]))
    email = Renderer(branding, [TEMPLATES]).render(replace(EDITION, intro=intro), EVERYTHING, now=NOW)
    assert email is not None
    return email


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(LOOKS))
def test_bold_italic_and_links_reach_the_email(look: str) -> None:
    email = render("**नमस्ते**, आज *दो* बातें।\nपहली [यहाँ पढ़ें](https://example.com/ख़बर?a=1&b=2)।", look)
    assert "नमस्ते, आज दो बातें।\n" in email.text
    assert "पहली यहाँ पढ़ें (https://example.com/%E0" in email.text.replace("\n(", " (")
    assert "**" not in email.html + email.text
    tree = parse(email.html)
    link = next(each for each in tree.all("a") if each.all_text() == "यहाँ पढ़ें")
    assert link.attributes["href"].startswith("https://example.com/%E0%A4%96")
    assert link.attributes["href"].endswith("?a=1&b=2")
    assert link.style.get("color") == Theme(LOOKS[look]).light.accent
    assert [each.all_text() for each in tree.all("i")] == ["दो"]
    assert not [finding for finding in lint(email, EDITION) if finding.level == "error"]


@each_row(
    "typed",
    [
        "३ * ४ * ५ = साठ, और a_b_c",
        "<b>मोटा</b> & <script>alert(1)</script> &amp; `कोड` # शीर्षक",
        "[ख़तरा](javascript:alert(1))",
        "![चित्र](data:image/png;base64,x)",
        "[लिंक][1] और <https://example.com>",
        "1. पहला",
        "> बात",
    ],
)
def test_what_is_no_such_markup_is_shown_as_typed(typed: str) -> None:
    text, html = shown(typed)
    assert text == [typed]
    assert parse(f"<p>{html[0]}</p>").all("a", "b", "i", "script", "img") == []


def test_a_model_makes_no_markup_and_its_words_stay_its_own() -> None:
    sentence = "नहर की सफ़ाई [यहाँ](https://example.com/) *पूरी* हुई।"
    assert shown(sentence, of_model=sentence) == ([sentence], [sentence])
    plain = "नहर की सफ़ाई पूरी हुई।"
    support = (Support(plain, "", plain),)
    for edited in (plain, "नहर की **सफ़ाई** पूरी हुई।", "नहर की [सफ़ाई](https://example.com) *पूरी* हुई। नमस्ते।"):
        assert replace(EDITION, intro=edited, intro_support=support).is_intro_by_machine, edited
    assert not replace(EDITION, intro="नहर की सफ़ाई कल पूरी होगी।", intro_support=support).is_intro_by_machine


def test_a_long_intro_of_an_older_version_is_plain() -> None:
    text, html = shown("*[" * MAX_LENGTH)
    assert text == html == ["*[" * MAX_LENGTH]


PARTS = st.sampled_from(
    [
        "**",
        "*",
        "_",
        "[",
        "](",
        ")",
        "\\",
        "क",
        " ",
        "<script>",
        "https://a.example/",
        "javascript:x",
        '"',
        "-DGX_",
        "\\_",
    ]
    + list(PLACEHOLDERS.values())
    + [tag.replace("_", "\\_") for tag in PLACEHOLDERS.values()]
    + [f"[x](https://a.example/{tag})" for tag in PLACEHOLDERS.values()]
)


@given(st.lists(PARTS, max_size=20).map("".join))
def test_whatever_is_typed_does_no_harm(typed: str) -> None:
    text, html = shown(typed)
    tree = parse("".join(f"<p>{each}</p>" for each in html))
    assert {each.tag for each in tree.elements} <= {"p", "a", "b", "i"}
    for link in tree.all("a"):
        assert set(link.attributes) == {"class", "href"}
        assert link.attributes["href"].startswith("https://a.example/")
    for tag in PLACEHOLDERS.values():
        assert tag not in "\n".join((*text, *html))
