"""A list in several files: each has its own defaults, errors name the file, and all stay in the newsletter folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import ConfigurationError
from digest.subscribers.includes import files_of
from digest.subscribers.list_file import read_list


def lay(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "subscribers.yaml"


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_list(path, topics=None)
    return [str(problem) for problem in caught.value.problems]


def test_included_files_have_their_own_defaults(tmp_path: Path) -> None:
    path = lay(
        tmp_path,
        subscribers="defaults: {frequency: weekdays, format: text}\n"
        "include:\n  - lists/*.yaml\n  # more\n  - d.yaml\n"
        "subscribers:\n  - email: a@example.com\n",
        lists__b="defaults: {frequency: weekly:sun}\nsubscribers:\n  - email: b@example.com\n",
        lists__c="include: ../d.yaml\nsubscribers:\n  - email: c@example.com\n    format: html\n",
        d="subscribers:\n  - email: d@example.com\n",
    )
    subscribers = read_list(path, topics=None)
    assert [(r.email, r.file, r.line, r.frequency, r.format) for r in subscribers] == [
        ("a@example.com", "subscribers.yaml", 7, "weekdays", "text"),
        ("b@example.com", "lists/b.yaml", 3, "weekly:sun", "text"),
        ("c@example.com", "lists/c.yaml", 3, "weekdays", "html"),
        ("d@example.com", "d.yaml", 2, "weekdays", "text"),
    ]
    assert [file.name for file in files_of(path)] == ["subscribers.yaml", "b.yaml", "c.yaml", "d.yaml"]


def test_a_list_may_consist_of_includes_only(tmp_path: Path) -> None:
    path = lay(tmp_path, subscribers="include: [b.yaml]\n", b="subscribers: [{email: b@example.com}]\n")
    assert [one.email for one in read_list(path, topics=None)] == ["b@example.com"]


def test_all_errors_of_all_files_are_reported(tmp_path: Path) -> None:
    path = lay(
        tmp_path,
        subscribers="include: [b.yaml, c.yaml]\nsubscribers:\n  - email: a@example.com\n    hour: x\n",
        b="subscribers:\n  - email: A@example.com\n  - email: b@example.com\n    nmae: x\n",
        c="subscribers:\n\t- x\n",
    )
    problems = problems_of(path)
    assert problems[0].startswith("subscribers.yaml:4: 'hour'")
    assert problems[1] == "b.yaml:2: A@example.com is listed twice; the first is in subscribers.yaml:3"
    assert problems[2].startswith("b.yaml:4: unknown key 'nmae'")
    assert problems[3].startswith("c.yaml:2: invalid YAML")


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("none.yaml", "no file matches 'none.yaml'"),
        ("none/*.yaml", "no file matches 'none/*.yaml'"),
        ("/etc/hosts", "expected a path within the newsletter folder"),
        ("''", "expected a path within the newsletter folder"),
        ("../outside.yaml", "is outside the newsletter folder"),
        ("link.yaml", "is outside the newsletter folder"),
        ("subscribers.yaml", "includes itself (subscribers.yaml → subscribers.yaml)"),
        ("b.yaml", "includes itself (subscribers.yaml → b.yaml → subscribers.yaml)"),
        ("{a: 1}", "expected files such as [lists/desk.yaml]"),
        ("[5]", "expected files such as [lists/desk.yaml]"),
    ],
)
def test_invalid_includes(tmp_path: Path, include: str, expected: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "outside.yaml").write_text("subscribers: [{email: x@example.com}]\n")
    (home / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    path = lay(
        home,
        subscribers=f"include: {include}\nsubscribers: [{{email: a@example.com}}]\n",
        b="include: subscribers.yaml\nsubscribers: [{email: b@example.com}]\n",
    )
    (problem,) = problems_of(path)
    assert expected in problem
    assert problem.startswith(("subscribers.yaml:1: ", "b.yaml:1: "))
    assert path.resolve() in files_of(path)


def test_files_are_found_without_parsing_the_subscribers(tmp_path: Path) -> None:
    path = lay(
        tmp_path,
        subscribers="# include: [x.yaml]\nsubscribers:\n  - email: [faulty\n"
        "include:   # more\n- b.yaml\n\n- c.yaml\nother: 1\n",
        b="subscribers: []\n",
        c="subscribers: []\n",
    )
    assert [file.name for file in files_of(path)] == ["subscribers.yaml", "b.yaml", "c.yaml"]
    assert [file.name for file in files_of(tmp_path / "none.yaml")] == ["none.yaml"]
