"""Text, web addresses and mail addresses from outside are cleaned for an email."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from digest.models import PLACEHOLDERS
from digest.render import texts
from tests.support.tables import each_row

ANY = st.text(st.one_of(st.characters(), st.sampled_from("-DGX_LEAVE\x00\x0b\ud800")), max_size=60)


@given(ANY, st.sampled_from(sorted(PLACEHOLDERS.values())), st.sampled_from(["", "\x00", "\x0b", "\ud800", "\ufeff"]))
def test_no_text_can_contain_a_placeholder(text: str, tag: str, inside: str) -> None:
    hostile = f"{text}{tag[:5]}{inside}{tag[5:]}{text}"
    assert tag not in texts.one_line(hostile)
    assert not any(tag in paragraph for paragraph in texts.paragraphs(hostile))
    assert tag not in texts.web_address(f"https://x.example/{hostile}?{tag}#{tag}")
    texts.one_line(hostile).encode()


@each_row(
    ("url", "expected"),
    [
        (
            "https://x.example/ख़बर?q=देश",
            "https://x.example/%E0%A4%96%E0%A4%BC%E0%A4%AC%E0%A4%B0?q=%E0%A4%A6%E0%A5%87%E0%A4%B6",
        ),
        ("https://उदाहरण.भारत/a", "https://xn--p1b6ci4b4b3a.xn--h2brj9c/a"),
        ("https://x.example:8443/a%20b?c=1&d=2#e", "https://x.example:8443/a%20b?c=1&d=2#e"),
        ('https://x.example/"onmouseover="x', "https://x.example/%22onmouseover=%22x"),
        ("http://[::1]/a", "http://[::1]/a"),
        ("https://x.example/a b\n", "https://x.example/a%20b"),
        ("https://user:secret@x.example/", "https://x.example/"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//x.example/a", ""),
        ("https://", ""),
        ("https://x.example:port/", ""),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_web_addresses(url: str, expected: str) -> None:
    assert texts.web_address(url) == expected


@given(ANY)
def test_web_is_ascii_and_never_raises(text: str) -> None:
    for url in (text, f"https://{text}", f"https://x.example/{text}"):
        got = texts.web_address(url)
        assert got.isascii()
        assert got == "" or urlsplit(got).scheme in ("http", "https")
        assert not set(got) & set(" \"'<>\n")


@each_row(
    ("address", "expected"),
    [
        ("desk@example.com", "desk@example.com"),
        ("desk@उदाहरण.भारत", "desk@xn--p1b6ci4b4b3a.xn--h2brj9c"),
        ('a"b&c@example.com', "a%22b%26c@example.com"),
        ("no address", ""),
        ("", ""),
        ("@x.example", ""),
    ],
)
def test_mail_addresses(address: str, expected: str) -> None:
    assert texts.mail_address(address) == expected


def test_paragraphs() -> None:
    assert texts.paragraphs("पहला\tभाग\r\n\n  दूसरा\u00a0 भाग\n") == ("पहला भाग", "दूसरा भाग")
