"""Each error in a template is one clear sentence with file and line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from digest.errors import TemplateProblem
from digest.render.renderer import Renderer
from tests.render.sample import BRANDING, EDITION, EVERYTHING, NOW, TEMPLATES, renderer


def error_of(directory: Path, text: str, name: str = "letter.txt.j2") -> str:
    """The error when the newsletter's template `name` is `text`, without the folder."""
    (directory / name).write_text(text, encoding="utf-8")
    with pytest.raises(TemplateProblem) as caught:
        renderer(directory).render(EDITION, EVERYTHING, now=NOW)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{directory}/")


@pytest.mark.slow
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
        ("x\n{% if name %}", "letter.txt.j2:2: syntax error: the file ends before 'endif'; close the 'if'"),
        ("{% fro x in y %}", "letter.txt.j2:1: syntax error: Encountered unknown tag 'fro'."),
        ("{% if a %}{% endfor %}", "letter.txt.j2:1: syntax error: 'endfor' comes before 'endif'; close the 'if'"),
        ("{{ name | wrapp }}", "letter.txt.j2:1: syntax error: No filter named 'wrapp'; did you mean 'wrap'?"),
        (
            "{{ 1 if name is definedd }}",
            "letter.txt.j2:1: No test named 'definedd' found; did you mean 'defined'?",
        ),
        ("x\n{{ name", "letter.txt.j2:2: syntax error: unexpected end of template, expected 'end of print statement'."),
        ("{# never closed", "letter.txt.j2:1: syntax error: Missing end of comment tag"),
        ("{{ name }", "letter.txt.j2:1: syntax error: unexpected '}'"),
        (
            '{% import "parts/story.html.j2" as print with context %}\n{{ print.leed(lead) }}',
            "letter.txt.j2:2: parts/story.html.j2 has no macro 'leed'; did you mean 'lead'?",
        ),
        (
            '{% from "parts/story.html.j2" import leed with context %}\n{{ leed(lead) }}',
            "letter.txt.j2:2: 'leed' is not ",
        ),
        ("{% macro m(a) %}{{ a }}{% endmacro %}\n{{ m(1, b=2) }}", "letter.txt.j2:2: TypeError: macro 'm' takes no "),
        ('\n{% include "letter.txt.j2" %}', "letter.txt.j2:2: it includes or calls itself endlessly"),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}",
            "letter.txt.j2:1: it includes or calls itself endlessly",
        ),
        (
            "{% for n in range(999999999) %}{% endfor %}",
            "letter.txt.j2:1: range() has 999999999 numbers here; at most 10000 are allowed",
        ),
        ('{{ _("Our sponsor") }}', 'letter.txt.j2:1: msgid "Our sponsor" has no translation; add one '),
        ('{{ _("Issue %(number)s", nummer=1) }}', "letter.txt.j2:1: the message needs a value for %(number)s"),
        (
            '{% extends "letter.txt.j2" %}',
            "letter.txt.j2:1: it extends itself; the built-in one is 'house/letter.txt.j2'",
        ),
        (
            'x\n{% include "parts/stories.html.j2" %}',
            "letter.txt.j2:2: there is no template 'parts/stories.html.j2'; did you mean 'parts/story.html.j2'?",
        ),
        ("x\n{{ number / 0 }}", "letter.txt.j2:2: ZeroDivisionError: division by zero"),
        ("{{ name + 1 }}", "letter.txt.j2:1: TypeError: "),
        ("क\nख -DGX_PRFES-", "letter.txt.j2:2: '-DGX_PRFES-' is not a placeholder that can be replaced here"),
        ("-DGX_EMAIL_H-", "letter.txt.j2:1: '-DGX_EMAIL_H-' is not a placeholder that can be replaced here"),
    ],
)
def test_text(tmp_path: Path, text: str, message: str) -> None:
    got = error_of(tmp_path, text)
    assert got.startswith(message) if message.endswith(" ") else got == message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!doctype html>\n<p>क</p>", "letter.html.j2: the HTML must start with exactly <!DOCTYPE html>"),
        (
            "<!DOCTYPE html>\n<html><head><style>\n@import url(x.css);</style></head></html>",
            "letter.html.j2:3: a style sheet uses @import",
        ),
        ("<!DOCTYPE html>\n<p>-DGX_EMAIL_T-</p>", "letter.html.j2:2: '-DGX_EMAIL_T-' is not a placeholder"),
        (
            '{% extends "house/letter.html.j2" %}\n{% block footer %}\n{{ postal }}{% endblock %}',
            "letter.html.j2:3: 'postal' is not defined; did you mean 'postal_address'?",
        ),
        (
            '{% extends "house/letter.html.j2" %}\n\n{% block foter %}x{% endblock %}',
            "letter.html.j2:3: 'house/letter.html.j2' has no block 'foter'; did you mean 'footer'?",
        ),
        (
            '{% extends "house/letter.html.j2" %}\n{% block zzzz %}x{% endblock %}',
            "letter.html.j2:2: 'house/letter.html.j2' has no block 'zzzz'; it has ",
        ),
        (
            '{% extends "house/letter.html.j2" %}\n<p>\nसहयोगी</p>',
            "letter.html.j2:2: '<p>' is outside of all blocks, so it would not be shown",
        ),
        (
            '{% extends "house/letter.html.j2" %}\n\n{{ name }}',
            "letter.html.j2:3: '{{ … }}' is outside of all blocks, so it would not be shown",
        ),
        ("सादा पाठ", "letter.html.j2: the HTML must start with exactly <!DOCTYPE html>"),
        ('{% extends "hous/letter.html.j2" %}', "letter.html.j2:1: there is no template 'hous/letter.html.j2'"),
    ],
)
def test_html(tmp_path: Path, text: str, message: str) -> None:
    assert error_of(tmp_path, text, "letter.html.j2").startswith(message)


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "newspaper").mkdir()
    source = (TEMPLATES / "newspaper" / "look.html.j2").read_text(encoding="utf-8")
    path = tmp_path / "newspaper" / "look.html.j2"
    path.write_text(source.replace("{{ story.summary }}", "{{ story.sumary }}"), encoding="utf-8")
    with pytest.raises(TemplateProblem) as caught:
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    line = source[: source.index("{{ story.summary }}")].count("\n") + 1
    assert str(caught.value) == f"{path}:{line}: Item has no 'sumary'; did you mean 'summary'?"


