"""The problems of an edition, each with the place on the page where it is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from digest.app import App
from digest.errors import ConfigurationError, DigestError, StoreError
from digest.messages import message_of
from digest.models import Edition, EditionState, RenderedEmail
from digest.render.lint_tree import LintFinding
from digest.render.size_budget import Sizes, measure
from digest.usecases.approval import revision
from digest.usecases.special import is_uncomposed
from digest.web.desk.background import Background
from digest.web.desk.sentences import regrouped, translate

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.usecases.preflight import PreflightResult

Level = Literal["bad", "warn"]

# Seconds that a page waits for the checks, and seconds that they are valid, because templates and settings may change.
_WAIT, _LASTS = 0.02, 120.0
# Rules about one field of an edition.
_FIELDS = ("subject", "preheader")
# The fewest characters of a value that names a story.
_SHORTEST = 8
# The rule of an error that no reason lets pass.
SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Checked:
    """The emails of a revision and their findings, errors first."""

    findings: tuple[LintFinding, ...]
    left_out: tuple[str, ...]
    # The largest HTML email and its bytes; None if nothing could be rendered.
    largest: RenderedEmail | None
    sizes: Sizes | None
    # The email of each variant that subscribers get, by its key.
    emails: Mapping[str, RenderedEmail] = field(default_factory=dict)
    # How many there are, also if they are not kept.
    variants: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the list. `place` is the anchor of the part to change, with the label of its button."""

    level: Level
    title: str
    detail: str
    place: str = ""
    button: str = ""
    # Whether the detail is a text of the edition instead of a check's sentence.
    own: bool = False
    # Whether the detail is always in English, because it is about an operator's file.
    is_english: bool = False
    # Sentence beside the part that it concerns, by that: `subject`, `preheader`, `intro`, `letter` or a story's id.
    beside: Mapping[str, str] = field(default_factory=dict)


class Checks(Background[Checked]):
    """Checks the emails of an edition in the background, once for each revision."""

    def __init__(self, app: App) -> None:
        super().__init__("checks", lasts=_LASTS)
        self._app = app
        # Edition → its last result, for any revision.
        self._last: dict[str, Checked] = {}

    def last(self, edition: Edition) -> Checked | None:
        """Return the last result for any revision of an edition, without its emails."""
        return self._last.get(edition.key)

    def of(self, edition: Edition, *, wait: float | None = None) -> Checked | None:
        """Return the findings; None while they are computed. Waits `wait` seconds for them."""
        key = f"{edition.key} {revision(edition)} {edition.state == EditionState.SKIPPED}"
        check = partial(self._check, edition)
        return self.get(key, check, wait=_WAIT if wait is None else wait, from_now=wait is not None)

    def _check(self, edition: Edition) -> Checked:
        if edition.state == EditionState.SKIPPED:
            return Checked((), (), None, None)
        try:
            found: PreflightResult = self._app.approver.check(edition)
        except ConfigurationError as error:
            return Checked(tuple(_plain(SETTINGS, each.sentence) for each in error.problems), (), None, None)
        except StoreError:
            raise
        except DigestError as error:
            return Checked((_plain("edition", message_of(error)),), (), None, None)
        html = [email for email in found.emails if email.html]
        largest = max(html, key=lambda email: measure(email).quoted_printable, default=None)
        sizes = measure(largest) if largest else None
        checked = Checked(found.findings, found.left_out, largest, sizes, variants=len(found.emails))
        self._last[edition.key] = replace(checked, largest=None)
        return replace(checked, emails={email.variant: email for email in found.emails})


