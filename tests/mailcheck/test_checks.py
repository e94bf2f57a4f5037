"""Each check finds its defect, and nothing in an email without defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mailcheck.pages import BAD, GOOD
from tests.mailcheck.requirements import require_tools
from tests.support.profiles import only_thorough
from tools.mail import runner
from tools.mail.emails import CheckedEmail, read
from tools.mail.report import report
from tools.mail.row import Row

FOUND = {
    ("sizes", "tables within tables"),
    ("words", "texts that start or continue inside a cluster"),
    ("axe", "axe violations: 600/360 px, light/dark, images on/off"),
    ("axe", "axe violations with styles stripped"),
    ("width", "sideways scroll at 320/360/600/1200, px"),
    ("width", "quirks mode"),
    ("top", "headlines that the first 800 px at 360 px lack of five"),
    ("alt", "alt text below 4.5:1, images refused, light/dark"),
    ("clipping", "ink outside its line box in three fonts, px"),
    ("clipping", "elements that cut their content"),
    ("pixels", "pixels that differ from the page before inlining"),
    ("pixels", "pixels that differ from the page by css-inline"),
    ("validate", "html-validate errors, email"),
    ("validate", "html-validate errors, view of Word"),
    ("clients", "caniemail: unsupported (feature, client) pairs not in the baseline"),
    ("circles", "lines with a dotted circle, shaped by HarfBuzz"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """Return the rows of all checks for each of the two emails."""
    require_tools()
    folder = tmp_path_factory.mktemp("mailcheck")
    emails = [make_email(folder, "good", GOOD, GOOD), make_email(folder, "bad", BAD, BAD.replace("900", "700"))]
    rows, code = runner.check(emails, [*runner.IN_PYTHON, *runner.IN_NODE])
    assert code == 0
    assert len(list(folder.glob("good-*.png"))) == 4
    return {one.name: [row for row in rows if row.email == one.name] for one in emails}


def make_email(folder: Path, name: str, html: str, other: str) -> CheckedEmail:
    """Make an email of a page that two other inliners turned into `other`."""
    file = folder / f"{name}.html"
    file.write_text(html, encoding="utf-8")
    email = read(folder, file)
    for inlined in ("plain.html", "other.html"):
        (email.folder / inlined).write_text(other, encoding="utf-8")
    return email


# Run it after a change of tools/mail.
@only_thorough
@pytest.mark.slow
def test_each_check_finds_its_defect_and_no_other(results: dict[str, list[Row]]) -> None:
    assert [row for row in results["good"] if row.ok is False] == []
    assert {(row.check, row.what) for row in results["good"]} >= FOUND
    bad = [row for row in results["bad"] if row.ok is False]
    assert {(row.check, row.what) for row in bad} == FOUND
    assert all(row.detail for row in bad if row.check != "sizes")


@only_thorough
@pytest.mark.slow
def test_the_report_names_the_worst_email_and_its_defects(results: dict[str, list[Row]]) -> None:
    text = report([*results["good"], *results["bad"]])
    lines = {what: next(line for line in text.splitlines() if what in line) for _, what in FOUND}
    assert all("bad" in line and "NO" in line for line in lines.values())
    assert "टूटी ि मात्रा" in text


def test_the_lock_names_no_host() -> None:
    lock = (runner.HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    assert '"integrity": "sha512-' in lock
