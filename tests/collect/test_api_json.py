"""The JSON of news APIs: presets, mappings, and error messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect import json_api as json_path
from digest.collect.files import read_path
from digest.collect.json_api import PRESETS
from digest.config.sources import MappingSettings
from digest.models import Article, JsonMapping, Source
from tests.collect.reading import NOW, read
from tests.paths import SHARED_DATA
from tests.support.profiles import examples
from tests.support.tables import each_row

APIS = Path(__file__).parent / "apis"
WORDPRESS = (APIS / "wordpress.json").read_text(encoding="utf-8")
NEWSAPI = (APIS / "newsapi.json").read_text(encoding="utf-8")
ITEM = {"headline": "नहर में पानी आया", "link": "/n/1", "when": 1795392000, "tags": [{"name": "नहर"}, {"name": "गांव"}]}
PATHS = JsonMapping(items="data.list", title="headline", url="link", published="when", categories="tags[].name")


def one(item: dict[str, Any], **paths: Any) -> Article:
    (article,) = read(json.dumps([item]), mapping=JsonMapping(**{"title": "headline", "url": "link", **paths})).articles
    return article


@pytest.mark.parametrize("mapping", [None, JsonMapping(preset="wordpress")])
def test_wordpress(mapping: JsonMapping | None) -> None:
    parsed = read(WORDPRESS, mapping=mapping)
    assert (parsed.kind, parsed.error, parsed.warnings) == ("api:wordpress", None, ())
    bridge, fair = parsed.articles
    assert bridge.title == "नदी का पुल ‘बरसात से पहले’ पूरा होगा"
    assert [block.text for block in bridge.body] == [
        "लोक निर्माण विभाग ने सोमवार को कहा कि पुल का काम अंतिम चरण में है।",
        "जांच दल अगले सप्ताह आएगा।",
    ]
    # date_gmt has no zone.
    assert bridge.published == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert bridge.updated == datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
    assert (bridge.author, bridge.categories) == ("सीमा वर्मा", ("स्थानीय", "पुल", "सड़क"))
    assert bridge.guid == "https://village.example/?post_type=post&p=17"
    assert bridge.image is not None
    assert bridge.image.url == "https://village.example/wp-content/bada-pul.jpg"
    assert (fair.text, fair.updated) == ("शाम तक दस हज़ार लोग पहुंचे।", None)


@pytest.mark.parametrize("mapping", [None, JsonMapping(preset="newsapi")])
def test_newsapi(mapping: JsonMapping | None) -> None:
    parsed = read(NEWSAPI, mapping=mapping)
    assert (parsed.kind, parsed.error, parsed.warnings) == ("api:newsapi", None, ())
    canal, snow = parsed.articles
    assert canal.title == "तीन साल बाद नहर में पानी आया, किसानों ने सिंचाई शुरू की"
    assert canal.body[0].text == "नहर विभाग ने सोमवार सुबह फाटक खोले और शाम तक पानी आख़िरी गांव तक पहुंच गया।"
    assert canal.body[1].text == "किसानों ने कहा कि तीन साल बाद खेतों की सिंचाई हो सके …"
    assert (canal.author, canal.published.hour, canal.published.minute) == ("राकेश कुमार", 3, 30)
    assert (snow.published.hour, snow.image, snow.text) == (2, None, "")


def test_real_gnews_responses() -> None:
    folder = SHARED_DATA / "articles/gnews-api-json"
    if not folder.is_dir():
        pytest.skip("the real responses are outside the repository")
    for path in sorted(folder.glob("*.json")):
        parsed = read_path(path, Source("s", path=path.name), NOW)
        assert (parsed.kind, parsed.error, parsed.lost, parsed.warnings) == ("api:gnews", None, 0, ()), path.name
        assert len(parsed.articles) == len(json.loads(path.read_text("utf-8"))["articles"]), path.name
        for article in parsed.articles:
            assert article.url, path.name
            assert article.dated, path.name
            assert "chars]" not in article.text, path.name


def test_a_custom_mapping() -> None:
    parsed = read(json.dumps({"data": {"list": [ITEM]}}), mapping=PATHS)
    assert (parsed.kind, parsed.error, parsed.warnings) == ("api", None, ())
    (article,) = parsed.articles
    assert (article.title, article.url) == ("नहर में पानी आया", "https://www.village.example/n/1")
    assert (article.published, article.dated) == (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), True)
    assert article.categories == ("नहर", "गांव")


def test_a_preset_with_another_path() -> None:
    document = json.loads(WORDPRESS)
    document[0] |= {"cover": "/cover.jpg", "date": "2026-11-23T10:30:00"}
    mapping = JsonMapping(preset="wordpress", image="cover", published="date | date_gmt")
    bridge, fair = read(json.dumps(document), mapping=mapping).articles
    assert bridge.image is not None
    assert bridge.image.url == "https://village.example/cover.jpg"
    assert (bridge.published.hour, fair.published.hour) == (10, 8)


@each_row(
    ("value", "utc", "expected"),
    [
        (1795392000, False, "2026-11-23T00:00:00+00:00"),
        (1795392000000, False, "2026-11-23T00:00:00+00:00"),
        ("1795392000", True, "2026-11-23T00:00:00+00:00"),
        (1795392000.75, True, "2026-11-23T00:00:00+00:00"),
        (1795392000000000, False, "2026-11-23T00:00:00+00:00"),
        ("2026-11-23 05:30:00", False, "2026-11-23T00:00:00+00:00"),
        ("2026-11-23 05:30:00", True, "2026-11-23T05:30:00+00:00"),
        ("2026-11-23T05:30:00+05:30", True, "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T05:30:00Z", False, "2026-11-23T05:30:00+00:00"),
        ("Mon, 23 Nov 2026 05:30:00 IST", True, "2026-11-23T00:00:00+00:00"),
        ("23 नवंबर 2026, सुबह 5:30 बजे", False, "2026-11-23T00:00:00+00:00"),
    ],
)
def test_dates_as_apis_write_them(value: object, utc: bool, expected: str) -> None:
    article = one({**ITEM, "when": value}, published="when", utc=utc)
    assert (article.published.isoformat(), article.dated) == (expected, True)


@each_row(
    ("content", "shown"),
    [
        ("<p>पानी आया।</p><p>खेत <b>सींचे</b> गए।</p>", ["पानी आया।", "खेत सींचे गए।"]),
        ("पानी आया।\r\nखेत सींचे गए।", ["पानी आया।", "खेत सींचे गए।"]),
        ("&lt;p&gt;पानी आया।&lt;/p&gt;&lt;p&gt;खेत सींचे गए।&lt;/p&gt;", ["पानी आया।", "खेत सींचे गए।"]),
        ("पानी आया।\nखेत सींचे ग... [1569 chars]", ["पानी आया।", "खेत सींचे ग …"]),
        ("पानी आया।\nखेत सींचे ग… [+1 char]", ["पानी आया।", "खेत सींचे ग …"]),
        ("<script>x()</script><style>p{}</style>पानी आया।<br><br>खेत सींचे गए।", ["पानी आया।", "खेत सींचे गए।"]),
    ],
)
def test_texts_are_stripped_like_those_of_feeds(content: str, shown: list[str]) -> None:
    assert [block.text for block in one({**ITEM, "text": content}, body="text").body] == shown


def test_fields_of_wrong_types_are_left_out() -> None:
    odd = {"headline": ["", "नहर में पानी आया"], "link": {"a": 1}, "image": [None, 5], "by": [{"x": 1}, "सीमा"]}
    paths = {"image": "image[]", "author": "by", "categories": "tags", "language": "link", "guid": "headline.7"}
    article = one({**odd, "tags": "नहर, गांव"}, **paths)
    assert (article.title, article.url, article.image, article.author) == ("नहर में पानी आया", None, None, "सीमा")
    assert (article.categories, article.language) == (("नहर", "गांव"), "hi")


def test_a_path_that_finds_nothing_gives_a_warning_with_the_keys() -> None:
    parsed = read(json.dumps([ITEM]), mapping=JsonMapping(title="headline", url="href", image="photo.url"))
    assert parsed.warnings[:2] == (
        "mapping.url: 'href' finds nothing in any item (keys there: headline, link, when, tags)",
        "mapping.image: 'photo.url' finds nothing in any item (keys there: headline, link, when, tags)",
    )


@each_row(
    ("document", "mapping", "reason"),
    [
        ({"a": 1, "b": 2}, None, "(found: a, b). Give the source a mapping: newsapi, gnews, wordpress, or"),
        ([1, 2], None, "neither a JSON Feed nor a known API"),
        ({"a": 1}, PATHS, "mapping.items: 'data.list' names no list in it (found: a)."),
        ({"a": 1}, JsonMapping(title="x"), "It is not a list; name its list in mapping.items (found: a)."),
        (
            {"articles": {}},
            JsonMapping(preset="gnews"),
            "mapping.items: 'articles' names no list in it (found: articles).",
        ),
        (
            {"message": "Your API key is wrong."},
            PATHS,
            "returned this message instead of articles: Your API key is wrong.",
        ),
        ({"errors": ["Key abcdef0123456789abcd is wrong"]}, PATHS, "articles: Key … is wrong."),
        ([], JsonMapping(preset="rss"), "There is no preset 'rss'; known: newsapi, gnews, wordpress."),
    ],
)
def test_a_response_without_articles_gives_the_reason(
    document: object, mapping: JsonMapping | None, reason: str
) -> None:
    parsed = read(json.dumps(document), mapping=mapping)
    assert parsed.articles == ()
    assert reason in parsed.error


@each_row("text", ["[" * 200_000, '{"a":' * 200_000, '{"a": 1', "[1e999999]", '["\\ud800"]', "[" + "9" * 5000])
def test_broken_json_gives_one_sentence(text: str) -> None:
    for mapping in (None, PATHS):
        parsed = read(text, mapping=mapping)
        assert parsed.articles == ()
        assert parsed.error.endswith(".")


def test_an_empty_response_is_not_an_error() -> None:
    parsed = read('{"totalArticles": 0, "articles": []}', mapping=JsonMapping(preset="gnews"))
    assert (parsed.kind, parsed.error, parsed.warnings) == ("api:gnews", None, ("it has no items",))


@pytest.mark.slow
def test_ten_thousand_items_are_cut_to_the_newest() -> None:
    items = ",".join(f'{{"headline":"ख{n}","link":"/n/{n}","when":{1700000000 + n}}}' for n in range(10_000))
    parsed = read(f'{{"data":{{"list":[{items},7]}}}}', mapping=PATHS)
    assert (len(parsed.articles), parsed.lost) == (1000, 9_001)
    assert parsed.articles[-1].url.endswith("/n/9999")
    assert "10000 items are too many; the newest 1000 were read" in parsed.warnings


def test_a_response_with_too_many_values_is_refused() -> None:
    assert "refused" in read("[" + "{}," * 2_000_000 + "{}]", mapping=PATHS).error


def test_a_saved_response_is_read(tmp_path: Path) -> None:
    parsed = read_path(APIS / "newsapi.json", Source("s", path="newsapi.json"), NOW)
    assert (parsed.kind, len(parsed.articles)) == ("api:newsapi", 2)


@each_row(
    ("path", "found"),
    [
        ("a.b", ["x"]),
        ("l.0.n", [1]),
        ("l.1.n", [2]),
        ("l.n", [1]),
        ("l[].n", [1, 2]),
        ("ll[][].n", [3, 4, 5]),
        ("ll[].n", [3, 5]),
        ("no | a.b", ["x"]),
        ("e|z|a.b", ["x"]),
        ("l.9.n", []),
        ("a[].b", []),
        ("a.b.c.d", []),
    ],
)
def test_paths(path: str, found: list[Any]) -> None:
    holder = {"a": {"b": "x"}, "l": [{"n": 1}, {"n": 2}], "ll": [[{"n": 3}, {"n": 4}], [{"n": 5}]], "e": "", "z": None}
    assert json_path.values(holder, path) == found


def test_every_preset_can_be_configured() -> None:
    (names, _) = get_args(MappingSettings.model_fields["preset"].annotation)
    assert set(get_args(names)) == set(PRESETS)


KEYS = st.sampled_from(
    ["articles", "title", "url", "publishedAt", "urlToImage", "content", "link", "date_gmt", "rendered", "name"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS | st.sampled_from(["<p>", "http://[", "&#9999999999;", "2026-11-23"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
DOCUMENTS = (
    st.fixed_dictionaries({"articles": st.lists(st.dictionaries(KEYS, JSON, max_size=8), max_size=3)})
    | st.lists(st.fixed_dictionaries({"title": JSON, "link": JSON, "date_gmt": JSON, "content": JSON}), max_size=3)
    | JSON
)
ANY_PATH = st.lists(KEYS | st.sampled_from(["0", "[]", "a[]", "", "99999999", "|"]), max_size=4).map(".".join)


NAMES = ("items", "title", "url", "published", "body", "categories", "publisher")
MAPPINGS = st.builds(
    JsonMapping, preset=st.sampled_from(["", *PRESETS]), utc=st.booleans(), **dict.fromkeys(NAMES, ANY_PATH)
)


@pytest.mark.slow
@settings(max_examples=examples(75), deadline=None)
@given(DOCUMENTS, st.none() | MAPPINGS)
def test_no_document_raises(document: Any, mapping: JsonMapping | None) -> None:
    parsed = read(json.dumps(document), mapping=mapping)
    assert not (parsed.error or "").startswith("It can't be read (")
