"""The messages of checks and about editions, in the language of the desk."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from digest.i18n import translator
from digest.models import RenderedEmail
from digest.render.lint import REASONS, lint
from digest.render.renderer import Renderer
from digest.web.desk.acts import name_of, named
from digest.web.desk.sentences import KEPT, translate, translate_all
from tests.render.sample import BRANDING, EVERYTHING, NOW, TEMPLATES, twenty

HINDI, ENGLISH = translator("hi"), translator("en")

# One of each mistake that a template or an editor can make.
FAULTY = """<html><style>.a{color:#eee}</style><body><div>None</div><script>x</script><form></form>
<div style="position:fixed;float:left;display:flex;background:url(a)" onclick="x">{{ name }}</div>
<h2></h2><h4>x</h4><table><tr><td><table><table><table><table></table></table></table></table></td></tr></table>
<a>x</a><a href="https://example.com/"></a><a href="mailto:x">y</a><a href="#top">z</a><a href="http://a.example/">b</a>
<a href="http://b.example/">b</a><a href="/x">c</a><a href="https://example.com/क">d</a><a href="">e</a>
<h3>Head</h3><table role="presentation"><tr><td><a rel="sponsored" href="https://example.com/ad">Ad</a></td></tr></table>
<img src="http://x/y.webp" width="1" height="1"><a href="https://example.com/i"><img src="" alt=""></a>
<p style="color:#cccccc">पीला</p></body></html>"""


def test_each_finding_is_said_in_hindi_with_its_values() -> None:
    emails = [
        RenderedEmail("html", "BIG SALE NOW " + "क" * 70, FAULTY, "no links"),
        RenderedEmail("html", "", "<!doctype html>" + "<p>x</p>" * 20_000, ""),
    ]
    found = {finding.template: finding for email in emails for finding in lint(email)}
    assert len(found) > 30
    for template, finding in found.items():
        hindi = finding.translated(HINDI.gettext)
        assert HINDI.has(template), template
        assert "%(" not in hindi
        assert re.search("[ऀ-ॿ]", hindi)
        assert finding.translated(ENGLISH.gettext) == finding.message
        for name, value in finding.values:
            assert (HINDI.gettext(value) if name == "reason" else value) in hindi
    assert all(HINDI.has(reason) for reason in REASONS)


def test_what_a_long_email_leaves_out_is_said_in_hindi() -> None:
    email = Renderer(BRANDING, [TEMPLATES], budget=20_000).render(twenty(), EVERYTHING, now=NOW)
    assert email is not None
    assert len(email.left_out) > 1
    for line in email.left_out:
        assert re.match("पूरी ख़बर छूटेगी: |[0-9]+ सार", translate(line, HINDI) or ""), line
        assert translate(line, ENGLISH) == line


@given(st.sampled_from(KEPT), st.text(max_size=30))
def test_values_stay_as_they_are(form: str, value: str) -> None:
    names = dict.fromkeys(re.findall(r"%\(([a-z]+)\)s", form), "12") | {"why": value}
    line = form % names
    assert translate(line, ENGLISH) == line
    assert translate(f"another {line}", HINDI) is None


def test_a_line_of_a_history_is_said_in_hindi_and_keeps_what_a_server_said() -> None:
    line = "550 5.1.1 no such user (the desk, by asha); by smtp, batch 1,204; 2 tries; topics: खेल, frequency: daily"
    hindi = "550 5.1.1 no such user (डेस्क से, asha ने); smtp से, खेप 1,204; 2 कोशिशें; विषय: खेल; कितनी बार: daily"
    assert translate_all(line, HINDI) == hindi
    refused = "'x' is not a valid email address: an email address must have an @-sign"
    assert translate_all(refused, HINDI) == "'x' सही ईमेल पता नहीं है: पते में @ होना चाहिए"


def test_an_act_of_the_log_is_named_and_found_in_the_language_of_the_page() -> None:
    assert name_of("subscriber added", HINDI) == "पाठक जोड़ा गया"
    assert name_of("subscriber added", ENGLISH) == "Subscriber added"
    assert name_of("a later act", HINDI) == "a later act"
    assert named("पाठक जोड़ा", HINDI) == ["subscriber added"]
    assert named("ADDED", ENGLISH) == ["added", "subscriber added", "source added", "user added", "passkey added"]
    assert named("", HINDI) == []
