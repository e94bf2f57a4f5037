"""Correct a story of an edition that has begun to go out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.hindi.numbers import group
from digest.models import Edition, RenderedEmail, Story
from digest.render.pictures import for_screen
from digest.store.sending.revisions import REVISABLE, RevisionReach
from digest.usecases.approval import revision
from digest.usecases.correct_edition import NotCorrectable
from digest.usecases.preflight import PreflightFailed
from digest.usecases.shown_email import fill_placeholders
from digest.web.desk.bar import bar
from digest.web.desk.checks import sentence_of
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit

_MAX_FIELD, _MAX_REASON = 5_000, 500


def form(visit: Visit) -> Response:
    edition, story = _edition_and_story(visit)
    return _form(visit, edition, story, {"title": story.title, "summary": story.summary, "note": ""})


def save(visit: Visit) -> Response:
    """Correct the story. With `open`, show the form with texts that were typed on the story's page."""
    edition, story = _edition_and_story(visit)
    _ = visit.catalogue.gettext
    given = {name: visit.form.get(name, "")[:_MAX_FIELD].strip() for name in ("title", "summary", "note")}
    if "open" in visit.form:
        return _form(visit, edition, story, given)
    if not given["title"]:
        return _form(visit, edition, story, given, status=422, problem=_("A story needs a headline."))
    # The document of the API names the revision as for an approval.
    if visit.form.get("revision") not in (str(edition.revision), revision(edition)):
        changed = _("Somebody corrected the edition meanwhile. Please look again.")
        return _form(visit, edition, story, given, status=409, problem=changed)
    if (given["title"], given["summary"]) == (story.title, story.summary):
        return _form(visit, edition, story, given, status=422, problem=_("Nothing is changed yet."))
    if "preview" in visit.form:
        return _preview(visit, edition, story, given)
    reason = visit.form.get("reason", "").strip()[:_MAX_REASON]
    try:
        done = visit.desk.app.corrector.correct(
            edition.key,
            story.id,
            visit.actor,
            title=given["title"],
            summary=given["summary"],
            note=given["note"],
            force=reason or None,
        )
    except NotCorrectable as error:
        return _form(visit, edition, story, given, status=409, problem=visit.refusal(error))
    except PreflightFailed as error:
        errors = "; ".join(sentence_of(each, visit.catalogue)[0] for each in error.findings)
        failed = _("The corrected email has errors: %(errors)s") % {"errors": errors}
        return _form(visit, edition, story, given, status=409, problem=failed, asks_reason=True)
    return visit.page(
        "corrected.html.j2",
        bar=bar(visit, done.edition),
        done=done,
        edition=done.edition,
        lines=_lines(visit, done.reach),
    )


def _preview(visit: Visit, edition: Edition, story: Story, given: Mapping[str, str]) -> Response:
    """Show the emails that the correction would send, and to how many. Nothing is changed."""
    app = visit.desk.app
    try:
        found = app.corrector.preview(edition.key, story.id, **given)
    except NotCorrectable as error:
        return _form(visit, edition, story, given, status=409, problem=visit.refusal(error))

    def shown(made: Edition, email: RenderedEmail | None) -> str:
        if email is None or not email.html:
            return ""
        return visit.desk.shown_emails.add(
            fill_placeholders(made, email, app.sender, app.signer, app.articles.images, fit=for_screen)[1]
        )

    note = found.note
    preview = {
        "lines": _lines(visit, found.reach),
        "received": found.reach.received,
        "maybe": found.reach.unknown + found.reach.in_flight,
        "waiting": found.reach.waiting,
        "note": shown(*note) if note else "",
        "subject": note[0].subject if note else "",
        "edition": shown(found.edition, found.email),
    }
    return _form(visit, edition, story, given, preview=preview)


def _lines(visit: Visit, reach: RevisionReach) -> list[str]:
    """Say for how many recipients the correction comes in time. The numbers add up to all recipients."""
    ngettext = visit.catalogue.ngettext
    numbers = waiting, received, unknown, in_flight, unaffected = astuple(reach)
    texts = (
        ngettext(
            "%(num)s recipient gets the corrected edition.", "%(num)s recipients get the corrected edition.", waiting
        ),
        ngettext("%(num)s has the wrong text.", "%(num)s have the wrong text.", received),
        ngettext(
            "%(num)s may have it: the outcome is unknown.", "%(num)s may have it: the outcome is unknown.", unknown
        ),
        ngettext("%(num)s may have it: it was being sent.", "%(num)s may have it: it was being sent.", in_flight),
        ngettext("%(num)s has no such story.", "%(num)s have no such story.", unaffected),
    )
    return [text % {"num": group(number)} for text, number in zip(texts, numbers, strict=True) if number]


def _form(
    visit: Visit,
    edition: Edition,
    story: Story,
    fields: Mapping[str, str],
    *,
    status: int = 200,
    problem: str | PageSentence = "",
    asks_reason: bool = False,
    preview: Mapping[str, object] | None = None,
) -> Response:
    return visit.page(
        "correct.html.j2",
        preview=preview,
        status=status,
        bar=bar(visit, edition),
        edition=edition,
        story=story,
        fields=fields,
        problem=problem,
        asks_reason=asks_reason,
        counts=visit.desk.app.status_reader.counts(edition.key, visit.desk.now()),
    )


def _edition_and_story(visit: Visit) -> tuple[Edition, Story]:
    edition = visit.edition()
    if edition.state not in REVISABLE or edition.corrects is not None:
        raise HTTPException(404)
    return edition, visit.story(edition)
