"""The fast reader of feeds gives what feedparser gives, or declines; so does the fast reader of simple markup."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import feedparser
import pytest
from feedparser.mixin import _FeedParserMixin
from hypothesis import example, given
from hypothesis import strategies as st

from digest.collect.decode import decode
from digest.collect.entries import entry_item
from digest.collect.feeddates import parse_date
from digest.collect.feednames import HANDLED, NAMESPACES
from digest.collect.markup import read_html
from digest.collect.simplemarkup import simple_markup
from digest.collect.sniff import sniff
from digest.collect.wellformed import read_well_formed
from tests.collect.test_feeds import GOLDEN, item, parse, rss
from tests.paths import SHARED_DATA

BASE = "https://www.village.example/feed"
SAMPLES = Path(__file__).parents[2] / "samples" / "feeds"
SPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:x="urn:of-our-own" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)


def slow(text: str) -> Any:
    stream = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode())
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def told(parsed: Any) -> dict[str, Any]:
    """All that feeds.py and entries.py take out of a parsed feed."""
    items = [asdict(entry_item(entry, BASE)) for entry in parsed["entries"]]
    for one in items:
        if any(parse_date(one[name]) for name in ("date", "updated")):
            one["fallback"] = None  # what another parser made of a date that ours reads is never asked for
    feed = {name: dict.get(parsed["feed"], name, "") for name in ("title", "link", "language", "updated", "published")}
    return {"version": parsed["version"], "feed": feed, "items": items}


def agrees(text: str) -> bool:
    """Whether the fast reader read it; fails where it read otherwise than feedparser."""
    fast = read_well_formed(text)
    if fast is None:
        return False
    reference = slow(text)
    assert not reference["bozo"], reference.get("bozo_exception")
    assert told(fast) == told(reference)
    return True


def body_of(path: Path) -> str:
    return sniff(decode(path.read_bytes())[0]).text


@pytest.mark.parametrize("name", ["khel-duniya.rdf", "lok-darpan.xml", "pahad-times.atom", "subah-samachar.xml"])
def test_our_samples(name: str) -> None:
    assert agrees(body_of(SAMPLES / name))


@pytest.mark.parametrize("name", ["full.rss", "full.rdf", "full.atom"])
def test_golden_feeds(name: str) -> None:
    assert agrees(body_of(GOLDEN / name)) == (name != "full.atom")  # which holds XHTML


def test_real_feeds() -> None:
    paths = sorted((SHARED_DATA / "feeds").glob("*/*.xml"))
    if not paths:
        pytest.skip("the real feeds lie outside the repository and are not here")
    read = [agrees(body_of(path)) for path in paths]
    assert sum(read) >= 0.9 * len(read)


@pytest.mark.parametrize(
    "inside",
    [
        "<title>सड़क & पुल</title>",
        "<title>सड़क</title><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>पानी</div></content>",
        "<title>सड़क</title><description type='application/octet-stream'>4KSV</description>",
        "<title>सड़क</title><pubDate>ਜਦੋਂ ਵੀ</pubDate>",
        "<title>सड़क</title><itunes:summary>पानी</itunes:summary>",
        "<title>सड़क <b>और</b> पुल</title>",
        "<title>सड़क</title><date>2026-11-23</date>",
        "<item><title>सड़क</title></item>",
        "<title>स\x86ड़क</title>",
    ],
)
def test_what_only_feedparser_knows_is_left_to_it(inside: str) -> None:
    text = f'<rss version="2.0" {SPACES}><channel><title>t</title><item>{inside}</item></channel></rss>'
    assert read_well_formed(text) is None
    assert parse(text).kind == "rss2.0"


def test_nothing_is_read_from_files_or_the_network(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("गुप्त", encoding="utf-8")
    for doctype in (f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{tmp_path / "secret"}">]>', '<!DOCTYPE rss [<!ENTITY e "क">]>'):
        read = read_well_formed(doctype + rss("<item><title>ख&e;</title></item>"))
        assert read is None or "गुप्त" not in str(read["entries"])


def test_every_element_that_feedparser_handles_is_known() -> None:
    handlers = {name.split("_", 2)[2] for name in dir(_FeedParserMixin) if name.startswith(("_start_", "_end_"))}
    assert {name.lower() for name in handlers} - HANDLED - {"creativecommons_license"} == set()
    mapped = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
    assert {uri: mapped.get(uri) for uri in NAMESPACES} == NAMESPACES
    with_handlers = {name.partition("_")[0].lower() for name in handlers if "_" in name}
    missing = {uri for uri, prefix in mapped.items() if prefix.lower() in with_handlers and uri not in NAMESPACES}
    assert missing == set()


TEXTS = st.sampled_from(
    [
        "",
        " ",
        "गांव की नहर",
        "Canal &amp; road",
        "<![CDATA[<p>पानी</p><p>आया</p>]]>",
        "&lt;b&gt;नहर&lt;/b&gt;",
        "é",
        "a, b",
    ]
)
ADDRESSES = st.sampled_from(
    ["https://a.example/1", "/2", "http:///a.example/3?x=1&amp;y;=2", "", "17", " https://a.example/4 "]
)
DAYS = st.sampled_from(
    ["Mon, 23 Nov 2026 10:00:00 +0530", "2026-11-23T10:00:00Z", "", "23 Nov 2026", "Mon, 23 Nov 2026 10:00 IST"]
)


def leaf(name: str, texts: st.SearchStrategy[str], attributes: str = "") -> st.SearchStrategy[str]:
    return texts.map(lambda text: f"<{name}{attributes}>{text}</{name.split()[0]}>")


def empty(tag: str) -> st.SearchStrategy[str]:
    return ADDRESSES.map(lambda address: f"<{tag.replace('@', address)}/>")


DATE_NAMES = (
    "pubDate",
    "dc:date",
    "updated",
    "published",
    "lastBuildDate",
    "dcterms:created",
    "dcterms:issued",
    "atom:updated",
)
TEXT_NAMES = (
    *(
        "title",
        "description",
        "summary",
        "content:encoded",
        "author",
        "dc:creator",
        "category",
        "dc:subject",
        "keywords",
    ),
    *("media:title", "media:description", "media:keywords", "media:credit", "language", "source", "image", "comments"),
    *("slash:comments", "x:title", "x:base", "x:lang", "dc:title", "dc:description", "dc:publisher", "atom:title"),
    *("title xml:lang='mr_IN'", "title type='html'", "content", "content type='html' xml:base='https://b.example/'"),
    *(
        "category domain='d'",
        "category term='t' label='l'",
        "itunes:author",
        "rights",
        "contributor",
        "PubLisher",
        "copyright",
    ),
)
LEAF = st.one_of(
    *(leaf(name, TEXTS) for name in TEXT_NAMES),
    *(leaf(name, DAYS) for name in DATE_NAMES),
    *(leaf(name, ADDRESSES) for name in ("link", "guid", "id", "guid isPermaLink='false'", "media:thumbnail")),
    *(
        empty(tag)
        for tag in (
            *("link href='@'", "atom:link rel='self' href='@'", "link rel='enclosure' type='image/png' href='@'"),
            *(
                "enclosure url='@' type='image/jpeg'",
                "media:content url='@' medium='image' width='640'",
                "itunes:image href='@'",
            ),
            *("media:thumbnail url='@'", "link rel='Alternate' TYPE='text/html' href='@'", "x:thing href='@'"),
        )
    ),
    st.sampled_from(["<author><name>रमा</name><email>r@a.example</email></author>", "<author><uri>u</uri></author>"]),
)
NESTED = st.one_of(
    LEAF,
    LEAF,
    LEAF,
    st.tuples(
        st.sampled_from(["media:group", "media:content url='https://a.example/m.jpg'", "x:box", "link href='/n'"]),
        st.lists(LEAF, max_size=3),
    ).map(lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0].split()[0]}>"),
)
INSIDE = st.lists(NESTED, max_size=7).map("\n".join)
HEAD = st.lists(
    st.one_of(
        leaf("title", TEXTS),
        leaf("link", ADDRESSES),
        leaf("language", st.just("hi-IN")),
        leaf("lastBuildDate", DAYS),
        leaf("updated", DAYS),
        leaf("id", ADDRESSES),
        leaf("description", TEXTS),
        leaf("x:about", TEXTS),
        empty("atom:link rel='self' href='@'"),
        empty("link href='@'"),
        st.just("<image><title>चित्र</title><url>https://a.example/i.png</url><link>/</link></image>"),
        st.just("<textInput><title>खोज</title><name>q</name></textInput>"),
        st.just("<author><name>संपादक</name></author>"),
    ),
    max_size=5,
).map("".join)


def _rss(head: str, items: list[str], root: str) -> str:
    return f"<rss {SPACES} {root}><channel>{head}{''.join(f'<item>{one}</item>' for one in items)}</channel></rss>"


def _atom(head: str, items: list[str], root: str) -> str:
    entries = "".join(f"<entry>{one}</entry>" for one in items)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES} {root}>{head}{entries}</feed>'


def _rdf(head: str, items: list[str], root: str) -> str:
    spaces = SPACES.replace('xmlns:atom="http://www.w3.org/2005/Atom"', "").replace("atom:", "x:")
    inside = "".join(f'<item rdf:about="https://a.example/{at}">{one}</item>' for at, one in enumerate(items))
    return (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f"{spaces} {root}>"
        f"<channel>{head}</channel>{inside}</rdf:RDF>"
    ).replace("atom:", "x:")


ROOTS = st.sampled_from(["", "version='2.0'", "version='0.92'", "xml:lang='hi_IN'", "xml:base='https://c.example/d/'"])


@example(
    _rss,
    "",
    ["<pubDate></pubDate><media:group><pubDate>Mon, 23 Nov 2026 10:00:00 +0530</pubDate></media:group>"],
    "",
)
@given(st.sampled_from([_rss, _atom, _rdf]), HEAD, st.lists(INSIDE, max_size=3), ROOTS)
def test_made_feeds(kind: Callable[[str, list[str], str], str], head: str, items: list[str], root: str) -> None:
    agrees(kind(head, items, root))


PIECES = st.one_of(
    st.sampled_from(["<p>", "</p>", "<p>वाक्य।</p>", "<br>", "<br/>", "<b>", "</b>", "<b>शब्द</b>", "<div>", "</div>"]),
    st.sampled_from(["<span>", "</span>", "<ul>", "<li>", "</li>", "</ul>", "<h2>", "</h2>", "<figure>", "</figure>"]),
    st.sampled_from(
        ["<p/>", "<i/>", "<P>", "</br>", "</img>", "</a>", '<a href="x">', "<img src='/b.jpg' width='3'/>"]
    ),
    st.sampled_from(
        ["गांव", "में", "x", ".", ">", " ", "\n", "\u00a0", '<img src="https://e.example/a.jpg" alt="&amp;x">']
    ),
    st.sampled_from(["&nbsp;", "&amp;", "&lt;", "&amp;nbsp;", "&#8217;", "&#39;", "&#x27;"]),
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_simple_markup_is_read_as_the_tree_reads_it(markup: str) -> None:
    if simple_markup(markup) is not None and "<" in markup:
        assert read_html(markup, BASE) == read_html(f"{markup}<!--a comment makes it not so simple-->", BASE)


@pytest.mark.parametrize(
    "markup", ["<p>नहर <b>में</b></p><p>पानी<br/>आया</p>", "<h2>नहर</h2><ul><li>एक</li><li>दो</li></ul>"]
)
def test_usual_markup_is_simple(markup: str) -> None:
    assert simple_markup(markup) is not None


@pytest.mark.parametrize(
    "inside",
    [
        "<title>क</title><description>" + "&amp; & " * 400_000 + "</description>",
        "<title>क</title><description>" + "< " * 200_000 + "</description>",
        "<title>क & ख</title>" + "".join(f"<category>{n}</category>" for n in range(5_000)),
    ],
    ids=["ampersands", "less-than signs", "categories"],
)
def test_what_feedparser_would_read_for_minutes_is_refused(inside: str) -> None:
    parsed = parse(rss(f"<item>{inside}</item>"))
    assert parsed.error.startswith("It is no plain well-formed RSS or Atom and has more than")


def test_many_categories_of_a_well_formed_item_are_read() -> None:
    parsed = parse(
        rss(item(1).replace("</item>", "".join(f"<category>{n}</category>" for n in range(5_000)) + "</item>"))
    )
    assert parsed.articles[0].categories[:2] == ("0", "1")
