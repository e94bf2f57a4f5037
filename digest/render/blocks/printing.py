"""Print the blocks of an edition, each separately, so that a faulty block does not affect the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from digest.i18n import translator
from digest.messages import Message
from digest.models import PLACEHOLDERS, Edition, EditionBlock
from digest.render import texts
from digest.render.blocks.data import Frame
from digest.render.blocks.rows import ROWS, BlockKind, unknown

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from digest.render.themes import Branding

FOLDER = "blocks"


@dataclass(frozen=True, slots=True)
class Block:
    """A block as printed: its heading, and its content below that as HTML and as plain text."""

    kind: str
    title: str
    frame: Frame
    place: str
    html: Markup
    text: str


@dataclass(frozen=True, slots=True)
class PrintedBlocks:
    """The printed blocks, and a sentence about each block that cannot be shown."""

    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()


def print_blocks(
    edition: Edition, branding: Branding, environment: Environment, *, where: Literal["email", "web"]
) -> PrintedBlocks:
    """Print the blocks of `edition` for emails or for the archive."""
    blocks, warnings = [], []
    for block in edition.blocks:
        if block.shown not in (where, "both"):
            continue
        row = ROWS.get(block.kind)
        try:
            if row is None:
                raise ValueError(unknown(block.kind))
            blocks.append(_print(block, row, edition, branding, environment))
        # A template may raise anything, and stored data may be of an older version.
        except Exception as error:
            warnings.append(Message("block %(name)s is left out: %(why)s", name=block.kind, why=_one_line(error)))
    return PrintedBlocks(tuple(blocks), tuple(warnings))


def answer_url(base: str, edition_key: str, kind: str) -> str:
    """Return the URL of the answers to a block. Append the answer's number and the subscriber's token."""
    return f"{base.rstrip('/')}/answer/{quote(edition_key, safe='')}/{kind}"


def _print(
    block: EditionBlock, row: BlockKind, edition: Edition, branding: Branding, environment: Environment
) -> Block:
    from digest.render.template_errors import explain

    data = row.schema.model_validate(block.data)
    base = texts.web_address(branding.base_url or "")
    if row.answered and not base:
        raise ValueError("its answers need the reader pages: set newsletter.base_url")
    answers = answer_url(base, edition.key, block.kind)
    name = f"{FOLDER}/{row.template or block.kind}.html.j2"
    values: Mapping[str, Any] = {
        "block": data,
        "kind": block.kind,
        "language": branding.language,
        "theme": branding.theme.look,
        # The address of each answer, for the options from 1.
        "answers": [f"{answers}/{number}/{PLACEHOLDERS['preferences']}" for number in range(1, 6)],
    }
    try:
        module: Any = environment.get_template(name).make_module(dict(values))
        html, text = module.html(), str(module.text())
    except Exception:
        try:
            # Only a traceback that Jinja has rewritten contains template lines.
            environment.handle_exception()
        except Exception as error:
            raise explain(error, name, environment, values) from error
    if not str(html).strip():
        raise ValueError(f"{name} printed nothing")
    kind = translator(branding.language).gettext(row.title)
    title = data.title or kind
    if row.frame == "ad" and data.title:
        # An advertisement always has its label.
        title = f"{kind} · {data.title}"
    return Block(block.kind, title, row.frame, block.place, html, _tidy(text))


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