def problems(
    checked: Checked, edition: Edition, catalogue: Catalogue, *, for_admin: bool, again: str = ""
) -> Sequence[Problem]:
    """Return the lines of the list, errors first.

    Faults of the settings are shown to admins (`for_admin`). Other users see only their effect on subscribers. A
    special edition is composed again at `again`.
    """
    _ = catalogue.gettext
    titles = {
        "subject": (_("The subject"), "#subject", _("Change it")),
        "preheader": (_("The preheader"), "#preheader", _("Change it")),
        "residue": (_("A leftover of a template"), "#intro", _("Look")),
        "size": (_("The email is large"), "#stories", _("Remove a story")),
        "link": (_("Check the links"), "#stories", _("Look")),
        "picture": (_("Check the pictures"), "#stories", _("Look")),
        "unsubscribe": (_("The unsubscribe link"), "", ""),
        "contrast": (_("Hard to read"), "#letter", _("Look")),
        "advertisement": (_("An advertisement"), "#letter", _("Look")),
        SETTINGS: (_("The settings or the list"), "", ""),
        "edition": (_("The edition"), "#letter", _("Look")),
    }
    other = (_("The email"), "#letter", _("Look"))
    lines = []
    if edition.state == EditionState.SKIPPED:
        why = translate(edition.reason, catalogue) or edition.reason
        if is_uncomposed(edition):
            lines.append(Problem("bad", _("It is not composed"), why))
        else:
            place, button = (again, _("Compose it again")) if again else ("#pool", _("Add stories"))
            lines.append(Problem("bad", _("There are too few stories"), why, place, button))
    for found in checked.findings:
        title, place, button = titles.get(found.rule, other)
        detail, is_english = sentence_of(found, catalogue)
        if found.rule == SETTINGS and not for_admin:
            detail, is_english = for_editors(found.message, catalogue), False
        level: Level = "bad" if found.level == "error" else "warn"
        part = _part_of(found, edition)
        beside = {part: detail if part in _FIELDS else f"{title}: {detail}"} if part else {}
        lines.append(Problem(level, title, detail, place, button, is_english=is_english, beside=beside))
    for line in checked.left_out:
        detail = translate(line, catalogue) or line
        title = _("Left out to fit Gmail's limit")
        story = next((each.id for each in edition.stories() if line.endswith(each.title)), "letter")
        beside = {story: f"{title}: {detail}" if story == "letter" else title}
        lines.append(Problem("warn", title, detail, "#stories", _("Remove a story"), beside=beside))
    return lines


def _part_of(found: LintFinding, edition: Edition) -> str:
    """Return the part of the page that a finding concerns: a field, a story's id, or `letter`; '' for the settings."""
    if found.rule in _FIELDS:
        return found.rule
    if found.rule in (SETTINGS, "unsubscribe"):
        return ""
    # An address, or a text of a link, perhaps cut.
    named = [value.rstrip("…") for _name, value in found.values if len(value) >= _SHORTEST]
    for story in edition.stories():
        known = (story.title, story.url or "", story.image.url if story.image else "", *story.articles)
        if any(text.startswith(value) for value in named for text in known):
            return story.id
    return "letter"


def beside_parts(lines: Sequence[Problem]) -> dict[str, list[tuple[Level, str, bool]]]:
    """Return part → what is said beside it: the level, the sentence, and whether it is in English."""
    found: dict[str, list[tuple[Level, str, bool]]] = {}
    for line in lines:
        for part, sentence in line.beside.items():
            found.setdefault(part, []).append((line.level, sentence, line.is_english))
    return found


def sentence_of(found: LintFinding, catalogue: Catalogue) -> tuple[str, bool]:
    """Return a finding's sentence for an editor, and whether it is in English on a page in another language."""
    if catalogue.has(found.template):
        found = replace(found, values=tuple((name, regrouped(value)) for name, value in found.values))
        return found.translated(catalogue.gettext), False
    kept = translate(found.message, catalogue)
    return (found.message, True) if kept is None else (kept, False)


def for_editors(message: str, catalogue: Catalogue) -> str:
    """Describe the effect of a fault in the settings to somebody who cannot change them."""
    _ = catalogue.gettext
    if "newsletter.base_url is not https" in message:
        return _("Subscribers get no button that unsubscribes with one click. An admin can change that.")
    if "'newsletter.base_url' is an example" in message:
        return _("The links to unsubscribe would not work, so it cannot go out. An admin has to correct that.")
    if "has sample articles" in message:
        return _("It has samples, which are never sent to real people. An admin has to remove them.")
    return _("A setting is wrong. An admin sees here which one it is.")


def _plain(rule: str, message: str) -> LintFinding:
    """Return an error with a sentence that exists in English only."""
    return LintFinding("error", rule, message)
