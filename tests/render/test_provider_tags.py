"""No text from a feed or an editor acts as a tag of the email provider, and subscribers still see the original text."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.deliver.sendgrid.payload import request_body
from digest.mail import provider_tags
from digest.mail.message import Outgoing, Recipient, Sender, invalid_recipients
from digest.models import PLACEHOLDERS, Image, RenderedEmail, Section, Variant
from digest.render import texts
from tests.render.sample import EDITION, NOW, renderer, story
from tests.support.tables import each_row

# In the forms of the providers' documentation.
TAGS = (
    "[unsubscribe]", "[Unsubscribe]", "[UNSUBSCRIBE]", "[weblink]", "[Unsubscribe_Preferences]", "[Sender_Name]",
    "[unsubscribe_tag]", "[MIRROR]", "[%email%]", "[%first_name | Friend%]",
    "<%asm_group_unsubscribe_url%>", "<%asm_preferences_raw_url%>", "<%asm_global_unsubscribe_url%>", "<% %>",
    "<%body%>", "%name%", "%unsub_url%", "%sendgrid_unsub_url%", "%recipient.name%", "%address%",
    "{{unsubscribe}}", "{{{unsubscribe}}}", "{{amazonSESUnsubscribeUrl}}", "{{ params.x }}", "{{ contact.EMAIL }}",
    "{{{RESEND_UNSUBSCRIBE_URL}}}", "{% if x %}", "{# x #}",
)  # fmt: skip
# What a provider looks for, defined independently of the code: opening and closing marks of every syntax.
ACTIVE = re.compile(
    r"\{\{|\{%|\{#|<%|\[%|\[(?:unsub\w*|weblink|mirror|[a-z]+_[a-z_]*)\]|%(?![0-9a-f]{2}[%._-])[a-z][\w.-]*%", re.I
)
ANY = st.lists(st.sampled_from([*TAGS, "{", "[", "%", "<", "]", "}", "नहर में", "पानी", "a", " ", "%E0%A4"]), max_size=8)
HOSTILE = ANY.map("".join)


class Visible(HTMLParser):
    """The texts, titles and links of a page as a browser reads them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.values: list[str] = []
        self._raw = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._raw += tag == "style"
        self.values += [value or "" for name, value in attrs if name in ("href", "src", "alt", "aria-label")]

    def handle_endtag(self, tag: str) -> None:
        self._raw -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.texts.append(data)


def packed(text: str) -> str:
    return "".join(text.split())


def hostile_email(tag: str) -> RenderedEmail:
    """An email with `tag` in every place that a feed or an editor fills."""
    bad = story(
        1,
        f"पहली {tag} ख़बर",
        f"सार में {tag} भी है।",
        url=f"https://x.example/{tag}?q={tag}#{tag}",
        sources=(f"अख़बार {tag}", tag, "तीसरा"),
        image=Image(f"https://x.example/{tag}.jpg", 1200, 800, f"तस्वीर {tag}"),
    )
    edition = replace(
        EDITION,
        sections=(Section(f"देश {tag}", (bad, story(2, f"दूसरी {tag}", tag))), *EDITION.sections[1:]),
        subject=f"विषय {tag}",
        preheader=f"आगे {tag}",
        intro=f"संपादक की ओर से {tag}",
        lead="s1",
    )
    made = renderer(name=f"सुबह {tag}", postal_address=f"लखनऊ {tag}").render(edition, Variant("all"), now=NOW)
    assert made is not None
    return made


def active_tags(email: RenderedEmail) -> list[str]:
    """Return what a provider would interpret in an email. It reads bytes, so only references hide a tag."""
    page = re.sub(r"<style\b.*?</style>|<!--.*?-->", "", email.html, flags=re.S)
    return [found[0] for part in (page, email.text, email.subject) for found in ACTIVE.finditer(part)]


@each_row("tag", TAGS)
def test_every_documented_tag_is_recognised(tag: str) -> None:
    assert ACTIVE.search(tag)
    assert provider_tags.find_tag(f"a{tag}b")


@pytest.mark.slow
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_in_any_field_does_nothing_and_looks_the_same(tag: str) -> None:
    email = hostile_email(tag)
    assert active_tags(email) == []
    seen = Visible(email.html)
    shown = packed("".join(seen.texts))
    for text in (f"पहली {tag} ख़बर", f"सार में {tag} भी है।", f"देश {tag}", f"आगे {tag}", f"संपादक की ओर से {tag}"):
        assert packed(text) in shown
        assert packed(text) in packed(email.text).replace("\u200d", "") or text.startswith("आगे")
    assert email.subject.replace("\u200d", "") == f"विषय {tag}"
    assert not any("\u200d" in value for value in seen.values), "addresses and alt texts need no joiner"
    links = [value for value in seen.values if value.startswith("https://x.example/")]
    assert links
    assert all(url.isascii() for url in links)
    assert "https://x.example/" in email.text
    assert re.findall(r"https://\S*\u200d", email.text) == []


