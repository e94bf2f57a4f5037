"""Each mistake in a template is one clear sentence with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.errors import TemplateMistake
from digest.render.letter import Renderer
from tests.render.sample import EDITION, EVERYTHING, MASTHEAD, NOW, TEMPLATES, renderer


def told(directory: Path, text: str, name: str = "letter.txt.j2") -> str:
    """What the operator reads when the newsletter's template `name` is `text`; without the directory."""
    (directory / name).write_text(text, encoding="utf-8")
    with pytest.raises(TemplateMistake) as caught:
        renderer(directory).render(EDITION, EVERYTHING, now=NOW)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{directory}/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ name }}\n{{ titel }}", "letter.txt.j2:2: 'titel' is not defined"),
        ("a\nb\n{{ subjct }}", "letter.txt.j2:3: 'subjct' is not defined; did you mean 'subject'?"),
        ("{{ qqqqq }}", "letter.txt.j2:1: 'qqqqq' is not defined"),
        (
            "{% for story in sections[0].stories %}\n{{ storry.title }}\n{% endfor %}",
            "letter.txt.j2:2: 'storry' is not defined; did you mean 'story'?",
        ),
        ("{{ lead.titel }}", "letter.txt.j2:1: Item has no 'titel'; did you mean 'title'?"),
        ("\n\n{{ links.viev }}", "letter.txt.j2:3: Links has no 'viev'; did you mean 'view'?"),
        ("{{ lead.nothing.more }}", "letter.txt.j2:1: Item has no 'nothing'"),
        ("x\n{% if name %}", "letter.txt.j2:2: syntax error: Unexpected end of template. "),
        ("{% fro x in y %}", "letter.txt.j2:1: syntax error: Encountered unknown tag 'fro'."),
        ("{% if a %}{% endfor %}", "letter.txt.j2:1: syntax error: Encountered unknown tag 'endfor'. "),
        ("{{ name | wrapp }}", "letter.txt.j2:1: syntax error: No filter named 'wrapp'."),
        (
            'x\n{% include "parts/stories.html.j2" %}',
            "letter.txt.j2:2: there is no template 'parts/stories.html.j2'; did you mean 'parts/story.html.j2'?",
        ),
        ("x\n{{ number / 0 }}", "letter.txt.j2:2: ZeroDivisionError: division by zero"),
        ("{{ name + 1 }}", "letter.txt.j2:1: TypeError: "),
        ("क\nख -DGX_PRFES-", "letter.txt.j2:2: '-DGX_PRFES-' is no placeholder that can be filled here"),
        ("-DGX_EMAIL_H-", "letter.txt.j2:1: '-DGX_EMAIL_H-' is no placeholder that can be filled here"),
    ],
)
def test_text(tmp_path: Path, text: str, message: str) -> None:
    got = told(tmp_path, text)
    assert got.startswith(message) if message.endswith(" ") else got == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!doctype html>\n<p>क</p>", "letter.html.j2: the letter must begin with exactly <!DOCTYPE html>"),
        (
            "<!DOCTYPE html>\n<html><head><style>\n@import url(x.css);</style></head></html>",
            "letter.html.j2:3: a style sheet of the letter uses @import",
        ),
        ("<!DOCTYPE html>\n<p>-DGX_EMAIL_T-</p>", "letter.html.j2:2: '-DGX_EMAIL_T-' is no placeholder"),
        (
            '{% extends "house/letter.html.j2" %}\n{% block footer %}\n{{ postal }}{% endblock %}',
            "letter.html.j2:3: 'postal' is not defined; did you mean 'postal_address'?",
        ),
        ('{% extends "hous/letter.html.j2" %}', "letter.html.j2:1: there is no template 'hous/letter.html.j2'"),
    ],
)
def test_html(tmp_path: Path, text: str, message: str) -> None:
    assert told(tmp_path, text, "letter.html.j2").startswith(message)


def test_a_mistake_in_a_part_names_the_part(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    source = (TEMPLATES / "parts" / "story.html.j2").read_text(encoding="utf-8")
    (tmp_path / "parts" / "story.html.j2").write_text(
        source.replace("story.summary }}</p>", "story.sumary }}</p>"), encoding="utf-8"
    )
    with pytest.raises(TemplateMistake) as caught:
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    line = source[: source.index("story.summary }}</p>")].count("\n") + 1
    assert str(caught.value) == f"{tmp_path}/parts/story.html.j2:{line}: Item has no 'sumary'; did you mean 'summary'?"


def test_a_letter_without_templates_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TemplateMistake, match=r"there is no template 'letter\.txt\.j2'"):
        Renderer(MASTHEAD, [tmp_path]).render(EDITION, EVERYTHING, now=NOW)


def test_a_mended_template_is_read_again(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "t")
    made = Renderer(MASTHEAD, [tmp_path / "t"])
    path = tmp_path / "t" / "letter.txt.j2"
    good = path.read_text(encoding="utf-8")
    path.write_text("{{ oops }}", encoding="utf-8")
    with pytest.raises(TemplateMistake):
        made.render(EDITION, EVERYTHING, now=NOW)
    path.write_text(good + "{# mended #}", encoding="utf-8")
    assert made.render(EDITION, EVERYTHING, now=NOW) is not None
