"""docs/templates.md and docs/letter.md: every recipe works, and everything that a template may use is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from digest.config import loader
from digest.i18n import bound
from digest.models import RenderedEmail
from digest.render.blocks.printing import Block
from digest.render.context import Group, Item, Links, Page, Picture
from digest.render.lint import lint
from digest.render.themes import LOOKS, Look, Palette, SectionColour, Theme
from digest.yamlio import reader
from tests.paths import ROOT
from tests.render.sample import EDITION, EVERYTHING, NOW, TEMPLATES, renderer
from tests.support.tables import each_row

DOCUMENT = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("templates.md", "letter.md"))
_FILE = re.compile(r"`([a-z./0-9]+)`:\n\n```[a-z]+\n(.*?)```", re.S)
RECIPES = {
    part.partition("\n")[0].strip(): _FILE.findall(part)
    for part in re.split(r"^#{2,3} ", DOCUMENT, flags=re.M)
    if _FILE.search(part)
}
# Recipe to the part of the email that shows it, and a pattern of what it shows.
SEEN = {
    "A heading above the editor's words": ("html", r"नमस्कार, आज की बात</p>\s*<p[^>]*>आज सुबह पहाड़ों"),
    "A box with colours of its own": (
        "html",
        r'\.sp\{background-color:#13233f!important.*<div class="sp" style="[^"]*color:#123a7a[^"]*">पाठक मिलन',
    ),
    "A line of your own in the footer": ("html", r"सदस्यता छोड़ें.*ख़बर भेजें: <a"),
    "Other fonts": ("html", r'<div class="pg w"[^>]*Noto Serif Devanagari'),
    "The editor's words below the top story": ("html", r"<h2.*पहली बर्फ़बारी.*<p[^>]*>आज सुबह पहाड़ों.*<h2"),
    "The text part": ("text", r"\Aसुबह की ख़बरें\n=+\nसोमवार, 23 नवंबर 2026\n.*ख़बर भेजें: desk@example\.com\n\Z"),
    "Change the wording": ("text", r"आज की सबसे बड़ी बात"),
}


def cooked(home: Path, files: list[tuple[str, str]]) -> RenderedEmail:
    """The email of a newsletter folder with these files."""
    theme = Theme()
    for name, text in files:
        if name == "digest.yaml":
            whole = "newsletter: {name: न, sender: {email: news@example.com}}\n" + text
            chosen = loader.from_data(reader.read_text(whole, name), {}).theme
            theme = Theme(LOOKS[chosen.name], **chosen.model_dump(exclude={"name"}))
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with bound(home / "messages"):
        email = renderer(home / "templates", theme=theme).render(EDITION, EVERYTHING, now=NOW)
    assert email is not None
    return email


def test_every_recipe_is_tested() -> None:
    assert set(RECIPES) == set(SEEN)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", SEEN)
def test_a_recipe_has_its_effect(tmp_path: Path, recipe: str) -> None:
    part, pattern = SEEN[recipe]
    email, plain = cooked(tmp_path, RECIPES[recipe]), cooked(tmp_path / "plain", [])
    assert re.search(pattern, getattr(email, part), re.S)
    assert not re.search(pattern, getattr(plain, part), re.S), "it shows without the recipe too"
    assert {one for one in lint(email) if one.level == "error"} == set()


@each_row("path", sorted(TEMPLATES.rglob("*.j2")))
def test_every_file_block_and_macro_is_documented(path: Path) -> None:
    assert f"`{path.relative_to(TEMPLATES).as_posix()}`" in DOCUMENT
    blocks, _, rest = DOCUMENT.partition("## Blocks of a template")[2].partition("## Variables")
    assert rest
    source = path.read_text(encoding="utf-8")
    for block in re.findall(r"\{%-? block ([a-z_]+)", source):
        assert f"| `{block}` |" in blocks
    if path.suffixes == [".html", ".j2"] and path.parent != TEMPLATES:
        for macro in re.findall(r"\{%-? macro ([a-z_]+)", source):
            assert f"`{macro}`" in DOCUMENT


@each_row("kind", [Page, Item, Group, Picture, Block, SectionColour, Links, Look, Palette])
def test_every_field_is_documented_under_its_class(kind: type) -> None:
    part = DOCUMENT.partition(f"**{kind.__name__}**")[2].partition("\n\n**")[0].partition("\n## ")[0]
    assert part
    for field in fields(kind):  # type: ignore[arg-type]
        assert re.search(rf"`(?:[a-z]+)?\.?{field.name}`", part), f"{kind.__name__}.{field.name}"


def test_every_css_class_is_documented() -> None:
    part = DOCUMENT.partition("## Classes")[2].partition("\n## ")[0]
    for sheet in TEMPLATES.rglob("*.css.j2"):
        for name in re.findall(r"(?:^|,)\.([a-z][a-z0-9]*)(?=[,{])", sheet.read_text(encoding="utf-8"), re.M):
            if name != "s":
                assert f"`{name}`" in part, f"{sheet}: {name}"
