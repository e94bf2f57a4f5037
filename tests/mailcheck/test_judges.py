"""Each judge finds its defect, and nothing in an email without defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mailcheck.pages import BAD, GOOD
from tests.mailcheck.requirements import require_tools
from tools.mail import running
from tools.mail.letters import Made, read
from tools.mail.report import report
from tools.mail.row import Row

FOUND = {
    ("sizes", "tables within tables"),
    ("words", "texts that begin or go on inside a cluster"),
    ("axe", "axe violations: 600/360 px, light/dark, images on/off"),
    ("axe", "axe violations with styles stripped"),
    ("width", "sideways scroll at 320/360/600/1200, px"),
    ("width", "quirks mode"),
    ("alt", "alt text below 4.5:1, pictures refused, light/dark"),
    ("clipping", "ink outside its line box in three fonts, px"),
    ("clipping", "elements that cut their content"),
    ("pixels", "pixels that differ from the page before inlining"),
    ("pixels", "pixels that differ from the page by css-inline"),
    ("validate", "html-validate errors, letter"),
    ("validate", "html-validate errors, view of Word"),
    ("clients", "caniemail: unsupported (feature, client) pairs not in the baseline"),
    ("circles", "lines with a dotted circle, shaped by HarfBuzz"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """Return the rows of all judges for each of the two emails."""
    require_tools()
    folder = tmp_path_factory.mktemp("mailcheck")
    made = [make_email(folder, "good", GOOD, GOOD), make_email(folder, "bad", BAD, BAD.replace("900", "700"))]
    rows, ended = running.judge(made, [*running.IN_PYTHON, *running.IN_NODE])
    assert ended == 0
    assert len(list(folder.glob("good-*.png"))) == 4
    return {one.name: [row for row in rows if row.letter == one.name] for one in made}


def make_email(folder: Path, name: str, html: str, other: str) -> Made:
    """Make an email of a page that two other inliners turned into `other`."""
    file = folder / f"{name}.html"
    file.write_text(html, encoding="utf-8")
    made = read(folder, file)
    for inlined in ("plain.html", "other.html"):
        (made.folder / inlined).write_text(other, encoding="utf-8")
    return made


def test_each_judge_finds_its_defect_and_no_other(judged: dict[str, list[Row]]) -> None:
    assert [row for row in judged["good"] if row.ok is False] == []
    assert {(row.judge, row.what) for row in judged["good"]} >= FOUND
    bad = [row for row in judged["bad"] if row.ok is False]
    assert {(row.judge, row.what) for row in bad} == FOUND
    assert all(row.detail for row in bad if row.judge != "sizes")


def test_the_report_names_the_worst_email_and_its_defects(judged: dict[str, list[Row]]) -> None:
    text = report([*judged["good"], *judged["bad"]])
    lines = {what: next(line for line in text.splitlines() if what in line) for _, what in FOUND}
    assert all("bad" in line and "NO" in line for line in lines.values())
    assert "टूटी ि मात्रा" in text


def test_no_lock_of_the_judges_names_a_host() -> None:
    lock = (running.HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    assert '"integrity": "sha512-' in lock
