"""The messages of checks and about editions, in the language of the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.i18n import translator
from digest.messages import Message, joined
from digest.models import RenderedEmail
from digest.render.lint import REASONS, lint
from digest.render.renderer import Renderer
from digest.store.desk.audit import Act, ActKind
from digest.web.desk.acts import detail_of, name_of, named, subject_of
from digest.web.desk.plain_sentences import PLAIN
from digest.web.desk.sentences import PageSentence, refusal, translate, translate_all, translate_line
from tests.paths import ROOT
from tests.render.sample import BRANDING, EVERYTHING, NOW, TEMPLATES, twenty
from tests.support.tables import each_row

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


@pytest.mark.slow
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


# What may stand in a place; anything else is "12".
_FILLED = {"match": "same"}
# Put together from parts, so no text of the code has them whole.
_JOINED = ("an email address cannot",)


@each_row("form", PLAIN)
def test_each_form_is_known_and_stays_in_english(form: str) -> None:
    values = {name: _FILLED.get(name, "12") for name in re.findall(r"%\(([a-z_]+)\)s", form)}
    line = form % values
    # Codes, such as the name of a page, have words in English too.
    assert translate(line, ENGLISH) == ENGLISH.gettext(form) % values
    assert "%(" not in (translate(line, HINDI) or "%(")


def test_what_subscribers_did_on_their_own_pages_has_no_english_in_hindi() -> None:
    for line in (
        "web:preferences; topics: [] → [खेल], frequency: daily → weekly:sun,wed, pause for 2 weeks; hi, from 192.0.2.4",
        "web:leave; too much; not verified; en, from 192.0.2.4",
        joined(
            "; ",
            Message("from the sign-up page"),
            "text 2, hi; confirmed at 2026-11-23 07:00:00 +0530 from 192.0.2.4",
        ),
        "on the list again; name",
        "confirmed at both addresses; was suppressed before: unsubscribed",
        "before: bounced",
    ):
        assert not re.search("[a-z]", translate_all(line, HINDI)), line


def test_a_list_that_was_empty_has_a_dash() -> None:
    assert translate("topics: [] → [खेल]", HINDI) == "विषय: — → खेल"
    assert translate("topics: खेल+देश → ", HINDI) == "विषय: खेल, देश → —"


@given(st.text("अआक ािab(),:.", max_size=30))
def test_a_persons_own_words_stay(words: str) -> None:
    line = f"वे बोले {words}"
    assert translate_line(line, HINDI) == PageSentence(line)


@pytest.mark.slow
def test_the_program_still_says_what_each_form_expects() -> None:
    """A message that is worded anew would be in English on the desk, without a warning."""
    modules = [ROOT / "digest", Path(email_validator.__file__).parent]
    files = [file for module in modules for file in module.rglob("*.py") if file.name != "forms.py"]
    # Python has compiled most of them already, and parsing them takes seconds.
    codes = [SourceFileLoader(file.stem, str(file)).get_code(file.stem) for file in files]
    said = "\n".join(text.lower() for code in codes for text in _texts(code))

    def words(form: str) -> str:
        """The longest run of words without a value or punctuation."""
        plain = re.sub(r"%\([a-z_]+\)s", "\n", form).lower()
        return max(re.findall("[a-z]+(?: [a-z]+)*", plain), key=len, default="")

    unsaid = [form for form in PLAIN if words(form) not in said]
    assert [form for form in unsaid if not form.startswith(_JOINED)] == []


def _texts(constant: object) -> Iterator[str]:
    """Yield the texts in a module's code, or in one of its constants."""
    if isinstance(constant, str):
        yield constant
    for part in constant.co_consts if isinstance(constant, CodeType) else ():
        yield from _texts(part)
    for part in constant if isinstance(constant, tuple | frozenset) else ():
        yield from _texts(part)


