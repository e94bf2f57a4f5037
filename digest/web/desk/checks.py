"""What blocks an edition, each with the place on the page where it is put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from digest.app import App
from digest.errors import ConfigurationError, DigestError
from digest.models import Edition, EditionState, RenderedEmail
from digest.render.size_budget import Sizes, measure
from digest.usecases.approval import revision
from digest.web.desk.background import Background

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.usecases.preflight import PreflightResult

# Seconds that a page waits for the checks, and for which they count: templates and settings may change.
_WAIT, _LASTS = 0.02, 120.0


@dataclass(frozen=True, slots=True)
class Checked:
    """The emails of a revision and what was found in them."""

    errors: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    # The largest email as HTML, and its bytes. None if nothing could be rendered.
    largest: RenderedEmail | None
    sizes: Sizes | None
    # The email of each variant that subscribers get, by its key.
    emails: Mapping[str, RenderedEmail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the list. `place` is the anchor of what to change, with the words of its button."""

    level: Literal["bad", "warn"]
    title: str
    detail: str
    place: str = ""
    button: str = ""
    # Whether the detail is a text of the edition, and no English sentence of a check.
    own: bool = False


class Checks(Background[Checked]):
    """Checks the emails of an edition in the background, once for each revision."""

    def __init__(self, app: App) -> None:
        super().__init__("checks", lasts=_LASTS)
        self._app = app

    def of(self, edition: Edition, *, wait: float = _WAIT) -> Checked | None:
        """Return the findings, or None while they are not known yet."""
        key = f"{edition.key} {revision(edition)} {edition.state}"
        return self.get(key, lambda: self._check(edition), wait=wait)

    def _check(self, edition: Edition) -> Checked:
        if edition.state == EditionState.SKIPPED:
            return Checked((), (), (), None, None)
        try:
            found: PreflightResult = self._app.approver.check(edition)
        except ConfigurationError as error:
            return Checked(tuple(("settings", str(each)) for each in error.problems), (), (), None, None)
        except DigestError as error:
            return Checked((("edition", str(error)),), (), (), None, None)
        html = [email for email in found.emails if email.html]
        largest = max(html, key=lambda email: measure(email).quoted_printable, default=None)
        return Checked(
            tuple((each.rule, each.message) for each in found.findings if each.level == "error"),
            tuple((each.rule, each.message) for each in found.findings if each.level == "warning"),
            found.left_out,
            largest,
            measure(largest) if largest else None,
            {email.variant: email for email in found.emails},
        )


def problems(checked: Checked, edition: Edition, catalogue: Catalogue) -> Sequence[Problem]:
    """Return the lines of the list, errors first."""
    _ = catalogue.gettext
    titles = {
        "subject": (_("The subject"), "#subject", _("Change it")),
        "preheader": (_("The preheader"), "#preheader", _("Change it")),
        "residue": (_("A leftover of a template"), "#intro", _("Look")),
        "size": (_("The email is large"), "#stories", _("Remove a story")),
        "link": (_("A link"), "#stories", _("Look")),
        "picture": (_("A picture"), "#stories", _("Look")),
        "unsubscribe": (_("The unsubscribe link"), "", ""),
        "contrast": (_("Hard to read"), "#letter", _("Look")),
        "advertisement": (_("An advertisement"), "#letter", _("Look")),
        "settings": (_("The settings or the list"), "", ""),
        "edition": (_("The edition"), "#letter", _("Look")),
    }
    other = (_("The email"), "#letter", _("Look"))
    lines = []
    if edition.state == EditionState.SKIPPED:
        lines.append(Problem("bad", _("There are too few stories"), edition.reason, "#pool", _("Add stories")))
    for level, found in (("bad", checked.errors), ("warn", checked.warnings)):
        for rule, message in found:
            title, place, button = titles.get(rule, other)
            lines.append(Problem("bad" if level == "bad" else "warn", title, message, place, button))
    for line in checked.left_out:
        lines.append(Problem("warn", _("Left out to fit Gmail's limit"), line, "#stories", _("Remove a story")))
    return lines