def test_nested_blocks_and_macros_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "letter.txt.j2").write_text(
        '{% extends "house/letter.txt.j2" %}\n{% set word = "सहयोगी" %}\n{% macro m() %}{{ word }}{% endmacro %}\n'
        "{% block intro %}{% block sponsor %}{{ m() }}{% endblock %}{% endblock %}\n",
        encoding="utf-8",
    )
    email = renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    assert "सहयोगी" in email.text


def test_two_templates_that_extend_each_other_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.txt.j2").write_text('{% extends "letter.txt.j2" %}', encoding="utf-8")
    assert "endlessly" in error_of(tmp_path, '{% extends "other.txt.j2" %}')


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("क {{ name }}".encode("utf-16"), "letter.txt.j2: expected text in UTF-8, found UTF-16; save it as UTF-8"),
        (
            "name".encode("utf-16-le"),
            "letter.txt.j2:1: expected text, found a NUL character: is it a binary file or UTF-16?",
        ),
        (b"a\nb \x93quoted\x94", "letter.txt.j2:2: expected text in UTF-8, found the byte 0x93"),
        (b"\x89PNG\r\n\x1a\n\x00", "letter.txt.j2:1: expected text in UTF-8, found the byte 0x89"),
    ],
)
def test_a_file_that_is_no_template_is_error_of(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "letter.txt.j2").write_bytes(data)
    with pytest.raises(TemplateProblem) as caught:
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_a_folder_in_a_templates_place_is_error_of(tmp_path: Path) -> None:
    (tmp_path / "letter.txt.j2").mkdir()
    with pytest.raises(TemplateProblem, match=r"letter\.txt\.j2: expected a template, found a folder"):
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)


def test_a_file_in_the_folders_place_is_error_of(tmp_path: Path) -> None:
    (tmp_path / "parts").write_text("x")
    with pytest.raises(TemplateProblem, match="parts: expected a folder of templates, found a file"):
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    with pytest.raises(TemplateProblem, match="parts: expected a folder of templates, found a file"):
        renderer(tmp_path / "parts").render(EDITION, EVERYTHING, now=NOW)


def test_a_link_to_nowhere_is_error_of(tmp_path: Path) -> None:
    (tmp_path / "letter.txt.j2").symlink_to(tmp_path / "gone")
    with pytest.raises(TemplateProblem, match=r"letter\.txt\.j2: cannot be read: No such file"):
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_error_of(tmp_path: Path) -> None:
    (tmp_path / "letter.txt.j2").write_text("x")
    (tmp_path / "letter.txt.j2").chmod(0)
    with pytest.raises(TemplateProblem, match=r"letter\.txt\.j2: cannot be read: Permission denied"):
        renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    source = (TEMPLATES / "letter.html.j2").read_text(encoding="utf-8")
    (tmp_path / "letter.html.j2").write_text(source, encoding="utf-8-sig")
    email = renderer(tmp_path).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    assert email.html.startswith("<!DOCTYPE html>")


def test_an_image_beside_the_templates_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\x00")
    assert "'-DGX_X-' is not a placeholder" in error_of(tmp_path, "-DGX_X-")


def test_a_missing_template_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateProblem, match=r"there is no template 'letter\.txt\.j2'"):
        Renderer(BRANDING, [tmp_path]).render(EDITION, EVERYTHING, now=NOW)


def test_a_fixed_template_is_read_again(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "t")
    made = Renderer(BRANDING, [tmp_path / "t"])
    path = tmp_path / "t" / "letter.txt.j2"
    good = path.read_text(encoding="utf-8")
    path.write_text("{{ oops }}", encoding="utf-8")
    with pytest.raises(TemplateProblem):
        made.render(EDITION, EVERYTHING, now=NOW)
    path.write_text(good + "{# fixed #}", encoding="utf-8")
    assert made.render(EDITION, EVERYTHING, now=NOW) is not None
