"""A newsroom's own templates of the pages: taken before ours, looked over by `digest check`, in no reader's way."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from digest.app import make_app
from digest.cli.init import make_folder
from digest.web.application import load_pages
from digest.web.pages import TEMPLATES
from digest.web.specimens import sample_pages
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.web.site import NOW, said, site

LEAVE = """{% extends "house/leave.html.j2" %}
{% block title %}अलविदा{% endblock %}
"""
FOOTER = """{% extends "house/page.html.j2" %}{% block footer %}
{{ _("A sentence of ours alone") }}{% endblock %}"""
NO_PAGE = {"page.html.j2", "parts.html.j2", "pages.css.j2"}
"""What others extend or import, and the style sheet."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "letter"
    make_folder(made)
    (made / "templates/pages").mkdir(parents=True)
    return made


def test_a_template_of_the_newsroom_goes_before_ours(home: Path) -> None:
    (home / "templates/pages/leave.html.j2").write_text(LEAVE, encoding="utf-8")
    (home / "templates/pages/pages.css.j2").write_text("body { color: {{ light.ink }} }", encoding="utf-8")
    with site(home) as pages:
        token = pages.token("leave", "asha@example.com")
        for answer in (pages.get(f"/leave/{token}"), pages.post(f"/leave/{token}")):
            assert "<title>अलविदा ·" in answer.text
            assert token in answer.text
        assert pages.get("/style.css").text.startswith("body { color: #")
    assert Newsroom(home).json("check")["faults"] == []


def test_the_recipe_of_the_document_does_what_it_says(home: Path) -> None:
    document = (ROOT / "docs/templates.md").read_text(encoding="utf-8")
    ((path, text),) = re.findall(r"`(templates/pages/[a-z.0-9]+)`:\n\n```jinja\n(.*?)```", document, re.S)
    (home / path).write_text(text, encoding="utf-8")
    with site(home) as pages:
        answer = pages.get("/join")
    assert "<p>हर सुबह 7 बजे।</p>\n</footer>" in answer.text
    assert "mailto:" in answer.text


def test_the_document_names_every_template() -> None:
    document = (ROOT / "docs/templates.md").read_text(encoding="utf-8").partition("## The readers' pages")[2]
    assert [path.name for path in TEMPLATES.iterdir() if f"`{path.name}`" not in document] == []


@pytest.mark.parametrize(
    ("name", "template", "fault"),
    [
        ("leave.html.j2", "\n{{ tokem }}", ":2: 'tokem' is not defined; did you mean 'token'?"),
        (
            "preferences.html.j2",
            "{% if reader %}{{ reader.emial }}{% endif %}",
            "has no 'emial'; did you mean 'email'?",
        ),
        ("mail.txt.j2", "{{ link", ":1: syntax error"),
        ("pages.css.j2", "body { color: {{ light.inc }} }", ":1: Palette has no 'inc'"),
        ("page.html.j2", FOOTER, ":2: "),
    ],
)
def test_a_mistake_is_told_with_its_line_and_readers_see_ours(
    home: Path, caplog: pytest.LogCaptureFixture, name: str, template: str, fault: str
) -> None:
    path = home / "templates/pages" / name
    path.write_text(template, encoding="utf-8")
    run = Newsroom(home).digest("check", "--json")
    assert run.code == 2
    assert f"{path}" in run.out
    assert fault in run.out
    with caplog.at_level(logging.ERROR), site(home) as pages:
        answer = pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
        assert (answer.status, answer.title) == (200, said("You have left"))
    assert f"{path}" in caplog.text


def test_a_file_that_takes_no_place_is_warned_of(home: Path) -> None:
    (home / "templates/pages/lave.html.j2").write_text("", encoding="utf-8")
    (warning,) = [line for line in Newsroom(home).json("check")["warnings"] if "lave" in line]
    assert warning.startswith("templates/pages/lave.html.j2: takes the place of none of ours")


def test_every_template_is_looked_at(home: Path) -> None:
    with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
        pages = load_pages(app, "https://news.example.com")
        looked_at = {each.template for each in sample_pages(pages.masthead, app.now(), app.topics)}
    assert looked_at | NO_PAGE == {path.name for path in TEMPLATES.iterdir()}
