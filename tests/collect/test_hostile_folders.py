"""Drop folders with everything that a folder can contain: good files are read, bad ones are named."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.collect.files import MAX_MARKDOWN, read_path
from digest.collect.markup import MAX_FIELD
from digest.collect.types import ParseResult
from digest.models import Source
from tests.support.cpu import cpu_limit, is_linear, repeated
from tests.support.profiles import pairs

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DESK = Source("डेस्क", path="x")
TEXT = "नहर में पानी आया\n\nकिसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है।\n"


@pytest.mark.slow
def test_a_folder_of_everything(tmp_path: Path) -> None:
    def put(name: str, data: bytes) -> None:
        (tmp_path / name).write_bytes(data)

    put("good.txt", TEXT.encode())
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "folder.txt" / "inner.txt").write_text("भीतर की ख़बर\n\nपाठ यहां है।", "utf-8")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    (tmp_path / "up").symlink_to(tmp_path.parent)
    os.mkfifo(tmp_path / "pipe.txt")
    put("huge.md", b"")
    os.truncate(tmp_path / "huge.md", 20_000_000)
    put("nothing.html", b"\x00" * 1000)
    put("noise.html", bytes(range(256)) * 200)
    put("noise.txt", bytes(range(128, 256)) * 200)
    put("noise.json", b"\xff\xfe\x00")
    put("bomb.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><rss><channel>&b;</channel></rss>')
    put("page.xml", b"<!doctype html><html><body>x</body></html>")
    put("noext", b"x")
    put("photo.jpg", b"\xff\xd8")
    put("नाम में जगह.txt", "तीसरी ख़बर\n\nपाठ यहां है।".encode())
    os.utime(tmp_path / "good.txt", (2**40, 2**40))
    parsed = read_path(tmp_path, DESK, NOW)
    titles = {article.title for article in parsed.articles}
    assert {"नहर में पानी आया", "भीतर की ख़बर", "तीसरी ख़बर"} <= titles
    assert all(article.published <= NOW for article in parsed.articles)
    warnings = "\n".join(parsed.warnings)
    for name in (
        "loop.txt",
        "pipe.txt",
        "huge.md",
        "nothing.html",
        "noise.json",
        "bomb.xml",
        "page.xml",
        "noext",
        "photo.jpg",
    ):
        assert name in warnings, name
    assert parsed.error is None


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(TEXT, "utf-8")
    (tmp_path / "shut.txt").write_text(TEXT, "utf-8")
    (tmp_path / "shut.txt").chmod(0)
    parsed = read_path(tmp_path, DESK, NOW)
    assert len(parsed.articles) == 1
    assert any("shut.txt" in warning for warning in parsed.warnings)


@pytest.mark.parametrize("name", ["loop.txt", "pipe.txt", "folder.txt", "pipe", "loop.html", "gone.xml"])
def test_a_special_file_is_an_error_without_waiting(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.startswith("loop"):
        path.symlink_to(path)
    elif name.startswith("pipe"):
        os.mkfifo(path)
    elif name.startswith("folder"):
        path.mkdir()
    parsed = read_path(path, DESK, NOW)
    assert parsed.articles == ()
    assert parsed.error or name == "folder.txt"


def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    for name, text in ((b"\xe0\xa4.txt", TEXT), (b"\xff.txt", ""), (b"\xfe.pdf", "")):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_text(text, encoding="utf-8")  # noqa: PTH118
    parsed = read_path(tmp_path, DESK, NOW)
    assert [article.title for article in parsed.articles] == ["नहर में पानी आया"]
    assert parsed.lost == 1
    assert {r"\udcff.txt is empty", r"\udcfe.pdf has an unsupported format (.pdf)"} <= set(parsed.warnings)
    f"{parsed}".encode()


def test_an_image_that_is_a_link_to_itself_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "a.txt").write_text("मेट्रो आगे बढ़ी\n\nनदीपुर में काम शुरू हुआ।", encoding="utf-8")
    parsed = read_path(tmp_path, DESK, NOW)
    assert [article.title for article in parsed.articles] == ["मेट्रो आगे बढ़ी"]
    assert parsed.warnings == ("loop.jpg is an image that no article uses",)


# Each mapping contains the one before it nine times.
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))


def test_front_matter_that_merges_itself_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\n{MERGES}title: मेट्रो\n---\nनदीपुर में काम शुरू हुआ।", encoding="utf-8")
    with cpu_limit(1):
        parsed = read_path(tmp_path, DESK, NOW)
    assert len(parsed.articles) == 1


def test_a_number_of_thousands_of_digits_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\ntitle: 0x{'F' * 5000}\n---\nनदीपुर में काम शुरू हुआ।", encoding="utf-8")
    parsed = read_path(tmp_path, DESK, NOW)
    assert (len(parsed.articles), parsed.lost) == (1, 0)


FRONTS = [
    "title: [a, b]",
    "title: {a: b}",
    "title: 5",
    "title: true",
    "title: ~",
    "title: 2026-01-01",
    'title: !!int ""',
    "title: !!python/x y",
    "title: !!binary x",
    "date: [1]",
    "date: 99999-99-99",
    "date: " + "9" * 5_000,
    "url: javascript:x",
    "url: [http://a]",
    "image: data:x",
    "tags: {a: b}",
    "tags: 7",
    "author: [[a], {b: c}, 7]",
    "? [a, b]\n: c",
    "a: &a [*a]",
    "- x",
    "%",
    "\t",
    'title: "\\ud800"',
    "a: &a [x, x]\n"
    + "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]" for n in range(20)),
    "[" * 9_000,
    "language: [hi]\nsection: {x: y}",
    "id: !!set {a, b}",
    "date: 0001-01-01 00:00:00+05:00",
    "date: 2026-01-01T00:00:00+99:99",
]


@pytest.mark.slow
@pytest.mark.parametrize("front", FRONTS, ids=range(len(FRONTS)))
def test_front_matter_of_wrong_types(front: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(f"---\n{front}\n---\n# नहर में पानी आया\n\nपाठ यहां है।\n".encode("utf-8", "replace"))
    (tmp_path / "b.txt").write_text(TEXT, "utf-8")
    parsed = read_path(tmp_path, DESK, NOW)
    assert len(parsed.articles) == 2
    article = parsed.articles[0]
    assert article.title
    assert article.text == "पाठ यहां है।"
    assert article.url is None
    assert article.published <= NOW
    f"{article}".encode()


@pytest.mark.parametrize("piece", ["[", "{a: ", "a: ["])
def test_front_matter_that_is_nested_deeply_is_refused_unparsed(piece: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"

    def read(size: int) -> tuple[str, ...]:
        path.write_text(f"---\n{piece * size}\n---\n# नहर में पानी आया\n\nपाठ यहां है।\n", "utf-8")
        return read_path(path, DESK, NOW).warnings

    assert read(4_000) == ("1 item: its front matter is nested too deeply",)
    assert is_linear(read, int, 4_000, floor=0.1)


# Characters. The CommonMark parser is the slowest reader, and takes as long for each.
SIZES = {"md": 30_000, "txt": MAX_FIELD, "html": MAX_FIELD}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "kind"),
    pairs(
        ["क", "*", "[", "![", "`", "> ", "- ", "<", "_a", "&", "|", "\\", "# ", "1. ", "~", "<!--", "[a](", "\n\n"],
        list(SIZES),
    ),
)
def test_a_large_file_of_one_thing_takes_linear_time(text: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    found: list[ParseResult] = []

    def read(content: str) -> None:
        path.write_text(content, "utf-8")
        found.append(read_path(path, DESK, NOW))

    assert is_linear(read, repeated(text, front="नहर में पानी आया\n\n"), SIZES[kind], floor=0.05)
    assert all(parsed.articles or parsed.error for parsed in found)
    if kind == "txt":
        assert {parsed.articles[0].title for parsed in found} == {"नहर में पानी आया"}


@pytest.mark.parametrize(("kind", "most"), [("md", MAX_MARKDOWN), ("txt", MAX_FIELD)])
def test_a_file_that_is_too_long_is_cut(kind: str, most: int, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_text("नहर में पानी आया\n\n" + "क" * most, "utf-8")
    parsed = read_path(path, DESK, NOW)
    assert len(parsed.articles[0].text) < most
    assert "1 item: its text is extremely long and was cut" in parsed.warnings
