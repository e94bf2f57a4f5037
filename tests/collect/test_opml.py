"""Lists of feeds from feed readers: all dialects of OPML, lists of URLs, and hostile documents."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.feeds.opml import MAX_BYTES, MAX_FEEDS, Outline, read_feed_list, write_opml
from tests.support.tables import each_row

NESTED = """<?xml version="1.0" encoding="UTF-8"?>
<!-- from another reader -->
<opml version="2.0">
  <head><title>मेरी सूची</title></head>
  <body>
    <outline text="अख़बार">
      <outline text="देश">
        <outline type="rss" text="नदी टाइम्स" title="नदी &amp; टाइम्स" xmlUrl="https://nadi.example/rss?a=1&amp;b=2"
                 htmlUrl="https://nadi.example/"/>
      </outline>
      <outline text="पहाड़ वार्ता" xmlUrl=" https://pahad.example/feed " category="/खेल/क्रिकेट,राय"/>
    </outline>
    <outline text="खाली"/>
    <outline text="फ़ाइल" type="rss" xmlUrl="file:///etc/passwd"/>
    <outline text="पन्ना" type="link" url="https://page.example/"/>
    <outline text="और सूची" type="include" url="https://other.example/all.opml"/>
  </body>
</opml>
"""


def test_nested_folders_and_what_can_not_be_taken() -> None:
    listed = read_feed_list(NESTED.encode())
    assert listed.kind == "opml"
    assert listed.outlines == (
        Outline("https://nadi.example/rss?a=1&b=2", "नदी & टाइम्स", ("अख़बार", "देश"), 9),
        Outline("https://pahad.example/feed", "पहाड़ वार्ता", ("अख़बार", "खेल", "क्रिकेट", "राय"), 11),
    )
    assert [(one.line, one.found) for one in listed.rejected] == [
        (13, "खाली"),
        (14, "file:///etc/passwd"),
        (15, "पन्ना"),
        (16, "और सूची"),
    ]
    assert [word for word, one in zip(("xmlUrl", "http", "its page", "another list"), listed.rejected, strict=True)
            if word not in one.why] == []  # fmt: skip
    assert listed.warnings == ()


@each_row(
    ("outline", "url"),
    [
        ('<outline xmlurl="https://a.example/"/>', "https://a.example/"),
        ('<OUTLINE XMLURL="https://a.example/"/>', "https://a.example/"),
        ("<outline type='rss' url='https://a.example/'/>", "https://a.example/"),
        ('<outline xmlUrl="feed://a.example/rss"/>', "http://a.example/rss"),
        ('<outline xmlUrl="feed:https://a.example/rss"/>', "https://a.example/rss"),
        ('<outline xmlUrl="http://a.example/?a=1&b=2"/>', "http://a.example/?a=1&b=2"),
        ('<o:outline xmlns:o="urn:o" xmlUrl="https://a.example/"/>', "https://a.example/"),
    ],
)
def test_spellings_of_other_feed_readers(outline: str, url: str) -> None:
    (found,) = read_feed_list(f"<opml><body>{outline}</body></opml>".encode()).outlines
    assert found.url == url


def test_ill_formed_lists_are_read_with_a_warning() -> None:
    text = (
        '<?xml version="1.0"?>\n<opml version=1.0>\n<body>\n<outline text="क&nbsp;ख" xmlUrl="https://a.example/">\n'
        '<outline text="\x03ग" xmlUrl="https://b.example/"/>\n</body>'
    )
    listed = read_feed_list(text.encode())
    assert [(one.title, one.url, one.line) for one in listed.outlines] == [
        ("क ख", "https://a.example/", 4),
        ("ग", "https://b.example/", 5),
    ]
    (warning,) = listed.warnings
    assert "not well-formed XML (line 2)" in warning


def test_lost_entries_give_a_warning() -> None:
    never_closed = "\n".join(f'<outline text="क" xmlUrl="https://a{n}.example/">' for n in range(1_000))
    listed = read_feed_list(f"<opml><body>{never_closed}".encode())
    assert len(listed.outlines) > 200
    assert f"it names 1000 addresses, of which {len(listed.outlines)} could be read" in listed.warnings[-1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings(encoding: str) -> None:
    text = NESTED.replace("UTF-8", encoding.removesuffix("-sig"))
    assert len(read_feed_list(text.encode(encoding)).outlines) == 2


def test_a_text_with_a_url_a_line() -> None:
    text = "# ours\r\nhttps://a.example/rss\r\n\r\n  http://b.example/rss  ख समाचार\r\nnot a url\r\nftp://c.example/rss\r\n"
    listed = read_feed_list(text.encode())
    assert listed.kind == "text"
    assert listed.outlines == (
        Outline("https://a.example/rss", "", (), 2),
        Outline("http://b.example/rss", "ख समाचार", (), 4),
    )
    assert [(one.line, one.found) for one in listed.rejected] == [(5, "not a url"), (6, "ftp://c.example/rss")]


BOMB = '<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<opml><body><outline text="&b;"/></body></opml>'
OUTSIDE = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;"/></body></opml>'


@each_row(
    ("data", "line", "reason"),
    [
        (b"", 0, "is empty"),
        (b" " * (MAX_BYTES + 1), 0, "is larger than 5,000,000 bytes"),
        (BOMB.encode(), 1, "declares dangerous XML entities"),
        (OUTSIDE.encode(), 1, "declares dangerous XML entities"),
        (b'<?xml version="1.0"?>\n\n<rss><channel/></rss>', 3, "is a feed (<rss>)"),
        (b"<!doctype html>\n<html><body><p>x</p></body></html>", 2, "its root is <html>; expected <opml>"),
        (b'{"feeds": []}', 1, "is JSON; expected OPML"),
        ("\n\nकुछ शब्द\n".encode(), 3, "expected <opml> or a URL, found 'कुछ शब्द'"),
        (b"<opml><head/></opml>", 1, "lists no feeds"),
        ("\n".join(f"https://{n}.example/" for n in range(MAX_FEEDS + 1)).encode(), 5001, "more than 5,000 feeds"),
    ],
)
def test_other_documents_give_an_error_with_a_line(data: bytes, line: int, reason: str) -> None:
    listed = read_feed_list(data)
    assert reason in listed.error
    assert listed.line == line
    assert listed.outlines == ()


def test_a_doctype_without_entities_is_accepted() -> None:
    text = '<!DOCTYPE opml SYSTEM "http://127.0.0.1:9/opml.dtd">\n<opml><body>\n<outline xmlUrl="https://a.example"/>'
    (found,) = read_feed_list(f"{text}</body></opml>".encode()).outlines
    assert found.line == 3


def test_folders_of_a_thousand_levels_and_many_attributes_end_soon() -> None:
    deep = "<outline text='x'>" * 100_000 + "<outline xmlUrl='https://a.example/'/>"
    read_feed_list(f"<opml><body>{deep}".encode())
    wide = " ".join(f'a{n}="x"' for n in range(50_000))
    read_feed_list(f"<opml><body><outline {wide}/></body></opml>".encode())


def test_what_is_written_is_read_back() -> None:
    outlines = [
        Outline("https://a.example/?a=1&b=2", 'नदी & "टाइम्स" <क>'),
        Outline("https://b.example/", "ख", ("खेल",)),
        Outline("https://c.example/", "ग\x03"),
        Outline("https://d.example/", "घ", ("खेल",)),
    ]
    data = write_opml("सुबह\x00 की ख़बरें", outlines)
    assert data.startswith(b"<?xml")
    listed = read_feed_list(data)
    assert {(one.url, one.folders) for one in listed.outlines} == {(one.url, one.folders) for one in outlines}
    assert [one.title for one in listed.outlines if not one.folders][1] == "ग"
    assert listed.rejected == ()
    assert listed.warnings == ()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    read_feed_list(data)
    read_feed_list(b"<opml><body>" + data)


@settings(deadline=None)
@given(st.data())
def test_no_mangled_list_makes_it_raise(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NESTED)))
    cut = data.draw(st.integers(at, len(NESTED)))
    put = data.draw(st.text(alphabet="<>&;\"'=/ox\u0915\n\x00", max_size=8))
    listed = read_feed_list((NESTED[:at] + put + NESTED[cut:]).encode())
    assert bool(listed.error) == (not listed.outlines and not listed.rejected)
