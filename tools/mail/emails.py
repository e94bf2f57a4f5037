"""Emails as folders of files, which the checks read. They come from editions or from a given file.

A folder contains email.html, email.txt, email.eml, plain.html (before inlining), other.html (inlined by css-inline),
mso.html and nostyle.html (as Word and clients without styles see it), and texts.json (the texts by place).
"""

from __future__ import annotations

import json
import re
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
from digest.render import renderer as rendering
from tools.mail.editions import Composed

KEPT_BY_PREMAILER = 'data-premailer="ignore"'
KEPT_BY_CSS_INLINE = 'data-css-inline="keep"'


@dataclass(frozen=True)
class CheckedEmail:
    """An email in its folder, as one recipient gets it. `words` and `stories` are empty if its articles are unknown."""

    folder: Path
    subject: str
    html: str
    text: str
    images: int = 0
    stories: int = 0
    words: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.folder.name


def make(out: Path, given: Composed, name: str, edition: Edition, variant: Variant) -> CheckedEmail:
    """Write the email of a variant to the folder `out/name`, inlined in three ways."""
    app = given.app
    email = _render(given, edition, variant)
    asha = recipient(0, "asha@example.com", app.sender, app.signer.sign_email)
    images = inline_images(email, app.articles.images.load(content_ids([email])))
    outgoing = Outgoing(edition.key, "check", "check", email, app.sender, (asha,), images)
    html, text = substitute(email.html, asha.values), substitute(email.text, asha.values)
    with _inliner(lambda page: page):
        plain = _render(given, edition, variant).html
    files = {"plain.html": substitute(plain, asha.values)}
    if find_spec("css_inline"):
        with _inliner(_css_inline):
            other = _render(given, edition, variant).html
        files["other.html"] = substitute(other, asha.values)
    folder = _write(out / name, email.subject, html, text, build(outgoing, asha, date=app.now()), files)
    stories = list(edition.stories())
    images_shown = sum(bool(story.image) for story in stories)
    return CheckedEmail(folder, email.subject, html, text, images_shown, len(stories), given.words)


def read(out: Path, file: Path) -> CheckedEmail:
    """Read an email from a mail file (.eml, as `digest preview` writes it) or a page (.html). Raises OSError."""
    data = file.read_bytes()
    subject, text, html = "", "", data.decode("utf-8", "replace")
    if file.suffix == ".eml":
        mail = message_from_bytes(data, policy=policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        subject, text, html = str(mail["Subject"] or ""), parts.get("text/plain", ""), parts.get("text/html", "")
    folder = _write(out / file.stem, subject, html, text, data if file.suffix == ".eml" else b"", {})
    return CheckedEmail(folder, subject, html, text, html.count("<img"))


def texts(subject: str, html: str, text: str) -> dict[str, list[str]]:
    """Return the lines that a recipient sees, by place."""
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


def _render(given: Composed, edition: Edition, variant: Variant) -> RenderedEmail:
    email = given.app.renderer.render(edition, variant, now=given.app.now())
    if email is None:
        raise SystemExit(f"{given.name}: the variant {variant.key} has no story to show")
    return email


def _css_inline(page: str) -> str:
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False).inline(page.replace(KEPT_BY_PREMAILER, KEPT_BY_CSS_INLINE))


@contextmanager
def _inliner(function: Callable[[str], str]) -> Iterator[None]:
    """Render with another inliner inside the block."""
    with patch.object(rendering, "inline", function):
        yield


def _write(folder: Path, subject: str, html: str, text: str, mail: bytes, more: dict[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = {"email.html": html, "email.txt": text, "mso.html": _word(html), "nostyle.html": _bare(html)}
    found = json.dumps(texts(subject, html, text), ensure_ascii=False, indent=1)
    for name, content in (pages | more | {"texts.json": found}).items():
        (folder / name).write_text(content, encoding="utf-8")
    if mail:
        (folder / "email.eml").write_bytes(mail)
    return folder


def _line(text: str) -> str:
    return " ".join(text.split())


_NOT_WORD = re.compile(r"<!--\[if !mso\]>(?:<!-->|<!-- -->)(.*?)<!--<!\[endif\]-->", re.S)
_WORD = re.compile(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style>", re.S)
_CLASS = re.compile(r"""\sclass=(?:"[^"]*"|'[^']*')""")
_TAG = re.compile(r"<[^>]*>")


def _word(html: str) -> str:
    """Open conditional comments for Word, and remove what is hidden from Word."""
    return _WORD.sub(r"\1", _NOT_WORD.sub("", html))


def _bare(html: str) -> str:
    """Remove style blocks, classes and comments, as Gmail's app does with a foreign account. Style attributes stay."""
    without = _STYLE.sub("", _COMMENT.sub("", html))
    return _TAG.sub(lambda tag: _CLASS.sub("", tag[0]), without)