@each_row(
    "line, text, original",
    [
        (
            Message(
                "%(url)s %(why)s (HTTP %(num)s).",
                url="http://a.example/feed",
                why=Message("does not exist"),
                num=404,
            ),
            "http://a.example/feed नहीं मिला; शायद पता बदल गया है (HTTP 404)।",
            "",
        ),
        (
            Message(
                "%(why)s (after a redirect from %(url)s).",
                why=Message("The name %(host)s is unknown (DNS has no address for it).", host="a.example"),
                url="http://b.example/",
            ),
            "http://b.example/ ने आगे भेजा: a.example नाम की कोई साइट नहीं मिली।",
            "",
        ),
        (Message("%(role)s → %(later)s", role="editor", later="viewer"), "संपादक → दर्शक", ""),
        # The numbers of an internet address are no answer of a mail server.
        ("web:leave; hi, from 203.0.113.5", "सदस्यता छोड़ने के पन्ने से; हिंदी पन्ना, इंटरनेट पता 203.0.113.5", ""),
        ("topics: देश+खेल, frequency: weekly:mon,sun", "विषय: देश, खेल; कितनी बार: सोम, रवि", ""),
        (Message("option %(num)s of the %(block)s", num=2, block="quiz"), "क्विज़ का विकल्प 2", ""),
        (Message("%(num)s → %(later_num)s addresses", num=2, later_num=3), "2 → 3 पते", ""),
        ("topics: खेल, frequency: daily", "विषय: खेल; कितनी बार: रोज़", ""),
        ("उन्होंने फ़ोन किया (the desk, by asha)", "उन्होंने फ़ोन किया (डेस्क से, asha ने)", ""),
        (Message("the edition was given up: %(state)s", state="cancelled"), "अंक नहीं भेजा गया: बंद किया", ""),
        (
            joined(
                "; ",
                Message("by %(transport)s, batch %(num)s", transport="smtp", num=7),
                "smtp mx.example:25: 451 4.3.0 try again; later",
                Message("%(num)s tries", num=2),
            ),
            "SMTP से, खेप 7; मेल सर्वर ने कहा: अभी नहीं; 2 कोशिशें",
            "smtp mx.example:25: 451 4.3.0 try again; later",
        ),
    ],
)
def test_a_line_is_told_with_what_a_server_answered(line: str, text: str, original: str) -> None:
    assert translate_line(line, HINDI) == PageSentence(text, original)


@each_row(
    "answer, meaning",
    [
        (
            "550 5.1.1 <…>: Recipient address rejected: User unknown in virtual mailbox table",
            "there is no such mailbox",
        ),
        ("552 5.2.2 Mailbox full", "the mailbox is full"),
        ("452 4.2.2 The email account that you tried to reach is over quota", "the mailbox is full"),
        ("550 5.2.1 The email account that you tried to reach is disabled.", "the mailbox is closed"),
        (
            "550-5.7.26 This mail has been blocked because the sender is unauthenticated.",
            "it does not trust the sender (SPF, DKIM, DMARC): an operator repairs it",
        ),
        ("421 4.7.28 unusual rate of unsolicited mail", "too many emails came at once"),
        (
            "554 5.7.1 Service unavailable; Client host [10.0.0.1] blocked using zen.example.org",
            "it took the email for spam, or the sender is on a block list",
        ),
        ("552 5.3.4 Message size exceeds fixed limit", "the email is too large"),
        ("smtp mx.example:25: timed out", "no answer in time"),
        ("sendgrid: the API key was refused (401)", "it refused our key: an operator repairs it"),
        ("smtp mx.example:25: connection refused", "it could not be reached"),
        ("451 4.3.0 try again later", "it said: not now"),
        ("sendgrid answered 503", "the provider has a fault"),
        ("550 5.4.1 Recipient address rejected: Access denied", "it refused the email"),
        ("brevo: what is this", "it gave this answer:"),
    ],
)
def test_a_servers_answer_is_said_in_a_few_words(answer: str, meaning: str) -> None:
    assert translate_line(answer, ENGLISH) == PageSentence(meaning, answer)
    assert translate_line(answer, HINDI) == PageSentence(HINDI.gettext(meaning), answer)


def _weight() -> ConfigurationError:
    wrong = Message("expected a number of at most %(num)s, found %(name)s", num=10, name=99)
    message = Message("'%(field)s': %(why)s", field="sources[2].weight", why=wrong)
    return ConfigurationError([ConfigProblem("digest.yaml", 18, message)])


@each_row(
    "error, told",
    [
        (_weight(), PageSentence("digest.yaml, पंक्ति 18: ‘वज़न’: संख्या ज़्यादा से ज़्यादा 10 हो; 99 मिला")),
        (
            DigestError(
                Message("Edition %(name)s is %(state)s; only a draft can be changed.", name="vishesh", state="approved")
            ),
            PageSentence("अंक vishesh की स्थिति: मंज़ूर। बदलाव सिर्फ़ मसौदे में हो सकता है।"),
        ),
        (
            ConfigurationError(
                [
                    ConfigProblem(
                        "x",
                        0,
                        Message(
                            "expected a URL with one clear host; the host of this one %(why)s",
                            why=Message("is invalid"),
                        ),
                    )
                ]
            ),
            PageSentence("यह सही वेब पता नहीं है: इसमें वेबसाइट का नाम ग़लत है"),
        ),
        (
            DigestError("The moon is full."),
            PageSentence("यह वजह सर्वर सँभालने वालों के काम की है:", "The moon is full."),
        ),
    ],
)
def test_a_refusal_is_told_in_hindi_and_an_unusual_one_keeps_its_words(error: Exception, told: PageSentence) -> None:
    assert refusal(error, HINDI) == told
    assert refusal(error, ENGLISH).original == ""


