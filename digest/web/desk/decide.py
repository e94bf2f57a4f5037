"""The page behind a link of a test email: it shows one button.

A GET changes nothing, because spam filters open links.
"""

from __future__ import annotations

from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.errors import ConfigurationError
from digest.messages import Message
from digest.models import Edition, EditionState
from digest.store.desk.links import DecisionLink
from digest.usecases.approval import EditionChanged, ModelTextUnseen, revision
from digest.usecases.preflight import PreflightFailed
from digest.usecases.send_test import LinkAct
from digest.usecases.stop_edition import PAUSABLE
from digest.web.desk import passkeys, today
from digest.web.desk.bar import bar
from digest.web.desk.visit import Visit, edition_path

_COUNT_WAIT = 2.0
_BY = Message("by the link of a test")
# The states in which each act is possible.
_OUT_OF = {LinkAct.APPROVE: (EditionState.DRAFT,), LinkAct.HOLD: PAUSABLE}


def page(visit: Visit) -> Response:
    link, edition = _link_and_edition(visit)
    return _page(visit, link, edition)


def act(visit: Visit) -> Response:
    """Carry out the link's act, once, and only if the edition is unchanged since the test."""
    app = visit.desk.app
    link, edition = _link_and_edition(visit)
    what = LinkAct(link.act)
    if needs_passkey(visit):
        return _page(visit, link, edition, status=403)
    if link.used_by or edition.state not in _OUT_OF[what] or revision(edition) != link.revision:
        return _page(visit, link, edition, status=409)
    if not app.draft_mailer.use(visit.parameters["token"], visit.user.name):
        return page(visit)
    if what == LinkAct.HOLD:
        app.stopper.stop(edition.key, EditionState.PAUSED, visit.actor, why=_BY, wait=0)
        return visit.go(edition_path(edition.key))
    # The edition's own page shows a problem.
    with suppress(ConfigurationError, EditionChanged, ModelTextUnseen, PreflightFailed):
        app.approver.approve(edition, how=_BY, by=visit.actor, detail=_BY)
    return visit.go(edition_path(edition.key))


def _page(visit: Visit, link: DecisionLink, edition: Edition, *, status: int = 200) -> Response:
    what = LinkAct(link.act)
    # This page is not loaded again, so it waits until the subscribers are counted.
    visit.desk.audience.of(edition, wait=_COUNT_WAIT)
    return visit.page(
        "decide.html.j2",
        status=status,
        bar=bar(visit, edition, read_only=True),
        edition=edition,
        act=what,
        needs_passkey=needs_passkey(visit),
        challenge=passkeys.sign_in_challenge(visit) if needs_passkey(visit) else None,
        used_by=link.used_by,
        used_at=link.used_at,
        stale=revision(edition) != link.revision,
        possible=edition.state in _OUT_OF[what],
        now=visit.desk.now(),
        **today.check_results(visit, edition),
    )


def needs_passkey(visit: Visit) -> bool:
    """Whether the user's role must sign in with a passkey first."""
    session, roles = visit.session, visit.desk.app.settings.desk.passkey_for
    return session is not None and session.method != "passkey" and session.user.role in roles


def _link_and_edition(visit: Visit) -> tuple[DecisionLink, Edition]:
    edition = visit.edition()
    link = visit.desk.app.draft_mailer.link(visit.parameters["token"])
    if link is None or link.edition != edition.key:
        raise HTTPException(404)
    return link, edition
