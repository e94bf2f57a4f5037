"""Feeds of every kind: golden files, and hostile and broken documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.collect.feeds.xml import parse_feed
from digest.collect.types import ParseResult
from digest.models import Article, Source
from tests.support.cpu import cpu_limit
from tests.support.profiles import examples
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOURCE = Source("स्रोत", url="https://www.village.example/feed", section="देश")
GOLDEN = Path(__file__).parent / "golden"
BASE = "https://www.village.example/feed"


def parse(data: bytes | str, **options: Any) -> ParseResult:
    data = data.encode() if isinstance(data, str) else data
    return parse_feed(data, source=SOURCE, base_url=BASE, content_type="", now=NOW, **options)


def rss(*items: str, extra: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{extra}{"".join(items)}</channel></rss>'


def item(n: int, date: str = "", title: str = "") -> str:
    title = title or f"गांव की ख़बर संख्या {n}"
    return f"<item><title>{title}</title><link>https://village.example/{n}</link><pubDate>{date}</pubDate></item>"


def shown(article: Article) -> dict[str, Any]:
    """An article in the form of the golden files: the fields that later stages use, without hashes."""
    return {
        "title": article.title,
        "kicker": article.kicker,
        "place": article.place,
        "url": article.url,
        "guid": article.guid,
        "published": article.published.isoformat(),
        "updated": article.updated.isoformat() if article.updated else None,
        "dated": article.dated,
        "author": article.author,
        "image": [article.image.url, article.image.width, article.image.height, article.image.alt]
        if article.image
        else None,
        "categories": list(article.categories),
        "section": article.section,
        "language": article.language,
        "excerpt": article.excerpt,
        "body": [[block.kind, block.text] for block in article.body],
        "warnings": list(article.warnings),
    }


@pytest.mark.parametrize("name", ["full.rss", "full.atom", "full.rdf", "full.json"])
def test_golden(name: str) -> None:
    parsed = parse((GOLDEN / name).read_bytes())
    got = {
        "kind": parsed.kind,
        "lost": parsed.lost,
        "duplicates": parsed.duplicates,
        "warnings": list(parsed.warnings),
        "articles": [shown(article) for article in parsed.articles],
    }
    assert got == json.loads((GOLDEN / f"{name}.expected.json").read_text("utf-8"))


def test_ill_formed_xml_is_read_with_a_warning() -> None:
    parsed = parse(rss(item(1, title="सड़क & पुल का काम शुरू"), item(2)))
    assert parsed.articles[0].title == "सड़क & पुल का काम शुरू"
    assert len(parsed.articles) == 2
    assert parsed.warnings == ("it is not well-formed XML, so some of it may be missing",)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>',
        '<?xml version="1.0"?><!-- <rss> --><!DOCTYPE x [ <!ELEMENT y ANY> <!ENTITY % p SYSTEM "http://a/">%p; ]>',
        '<!doctype x SYSTEM "a.dtd" [<!EnTiTy a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_dangerous_entities_are_refused(prolog: str) -> None:
    body = "<rss version='2.0'><channel><item><title>&b;&a;</title></item></channel></rss>"
    parsed = parse(prolog + body)
    assert parsed.articles == ()
    assert "entities" in parsed.error


def test_harmless_entities_are_written_out() -> None:
    prolog = "<!DOCTYPE rss [<!-- names --> <!ELEMENT x ANY> <!ENTITY paper \"गांव &#38; शहर\"> <!ENTITY lt2 '<b>'>]>"
    items = "<item><title>&paper; में मेला लगा</title><description><![CDATA[&paper;]]> &lt2;</description></item>"
    (article,) = parse(prolog + rss(items)[len('<?xml version="1.0"?>') :]).articles
    assert article.title == "गांव & शहर में मेला लगा"


def test_entities_that_grow_too_much_are_refused() -> None:
    prolog = f'<!DOCTYPE rss [<!ENTITY a "{"x" * 900}">]>'
    parsed = parse(prolog + rss(item(1, title="&a;" * 2_000))[len('<?xml version="1.0"?>') :])
    assert (parsed.articles, "entities" in parsed.error) == ((), True)


def test_an_item_with_a_link_alone_is_named_by_its_address() -> None:
    (article,) = parse(rss("<item><link>https://village.example/नहर-में-पानी</link></item>")).articles
    assert article.title == "नहर में पानी"
    assert any("address" in warning for warning in article.warnings)


def test_too_many_namespaces_are_refused() -> None:
    odd = "".join(f'<x{n}:a xmlns:x{n}="http://a.example/{n}">b</x{n}:a>' for n in range(5_000))
    assert "namespaces" in parse(rss(item(1), odd)).error


def test_a_billion_laughs_costs_nothing() -> None:
    names = "abcdefghij"
    rows = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    with cpu_limit(1):
        parsed = parse(f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">{rows}]><rss><channel>&j;</channel></rss>')
    assert parsed.error


def test_a_web_page_names_itself_and_its_feed() -> None:
    page = '<!DOCTYPE html><html><head><link href="/f?a=1&amp;b=2" type="application/rss+xml" rel="alternate"></head>'
    parsed = parse(page)
    assert (parsed.kind, parsed.articles) == ("html", ())
    assert parsed.error == (
        "It is a web page (HTML), not a feed. It names this feed: https://www.village.example/f?a=1&b=2"
    )
    assert "names no feed" in parse("<html><body>x</body></html>").error


@each_row(
    ("data", "words"),
    [(b"", "empty"), (b"  \n", "empty"), (b"hello", "neither XML nor JSON"), (b"<note><to>x</to></note>", "<note>"),
     (b'{"a": 1}', "not a JSON Feed"), (b"{", "can't be read"), (b"[" * 100_000, "can't be read")],
)  # fmt: skip
def test_other_documents_give_an_error(data: bytes, words: str) -> None:
    assert words in parse(data).error


def test_an_empty_feed_is_no_error() -> None:
    parsed = parse(rss())
    assert (parsed.kind, parsed.error, parsed.warnings) == ("rss2.0", None, ("it has no items",))


@pytest.mark.parametrize(
    ("declared", "real", "warns"),
    [
        ("iso-8859-1", "utf-8", True),
        ("utf-8", "utf-16", False),
        ("utf-16", "utf-8", True),
        ("utf-8", "utf-8-sig", False),
    ],
)
def test_wrong_encodings(declared: str, real: str, warns: bool) -> None:
    text = rss(item(1)).replace('"1.0"', f'"1.0" encoding="{declared}"')
    parsed = parse(text.encode(real))
    assert parsed.articles[0].title == "गांव की ख़बर संख्या 1"
    assert bool(parsed.warnings) is warns


def test_bytes_that_are_not_utf8_at_all() -> None:
    parsed = parse(rss(item(1, title="caf\u00e9 \u2013 na\u00efve")).encode("cp1252"))
    assert parsed.articles[0].title == "café – naïve"
    assert "cp1252" in parsed.warnings[0]


@pytest.mark.slow
def test_too_many_items_are_cut_to_the_newest() -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    items = [item(n, (first + timedelta(minutes=n)).strftime("%a, %d %b %Y %H:%M:%S +0000")) for n in range(1_500)]
    parsed = parse(rss(*items))
    assert (len(parsed.articles), parsed.lost) == (1_000, 500)
    assert {article.url for article in parsed.articles} == {f"https://village.example/{n}" for n in range(500, 1_500)}
    assert "too many" in parsed.warnings[0]


@pytest.mark.slow
def test_extremely_long_fields_are_cut() -> None:
    huge = "क" * 500_000
    parsed = parse(
        rss(
            f"<item><title>{huge}</title><link>https://a.example/{huge}</link><description>&lt;p&gt;{huge}</description></item>"
        )
    )
    article = parsed.articles[0]
    assert len(article.title) <= 400
    assert article.url is None
    assert len(article.text) <= 400_000


def test_deep_nesting_keeps_the_words() -> None:
    deep = "&lt;div&gt;" * 5_000 + "खेत में पानी" + "&lt;/div&gt;" * 5_000
    assert "खेत में पानी" in parse(rss(f"<item><title>त</title><description>{deep}</description></item>")).articles[0].text


def test_impossible_dates_become_now_with_a_warning() -> None:
    parsed = parse(rss(item(1, "Mon, 01 Jan 0001 00:00:00 +0000"), item(2, "Tue, 24 Nov 2026 12:00:00 +0000"),
                       item(3), item(4, "Mon, 23 Nov 2026 12:05:00 +0000")))  # fmt: skip
    old, future, undated, soon = parsed.articles
    assert (old.published, old.dated) == (NOW, False)
    assert (future.published, future.dated) == (NOW, True)
    assert (undated.published, undated.dated, undated.warnings) == (NOW, False, ())
    assert soon.published == NOW + timedelta(minutes=5)
    assert len(parsed.warnings) == 2


def test_of_two_items_with_one_id_the_newer_stays() -> None:
    old, new = "Mon, 23 Nov 2026 08:00:00 +0530", "Mon, 23 Nov 2026 09:00:00 +0530"
    for dates in ((old, new), (new, old)):
        parsed = parse(rss(item(1, dates[0], dates[0]), item(1, dates[1], dates[1])))
        assert [article.title for article in parsed.articles] == [new]
        assert (parsed.duplicates, parsed.warnings) == (1, ())


def test_replay_moves_the_newest_to_an_hour_ago_and_keeps_distances() -> None:
    recorded = rss(item(1, "Mon, 01 Jun 2020 08:00:00 +0530"), item(2, "Mon, 01 Jun 2020 06:00:00 +0530"))
    source = Source("s", url=BASE, replay=True)
    one, two = parse_feed(recorded.encode(), source=source, base_url=BASE, content_type="", now=NOW).articles
    assert one.published == NOW - timedelta(hours=1)
    assert two.published == NOW - timedelta(hours=3)
    later = parse_feed(recorded.encode(), source=source, base_url=BASE, content_type="", now=NOW + timedelta(days=1))
    same = parse_feed(recorded.encode(), source=source, base_url=BASE, content_type="", now=NOW + timedelta(hours=2))
    assert later.articles[0].id != one.id == same.articles[0].id


def test_paragraphs_of_three_items_are_boilerplate() -> None:
    own = [f"<p>गांव {n} में सोमवार को पानी की नई टंकी का काम शुरू हो गया है।</p>" for n in "कखग"]
    shared = "<p>पाठक अपनी कहानी भेजें, चुनी हुई कहानी को साल के अंत में इनाम मिलेगा।</p>"
    items = [f"<item><title>टंकी {n}</title><link>/{n}</link>"
             f"<description><![CDATA[{text}{shared}]]></description></item>"
             for n, text in enumerate(own)]  # fmt: skip
    assert all("इनाम" not in article.text for article in parse(rss(*items)).articles)
    assert all("इनाम" in article.text for article in parse(rss(*items[:2])).articles)


@settings(max_examples=examples(60), deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data: bytes) -> None:
    assert isinstance(parse(data), ParseResult)
    assert isinstance(parse(b"<rss><channel><item>" + data), ParseResult)


_SEEDS = [(GOLDEN / name).read_bytes() for name in ("full.rss", "full.atom", "full.rdf", "full.json")]


@settings(max_examples=examples(75), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutated_feeds_never_raise(data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(_SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(seed) - 1))
        length = data.draw(st.integers(0, 60))
        seed[at : at + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<", b"]]>", b"&", b"<![CDATA[", b'"', b"\x00"])
        )
        if not seed:
            break
    parsed = parse(bytes(seed))
    assert "unexpected" not in (parsed.error or "").lower()
    for article in parsed.articles:
        assert article.title
        assert article.url is None or article.url.startswith(("http://", "https://"))
        assert article.published <= NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    "whole",
    [
        '<?xml version="1.0"?><rss version="2.0"><channel><title>समाचार</title><link>https://a.example/</link><item>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><updated>2026-11-23T01:00:00Z</updated><entry>',
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel><title>x</title></channel><item>',
    ],
)
def test_a_truncated_feed_gives_an_error(whole: str) -> None:
    for end in range(whole.index("<title") + 7, len(whole) - 6):
        parsed = parse(whole[:end])
        assert parsed.error == "Its XML ends before the first item; was it sent completely?", whole[:end]


def test_an_empty_or_faulty_feed_is_not_truncated() -> None:
    for text in ("<rss version='2.0'><channel><title>x</channel></rss>", "<rss version='2.0'/>", rss()):
        assert "breaks off" not in (parse(text).error or "")


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
    assert parse(rss(f"<item>{inside}</item>")).error.endswith("than any feed needs; refused.")


def test_no_file_is_read_for_an_external_entity(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("गुप्त", encoding="utf-8")
    doctype = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{tmp_path / "secret"}">]>'
    parsed = parse(doctype + rss("<item><title>ख&e;</title></item>")[len('<?xml version="1.0"?>') :])
    assert (parsed.articles, "entities" in parsed.error) == ((), True)
