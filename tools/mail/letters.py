"""Letters as folders of files: what every judge reads. Made from editions, or from a mail file that was given.

A folder holds letter.html, letter.txt, letter.eml, plain.html (before inlining), other.html (inlined by css-inline),
mso.html and nostyle.html (views.py) and texts.json (the texts by where they stand). Judges nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

from digest.mail.message import Outgoing, content_ids, inline_images, recipient, substitute
from digest.mail.mime import build
from digest.models import Edition, RenderedEmail, Variant
from digest.render import letter as rendering
from tools.mail import views
from tools.mail.editions import Composed

KEPT_HERE = 'data-premailer="ignore"'
KEPT_THERE = 'data-css-inline="keep"'


@dataclass(frozen=True)
class Made:
    """A letter in its folder, as one reader gets it. `words` is empty where its articles are not known."""

    folder: Path
    subject: str
    html: str
    text: str
    pictures: int = 0
    words: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.folder.name


def make(out: Path, given: Composed, name: str, edition: Edition, variant: Variant) -> Made:
    """`edition` for `variant` in the folder `out/name`, inlined in three ways."""
    app = given.app
    letter = _rendered(given, edition, variant)
    reader = recipient(0, "asha@example.com", app.sender, app.signer.letters)
    inside = inline_images(letter, app.articles.images.load(content_ids([letter])))
    outgoing = Outgoing(edition.key, "judged", "judged", letter, app.sender, (reader,), inside)
    html, text = substitute(letter.html, reader.values), substitute(letter.text, reader.values)
    with _inliner(lambda page: page):
        plain = _rendered(given, edition, variant).html
    files = {"plain.html": substitute(plain, reader.values)}
    if find_spec("css_inline"):
        with _inliner(_css_inline):
            other = _rendered(given, edition, variant).html
        files["other.html"] = substitute(other, reader.values)
    folder = _write(out / name, letter.subject, html, text, build(outgoing, reader, date=app.now()), files)
    pictures = sum(bool(story.image) for story in edition.stories())
    return Made(folder, letter.subject, html, text, pictures, given.words)


def read(out: Path, file: Path) -> Made:
    """A letter from a mail file (.eml, as `digest preview` writes it) or a page (.html). Raises OSError."""
    data = file.read_bytes()
    subject, text, html = "", "", data.decode("utf-8", "replace")
    if file.suffix == ".eml":
        mail = message_from_bytes(data, policy=policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        subject, text, html = str(mail["Subject"] or ""), parts.get("text/plain", ""), parts.get("text/html", "")
    folder = _write(out / file.stem, subject, html, text, data if file.suffix == ".eml" else b"", {})
    return Made(folder, subject, html, text, html.count("<img"))


def texts(subject: str, html: str, text: str) -> dict[str, list[str]]:
    """The lines that a reader sees, by where they stand."""
    from lxml import html as parser

    page = parser.document_fromstring(html)
    hidden = page.xpath("//body/*[contains(@style, 'display:none')]")
    titles = page.xpath("//h1 | //h2 | //h3")
    blocks = page.xpath("//p | //td[not(.//table or .//p)] | //img/@alt")
    return {
        "subject": [subject],
        "preheader": [_line(one.text_content()) for one in hidden],
        "title": [_line(one.text_content()) for one in titles],
        "body": [_line(one if isinstance(one, str) else one.text_content()) for one in blocks],
        "text part": text.splitlines(),
    }


def _rendered(given: Composed, edition: Edition, variant: Variant) -> RenderedEmail:
    letter = given.app.renderer.render(edition, variant, now=given.app.now())
    if letter is None:
        raise SystemExit(f"{given.name}: the variant {variant.key} has no story to show")
    return letter


def _css_inline(page: str) -> str:
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False).inline(page.replace(KEPT_HERE, KEPT_THERE))


@contextmanager
def _inliner(function: Callable[[str], str]) -> Iterator[None]:
    """Letters are rendered with another inliner while the block lasts."""
    with patch.object(rendering, "inline", function):
        yield


def _write(folder: Path, subject: str, html: str, text: str, mail: bytes, more: dict[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = {"letter.html": html, "letter.txt": text, "mso.html": views.word(html), "nostyle.html": views.bare(html)}
    found = json.dumps(texts(subject, html, text), ensure_ascii=False, indent=1)
    for name, content in (pages | more | {"texts.json": found}).items():
        (folder / name).write_text(content, encoding="utf-8")
    if mail:
        (folder / "letter.eml").write_bytes(mail)
    return folder


def _line(text: str) -> str:
    return " ".join(text.split())
