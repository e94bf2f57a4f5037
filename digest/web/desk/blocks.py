"""The blocks of an edition: leave one out, put it back, write a quotation or a correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.models import Edition, is_breaking
from digest.render.blocks.rows import ROWS
from digest.usecases.edit_edition import WRITABLE_BLOCKS, BlockRejected, EditionEditor, UnknownBlock
from digest.web.desk import edit
from digest.web.desk.sentences import translate
from digest.web.desk.visit import Visit

if TYPE_CHECKING:
    from digest.curate.editorial import Changes

_MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block in the list. `name` is '' for a block that cannot be changed here."""

    name: str
    title: str
    # Its first words.
    text: str
    is_out: bool = False
    changed: bool = False
    # Field → text that can be edited.
    fields: Mapping[str, str] | None = None
    # Whether the edition does not have it yet.
    new: bool = False


def rows(visit: Visit, edition: Edition, changes: Changes) -> list[BlockRow]:
    """Return the edition's blocks, those left out, and those that an editor may add."""
    found = [
        BlockRow(
            each.name,
            _title(visit, each.kind),
            _words(each.data),
            changed=each.name in changes.blocks,
            fields=_fields(each.kind, each.data) if each.name else None,
        )
        for each in edition.blocks
    ]
    found += [BlockRow(name, _title(visit, name.partition("-")[0]), "", is_out=True) for name in changes.blocks_out]
    if not is_breaking(edition.key):
        present = {row.name.partition("-")[0] for row in found}
        new = (kind for kind in WRITABLE_BLOCKS if kind not in present)
        found += [BlockRow(kind, _title(visit, kind), "", fields=_fields(kind, {}), new=True) for kind in new]
    return found


def problems(visit: Visit, edition: Edition) -> Sequence[str]:
    """Return a sentence about each block that cannot be shown."""
    lines = (line for line in edition.warnings if line.startswith("block "))
    return [translate(line, visit.catalogue) or line for line in lines]


def change(visit: Visit) -> Response:
    """Leave a block out, put it back, set its texts, or restore those of its file."""
    form, name, by = visit.form, visit.form.get("name", "")[:100], visit.actor
    wanted = form.get("act", "")

    def act(editor: EditionEditor, key: str) -> Edition:
        if wanted == "out":
            return editor.leave_out_block(key, name, by)
        if wanted == "back":
            return editor.take_back_block(key, name, by)
        if wanted == "file":
            return editor.write_block(key, name, by, None)
        fields = WRITABLE_BLOCKS.get(name.partition("-")[0], ())
        return editor.write_block(key, name, by, {field: form.get(field, "")[:_MAX_TEXT] for field in fields})

    if wanted not in ("out", "back", "file", "save"):
        raise HTTPException(422)
    _ = visit.catalogue.gettext
    try:
        return edit.do(visit, act, part="blocks")
    except UnknownBlock:
        return visit.problem(409, _("This block is no longer in the edition"), _("Somebody removed it, or it changed."))
    except BlockRejected as error:
        names = ", ".join(labels(visit)[field] for field in error.fields if field in labels(visit))
        advice = _(
            "Please look at: %(fields)s. A text has at most 600 characters, a name 120, and a link begins with https."
        )
        return visit.problem(422, _("The block cannot be shown like this"), advice % {"fields": names})


def labels(visit: Visit) -> Mapping[str, str]:
    """Return field → label."""
    _ = visit.catalogue.gettext
    return {"text": _("Words of the block"), "by": _("Who said it"), "url": _("Address of the corrected article")}


def _title(visit: Visit, kind: str) -> str:
    row = ROWS.get(kind)
    return visit.catalogue.gettext(row.title) if row else kind


def _fields(kind: str, data: Mapping[str, Any]) -> Mapping[str, str] | None:
    names = WRITABLE_BLOCKS.get(kind)
    return {name: str(data.get(name) or "") for name in names} if names else None


def _words(data: Mapping[str, Any]) -> str:
    return next((str(data[name]) for name in ("text", "question", "title", "advertiser") if data.get(name)), "")
