"""The page behind an alert's link: look at an edition, approve it or stop it. A GET changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from digest.app import App
from digest.errors import ConfigurationError, DigestError, StoreError
from digest.messages import message_of
from digest.models import PLACEHOLDERS, Actor, Edition, EditionState, is_breaking, is_special
from digest.render.blocks.printing import Block
from digest.render.intro import paragraphs as intro_paragraphs
from digest.usecases.approval import PURPOSE, revision
from digest.usecases.preflight import PreflightFailed
from digest.web.dependencies import Context
from digest.web.desk.checks import sentence_of
from digest.web.desk.sentences import translate
from digest.web.pages import page_routes

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

log = logging.getLogger(__name__)

_BY = "by the link of an alert"
_ACTOR = Actor("link of an alert", "link")
# States from which an approved edition can be stopped.
_STOPPABLE = (EditionState.APPROVED, EditionState.SENDING)


@dataclass(frozen=True)
class ApprovalPage:
    """Shows an edition with the buttons that its state allows."""

    context: Context
    app: App
    # None if the desk is turned off or has no address.
    desk_url: str | None

    def edition(self, key: str, code: str) -> Edition | None:
        """Return the edition that a link names, or None if we did not sign it."""
        if not self.context.signer.is_signed_name(PURPOSE, key, code):
            return None
        return self.app.editions.get(key)

    def response(
        self, request: Request, edition: Edition, here: str, *, problems: Sequence[str] = (), changed: bool = False
    ) -> HTMLResponse:
        catalogue = self.context.pages.catalogue(request)
        # What an operator puts right is in English; each has whether it is.
        errors: Sequence[tuple[str, bool]] = ()
        warnings: Sequence[tuple[str, bool]] = ()
        if edition.state == EditionState.DRAFT:
            try:
                checked = self.app.approver.check(edition)
                said = [(each.level, sentence_of(each, catalogue)) for each in checked.findings]
                errors = [sentence for level, sentence in said if level == "error"]
                left_out = [_sentence(line, catalogue) for line in checked.left_out]
                warnings = [*(sentence for level, sentence in said if level == "warning"), *left_out]
            except StoreError:
                raise
            except (ConfigurationError, DigestError) as error:
                errors = [_sentence(line, catalogue) for line in _describe(error)]
        planned, now = self.app.calendar.of(edition.key), self.context.now()
        is_late = planned is not None and now > planned.expires_at
        values: dict[str, Any] = {
            "edition": edition,
            "intro": intro_paragraphs(edition),
            "revision": revision(edition),
            "blocks": self._blocks(edition),
            "is_breaking": is_breaking(edition.key),
            "is_special": is_special(edition.key),
            "stoppable": edition.state in _STOPPABLE,
            "send_at": planned.send_at.astimezone(now.tzinfo).time() if planned and not is_late else None,
            "is_late": is_late,
            # Composed or approved after its time, it goes out with the approval.
            "sends": planned is not None and planned.send_at <= now and not is_late,
            "errors": errors,
            "warnings": warnings,
            "problems": [_sentence(line, catalogue) for line in problems],
            "changed": changed,
            # The desk shows the same edition to whoever signs in.
            "desk": f"{self.desk_url}/edition/{edition.key}" if self.desk_url else "",
        }
        return self.context.pages.response(request, "approve.html.j2", here, personal=True, **values)

    def _blocks(self, edition: Edition) -> list[tuple[str, list[str]]]:
        """Return title and lines of the blocks of the email, and of those that only the archive shows."""
        renderer = self.app.renderer
        in_email = renderer.blocks(edition, "email").blocks if edition.blocks else ()
        on_page = renderer.blocks(edition, "web").blocks if edition.blocks else ()
        only_on_page = [block for block in on_page if block.text not in {each.text for each in in_email}]
        return [(block.title, _lines(block)) for block in (*in_email, *only_on_page)]


def _lines(block: Block) -> list[str]:
    """Return the lines of a block without the links that each recipient gets for themselves."""
    lines = [line for line in block.text.splitlines() if line.strip()]
    is_link = [PLACEHOLDERS["preferences"] in line for line in lines]
    return [
        line.removesuffix(":") if label else line
        for line, link, label in zip(lines, is_link, [*is_link[1:], False], strict=False)
        if not link
    ]


def _describe(error: ConfigurationError | DigestError) -> list[str]:
    return [each.sentence for each in error.problems] if isinstance(error, ConfigurationError) else [message_of(error)]


def _sentence(line: str, catalogue: Catalogue) -> tuple[str, bool]:
    """Return a line in the language of the page, and whether it is in English."""
    known = translate(line, catalogue)
    return (line, True) if known is None else (known, False)


def router(page: ApprovalPage) -> APIRouter:
    """Serve `/approve/EDITION/CODE`.

    The code is the whole authority, so other sites cannot act for an admin (no CSRF).
    """
    context, app = page.context, page.app
    routes = page_routes("approve", "/approve/{edition}/{code}")

    def respond(request: Request, edition: str, code: str, act: Callable[[Edition], bool] | None) -> HTMLResponse:
        """Carry out a button, and show the edition afterwards. `act` is false if the edition was changed meanwhile."""
        found, here = page.edition(edition, code), f"/approve/{edition}/{code}"
        if found is None:
            return context.invalid_link(request, by_subscriber=False)
        problems: list[str] = []
        changed = False
        if act is not None:
            try:
                changed = not act(found)
            except PreflightFailed:
                # The page shows the errors.
                pass
            except StoreError:
                raise
            except (ConfigurationError, DigestError) as error:
                problems += _describe(error)
        return page.response(request, app.editions.get(edition) or found, here, problems=problems, changed=changed)

    @routes.get("", summary="Show the edition, with one button for each decision")
    def show(request: Request, edition: str, code: str) -> HTMLResponse:
        return respond(request, edition, code, None)

    @routes.post("", summary="Approve what the page showed")
    def approve(request: Request, edition: str, code: str, seen: Annotated[str, Form()] = "") -> HTMLResponse:
        def act(found: Edition) -> bool:
            if found.state != EditionState.DRAFT:
                return True
            if seen != revision(found):
                return False
            app.approver.approve(found, how=_BY, by=_ACTOR)
            log.info("Edition %s is approved %s.", found.key, _BY)
            return True

        return respond(request, edition, code, act)

    @routes.post("/stop", summary="Pause the edition, or drop a proposal")
    def stop(request: Request, edition: str, code: str) -> HTMLResponse:
        def act(found: Edition) -> bool:
            if is_breaking(found.key) and found.state == EditionState.DRAFT:
                app.breaking.drop(found.key)
            else:
                app.stopper.stop(found.key, EditionState.PAUSED, _ACTOR, why=_BY, out_of=_STOPPABLE, wait=0)
            return True

        return respond(request, edition, code, act)

    return routes
