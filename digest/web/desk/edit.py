"""An editor's changes. Each form leads back to the edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.models import Edition, EditionState
from digest.render.intro import MAX_LENGTH
from digest.usecases.edit_edition import EditionEditor, UnknownStory, displaced, paragraphs
from digest.web.desk.visit import Visit, edition_path, number_in

_MAX_TEXT = 5_000
# The most stories that a page names as having left.
MAX_LEFT = 3


def move(visit: Visit) -> Response:
    """Move a story up or down by one, or to a place of a section (by dragging, or by the list of sections)."""
    form, story = visit.form, _story(visit)
    if form.get("step") not in ("up", "down") and form.get("section", "") not in visit.desk.app.topics:
        wrong = visit.catalogue.gettext("Give `step`, which is up or down, or `section`, which is a section's name.")
        return visit.problem(422, wrong, field="step")

    def act(editor: EditionEditor, key: str) -> Edition:
        if form.get("step") in ("up", "down"):
            return editor.step(key, story, -1 if form["step"] == "up" else 1, visit.actor)
        return editor.move(key, story, form["section"], number_in(form.get("place", "")) or 1, visit.actor)

    return do(visit, act)


def pin(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.pin(key, _story(visit), visit.actor))


def add(visit: Visit) -> Response:
    """Add a story, or an article, at the place that its score gives it."""
    return do(visit, lambda editor, key: editor.add(key, _story(visit), visit.actor))


def unpin(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.unpin(key, _story(visit), visit.actor))


def drop(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.drop(key, _story(visit), visit.actor), tells=False)


def split(visit: Visit) -> Response:
    """Take an article out of a story."""
    article = visit.form.get("article", "")[:2_000]
    return do(visit, lambda editor, key: editor.split(key, _story(visit), article, visit.actor))


def merge(visit: Visit) -> Response:
    """Merge another story, or an article, into a story."""
    other = visit.form.get("other", "")[:2_000]
    return do(visit, lambda editor, key: editor.merge(key, _story(visit), other, visit.actor))


def restore(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.restore(key, _story(visit), visit.actor))


def undo(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.undo(key, visit.actor), tells=False)


def refresh(visit: Visit) -> Response:
    return do(visit, lambda editor, key: editor.refresh(key, visit.actor), tells=False)


def texts(visit: Visit) -> Response:
    """Set only the texts that the editor changed in the form, so that another editor's changes of other fields stay."""
    texts = changed_fields(visit, {"subject": "", "preheader": "", "intro": ""})
    changed = {name: text if name == "intro" else text[:_MAX_TEXT] for name, text in texts.items()}
    if not changed:
        return visit.go(edition_path(visit.parameters["key"]), part="texts")
    if len(paragraphs(changed.get("intro", ""))) > MAX_LENGTH:
        _ = visit.catalogue.gettext
        most = _("It has at most %(most)s characters. Go back and shorten it.") % {"most": f"{MAX_LENGTH:,}"}
        return visit.problem(422, _("The intro is too long"), most)
    edition = visit.edition()
    lost = replaced(
        visit, {"subject": edition.subject, "preheader": edition.preheader, "intro": edition.intro}, changed
    )
    return do(visit, lambda editor, key: editor.write(key, visit.actor, **changed, replaced=lost), part="texts")


def changed_fields(visit: Visit, present: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that the editor changed in a form, so that another editor's changes of other fields stay.

    A page has in `was_…` the texts with which it was opened. The fields of a program are compared with the `present`
    texts.
    """
    form = visit.form
    return {
        name: form[name].strip()
        for name, text in present.items()
        if name in form and form[name].strip() != form.get(f"was_{name}", text).strip()
    }


def replaced(visit: Visit, present: Mapping[str, str], changed: Mapping[str, str]) -> list[str]:
    """Return the present texts that an editor's `changed` ones replace without the editor having seen them."""

    def words(text: str) -> list[str]:
        return text.split()

    form = visit.form
    return [
        present[name]
        for name, text in changed.items()
        if f"was_{name}" in form
        and present.get(name)
        and words(present[name]) not in (words(form[f"was_{name}"]), words(text))
    ]


def do(
    visit: Visit, act: Callable[[EditionEditor, str], Edition], *, tells: bool = True, part: str = "stories"
) -> Response:
    """Carry out an act. It voids an earlier approval, and the page says so.

    With `tells`, the page also says which story left the edition for it. The page begins with the story that the act
    was about; without one in the edition, with `part`.
    """
    app, key = visit.desk.app, visit.parameters["key"]
    edition = app.editions.get(key)
    if edition is None:
        raise HTTPException(404)
    _ = visit.catalogue.gettext
    reopened = void_approval(visit, edition)
    try:
        changed = act(app.editor, key)
    except UnknownStory:
        return visit.problem(409, _("This story is no longer in the edition"), _("Somebody removed it, or it changed."))
    left = [each.article_ids[0] for each in displaced(edition, changed)] if tells else []
    query = {"void": "1" if reopened else "", "left": " ".join(left[:MAX_LEFT])}
    story = _story(visit)
    place = f"row-{story}" if any(each.id == story for each in changed.stories()) else part
    return visit.go(edition_path(key), part=place, **{name: value for name, value in query.items() if value})


def void_approval(visit: Visit, edition: Edition) -> bool:
    """Turn an approved edition into a draft before a change, because an approval is only for what the approver saw."""
    app = visit.desk.app
    if edition.state != EditionState.APPROVED:
        return False
    with app.database.transaction():
        if not app.editions.move(edition.key, EditionState.DRAFT, out_of=(EditionState.APPROVED,)):
            return False
        app.editions.record(edition.key, EditionState.DRAFT, f"changed by {visit.user.name}", now=app.now())
        app.audit.record(visit.actor, "approval void", edition.key, now=app.now())
    return True


def _story(visit: Visit) -> str:
    return visit.form.get("story", "")[:2_000]
