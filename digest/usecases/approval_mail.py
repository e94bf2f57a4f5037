"""The email to editors about an edition that waits for a decision, in the newsletter's language.

Other alerts are for operators, in English. This one is for people who decide on news: a button, the subject line and
the headlines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from digest.hindi import dates
from digest.i18n import translator
from digest.models import BEGUN_STATES, Edition, EditionState
from digest.notify.alert import DECISIONS, Alert, AlertKind, MessageType
from digest.usecases.editors_mail import editors_mail

if TYPE_CHECKING:
    from digest.notify.alert import Mail
    from digest.render.themes import Branding
    from digest.store.content.editions import EditionStore


class ApprovalDeadline(NamedTuple):
    """Until when a decision is awaited, and whether the edition is sent without one."""

    at: datetime
    sent_anyway: bool


class _Texts(NamedTuple):
    subject: str
    heading: str
    lines: tuple[str, ...]
    button: str
    # The page where the edition can be approved, and its page on the desk; '' without one.
    link: str
    desk: str
    warning: str


@dataclass(frozen=True)
class ApprovalMails:
    """Builds the emails."""

    editions: EditionStore
    branding: Branding
    # The page where anybody who has the address can approve an edition; None without one.
    approval_link: Callable[[str], str | None]
    # None if the desk is turned off or has no address.
    desk_url: str | None
    deadline: Callable[[str], ApprovalDeadline | None]
    zone: tzinfo

    def build(self, type: MessageType, item: Alert) -> Mail | None:
        """Return the email of a message about an alert; None if it is not about a decision of editors."""
        if item.kind not in DECISIONS:
            return None
        edition = self.editions.get(item.subject)
        if edition is None:
            return None
        texts = self._texts(type, AlertKind(item.kind), edition)
        return editors_mail(
            "approval.html.j2",
            self.branding,
            texts.subject,
            self._text(texts, edition),
            mail=texts,
            edition=edition,
            about=edition.subject,
            under=edition.preheader,
        )

    def _texts(self, type: MessageType, kind: AlertKind, edition: Edition) -> _Texts:
        _ = translator(self.branding.language).gettext
        is_open = type == MessageType.RAISED
        if not is_open:
            subject, heading = _("Decided: %(subject)s"), _("It is decided")
            lines = [self._outcome(edition.state)]
        elif kind == AlertKind.BREAKING_PROPOSED:
            subject, heading = _("Breaking news? %(subject)s"), _("Shall this go out as breaking news?")
            lines = [_("It goes to everyone who wants breaking news, as soon as you send it.")]
        else:
            subject, heading = _("Please approve: %(subject)s"), _("The edition waits for your approval")
            lines = self._waiting(edition)
        link = self.approval_link(edition.key) or ""
        desk = f"{self.desk_url}/edition/{edition.key}" if self.desk_url else ""
        if not is_open or not link:
            # A decided edition is only looked at.
            link, desk = desk, ""
        if is_open and not link:
            verb = "breaking send" if kind == AlertKind.BREAKING_PROPOSED else "edition approve"
            lines.append(_("To do so, run on the server: %(command)s") % {"command": f"digest {verb} {edition.key}"})
        is_signed = is_open and link.rpartition("/approve/")[1] != ""
        return _Texts(
            f"[{self.branding.name}] {subject % {'subject': edition.subject}}",
            heading,
            tuple(lines),
            _("Look at it and decide") if is_open else _("Open the desk"),
            link,
            desk,
            _("Whoever has this link can approve the edition, so do not pass it on.") if is_signed else "",
        )

    def _waiting(self, edition: Edition) -> list[str]:
        catalogue = translator(self.branding.language)
        _ = catalogue.gettext
        stories = sum(1 for _story in edition.stories())
        day = dates.day(edition.day, self.branding.language)
        ready = catalogue.ngettext(
            "The edition of %(day)s is ready, with %(num)s story.",
            "The edition of %(day)s is ready, with %(num)s stories.",
            stories,
        )
        lines = [ready % {"day": day, "num": stories}]
        deadline = self.deadline(edition.key)
        if deadline is None:
            return [*lines, _("It goes to nobody before somebody approves it.")]
        time = {"time": dates.hour(deadline.at.astimezone(self.zone).time(), self.branding.language)}
        if deadline.sent_anyway:
            return [*lines, _("If nobody decides by %(time)s, it is sent all the same.") % time]
        return [*lines, _("If nobody approves it by %(time)s, nobody gets it.") % time]

    def _outcome(self, state: EditionState) -> str:
        _ = translator(self.branding.language).gettext
        if state == EditionState.APPROVED:
            return _("The edition is approved and goes out at its time.")
        if state in BEGUN_STATES:
            return _("The edition is approved and is being sent, or was sent.")
        if state in (EditionState.PAUSED, EditionState.CANCELLED):
            return _("The edition is stopped.")
        if state == EditionState.EXPIRED:
            return _("Nobody approved the edition in time, so nobody gets it. It can be brought back on the desk.")
        return _("The edition no longer waits for a decision.")

    def _text(self, texts: _Texts, edition: Edition) -> str:
        _ = translator(self.branding.language).gettext
        parts = [texts.heading, *texts.lines]
        if texts.link:
            parts.append(f"{texts.button}: {texts.link}")
        if texts.desk:
            parts.append(f"{_('Open the desk')}: {texts.desk}")
        parts.append(f"{_('Subject')}: {edition.subject}")
        for section in edition.sections:
            parts.append("\n".join([section.name, *(f"* {story.title}" for story in section.stories)]))
        return "\n\n".join([*parts, *([texts.warning] if texts.warning else [])])
