"""The blocks of an edition: leave one out, put it back, write one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.models import Edition, is_breaking
from digest.render.blocks.rows import ROWS, kind_of
from digest.usecases.block_texts import FIELDS, BlockFault, BlockField, FaultKind, FieldForm, to_text
from digest.usecases.edit_edition import BlockRejected, EditionEditor, UnknownBlock
from digest.web.desk import edit
from digest.web.desk.sentences import translate
from digest.web.desk.visit import Visit

if TYPE_CHECKING:
    from digest.curate.editorial import EditorialChanges


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block in the list. `name` is '' for a block that cannot be changed here."""

    name: str
    title: str
    # Its first words.
    text: str
    is_out: bool = False
    changed: bool = False
    # Whether an editor added it, so that there is no file to go back to.
    is_own: bool = False
    # Whether an editor can write it.
    writable: bool = False


def rows(visit: Visit, edition: Edition, changes: EditorialChanges) -> list[BlockRow]:
    """Return the edition's blocks, and those left out."""
    found = [
        BlockRow(
            each.name,
            _title(visit, each.kind),
            _words(each.data),
            changed=each.name in changes.blocks,
            is_own=each.name in changes.blocks and not visit.desk.app.composer.blocks.has_file(edition, each.name),
            writable=bool(each.name) and each.kind in FIELDS,
        )
        for each in edition.blocks
    ]
    return found + [BlockRow(each, _title(visit, kind_of(each)), "", is_out=True) for each in changes.blocks_out]


def addable(visit: Visit, edition: Edition, found: Sequence[BlockRow]) -> list[tuple[str, str]]:
    """Return the kind and title of each block that an editor may add."""
    if is_breaking(edition.key):
        return []
    present = {kind_of(row.name) for row in found}
    return [(kind, _title(visit, kind)) for kind in FIELDS if kind not in present]


def problems(visit: Visit, edition: Edition) -> Sequence[str]:
    """Return a sentence about each block that cannot be shown."""
    lines = (line for line in edition.warnings if line.startswith("block "))
    return [translate(line, visit.catalogue) or line for line in lines]


def page(visit: Visit) -> Response:
    """Show the form of one block."""
    edition, name = visit.edition(), visit.parameters["name"]
    data = next((each.data for each in edition.blocks if each.name == name), None)
    if kind_of(name) not in FIELDS or is_breaking(edition.key) or (data is None and name not in FIELDS):
        raise HTTPException(404)
    data = data or {}
    return _form(
        visit, edition, name, {each.name: to_text(each, data.get(each.name)) for each in FIELDS[kind_of(name)]}
    )


def change(visit: Visit) -> Response:
    """Leave a block out, put it back, set its texts, or restore the file's texts."""
    form, name, by = visit.form, visit.form.get("name", "")[:100], visit.actor
    wanted = form.get("act", "")
    texts = {each.name: form[each.name] for each in FIELDS.get(kind_of(name), ()) if each.name in form}

    def act(editor: EditionEditor, key: str) -> Edition:
        if wanted == "out":
            return editor.leave_out_block(key, name, by)
        if wanted == "back":
            return editor.take_back_block(key, name, by)
        # Another editor's changes of other fields stay.
        seen = edit.seen(visit)
        changed = {
            field: text for field, text in texts.items() if field not in seen or text.strip() != seen[field].strip()
        }
        return editor.write_block(key, name, by, None if wanted == "file" else changed)

    if wanted not in ("out", "back", "file", "save"):
        raise HTTPException(422)
    _ = visit.catalogue.gettext
    try:
        return edit.do(visit, act, part="blocks")
    except UnknownBlock:
        return visit.problem(409, _("This block is no longer in the edition"), _("Somebody removed it, or it changed."))
    except BlockRejected as error:
        return _form(visit, visit.edition(), name, texts, status=422, faults=error.faults)


