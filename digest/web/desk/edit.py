"""An editor's changes. Each form leads back to the edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.hindi.numbers import group
from digest.models import Edition, EditionState
from digest.render.intro import MAX_LENGTH
from digest.store.desk.audit import ActKind
from digest.usecases.edit_edition import EditionEditor, UnknownStory, paragraphs, stories_only_in
from digest.web.desk.visit import Visit, edition_path, number_in

_MAX_TEXT = 5_000
# Rows of the log that are looked at for the approval.
_DECISIONS = 50
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
    return do(visit, lambda editor, key: editor.refresh(key), tells=False)


def texts(visit: Visit) -> Response:
    """Set only the texts that the editor changed in the form, so that another editor's changes of other fields stay."""
    texts = changed_fields(visit, {"subject": "", "preheader": "", "intro": ""})
    changed = {name: text if name == "intro" else text[:_MAX_TEXT] for name, text in texts.items()}
    if not changed:
        return visit.go(edition_path(visit.parameters["key"]), part="texts")
    if len(paragraphs(changed.get("intro", ""))) > MAX_LENGTH:
        _ = visit.catalogue.gettext
        most = _("It has at most %(most)s characters. Go back and shorten it.") % {"most": group(MAX_LENGTH)}
        return visit.problem(422, _("The intro is too long"), most)
    return do(visit, lambda editor, key: editor.write(key, visit.actor, **changed, seen=seen(visit)), part="texts")


def settle(visit: Visit) -> Response:
    """Put back the editor's own text that somebody replaced at the same moment, or let the other one stand."""
    form, app, key = visit.form, visit.desk.app, visit.parameters["key"]
    edition, field, text = visit.edition(), form.get("field", ""), form.get("text", "")
    puts_back, replacing = "back" in form, number_in(form.get("replacing", ""))
    of_edition = field in ("subject", "preheader", "intro")
    if not of_edition and field not in ("title", "summary"):
        raise HTTPException(422)
    if not puts_back:
        if replacing is None:
            raise HTTPException(422)
        app.editor.keep_other_text(key, visit.actor, replacing, field)
    else:
        void_approval(visit, edition)
        # The author of the other text is told, as if this text had been saved without seeing it.
        if of_edition:
            app.editor.write(key, visit.actor, **{field: text}, seen={field: text})
        else:
            title, summary = (text, None) if field == "title" else (None, text)
            app.editor.write_story(key, _story(visit), visit.actor, title=title, summary=summary, seen={field: text})
    if "hx-request" not in visit.request.headers:
        return visit.go(edition_path(key))
    # Only the line of state is loaded again, so that a text stays that is being typed.
    shown = {name: form.get(name, "") for name in ("seen", "act", "begun", "numbers")}
    return visit.go(f"{edition_path(key)}/state", **shown, stale="1")


def changed_fields(visit: Visit, present: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that the editor changed in a form, so that another editor's changes of other fields stay.

    The fields `was_…` of a page have the texts with which it was opened. A program sends no such fields, so its texts
    are compared with the `present` ones.
    """
    form = visit.form
    return {
        name: form[name].strip()
        for name, text in present.items()
        if name in form and form[name].strip() != form.get(f"was_{name}", text).strip()
    }


def seen(visit: Visit) -> dict[str, str]:
    """Return the texts with which the form's page was opened, by field."""
    return {name.removeprefix("was_"): text for name, text in visit.form.items() if name.startswith("was_")}


def do(
    visit: Visit, act: Callable[[EditionEditor, str], Edition], *, tells: bool = True, part: str = "stories"
) -> Response:
    """Carry out an act. It voids an earlier approval, and the page says so.

    With `tells`, the page also says which story left the edition because of it. The page begins with the story of the
    act, or with `part` if the edition has no such story.
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
    left = [each.article_ids[0] for each in stories_only_in(edition, changed)] if tells else []
    before, found = (each.story_named(_story(visit)) for each in (edition, changed))
    crossed = before and found and before.section != found.section
    query = {"void": "1" if reopened else "", "left": " ".join(left[:MAX_LEFT]), "crossed": "1" if crossed else ""}
    return visit.go(
        edition_path(key),
        part=f"row-{found.id}" if found else part,
        **{name: value for name, value in query.items() if value},
    )


def void_approval(visit: Visit, edition: Edition) -> bool:
    """Turn an approved edition into a draft before a change, because an approval holds only for the content that was
    seen.
    """
    app = visit.desk.app
    if edition.state != EditionState.APPROVED:
        return False
    acts = app.audit.newest(_DECISIONS, subject=edition.key)
    approver = next((act.who for act in acts if act.what == EditionState.APPROVED), "")
    with app.database.transaction():
        if not app.editions.move(edition.key, EditionState.DRAFT, out_of=(EditionState.APPROVED,)):
            return False
        app.editions.record_decision(edition.key, EditionState.DRAFT, f"changed by {visit.user.name}", now=app.now())
        app.audit.record(visit.actor, ActKind.APPROVAL_VOID, edition.key, approver, now=app.now())
    return True


def _story(visit: Visit) -> str:
    return visit.form.get("story", "")[:2_000]
