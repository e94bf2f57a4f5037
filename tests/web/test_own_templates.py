"""Custom page templates: they override the built-in ones, and an error in one never blocks a page."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from digest.app import make_app
from digest.web.app import load_pages
from digest.web.pages import TEMPLATES
from digest.web.sample_data import find_template_errors, sample_pages
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support.folders import newsletter_folder
from tests.web.site import NOW, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

LEAVE = """{% extends "house/leave.html.j2" %}
{% block title %}अलविदा{% endblock %}
"""
FOOTER = """{% extends "house/page.html.j2" %}{% block footer %}
{{ _("A sentence of ours alone") }}{% endblock %}"""
# Templates that others extend or import, and the stylesheet.
NO_PAGE = {
    *("page.html.j2", "parts.html.j2", "pages.css.j2"),
    *("site.html.j2", "archive_parts.html.j2", "archive.css.j2"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    (home / "templates/pages").mkdir(parents=True)
    return home


def test_a_custom_template_overrides_the_built_in_one(home: Path) -> None:
    (home / "templates/pages/leave.html.j2").write_text(LEAVE, encoding="utf-8")
    (home / "templates/pages/pages.css.j2").write_text("body { color: {{ light.ink }} }", encoding="utf-8")
    with site(home) as pages:
        token = pages.token("leave", "asha@example.com")
        for answer in (pages.get(f"/leave/{token}"), pages.post(f"/leave/{token}")):
            assert "<title>अलविदा ·" in answer.text
            assert token in answer.text
        assert pages.get("/style.css").text.startswith("body { color: #")
    assert Newsroom(home).json("check")["faults"] == []


def test_the_documented_example_works(home: Path) -> None:
    document = (ROOT / "docs/reader-pages.md").read_text(encoding="utf-8")
    ((path, text),) = re.findall(r"`(templates/pages/[a-z.0-9]+)`:\n\n```jinja\n(.*?)```", document, re.S)
    (home / path).write_text(text, encoding="utf-8")
    with site(home) as pages:
        answer = pages.get("/join")
    assert "<p>हर सुबह 7 बजे।</p>\n</footer>" in answer.text
    assert "mailto:" in answer.text


def test_every_template_is_documented() -> None:
    document = (ROOT / "docs/reader-pages.md").read_text(encoding="utf-8")
    assert [path.name for path in TEMPLATES.iterdir() if f"`{path.name}`" not in document] == []


# Every page includes the last two, so that an error in one of these hides the others.
@pytest.mark.parametrize(
    "wrong",
    [
        {
            "leave.html.j2": ("\n{{ tokem }}", ":2: 'tokem' is not defined; did you mean 'token'?"),
            "preferences.html.j2": (
                "{% if subscriber %}{{ subscriber.emial }}{% endif %}",
                "has no 'emial'; did you mean 'email'?",
            ),
            "mail.txt.j2": ("{{ link", ":1: syntax error"),
        },
        {"pages.css.j2": ("body { color: {{ light.inc }} }", ":1: Palette has no 'inc'")},
        {"page.html.j2": (FOOTER, ":2: ")},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_error_is_reported_with_its_line(home: Path, wrong: dict[str, tuple[str, str]]) -> None:
    for name, (template, _error) in wrong.items():
        (home / "templates/pages" / name).write_text(template, encoding="utf-8")
    run = Newsroom(home).digest("check")
    assert run.code == 2
    for name, (_template, error) in wrong.items():
        assert re.search(f"^error: {re.escape(str(home))}/templates/pages/{name}.*{re.escape(error)}", run.out, re.M)


def test_the_built_in_page_is_served_instead_of_one_with_an_error(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = home / "templates/pages/page.html.j2"
    path.write_text(FOOTER, encoding="utf-8")
    with caplog.at_level(logging.ERROR), site(home) as pages:
        answer = pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
        assert (answer.status, answer.title) == (200, translated("You have unsubscribed"))
    assert f"{path}" in caplog.text


def test_a_file_that_overrides_nothing_gets_a_warning(home: Path) -> None:
    (home / "templates/pages/lave.html.j2").write_text("", encoding="utf-8")
    (warning,) = [line for line in Newsroom(home).json("check")["warnings"] if "lave" in line]
    assert warning.startswith(
        "templates/pages/lave.html.j2: overrides no built-in template; did you mean 'leave.html.j2'?"
    )


def test_the_built_in_templates_have_no_errors(home: Path) -> None:
    """Only templates of a newsletter are tried when the server starts."""
    with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
        assert find_template_errors(load_pages(app, "https://news.example.com"), app.now(), app.topics) == []


def test_every_template_has_a_sample(home: Path) -> None:
    with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
        sampled = {sample.template for sample in sample_pages(app.now(), app.topics)}
    assert sampled | NO_PAGE == {path.name for path in TEMPLATES.iterdir()}