def _form(
    visit: Visit,
    edition: Edition,
    name: str,
    texts: Mapping[str, str],
    *,
    status: int = 200,
    faults: Mapping[str, BlockFault] | None = None,
) -> Response:
    fields = FIELDS[kind_of(name)]
    known = labels(visit)
    wrong = {field: _sentence(visit, fault) for field, fault in (faults or {}).items()}
    return visit.page(
        "block.html.j2",
        status=status,
        edition=edition,
        name=name,
        block_title=_title(visit, kind_of(name)),
        fields=[
            (each, known[each.name], _hint(visit, kind_of(name), each), texts.get(each.name, "")) for each in fields
        ],
        # Field → what is wrong.
        wrong_fields=wrong,
        named=", ".join(known[field] for field in wrong if field in known),
        # A program reads it.
        problem=" ".join(f"{known.get(field, field)}: {sentence}" for field, sentence in wrong.items()),
    )


def _sentence(visit: Visit, fault: BlockFault) -> str:
    """Describe the fault of a field, and its place."""
    _ = visit.catalogue.gettext
    sentences = {
        FaultKind.EMPTY: _("Something must be written here."),
        FaultKind.TOO_LONG: _("At most %(limit)s characters fit here."),
        FaultKind.TOO_MANY_LINES: _("At most %(limit)s lines fit here."),
        FaultKind.TOO_FEW_LINES: _("At least %(limit)s lines are needed."),
        FaultKind.TOO_MANY_COLUMNS: _("A line has at most %(limit)s parts, with | between them."),
        FaultKind.NO_COLON: _("A name, a colon and a text are needed."),
        FaultKind.NAMED_TWICE: _("Each name may be there once."),
        FaultKind.NO_NUMBER: _("A number is needed, such as 12 or -3.5."),
        FaultKind.NO_SUCH_OPTION: _("The number of an answer is needed, from 1 to %(limit)s."),
        FaultKind.NOT_HTTPS: _("The address must begin with https://."),
        FaultKind.OTHER: _("This cannot be shown."),
    }
    where = [_("line %(num)s") % {"num": fault.line}] if fault.line else []
    where += [labels(visit).get(fault.part, fault.part)] if fault.part else []
    sentence = sentences[fault.kind] % {"limit": fault.limit}
    return f"{', '.join(where)}: {sentence}" if where else sentence


def _hint(visit: Visit, kind: str, field: BlockField) -> str:
    """Return how the entries of a list are written, or that a field may be empty."""
    _ = visit.catalogue.gettext
    if field.form == FieldForm.LINES:
        return _("One on each line.")
    if field.form == FieldForm.PAIRS:
        return _("One on each line, a colon after its name.")
    if field.form == FieldForm.ROWS:
        columns = " | ".join(labels(visit)[name] for name in field.columns)
        return _("One on each line: %(columns)s.") % {"columns": columns}
    return "" if ROWS[kind].schema.model_fields[field.name].is_required() else _("may be empty")


def labels(visit: Visit) -> Mapping[str, str]:
    """Return field or column → label."""
    _ = visit.catalogue.gettext
    return {
        "text": _("Words of the block"),
        "by": _("Who said it"),
        "url": _("Address of the page"),
        "title": _("Heading"),
        "parts": _("Times or towns"),
        "note": _("Note below"),
        "rows": _("Prices"),
        "unit": _("Unit"),
        "source": _("Source"),
        "question": _("Question"),
        "options": _("Answers"),
        "answer": _("Number of the right answer"),
        "explanation": _("Explanation"),
        "signs": _("Signs"),
        "entries": _("Entries"),
        "advertiser": _("Advertiser"),
        "link": _("Words of the link"),
        "accounts": _("Accounts"),
        "when": _("time or town"),
        "temperature": _("temperature"),
        "sky": _("sky"),
        "name": _("name"),
        "price": _("price"),
        "change": _("change"),
    }


def _title(visit: Visit, kind: str) -> str:
    row = ROWS.get(kind)
    return visit.catalogue.gettext(row.title) if row else kind


def _words(data: Mapping[str, Any]) -> str:
    return next((str(data[name]) for name in ("text", "question", "advertiser", "title") if data.get(name)), "")
