"""Hostile and damaged YAML is reported in one clear sentence, in bounded time and memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import ConfigurationError, quoted
from digest.subscribers import list_file
from digest.utils.files import real_path, samples
from digest.yamlio import reader as yaml_reader
from tests.support.cpu import cpu_limit
from tests.support.tables import each_row

# Its content is replaced in each test.
_PATH = real_path(samples() / "newsletter/subscribers.yaml")


def read(data: bytes) -> list[list_file.ListedSubscriber]:
    return list_file.read_files(_PATH, topics=None, edited={_PATH: data})


def problems_of(data: bytes | str) -> list[str]:
    """Return the message about a list of these bytes. Fails if reading it takes long."""
    with cpu_limit(5), pytest.raises(ConfigurationError) as raised:
        read(data if isinstance(data, bytes) else data.encode())
    found = [str(problem) for problem in raised.value.problems]
    assert all("\n" not in line and len(line) < 500 for line in found)
    return found


def laughs(first: str, row: str, count: int = 9) -> str:
    return first + "".join(row.format(n=n, all=",".join([f"*a{n - 1}"] * count)) for n in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        laughs("a0: &a0 [x,x,x,x,x,x,x,x,x]\n", "a{n}: &a{n} [{all}]\n") + "subscribers: *a11\n",
        laughs("subscribers:\n  - email: &a0 [x,x,x,x,x,x,x,x,x]\n", "  - email: &a{n} [{all}]\n"),
        laughs("subscribers:\n  - &a0 {x: 1}\n", "  - &a{n} {{k: [{all}]}}\n"),
    ],
)
def test_exponential_aliases_are_rejected(text: str) -> None:
    assert problems_of(text)[-1].endswith("expand to far more than the file contains; write it out")


def test_ordinary_aliases_are_accepted() -> None:
    rows = "".join(f"  - {{email: r{n}@example.com, topics: *t}}\n" for n in range(5_000))
    text = f"defaults: {{topics: &t [देश, खेल, दुनिया]}}\nsubscribers:\n{rows}"
    assert len(read(text.encode())) == 5_000


@pytest.mark.parametrize("text", ["subscribers: &a [*a]\n", "defaults: &a {topics: *a}\nsubscribers: []\n"])
def test_an_alias_of_itself_has_no_anchor_yet(text: str) -> None:
    assert "alias *a has no anchor" in problems_of(text)[0]


@each_row(
    "text",
    [
        "subscribers: " + "[" * 100_000,
        "subscribers: " + "{a: " * 10_000 + "}" * 10_000,
        "- " * 50_000,
        "? " * 50_000,
        "".join(" " * depth + "a:\n" for depth in range(2000)),
    ],
)
def test_deep_nesting_is_rejected(text: str) -> None:
    assert problems_of(text) == ["subscribers.yaml: is nested too deeply"]


@pytest.mark.slow
@pytest.mark.parametrize("value", ["a" * 5_000_000 + "@example.com", '"' + "a " * 5_000_000 + '"', "9" * 5_000_000])
@pytest.mark.parametrize("key", ["email", "hour", "name"])
def test_a_huge_value_is_reported_by_its_length(key: str, value: str) -> None:
    found = problems_of(f"subscribers:\n  - {key}: {value}\n")
    assert "a text of" in " ".join(found)
    assert "expected at most 100,000" in " ".join(found)


def test_long_values_are_quoted_in_part() -> None:
    for text in ("x" * 90_000, "[" * 50 + "]" * 50, "{a: 1, b: [1, 2, 3, 4, 5, 6]}"):
        assert problems_of(f"subscribers:\n  - email: {text}\n")
    assert len(quoted(yaml_reader.read_text("[" * 60 + "x" + "]" * 60, "x"))) < 200
    assert quoted("a" * 10**7).count("a") < 200


def test_an_invalid_file_name(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.yaml"
    path.write_text("include: [" + "a" * 5000 + "]\nsubscribers: []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no file matches"):
        list_file.read_files(path, topics=None)


def test_every_duplicate_key_is_reported() -> None:
    found = problems_of("subscribers:\n  - email: a@example.com\n" + "    email: a@example.com\n" * 3000)
    assert len(found) == 3000
    assert found[0] == "subscribers.yaml:3: duplicate key 'email'; the first is on line 2"


LIST = "subscribers:\n  - email: asha@example.com\n    name: आशा\n"


@each_row(
    ("data", "expected"),
    [
        (LIST.encode("utf-16"), "not UTF-8 text; save it as UTF-8"),
        (LIST.encode("utf-16-le"), "1: contains a NUL character: the file is UTF-16"),
        (LIST.encode("utf-16-be"), "1: contains a NUL character: the file is UTF-16"),
        (LIST.encode("utf-32"), "save it as UTF-8"),
        (LIST.replace("आशा", "a\0b").encode(), "3: contains a NUL character"),
        (LIST.replace("आशा", "Zoë").encode("latin-1"), "3: is not UTF-8 text"),
        (LIST.replace("आशा", "a\x9bb").encode(), "3: invalid YAML: control characters"),
        (
            LIST.replace("    name", "\tname").encode(),
            "3: invalid YAML: this line is indented with a tab; use spaces",
        ),
        (LIST.replace("    name", "  \tname").encode(), "3: invalid YAML: this line is indented with a tab"),
        (LIST.replace("  - email", "\t- email").encode(), "2: invalid YAML: this line is indented with a tab"),
        (LIST.replace("आशा", '"\\ud800"').encode(), "3: invalid YAML"),
        (LIST.replace("आशा", '"a\\nb"').encode(), "3: 'name': expected one line of text"),
        (f"<<<<<<< HEAD\n{LIST}=======\n{LIST}>>>>>>> theirs\n".encode(), "1: two versions were merged"),
        (LIST.replace("    name", "<<<<<<< HEAD\r\n    name").encode(), "3: two versions were merged"),
    ],
)
def test_damaged_and_wrongly_encoded_files(data: bytes, expected: str) -> None:
    (found,) = problems_of(data)
    assert expected in found


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_all_line_endings_and_a_byte_order_mark_are_accepted(end: str, mark: str) -> None:
    data = (mark + LIST.replace("\n", end)).encode()
    ((address, subscriber),) = read(data)
    assert (address, subscriber.name) == ("asha@example.com", "आशा")
