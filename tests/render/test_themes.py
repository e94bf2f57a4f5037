"""Readable colours for any accent, and email sizes for each way Gmail may count."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.numbers import latin_digits
from digest.models import RenderedEmail
from digest.render import themes
from digest.render.lint import lint
from digest.render.size_budget import measure
from digest.render.texts import devanagari_digits_in_text, keep_scores_together
from digest.render.themes import LOOKS, Theme
from tests.render.sample import BRANDING, EDITION, EVERYTHING, NOW, renderer, twenty
from tests.support.tables import each_row

ACCENTS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


LOOK = st.sampled_from(sorted(LOOKS))


@given(LOOK, ACCENTS | st.just(""))
def test_any_accent_is_readable_in_both_schemes(look: str, accent: str) -> None:
    theme = Theme(LOOKS[look], accent)
    for palette in (theme.light, theme.dark):
        for ground in (palette.paper, palette.tint):
            for text in (palette.ink, palette.grey, palette.accent):
                assert themes.contrast(text, ground) >= 4.5
        assert themes.contrast(palette.paper, palette.accent) >= 4.5, "text of a label"
        assert themes.contrast("#ffffff", palette.band) >= 4.5, "text on the band"
        look_colours = theme.look
        grounds = (look_colours.light.paper, look_colours.light.page, look_colours.dark.paper, themes.AUTO_DARK)
        for ground in grounds:
            assert themes.contrast(palette.rule, ground) >= 3, "a rule or box, also in a mail program's own dark mode"


def test_a_readable_accent_is_kept() -> None:
    assert Theme(accent="#006400").light.accent == "#006400"
    assert Theme(accent="#A3201A").dark.accent == LOOKS["newspaper"].dark.accent, "picked by hand"
    assert themes.contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("accent", ["red", "#fff", "#9c1c1c;}"])
def test_an_invalid_accent_is_rejected(accent: str) -> None:
    with pytest.raises(ValueError, match="accent"):
        Theme(accent=accent)


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_each_theme_gives_a_complete_email(look: str) -> None:
    email = _render(Theme(LOOKS[look]))
    assert email.html.count("<h1") == 1
    # The plain theme has a heading above the top story, so that its headline is one level below.
    assert email.html.count("<h3") == (12 if look == "plain" else 11)
    assert email.html.count("<img") == min(4, LOOKS[look].pictures)
    kept = max(re.findall(r"<style>(.*?)</style>", email.html, re.S), key=len)
    assert len(kept.encode()) <= 3000


def test_themes_differ_in_more_than_colour() -> None:
    emails = {name: re.sub("#[0-9a-f]{3,6}", "", _render(Theme(LOOKS[name])).html) for name in LOOKS}
    assert len(set(emails.values())) == len(LOOKS)


@pytest.mark.slow
def test_a_logo_replaces_the_name_and_has_it_as_alt_text() -> None:
    html = _render(Theme(logo="https://news.example.com/logo.png", logo_width=180)).html
    heading = html[html.index("<h1") : html.index("</h1>")]
    assert 'src="https://news.example.com/logo.png"' in heading
    assert f'alt="{BRANDING.name}"' in heading
    assert 'width="180"' in heading


@pytest.mark.parametrize("most", [0, 1, 3])
def test_image_limit_starts_with_the_lead(most: int) -> None:
    shown = re.findall(r'src="https://img\.example\.com/([a-z]+)', _render(Theme(max_images=most)).html)
    assert shown == ["barf", "metro", "upgrah", "cricket"][:most]


def test_devanagari_digits_change_visible_text_only() -> None:
    latin, deva = _render(Theme()), _render(Theme(digits="deva"))
    assert latin_digits(deva.html) == latin.html
    assert latin_digits(deva.text) == latin.text
    assert "१८ स्टेशन" in deva.html
    assert "अंक २१४" in deva.text
    shown = re.sub(r"<!--.*?-->|<style.*?</style>|<[^>]*>", " ", deva.html, flags=re.S)
    assert not [word for word in shown.split() if re.search("[0-9]", word) and not re.search("[A-Za-z&]", word)]
    assert re.findall(r'(?:href|src|style|width)="[^"]*"', deva.html) == re.findall(
        r'(?:href|src|style|width)="[^"]*"', latin.html
    )
    assert re.findall(r"https://\S+", deva.text) == re.findall(r"https://\S+", latin.text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2,000 घर, 18%", "२,००० घर, १८%"), ("5G और COVID-19 के 3 साल", "5G और COVID-19 के ३ साल"), ("", "")],
)
def test_a_latin_word_keeps_its_digits(text: str, expected: str) -> None:
    assert devanagari_digits_in_text(text) == expected


@pytest.mark.parametrize("score", ["3-2", "21-19", "4-2-1", "145–9"])
def test_a_score_stays_on_one_line(score: str) -> None:
    page = f"<html><head><title>{score}</title></head><body><p title='{score}'>भारत {score} से जीता</p></body></html>"
    kept = keep_scores_together(page)
    together = f'<span style="display:inline-block;text-indent:0;text-decoration:inherit">{score}</span>'
    assert f"<p title='{score}'>भारत {together} से जीता</p>" in kept
    assert f"<title>{score}</title>" in kept


@each_row("text", ["2024-25", "2026-11-23", "0522-2345678", "COVID-19", "12-13.5", "https://a.example/3-2"])
def test_what_is_no_score_stays_as_it_is(text: str) -> None:
    page = f"<body><p>यह {text} है</p></body>"
    assert keep_scores_together(page) == page


def test_a_score_has_plain_characters_in_every_part() -> None:
    stories = (replace(EDITION.sections[0].stories[0], title="भारत ने हॉकी में 3-2 से जीता मैच"),)
    edition = replace(EDITION, lead="", subject="", sections=(replace(EDITION.sections[0], stories=stories),))
    email = renderer().render(edition, EVERYTHING, now=NOW)
    assert email is not None
    assert "3-2" in email.subject
    assert "3-2 से" in email.text
    assert "display:inline-block" in email.html
    assert not re.search("[\u2060\u2011]", email.subject + email.text + email.html)


@given(st.text())
def test_digits_change_only_digits(text: str) -> None:
    assert latin_digits(devanagari_digits_in_text(text)) == latin_digits(text)


def _render(theme: Theme) -> RenderedEmail:
    email = renderer(theme=theme).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    return email


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_twenty_stories_stay_small(look: str) -> None:
    theme = Theme(LOOKS[look])
    plain = renderer(theme=theme).render(twenty(), EVERYTHING, now=NOW)
    pictured = renderer(theme=theme).render(twenty(images=True), EVERYTHING, now=NOW)
    assert plain is not None
    assert pictured is not None
    assert measure(plain).decoded <= 31_000
    assert measure(pictured).decoded <= 33_000
    assert measure(pictured).quoted_printable <= 60_000
    assert measure(pictured).level == "ok"


def test_the_three_sizes() -> None:
    email = RenderedEmail("v", "s", "<p>क</p>" * 100, "")
    got = measure(email)
    assert got.decoded == 1000
    assert got.base64 == len(base64.encodebytes(email.html.encode()))
    assert got.quoted_printable > 1600
    assert measure(RenderedEmail("v", "s", "", "कख")).decoded == 6


@pytest.mark.parametrize(("count", "level"), [(60_000, "ok"), (60_001, "warn"), (90_000, "warn"), (90_001, "stop")])
def test_levels(count: int, level: str) -> None:
    assert measure(RenderedEmail("v", "s", "x" * count, "")).level == level


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(LOOKS))
@pytest.mark.parametrize(("letters", "at_most"), [(9, 53), (13, 43), (19, 32), (60, 26)])
def test_a_longer_name_is_smaller(look: str, letters: int, at_most: int) -> None:
    size = LOOKS[look].size_of(letters)
    assert 26 <= size <= min(at_most, LOOKS[look].name_size)
    email = renderer(name="क" * letters, theme=Theme(LOOKS[look])).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    assert re.search(rf'<h1 [^>]*style="[^"]*font-size:{size}px', email.html)


def test_a_logo_takes_the_place_of_the_emblem() -> None:
    for look in LOOKS.values():
        own = _render(Theme(look, logo="https://news.example.com/logo.png")).html
        assert "mso-hide:all" not in own.split("</h1>")[0].split("role=")[1]
    # A logo is made for white paper, not for the band.
    modern = _render(Theme(LOOKS["modern"], logo="https://news.example.com/logo.png")).html
    assert re.search(r'<td class="bl" style="background-color:#fff;[^"]*"', modern)


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(LOOKS))
@pytest.mark.parametrize("accent", ["", "#7a1fa2"])
def test_the_name_in_place_of_a_blocked_logo_is_readable(look: str, accent: str) -> None:
    theme = Theme(LOOKS[look], accent, logo="https://news.example.com/logo.png")
    assert [finding for finding in lint(_render(theme)) if finding.rule == "contrast"] == []


def test_the_newsroom_s_accent_colours_the_rules_and_the_band() -> None:
    theme = Theme(LOOKS["modern"], "#7a1fa2")
    html = _render(theme).html
    assert f'bgcolor="{theme.light.band}"' in html
    assert theme.light.rule in html
    assert LOOKS["modern"].light.band not in html


def test_sections_have_colours_of_their_own() -> None:
    built_in = {"देश": "Nation", "खेल": "Sport"}
    names = ["देश", "शहर", "गाँव", "खेल", "मौसम", "मंडी"]
    found = themes.section_colours(names, built_in)
    assert found["देश"] == themes.SECTION_COLOURS["Nation"]
    assert len(set(found.values())) == len(names)
    alone = themes.section_colours(["शहर"], built_in)
    assert themes.section_colours(["शहर", "खेल"], built_in)["शहर"] == alone["शहर"], "it does not depend on the others"
    many = [f"खंड {number}" for number in range(20)]
    assert set(themes.section_colours(many, {}).values()) == set(themes.SECTION_COLOURS.values())


@each_row("colour", themes.SECTION_COLOURS.values())
def test_names_of_sections_are_readable(colour: themes.SectionColour) -> None:
    modern = LOOKS["modern"]
    assert themes.contrast("#ffffff", colour.fill) >= 4.5
    assert themes.contrast(colour.light, modern.light.paper) >= 4.5
    assert themes.contrast(colour.dark, modern.dark.paper) >= 4.5


def test_latin_letters_in_serif_headings_are_georgia() -> None:
    fonts = themes.SERIF.split(",")
    assert fonts.index('"Noto Serif Devanagari"') < fonts.index("Georgia") < fonts.index('"Nirmala UI"')
    assert themes.SERIF in _render(Theme()).html
