"""The documents are true: their commands, options, examples and links exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from digest.cli.commands import cli
from digest.config import loader
from digest.subscribers import list_file
from digest.utils.files import real_path, samples
from digest.yamlio import reader
from tests.cli.newsroom import NOW, Newsroom
from tests.house.documents import EVERY_DOCUMENT, PAGES, README, commands, list_examples, settings_examples
from tests.paths import ROOT
from tests.support.profiles import PROFILE
from tests.support.tables import each_row

GUIDES = [page for page in PAGES if page != README and commands(page)]
TREES = ("digest", "tests", "tools", "bench", "samples/newsletter")


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES, ids=page_id)
def test_the_commands_of_a_guide_work(tmp_path: Path, guide: Path) -> None:
    """Run them in order in a new newsletter folder."""
    # Without SpamAssassin, which takes a second for each check. tests/cli/test_preflight.py reads its reports.
    environment = {"DIGEST_NOW": NOW} | ({} if PROFILE == "ci" else {"PATH": ""})
    newsroom = Newsroom(tmp_path, environment)
    if "init" not in [words[1] for words in commands(guide)]:
        assert newsroom.digest("init", "newsletter").code == 0
        newsroom = Newsroom(tmp_path / "newsletter", environment)
    for words in commands(guide, tmp_path):
        if words[0] == "cd":
            newsroom = Newsroom(newsroom.home / words[1], environment)
            continue
        assert words[0] == "digest", words
        run = newsroom.digest(*words[1:])
        assert run.code == 0, (words, run.out, run.err)


def documented_commands(page: Path) -> list[str]:
    """Return the commands in a page's code blocks and in its inline code."""
    found: set[str] = set()
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.S):
        found |= {line.strip().removeprefix("$ ").partition(" #")[0] for line in block.splitlines()}
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    found |= {" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)}
    return sorted(line for line in found if line.startswith("digest "))


@each_row("page", [page for page in EVERY_DOCUMENT if documented_commands(page)])
def test_every_command_and_option_exists(page: Path) -> None:
    for line in documented_commands(page):
        assert unknown_word(line) is None, line


def unknown_word(line: str) -> str | None:
    """The first word of a command line that is no command or option."""
    words = shlex.split(line.replace("…", ""))[1:]
    command: click.Command = cli
    context = click.Context(cli)
    options = {name for parameter in cli.params for name in parameter.opts}
    while words:
        word = words.pop(0)
        if word.startswith("-") and len(word) > 1:
            if word not in options | {"--help"}:
                return word
            if word == "--home":
                words.pop(0)
        elif isinstance(command, click.Group) and not re.fullmatch(r"\[.*|[A-Z|\]]+", word):
            try:
                found = command.get_command(context, word)
            except click.UsageError:
                found = None
            if found is None:
                return word
            command = found
            options |= {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return None


@pytest.mark.slow
@each_row("example", settings_examples())
def test_every_settings_example_is_valid(example: tuple[str, str]) -> None:
    page, text = example
    assert loader.from_data(reader.read_text(text, page), {})


@pytest.mark.parametrize("example", list_examples(), ids=lambda one: one.page)
def test_every_list_example_is_valid(example: tuple[str, str]) -> None:
    page, text = example
    rows = reader.read_text(text, page)
    if "include" in rows:
        return
    path = real_path(samples() / "newsletter/subscribers.yaml")
    read = list_file.read_files(path, topics=("देश", "खेल"), edited={path: text.encode()})
    assert [email for email, _subscriber in read] == [row["email"] for row in rows["subscribers"]]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_row("page", EVERY_DOCUMENT)
def test_every_link_between_documents_works(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
        path, _, anchor = (target[0] or target[1]).partition("#")
        if "://" in path:
            continue
        target_path = (page.parent / path).resolve() if path else page
        assert target_path.is_file(), f"{page_id(page)}: {path}"
        if anchor:
            assert anchor in anchors(target_path), f"{page_id(page)}: {path}#{anchor}"


@pytest.mark.slow
def test_every_document_that_the_code_names_exists() -> None:
    files = [path for tree in TREES for path in (ROOT / tree).rglob("*") if path.suffix in (".py", ".yaml", ".md")]
    for path in (*files, *ROOT.glob("*.md"), *ROOT.glob("*.yaml"), ROOT / "Makefile"):
        if "node_modules" not in path.parts:
            for name in re.findall(r"(?<![/\w])docs/[\w/-]+\.(?:md|png)", path.read_text(encoding="utf-8")):
                assert (ROOT / name).is_file(), f"{page_id(path)}: {name}"
