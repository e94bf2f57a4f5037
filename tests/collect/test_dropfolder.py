"""Drop folders: formats, encodings, dates, and files without content."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.collect.files import read_path
from digest.models import Article, Source, TextBlock
from tests.paths import SHARED_DATA

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DESK = Source("डेस्क", path="articles", section="स्थानीय")
TEXT = "नहर में पानी आया\n\nकिसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है।\n\nपानी बीस दिन तक चलेगा।\n"


def article_of(path: Path, source: Source = DESK) -> Article:
    (article,) = read_path(path, source, NOW).articles
    return article


def test_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "nahar.txt"
    path.write_text("\n\n" + TEXT, "utf-8")
    os.utime(path, (1795392000, 1795392000))
    article = article_of(path)
    assert article.title == "नहर में पानी आया"
    assert article.body == (
        TextBlock("p", "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है।"),
        TextBlock("p", "पानी बीस दिन तक चलेगा।"),
    )
    assert (article.published, article.dated) == (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), True)
    assert (article.section, article.language, article.warnings, article.url) == ("स्थानीय", "hi", (), None)


def test_markdown_with_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "mela.md"
    path.write_text(
        "---\ntitle: मेले में भीड़\ndate: 2026-11-22 18:30\nurl: https://village.example/mela?utm_source=x\n"
        "author: सीमा वर्मा\nsection: संस्कृति\nimage: https://village.example/mela.jpg\ntags: [मेला, गांव]\n---\n"
        "शाम तक **हज़ारों लोग** पहुंचे।\n\n## खिलौने\n\n- लकड़ी के खिलौने बिके।\n- मिट्टी के भी।\n\n<script>x</script>\n",
        "utf-8",
    )
    article = article_of(path)
    assert article.title == "मेले में भीड़"
    assert article.published == datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    assert (article.url, article.author, article.section) == ("https://village.example/mela", "सीमा वर्मा", "संस्कृति")
    assert article.image is not None
    assert article.image.url == "https://village.example/mela.jpg"
    assert article.categories == ("मेला", "गांव")
    assert [block.kind for block in article.body[:4]] == ["p", "h", "p", "p"]
    assert "**" not in article.text


def test_markdown_without_front_matter_takes_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# पहली बर्फ़ गिरी\n\nपहाड़ों पर रात भर बर्फ़ गिरी।\n", "utf-8")
    article = article_of(path)
    assert (article.title, article.text) == ("पहली बर्फ़ गिरी", "पहाड़ों पर रात भर बर्फ़ गिरी।")


@pytest.mark.parametrize("front", ["title: [", "- a\n- b", "a: &x [*x]", "title: 2026-99-99T"])
def test_bad_front_matter_is_a_warning_or_harmless(front: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\n{front}\n---\n# शीर्षक यहां है\n\nपाठ यहां है।\n", "utf-8")
    assert article_of(path).text == "पाठ यहां है।"


def test_a_saved_page(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<html lang=hi><head><title>Mela - Village</title><meta property='og:title' content='मेले में भीड़ | गाँव'>"
        "<meta property='article:published_time' content='2026-11-22T18:30:00+05:30'>"
        "<link rel=canonical href='https://village.example/mela'><meta property='og:image' content='/m.jpg'></head>"
        "<body><nav><p>होम और बहुत सारे दूसरे कड़ियां यहां हैं जो ख़बर नहीं हैं।</p></nav><article><h1>मेले में भीड़</h1>"
        + "<p>शाम तक हज़ारों लोग पहुंचे और खिलौने ख़रीदे।</p>"
        + "<p>अगले दिन भी मेला चलेगा, इसलिए बसों की संख्या बढ़ाई गई है और रास्ते बदले गए हैं।</p>"
        "<script>x()</script></article></body></html>",
        "utf-8",
    )
    article = article_of(path)
    assert (article.title, article.url) == ("मेले में भीड़", "https://village.example/mela")
    assert article.published == datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
    assert article.image is not None
    assert article.image.url == "https://village.example/m.jpg"
    assert [block.text[:3] for block in article.body] == ["शाम", "अगल"]
    assert read_path(path, DESK, NOW).kind == "html"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert article_of(path).title == "नहर में पानी आया"


def test_what_is_not_unicode_is_cp1252_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Café\n\nnaïve – “quoted” text\n".encode("cp1252"))
    parsed = read_path(tmp_path / "a.txt", DESK, NOW)
    assert parsed.articles[0].title == "Café"
    assert "cp1252" in parsed.warnings[0]


def test_a_folder_reads_what_it_can_and_reports_the_rest(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_text(TEXT, "utf-8")
    (tmp_path / "a.txt").write_text("दूसरी ख़बर\n\nपाठ यहां है।", "utf-8")
    (tmp_path / "feed.rss").write_bytes((Path(__file__).parent / "golden" / "full.rdf").read_bytes())
    (tmp_path / ".hidden.txt").write_text(TEXT, "utf-8")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    (tmp_path / "empty.txt").write_bytes(b"")
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.truncate(50_000_000)
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "dead.txt").symlink_to(tmp_path / "nothing")
    parsed = read_path(tmp_path, DESK, NOW)
    assert parsed.kind == "folder"
    assert [article.title for article in parsed.articles] == ["दूसरी ख़बर", "नहर में पानी आया", "घाट की सफ़ाई पूरी हुई"]
    assert (parsed.lost, parsed.error) == (3, None)
    warnings = "\n".join(parsed.warnings)
    for name in (".hidden.txt", "scan.pdf", "empty.txt", "huge.txt", "dead.txt"):
        assert name in warnings


@pytest.mark.parametrize(
    ("name", "data"), [("a.txt", b""), ("a.txt", b" \n"), ("a.md", b"---\n---\n"), ("a.html", b"<p></p>")]
)
def test_single_files_that_hold_nothing(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    parsed = read_path(tmp_path / name, DESK, NOW)
    assert (parsed.articles, parsed.lost) == ((), 1)
    assert parsed.error


def test_a_replayed_folder_is_news_of_today(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ndate: 2020-01-01 10:00\n---\n# एक\n\nपाठ यहां है।", "utf-8")
    (tmp_path / "b.md").write_text("---\ndate: 2020-01-01 08:00\n---\n# दो\n\nदूसरा पाठ यहां है।", "utf-8")
    one, two = read_path(tmp_path, Source("s", path="x", replay=True), NOW).articles
    assert (NOW - one.published).total_seconds() == 3600
    assert (NOW - two.published).total_seconds() == 3 * 3600


def test_same_names_in_two_folders_are_two_articles(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text(f"ख़बर {name}\n\nनहर का पानी गांव तक पहुंच गया है।", "utf-8")
    parsed = read_path(tmp_path, DESK, NOW)
    assert (len({article.id for article in parsed.articles}), parsed.duplicates) == (2, 0)
    one, other = (article_of(tmp_path / "a" / "1.txt", Source(n, path="x")).id for n in "pq")
    assert one != other


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=400), timedelta(days=-3)])
def test_a_replay_takes_no_date_from_a_checkout(age: timedelta, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<title>एक</title><meta name=date content='2020-01-01T10:00+05:30'><p>पाठ यहां है।", "utf-8"
    )
    (tmp_path / "b.md").write_text("---\ndate: 2020-01-01 08:00\n---\n# दो\n\nदूसरा पाठ यहां है।", "utf-8")
    (tmp_path / "c.txt").write_text("तीन\n\nतीसरा पाठ यहां है।", "utf-8")
    for path in tmp_path.iterdir():
        os.utime(path, ((NOW - age).timestamp(),) * 2)
    found = read_path(tmp_path, Source("s", path="x", replay=True), NOW).articles
    assert [(NOW - article.published).total_seconds() / 3600 for article in found] == [1, 3, 1]
    assert [article.dated for article in found] == [True, True, False]
    plain = read_path(tmp_path, DESK, NOW).articles
    assert (plain[2].published, plain[2].dated) == (min(NOW, NOW - age), True)


def test_a_text_without_a_title_line_keeps_its_first_paragraph(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। " * 6 + "\n\nदूसरा पैरा।", "utf-8")
    article = article_of(tmp_path / "a.txt")
    assert article.title == "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है"
    assert article.text.startswith("किसानों ने सोमवार को")


def test_a_made_title_is_the_first_sentence_without_its_dateline(tmp_path: Path) -> None:
    lead = "लखनऊ। सरकार ने सोमवार को नहरों की सफाई के लिए नई योजना शुरू की। इस पर दो करोड़ रुपये खर्च होंगे। "
    (tmp_path / "a.txt").write_text(lead + "काम तीन महीने में पूरा होगा और सौ गांवों के किसानों को पानी मिलेगा। " * 2, "utf-8")
    article = article_of(tmp_path / "a.txt")
    assert article.title == "सरकार ने सोमवार को नहरों की सफाई के लिए नई योजना शुरू की"


def test_an_article_inside_a_header_or_form_is_found(tmp_path: Path) -> None:
    body = "<p>" + "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है और पानी बीस दिन चलेगा। " * 4 + "</p>"
    for name in ("header", "form"):
        page = f"<title>Farmers | किसान</title><body><{name}><h1>Farmers start</h1><h1>किसानों की सिंचाई</h1>{body}"
        (tmp_path / "a.html").write_text(f"<meta property='og:title' content='किसानों की सिंचाई'>{page}", "utf-8")
        article = article_of(tmp_path / "a.html")
        assert article.title == "किसानों की सिंचाई"
        assert "बीस दिन" in article.text


def test_saved_pages_of_real_sites() -> None:
    pages = SHARED_DATA / "pages"
    if not pages.exists():
        pytest.skip("the real pages are outside the repository")
    amar = read_path(pages / "htmldate-mediacloud" / "amarujala_2020-04-16.html", DESK, NOW).articles[0]
    assert amar.title == "जिले में 32 क्रय केंद्रों पर गेहूं की खरीद शुरू"
    assert amar.published == datetime.fromisoformat("2020-04-16T01:00:03+05:30")
    assert (amar.place, amar.text.startswith("जनपद के 32 क्रय केंद्रों")) == ("वाराणसी", True)
    business = read_path(pages / "htmldate-mediacloud" / "business-standard-hi_2020-02-14.html", DESK, NOW).articles[0]
    assert business.title == "जनवरी में लगातार छठे महीने निर्यात गिरा"
    assert business.published == datetime.fromisoformat("2020-02-14T21:42:56+05:30")
    assert "होम" not in [block.text for block in business.body]


def test_a_link_out_of_the_folder_is_left_out(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "secret.txt"
    folder.mkdir()
    outside.write_text("गुप्त\n\nकिसी को न बताएं।\n", "utf-8")
    (folder / "own.txt").write_text(TEXT, "utf-8")
    (folder / "passwd.txt").symlink_to(outside)
    (folder / "again.txt").symlink_to(folder / "own.txt")
    parsed = read_path(folder, DESK, NOW)
    assert {article.title for article in parsed.articles} == {"नहर में पानी आया"}
    assert any("passwd.txt is a link that leads out" in warning for warning in parsed.warnings)
