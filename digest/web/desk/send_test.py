"""Send a test of the edition to oneself, or to a group in the settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.models import EditionState
from digest.store.rate_limits import Quota
from digest.subscribers.address import comparable
from digest.web.desk import today
from digest.web.desk.visit import Visit, edition_path

# The most tests per user in an hour.
_MOST, _WINDOW = 30, timedelta(hours=1)


def send(visit: Visit) -> Response:
    app, edition = visit.desk.app, visit.edition()
    _ = visit.catalogue.gettext
    if edition.state == EditionState.SKIPPED:
        raise HTTPException(409)
    group = visit.form.get("group", "")
    if group:
        groups = app.settings.desk.test_groups
        if group not in groups:
            raise HTTPException(422)
        addresses, whom = list(groups[group]), group
    else:
        address = visit.form.get("address", "").strip()
        if comparable(address) is None:
            wrong = _("This is not an email address. Nothing was sent.")
            return today.page(visit, edition, status=422, problem=wrong)
        visit.desk.accounts.users.set_email(visit.user.id, address)
        addresses, whom = [address], visit.user.name
    if not visit.desk.accounts.quotas.take([Quota(f"desk:test:{visit.user.id}", _MOST, _WINDOW)], app.now()):
        raise HTTPException(429)
    # `newsletter.base_url` may be unset.
    problems = replace(app.draft_mailer, desk_url=visit.desk.url).send(edition, addresses)
    app.audit.record(visit.actor, "test sent", edition.key, whom, now=app.now())
    if problems:
        failed = _("The test could not be handed over: %(why)s") % {"why": "; ".join(problems)}
        return today.page(visit, edition, status=502, problem=failed)
    return visit.go(edition_path(edition.key), tested=whom)
