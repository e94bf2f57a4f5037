"""A sender's decisions: approve, pause, resume, stop; and tests to oneself or to a group in the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.messages import joined
from digest.models import Edition, EditionState, Role
from digest.store.desk.audit import ActKind
from digest.store.rate_limits import Quota
from digest.subscribers.address import comparable
from digest.usecases.approval import EditionChanged, ModelTextUnseen, revision
from digest.usecases.preflight import PreflightFailed
from digest.usecases.special import MAX_AHEAD, parse_time
from digest.usecases.stop_edition import CANCELLABLE
from digest.web.desk import seen, since, today
from digest.web.desk.checks import for_editors
from digest.web.desk.sentences import PageSentence, translate_line
from digest.web.desk.visit import Visit, edition_path, number_in

# How a decision was made, for its record.
_BY = "on the desk"
# The most tests per user in an hour.
_MOST, _WINDOW = 30, timedelta(hours=1)


def approve(visit: Visit) -> Response:
    """Approve the revision that the page showed. An edition with errors needs a reason."""
    app, edition = visit.desk.app, visit.edition()
    _ = visit.catalogue.gettext
    if edition.state != EditionState.DRAFT:
        return visit.go(edition_path(edition.key))
    changed = _("The edition changed after you opened this page. Please look again, and then decide.")
    opened = number_in(visit.form.get("act", ""))
    # The sender has seen their own changes.
    if visit.form.get("seen") != revision(edition) and not (
        opened is not None and since.is_own_text(visit, edition.key, opened)
    ):
        return today.page(visit, edition, status=409, problem=changed, since=opened)
    reason, at = visit.form.get("reason", "").strip()[:500], visit.form.get("at", "").strip()
    try:
        when = parse_time(at, app.now(), app.settings.newsletter.zone) if at else None
    except ValueError:
        wrong = _("The time must be in the future, at most %(num)s days ahead. Nothing was approved.")
        return today.page(visit, edition, status=422, problem=wrong % {"num": MAX_AHEAD.days})
    try:
        app.approver.approve(edition, how=_BY, by=visit.actor, force=reason or None, at=when)
    except EditionChanged:
        present = app.editions.get(edition.key) or edition
        return today.page(visit, present, status=409, problem=changed, since=opened)
    except ModelTextUnseen as error:
        return today.page(visit, edition, status=409, problem=seen.sentence(visit, list(error.left)), asks_reason=True)
    except PreflightFailed:
        blocked = _("It has errors. Put them right below, or write why it must go out as it is.")
        return today.page(visit, edition, status=409, problem=blocked, asks_reason=True)
    except ConfigurationError as error:
        # Such as samples, which no reason sends to real people.
        problem = visit.refusal(error) if visit.may(Role.ADMIN) else for_editors(str(error), visit.catalogue)
        return today.page(visit, edition, status=409, problem=problem)
    return visit.go(edition_path(edition.key))


def reopen(visit: Visit) -> Response:
    """Make an approved or expired edition, or one that was paused before anybody got it, a draft again."""
    edition = visit.edition()
    return _edition_page(visit, edition, visit.desk.app.stopper.reopen(edition.key, visit.actor, why=_BY))


def pause(visit: Visit) -> Response:
    return _stop(visit, EditionState.PAUSED)


def resume(visit: Visit) -> Response:
    edition = visit.edition()
    return _edition_page(visit, edition, visit.desk.app.stopper.resume(edition.key, visit.actor, why=_BY) is not None)


def ask_cancel(visit: Visit) -> Response:
    edition = visit.edition()
    found = visit.desk.app.status_reader.counts(edition.key, visit.desk.now())
    recallable = sum(visit.desk.app.ledger.scheduled_recipients(edition.key, visit.desk.now()))
    cancellable = edition.state in CANCELLABLE
    return visit.page("cancel.html.j2", edition=edition, counts=found, recallable=recallable, cancellable=cancellable)


def cancel(visit: Visit) -> Response:
    return _stop(visit, EditionState.CANCELLED)


def _stop(visit: Visit, state: EditionState) -> Response:
    """Stop the edition, without waiting for batches in flight: the page shows them."""
    edition = visit.edition()
    return _edition_page(
        visit, edition, visit.desk.app.stopper.stop(edition.key, state, visit.actor, why=_BY, wait=0).stopped
    )


def _edition_page(visit: Visit, edition: Edition, done: bool) -> Response:
    """Lead to the edition. Its page shows its state, and a program is told that nothing was changed."""
    if not done and visit.actor.via == "api":
        raise DigestError(f"Edition {edition.key} is {edition.state}, so this cannot be done.")
    return visit.go(edition_path(edition.key))


def send_test(visit: Visit) -> Response:
    app, edition = visit.desk.app, visit.edition()
    _ = visit.catalogue.gettext
    if edition.state == EditionState.SKIPPED:
        raise HTTPException(409)
    # A phone stays on the tab with the form.
    view = "letter" if visit.form.get("view") == "letter" else "stories"
    group = visit.form.get("group", "")
    if group:
        groups = app.settings.desk.test_groups
        if group not in groups:
            raise HTTPException(422)
        addresses, sent_to, query = list(groups[group]), group, {"tested": group}
    else:
        address = visit.form.get("address", "").strip()
        if comparable(address) is None:
            wrong = _("This is not an email address. Nothing was sent.")
            return today.page(visit, edition, status=422, problem=wrong, view=view)
        visit.desk.accounts.users.set_email(visit.user.id, address)
        # The page knows the address; in its own, a server's log would keep it.
        addresses, sent_to, query = [address], address, {"mine": "1"}
    if not visit.desk.accounts.quotas.take([Quota(f"desk:test:{visit.user.id}", _MOST, _WINDOW)], app.now()):
        raise HTTPException(429)
    # `newsletter.base_url` may be unset.
    problems = replace(app.draft_mailer, desk_url=visit.desk.url).send(edition, addresses)
    app.audit.record(visit.actor, ActKind.TEST_SENT, edition.key, sent_to, now=app.now())
    if problems:
        why = translate_line(joined("; ", *problems), visit.catalogue)
        failed = PageSentence(_("The test could not be handed over: %(why)s") % {"why": why.text}, why.original)
        return today.page(visit, edition, status=502, problem=failed, view=view)
    return visit.go(edition_path(edition.key) + ("/email" if view == "letter" else ""), **query)