@given(HOSTILE)
@example("%E0%A4a[unsubscribe]")
def test_no_text_subject_or_address_keeps_an_active_tag(text: str) -> None:
    plain = provider_tags.neutral_text(text)
    assert not ACTIVE.search(plain)
    assert plain.replace("\u200d", "") == text
    assert provider_tags.as_written(plain) == text
    assert provider_tags.neutral_text(plain) == plain
    page = provider_tags.neutral_html(f'<p title="{html.escape(text)}">{html.escape(text)}</p>')
    assert not ACTIVE.search(page)
    assert "".join(Visible(page).texts) == text
    address = texts.web_address(f"https://x.example/{text}?{text}#{text}")
    assert not ACTIVE.search(address)
    assert texts.web_address(address) == address
    assert not ACTIVE.search(provider_tags.neutral_text(address))


@given(st.text(alphabet="abcdef0123456789%/?=&[]_.-~", max_size=60))
def test_an_address_leads_to_the_same_page(path: str) -> None:
    """A server that decodes the address gets the original text. A single percent sign is not an escape."""
    from urllib.parse import unquote_to_bytes

    written = re.sub(r"%(?![0-9a-fA-F]{2})", "%25", f"https://x.example/{path}")
    assert unquote_to_bytes(provider_tags.neutral_url(f"https://x.example/{path}")) == unquote_to_bytes(written)


def test_usual_addresses_do_not_change() -> None:
    for url in (
        "https://x.example/%E0%A4%96%E0%A4%AC%E0%A4%B0-%E0%A4%A6%E0%A5%87%E0%A4%B6?a=b%20c&d[]=1",
        "https://x.example/a%20b%20c%2Fd",
    ):
        assert provider_tags.neutral_url(url) == url


def test_a_usual_letter_is_not_changed() -> None:
    email = renderer().render(EDITION, Variant("all"), now=NOW)
    assert email is not None
    assert "&#91;" not in email.html
    assert "\u200d" not in email.text.replace("क्\u200d", "")


def test_styles_and_comments_stay_as_they_are() -> None:
    page = "<style>@media x{{#a{width:1%}}}</style><!--[if mso_9]>{{<![endif]--><p>{{</p>"
    done = "<style>@media x{{#a{width:1%}}}</style><!--[if mso_9]>{{<![endif]--><p>&#123;{</p>"
    assert provider_tags.neutral_html(page) == done


SENDER = Sender("News", "news@example.com", "", "ख़बरें", "https://news.example.com")


@pytest.mark.slow
@pytest.mark.parametrize("tag", TAGS)
def test_the_request_to_sendgrid_has_only_our_own_placeholders(tag: str) -> None:
    email = hostile_email(tag)
    to = (Recipient(1, "asha@example.com", SENDER, "L", "P", "V"),)
    body = json.loads(request_body(Outgoing("e", "b", "a", email, SENDER, to)))
    (personalization,) = body["personalizations"]
    assert set(personalization["substitutions"]) == set(PLACEHOLDERS.values())
    parts = [part["value"] for part in body["content"]]
    sent = RenderedEmail("all", body["subject"], parts[1], parts[0])
    assert active_tags(sent) == []


@pytest.mark.parametrize(
    "email", ["-DGX_LEAVE-@example.com", "-dgx_leave-@example.com", "{{x}}@example.com", "%name%@example.com"]
)
def test_an_address_that_is_a_placeholder_is_not_sent_to(email: str) -> None:
    rows = [Recipient(number, each, SENDER, "L", "P", "V") for number, each in enumerate(["asha@example.com", email])]
    assert list(invalid_recipients(rows)) == [1]


def test_two_addresses_in_one_are_not_sent_to() -> None:
    emails = ["asha@example.com", "ravi@example.com\nbcc@example.com", "ravi@example.com\n"]
    rows = [Recipient(number, each, SENDER, "L", "P", "V") for number, each in enumerate(emails)]
    assert list(invalid_recipients(rows)) == [1, 2]
    assert invalid_recipients(rows[:1]) == {}
