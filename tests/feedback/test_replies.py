"""Replies by mail: the text without quotations; automatic replies are recognised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.feedback.replies import MAX_TEXT, parse_reply, without_quote
from tests.support.cpu import cpu_limit
from tests.support.tables import each_row


def mail(body: str = "बहुत अच्छा अंक था।", *more: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = ("From: =?utf-8?B?4KSG4KS24KS+?= <asha@example.com>", "Message-ID: <1@example.com>", *more)
    return ("\r\n".join(head) + f"\r\nContent-Type: {kind}\r\n\r\n{body}").encode()


def test_a_reply_is_read_with_what_it_answers() -> None:
    reply = parse_reply(mail("अच्छा", "Subject: =?utf-8?B?UmU6IOCkuOClgeCkrOCkuQ==?=", "In-Reply-To: <abc@news>"))
    assert reply
    assert (reply.sender, reply.subject, reply.text) == ("asha@example.com", "Re: सुबह", "अच्छा")
    assert reply.answers == ("abc@news",)
    assert not reply.is_automatic


@each_row(
    "quote",
    [
        "On Mon, 23 Nov 2026 at 07:00, सुबह की ख़बरें <news@example.com> wrote:\n> पहली ख़बर",
        "On Mon, 23 Nov 2026 at 07:00, a rather long name of a newsletter\n<news@example.com> wrote:\n> पहली ख़बर",
        "सोम, 23 नव॰ 2026 को 7:00 पर news@example.com ने लिखा:\n> पहली ख़बर",
        "-----Original Message-----\nFrom: news@example.com\nपहली ख़बर",
        "________________________________\nFrom: x\nपहली ख़बर",
        "From: news@example.com\nपहली ख़बर",
        "> पहली ख़बर\n> दूसरी ख़बर",
        "-- \nआशा, नदीपुर",
    ],
)
def test_the_quoted_email_and_the_signature_are_left_out(quote: str) -> None:
    assert without_quote(f"मेट्रो की ख़बर में तारीख़ ग़लत है।\n\n{quote}\n") == "मेट्रो की ख़बर में तारीख़ ग़लत है।"


@pytest.mark.parametrize(
    "line",
    [
        "मेरे Android फ़ोन से भेजा गया",
        "मेरे iPhone से भेजा गया",
        "Sent from my Redmi phone",
        "Sent from my iPhone",
        "Get Outlook for Android",
        "Sent from Yahoo Mail on Android.",
    ],
)
def test_the_signature_of_a_phone_is_left_out(line: str) -> None:
    assert without_quote(f"अच्छा अंक था।\n\n{line}\n") == "अच्छा अंक था।"
    assert without_quote(f"कल मैंने चिट्ठी {line} थी।") == f"कल मैंने चिट्ठी {line} थी।"


def test_an_answer_below_the_quotation_is_kept() -> None:
    assert without_quote("> कैसा लगा?\nअच्छा\n") == "अच्छा"


@each_row(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=1",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Subject: Automatic reply: Re: news",
        "Subject: Out of Office",
        "Subject: कार्यालय से बाहर",
    ],
)
def test_what_a_machine_answers_is_apart_and_has_no_text(header: str) -> None:
    reply = parse_reply(mail("मैं 2 दिसंबर तक छुट्टी पर हूँ।", header))
    assert reply
    assert reply.is_automatic
    assert not reply.text


def test_a_person_may_say_that_no_machine_answers() -> None:
    reply = parse_reply(mail("ठीक", "Auto-Submitted: no"))
    assert reply
    assert not reply.is_automatic


def test_html_alone_is_read_as_text() -> None:
    body = "<style>p{}</style><p>बहुत &amp; अच्छा</p><blockquote>पुरानी <b>चिट्ठी</b></blockquote><script>x()</script>"
    reply = parse_reply(mail(body, kind="text/html"))
    assert reply
    assert reply.text == "बहुत & अच्छा"


def test_another_charset_is_read() -> None:
    data = b"From: asha@example.com\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\ncaf\xe9"
    reply = parse_reply(data)
    assert reply
    assert reply.text == "café"


def test_a_long_text_is_cut_between_letters() -> None:
    reply = parse_reply(mail("क्षि" * 5_000))
    assert reply
    assert reply.text == "क्षि" * MAX_TEXT


@each_row("head", ["", "From: nobody", "From: <>", "Subject: x", f"From: a@{'b' * 400}.example"])
def test_a_mail_without_a_sender_is_none(head: str) -> None:
    assert parse_reply(f"{head}\r\n\r\nx".encode()) is None


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["", "text/html", 'text/plain; charset="rot13"', "multipart/mixed; boundary=a"]),
)
def test_no_mail_is_too_strange(body: bytes, kind: str) -> None:
    data = b"From: asha@example.com\r\nSubject: =?x?B?!?=\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + body
    reply = parse_reply(data)
    assert reply
    assert "\0" not in reply.text


@pytest.mark.parametrize("author", ["(" * 1000 + "asha@example.com", "asha@example.com " + "(" * 900])
def test_comments_within_comments_stop_no_mailbox(author: str) -> None:
    parse_reply(f"From: {author}\r\n\r\nअच्छा".encode())


@pytest.mark.parametrize("charset", ["ut\u0928f-8", "undefined", "idna", "rot13", "unicode_escape"])
def test_a_subject_may_name_any_charset(charset: str) -> None:
    assert parse_reply(mail("अच्छा", f"Subject: =?{charset}?Q?a=C3=A9?="))


def test_html_has_no_hidden_parts() -> None:
    body = "<head><style>p{}</style></head><p>अच्छा</p><!-- x --><SCRIPT>x</SCRIPT ><blockquote>पहली</blockquote>"
    reply = parse_reply(mail(body, kind="text/html; charset=utf-8"))
    assert reply
    assert reply.text == "अच्छा"


@pytest.mark.parametrize("part", ["<script ", "<!-- ", "<blockquote>", "<style", "<script></script "])
def test_html_that_closes_nothing_takes_no_time(part: str) -> None:
    data = mail(part * (60_000 // len(part)), kind="text/html")
    with cpu_limit(1):
        parse_reply(data)
