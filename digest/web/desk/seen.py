"""A model's texts need a look before the edition is approved."""

from __future__ import annotations

from starlette.responses import Response

from digest.models import Edition
from digest.usecases.approval import INTRO, ModelText, model_texts, unseen
from digest.usecases.edit_edition import UnknownStory
from digest.web.desk.checks import Problem
from digest.web.desk.visit import Visit, edition_path


def mark(visit: Visit) -> Response:
    """Record that the editor has looked at one text, and go to the next unseen text."""
    app, edition = visit.desk.app, visit.edition()
    _ = visit.catalogue.gettext
    try:
        changed = app.editor.mark_seen(edition.key, [visit.form.get("story", "")[:2_000]], visit.actor)
    except UnknownStory:
        return visit.problem(409, _("This text is no longer by a model"), _("Somebody changed it."))
    rest = left(visit, changed)
    return visit.go(_place(edition, rest[0]) if "next" in visit.form and rest else edition_path(edition.key))


def left(visit: Visit, edition: Edition) -> list[ModelText]:
    """Return the texts that nobody has looked at yet."""
    if next(model_texts(edition), None) is None:
        # As in most editions; this saves a query.
        return []
    return unseen(edition, visit.desk.app.editions.editorial_changes(edition.key))


def problems(visit: Visit, edition: Edition, rest: list[ModelText]) -> list[Problem]:
    """Return these texts as problems of the edition."""
    _ = visit.catalogue.gettext
    return [
        Problem("bad", _("A model wrote this"), each.title, visit.path(_place(edition, each)), _("Look"), own=True)
        for each in rest
    ]


def sentence(visit: Visit, rest: list[ModelText]) -> str:
    """Return one sentence that names the texts that are left."""
    titles = "; ".join(f"“{each.title}”" for each in rest)
    message = visit.catalogue.gettext("Nobody has looked at these texts of a model yet: %(titles)s.")
    return message % {"titles": titles}


def _place(edition: Edition, text: ModelText) -> str:
    here = edition_path(edition.key)
    return here if text.id == INTRO else f"{here}/story/{text.id}"
