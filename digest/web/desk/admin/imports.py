"""Import a list with a preview first, and export subscribers."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.messages import Message
from digest.store.desk.audit import ActKind
from digest.subscribers.frequency import ADD_DAY, WEEKDAYS
from digest.subscribers.imports import formats as subscriber_formats
from digest.subscribers.imports.formats import FIELDS, FORMATS
from digest.subscribers.list_file import FILE_NAME
from digest.usecases.transfer_subscribers import (
    ImportNotUndoable,
    ImportReport,
    ListMapping,
    ListToImport,
    UndoChanged,
    shared_reasons,
)
from digest.utils.text import one_line
from digest.web.desk.admin import words
from digest.web.desk.admin.many import ids_of
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, form_text, number_in

_MAX_REJECTED = 20
# Characters of the text about the consent.
_MAX_CONSENT = 500
# The most topics that are named, and addresses for each.
_MAX_TOPICS, _MAX_NAMED = 5, 3
# The most reasons that several rejected rows share.
_MAX_SHARED = 12


def page(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    names = [FILE_NAME, *visit.desk.app.directory.origins()]
    groups = [each.name for each in visit.desk.app.segments.all()]
    shown = {"problem": "", "wrong": "", "done": None, "report": None, "upload": None, "given": visit.form, **values}
    return visit.page("admin/import.html.j2", status=status, formats=FORMATS, origins=names, groups=groups, **shown)


def preview(visit: Visit) -> Response:
    """Read a list and show the result of a dry run."""
    _ = visit.catalogue.gettext
    held = visit.desk.uploads.get(visit.form.get("id", ""), visit.user.name)
    id = visit.form.get("id", "") if held else ""
    if visit.file is not None and visit.file.filename:
        id, path = visit.desk.uploads.new_place()
        path.mkdir(mode=0o700)
        name = Path(form_text(visit.file.filename).replace("\\", "/")).name[:100] or "list.csv"
        # The extension tells a ZIP file and JSON Lines from CSV.
        file = path / f"list{Path(name).suffix.lower()[:8]}"
        try:
            with file.open("wb") as out:
                shutil.copyfileobj(visit.file.file, out)
        except OSError:
            # A part of a list would fill the disk until the server ends.
            shutil.rmtree(path, ignore_errors=True)
            raise
    elif held is not None:
        file, name = held.path, held.name
    else:
        return page(visit, status=422, problem=_("Choose a file first."))
    origin = one_line(visit.form.get("origin", ""))[:80] or Path(name).stem
    existing: Literal["update", "keep"] = "keep" if visit.form.get("existing") == "keep" else "update"
    upload = ListToImport(file, origin, _mapping(visit), existing, name)
    visit.desk.uploads.keep(id, visit.user.name, upload)
    try:
        report = visit.desk.app.subscriber_transfer.import_list(upload, visit.actor, dry_run=True)
    except (ConfigurationError, DigestError) as error:
        return page(visit, status=422, problem=visit.refusal(_with_file_name(error, upload)), id=id, upload=upload)
    return _preview(visit, id, upload, report)


def _preview(
    visit: Visit, id: str, upload: ListToImport, report: ImportReport, *, wrong: str = "", undecided: bool = False
) -> Response:
    part = report.lists.parts[0]
    refused = [row for row in report.rejected if not row[2].endswith(ADD_DAY)]
    shared = shared_reasons(refused, _MAX_SHARED)
    originals = {heading.strip().lower(): heading for heading in part.file.headings}
    return page(
        visit,
        status=422 if wrong or undecided else 200,
        wrong=wrong,
        undecided=undecided,
        id=id,
        upload=upload,
        report=report,
        fields=(*FIELDS, "agreed"),
        sample=[(name, originals.get(part.columns[name], part.columns[name]), cells) for name, cells in report.sample],
        shared=shared,
        rejected=[row for row in refused if row[2] not in shared][:_MAX_REJECTED],
        mistyped=report.mistyped[:_MAX_REJECTED],
        # Rows that wait for one answer, instead of being rejected one by one.
        weekly=sum(row[2].endswith(ADD_DAY) for row in report.rejected),
        weekdays=words.days(visit.catalogue),
        without=_without(report),
        joining=report.done.added + report.done.returned,
    )


def _without(report: ImportReport) -> list[tuple[str, int, list[str]]]:
    """Return the topics that people are imported without, each with their number and the first of them."""
    people: dict[str, list[str]] = {}
    for _line, email, topic in report.without:
        people.setdefault(topic, []).append(email)
    most = sorted(people.items(), key=lambda each: -len(each[1]))[:_MAX_TOPICS]
    return [(topic, len(emails), emails[:_MAX_NAMED]) for topic, emails in most]


def run(visit: Visit) -> Response:
    """Import the list that the preview showed."""
    id, upload = _held_list(visit)
    _ = visit.catalogue.gettext
    consent = one_line(visit.form.get("consent", ""))[:_MAX_CONSENT]
    transfer = visit.desk.app.subscriber_transfer
    try:
        undecided = "unread" not in visit.form
        if visit.actor.via == "desk" and (not consent or undecided):
            shown = transfer.import_list(upload, visit.actor, dry_run=True)
            if not consent and (shown.done.added or shown.done.returned):
                return _preview(visit, id, upload, shown, wrong=_("Say where and how these people agreed."))
            if undecided and shown.unread:
                return _preview(visit, id, upload, shown, undecided=True)
        report = transfer.import_list(replace(upload, consent=consent), visit.actor)
    except (ConfigurationError, DigestError) as error:
        return page(visit, status=409, problem=visit.refusal(_with_file_name(error, upload)), id=id, upload=upload)
    # The rejected rows can still be downloaded.
    if not report.rejected:
        visit.desk.uploads.forget(id)
    visit.desk.forget_counts()
    return page(visit, done=report, without=_without(report), id=id)


def ask_undo(visit: Visit) -> Response:
    """Show the effects of undoing an import."""
    return _undo_page(visit)


def undo(visit: Visit) -> Response:
    """Undo an import, if the effects are still those that the page showed. Without `seen`, show the effects."""
    transfer, act = visit.desk.app.subscriber_transfer, _act(visit)
    seen = visit.form.get("seen", "")
    if not seen:
        return _undo_page(visit)
    try:
        done = transfer.undo_import(act, visit.actor, seen=seen)
    except UndoChanged:
        problem = visit.catalogue.gettext("Something has changed in the meantime. Look again, then decide.")
        return _undo_page(visit, status=409, problem=problem)
    except ImportNotUndoable as error:
        return _undo_page(visit, status=409, problem=visit.refusal(error))
    visit.desk.forget_counts()
    return visit.page("admin/undo.html.j2", act=act, plan=done, done=True, problem="", now=visit.desk.now())


def _undo_page(visit: Visit, *, status: int = 200, problem: str | PageSentence = "") -> Response:
    act, plan = _act(visit), None
    try:
        plan = visit.desk.app.subscriber_transfer.plan_undo(act)
    except ImportNotUndoable as error:
        status, problem = 404 if status == 200 else status, problem or visit.refusal(error)
    now = visit.desk.now()
    return visit.page("admin/undo.html.j2", status=status, act=act, plan=plan, done=False, problem=problem, now=now)


def _act(visit: Visit) -> int:
    return number_in(visit.parameters["act"]) or 0


def rejected(visit: Visit) -> Response:
    """Download the rows that an import would reject, with reasons, for correction."""
    _id, upload = _held_list(visit)
    target = upload.path.with_name("rejected.csv")
    visit.desk.app.subscriber_transfer.import_list(upload, visit.actor, dry_run=True, rejected_to=target)
    return visit.download(f"{upload.origin}-rejected.csv", target.read_bytes(), "text/csv; charset=utf-8")


def export(visit: Visit) -> Response:
    form, app = visit.form, visit.desk.app
    kind = form.get("format", "csv") if form.get("format") in FORMATS else "csv"
    out, excluded = StringIO(newline=""), Counter[str]()
    app.subscriber_list.sync(may_be_empty=True)
    segment = form.get("segment", "")
    only = app.segments.addresses(segment) if segment else None
    # A program's empty list chooses nobody.
    chosen = "all" in form or "ids" in form.get("lists", "").split() or any(name.startswith("ids:") for name in form)
    if chosen:
        only = frozenset(each.address for each in app.many_editor.people(ids_of(visit, form)))
    rows = app.subscriber_transfer.export_rows(
        kind,
        excluded,
        origin=None if chosen else form.get("origin") or None,
        suppressed="suppressed" in form,
        only=only,
    )
    count = subscriber_formats.write(rows, out, kind)
    detail = Message("%(num)s as %(name)s", num=count, name=kind)
    if "suppressed" in form:
        detail = Message("%(num)s as %(name)s, suppressed", num=count, name=kind)
    whom = "the chosen ones" if chosen else form.get("origin") or segment or "everybody"
    app.audit.record(visit.actor, ActKind.SUBSCRIBERS_EXPORTED, whom, detail, now=app.now())
    ending = "jsonl" if kind == "jsonl" else "csv"
    # Without a byte order mark a spreadsheet reads Hindi as Latin-1. Programs take it for a part of the heading.
    mark = "\ufeff" if kind == "csv" and visit.actor.via == "desk" else ""
    data = (mark + out.getvalue()).encode()
    return visit.download(f"subscribers-{app.now():%Y-%m-%d}.{ending}", data, "text/csv; charset=utf-8")


def _held_list(visit: Visit) -> tuple[str, ListToImport]:
    id = visit.parameters["id"]
    upload = visit.desk.uploads.get(id, visit.user.name)
    if upload is None:
        raise HTTPException(404)
    return id, upload


def _mapping(visit: Visit) -> ListMapping:
    form = visit.form
    kind = form.get("format", "")
    columns = {name.partition(":")[2]: value for name, value in form.items() if name.startswith("map:") and value}
    weekday = form.get("weekday", "")
    return ListMapping(
        kind if kind in FORMATS else None, columns or None, weekday=weekday if weekday in WEEKDAYS else ""
    )


def _with_file_name(error: DigestError | ConfigurationError, upload: ListToImport) -> DigestError | ConfigurationError:
    """Return the error with the file name that the admin knows."""
    if not isinstance(error, ConfigurationError):
        return error
    return ConfigurationError(
        [replace(each, where=each.where.replace(upload.path.name, upload.name)) for each in error.problems]
    )