def test_a_line_of_a_history_is_said_in_hindi_and_keeps_what_a_server_said() -> None:
    line = joined(
        "; ",
        "550 5.1.1 no such user",
        Message("by %(transport)s, batch %(num)s", transport="smtp", num="1,204"),
        Message("%(num)s tries", num=2),
        "topics: खेल, frequency: daily",
    )
    hindi = "ऐसा कोई मेलबॉक्स नहीं है; SMTP से, खेप 1,204; 2 कोशिशें; विषय: खेल; कितनी बार: रोज़"
    assert translate_all(line, HINDI) == hindi
    why = "an email address must have an @-sign"
    refused = Message("%(email)s is not a valid email address: %(why)s", email="'x'", why=why)
    assert translate_all(refused, HINDI) == "'x' सही ईमेल पता नहीं है: पते में @ होना चाहिए"


def test_each_act_has_a_name_in_hindi() -> None:
    assert [kind for kind in ActKind if name_of(kind, HINDI) in (kind, name_of(kind, ENGLISH))] == []


def test_an_act_of_the_log_is_named_and_found_in_the_language_of_the_page() -> None:
    assert name_of("subscriber added", HINDI) == "पाठक जोड़ा गया"
    assert name_of("subscriber added", ENGLISH) == "Subscriber added"
    assert name_of("a later act", HINDI) == "a later act"
    assert named("पाठक जोड़ा", HINDI) == ["subscriber added"]
    assert named("ADDED", ENGLISH) == ["added", "subscriber added", "source added", "user added", "passkey added"]
    assert named("", HINDI) == []


def test_names_of_people_stay_in_the_log_and_blocks_are_named_in_its_language() -> None:
    def act(what: str, subject: str, detail: str = "") -> Act:
        return Act(1, datetime(2026, 12, 1, tzinfo=UTC), "editor", "desk", what, subject, detail)

    signed_in = act("role", "editor", Message("%(role)s → %(later)s", role="editor", later="admin"))
    assert subject_of(signed_in, HINDI) == "editor", "a person's name"
    assert detail_of(signed_in, HINDI) == "संपादक → एडमिन"
    assert detail_of(act("test sent", "2026-12-01", "admin@example.com"), HINDI) == "admin@example.com"
    assert detail_of(act("test sent", "2026-12-01", "editor"), HINDI) == "editor", "a group of the settings"
    assert detail_of(act("block left out", "2026-12-01", "quote-2"), HINDI) == "आज का विचार"
    assert detail_of(act("story text", "2026-12-01", "550 पेड़ लगेंगे"), HINDI) == "550 पेड़ लगेंगे", "no server's answer"
    assert detail_of(act("block text", "2026-12-01", "quote: none: of it"), HINDI) == "आज का विचार: none: of it"
    assert subject_of(act("subscriber added", "subscriber 5"), HINDI) == "पाठक 5"


def test_a_block_without_words_is_named_alone() -> None:
    """Also one that an earlier version logged with a colon."""
    at = datetime(2026, 12, 1, tzinfo=UTC)
    for detail in ("sponsor", "sponsor:", "sponsor: "):
        assert detail_of(Act(1, at, "mira", "desk", "block text", "2026-12-01", detail), HINDI) == "विज्ञापन"
    assert name_of("paused", HINDI) == "रोका"


def test_numbers_of_programs_are_grouped_as_all_others_of_the_desk() -> None:
    said = Message("More than %(num)s subscribers match; narrow the filter.", num="1,000,000")
    for catalogue in (HINDI, ENGLISH):
        assert "10,00,000" in translate_all(said, catalogue)
        # What a person wrote stays.
        moved = Message("%(field)s: %(words)s", field="subject", words="1,000,000 लोग सड़कों पर")
        assert "1,000,000 लोग" in translate_all(moved, catalogue)
    assert "1,000,000" in said, "a program's own text stays"
