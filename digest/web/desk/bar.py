"""The line on top of an edition's pages: its state, what happens next, and the possible actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from digest.hindi import dates
from digest.models import Edition, EditionState, Role, is_special
from digest.store.sending.overview import STOPPED
from digest.store.sending.recovery import in_flight_elsewhere
from digest.store.sending.status import Counts
from digest.usecases.approval import revision
from digest.usecases.special import due_at, is_uncomposed
from digest.web.desk.sentences import translate_all
from digest.web.desk.views import clock, when
from digest.web.desk.visit import Visit

if TYPE_CHECKING:
    from digest.config.calendar import PlannedEdition
    from digest.notify.report import EditionNumbers

UNDER_WAY = (EditionState.FROZEN, EditionState.SENDING)
_STOPPED = (EditionState.PAUSED, EditionState.CANCELLED)
# Rows of the log that are looked at for a decision.
_DECISIONS = 12


@dataclass(frozen=True, slots=True)
class StateLine:
    """The state line. `kind` chooses its colour, `buttons` are the possible actions."""

    edition: str
    kind: str
    title: str
    # The remaining time, or the progress of the send.
    left: str = ""
    more: str = ""
    buttons: tuple[str, ...] = ()
    seen: str = ""
    # Only while it is ahead.
    send_at: datetime | None = None
    asks_reason: bool = False
    # Whether it has no buttons and is not reloaded.
    read_only: bool = False
    # Whether the send has begun, so that the page shows its numbers instead of the parts of a draft.
    begun: bool = False
    # Whether an approval sends the edition at a time that the form asks for.
    is_special: bool = False
    # Whether an approval sends the edition at once.
    sends: bool = False


def bar(
    visit: Visit,
    edition: Edition,
    *,
    asks_reason: bool = False,
    read_only: bool = False,
    numbers: Counts | EditionNumbers | None = None,
) -> StateLine:
    """Return the state line: what will happen, to how many, when, and what if nobody acts.

    With `read_only` it has no buttons. `numbers` are those of the page, if it has them.
    """
    app, now = visit.desk.app, visit.desk.now()
    planned = app.calendar.of(edition.key)
    due = planned.send_at if planned else None
    if is_special(edition.key) and edition.state == EditionState.APPROVED:
        due = due_at(app.editions.decisions(edition.key))
    send_at = due.astimezone(now.tzinfo) if due else None
    ahead = _ahead(send_at, now)
    has_buttons = visit.may(Role.SENDER) and not read_only
    make = partial(StateLine, edition.key, read_only=read_only, seen=revision(edition), send_at=ahead)
    if edition.state in (EditionState.DRAFT, EditionState.APPROVED):
        make = partial(make, left=_left(ahead - now, visit) if ahead else "")
        if edition.state == EditionState.APPROVED:
            return _approved(make, visit, edition, send_at, has_buttons=has_buttons)
        return _draft(make, visit, edition, planned, send_at, has_buttons=has_buttons, asks_reason=asks_reason)
    numbers = numbers or app.status_reader.counts(edition.key, now)
    make = partial(make, begun=edition.state in (*UNDER_WAY, EditionState.DONE))
    if edition.state in UNDER_WAY:
        return _under_way(make, visit, edition, numbers, has_buttons=has_buttons)
    if edition.state == EditionState.PAUSED:
        return _paused(make, visit, edition, numbers, has_buttons=has_buttons)
    return _ended(make, visit, edition, numbers, has_buttons=has_buttons)


def _ahead(send_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time if it is still to come."""
    return send_at if send_at and send_at > now else None


def _approved(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    send_at: datetime | None,
    *,
    has_buttons: bool,
) -> StateLine:
    _, now = visit.catalogue.gettext, visit.desk.now()
    goes = _special_line(visit, edition, send_at, now) if is_special(edition.key) else ""
    more = f"{goes} {_approval_line(visit, edition)}".strip()
    approved, title = _("Approved."), _when_to_whom(visit, edition, _ahead(send_at, now))
    buttons = ("reopen", "pause") if has_buttons else ()
    return make(kind="ok", title=f"{approved} {title}", more=more, buttons=buttons)


def _draft(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    planned: PlannedEdition | None,
    send_at: datetime | None,
    *,
    has_buttons: bool,
    asks_reason: bool,
) -> StateLine:
    _, special, now = visit.catalogue.gettext, is_special(edition.key), visit.desk.now()
    required = special or visit.desk.app.requires_approval(edition.key)
    # Composed or approved after its time, it goes out with the approval.
    sends = required and planned is not None and send_at is not None and send_at <= now <= planned.expires_at
    by_itself = _("It goes out by itself; approving it keeps it as it is now.")
    return make(
        kind="warn" if required else "info",
        title=_when_to_whom(visit, edition, _ahead(send_at, now), sends=sends),
        more=_deadline(visit, edition, planned, now, special=special) if required else by_itself,
        buttons=("approve", "pause") if has_buttons else (),
        asks_reason=asks_reason,
        is_special=special,
        sends=special or sends,
    )


def _under_way(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: Counts | EditionNumbers,
    *,
    has_buttons: bool,
) -> StateLine:
    """Say how many emails have gone, how fast, and when the rest has."""
    _ = visit.catalogue.gettext
    done = numbers.accepted + numbers.rejected + numbers.unknown
    everybody = numbers.frozen - numbers.excluded
    rate = visit.desk.rates.add(edition.key, done, monotonic())
    return make(
        kind="info",
        title=_("Being sent: %(done)s of %(all)s") % {"done": f"{numbers.accepted:,}", "all": f"{everybody:,}"},
        left=_left(timedelta(seconds=numbers.pending / rate), visit) if rate and numbers.pending else "",
        more=_("%(rate)s per second") % {"rate": f"{rate:,.0f}"} if rate >= 1 else "",
        buttons=("pause", "cancel") if has_buttons else (),
    )


def _paused(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: Counts | EditionNumbers,
    *,
    has_buttons: bool,
) -> StateLine:
    """Say why, and offer to end it: for good once there are recipients, back to a draft before."""
    _ = visit.catalogue.gettext
    stopping = _still_handed_over(visit, edition) if edition.state in _STOPPED else ""
    more = f"{_why_paused(visit, edition)} {stopping}".strip()
    buttons = ("resume", "cancel" if numbers.frozen else "reopen") if has_buttons else ()
    return make(kind="bad", title=_("Paused. Nothing more goes out."), more=more, buttons=buttons)


def _ended(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: Counts | EditionNumbers,
    *,
    has_buttons: bool,
) -> StateLine:
    """Say what became of an edition from which nothing more goes out."""
    _ = visit.catalogue.gettext
    kinds = {EditionState.DONE: "ok", EditionState.CANCELLED: "off", EditionState.SKIPPED: "warn"}
    stopping = _still_handed_over(visit, edition) if edition.state in _STOPPED else ""
    unknown = _("%(num)s are still unknown") % {"num": f"{numbers.unknown:,}"} if numbers.unknown else ""
    return make(
        kind=kinds.get(edition.state, "bad"),
        title=_end(visit, edition, numbers.accepted),
        more=stopping or unknown,
        buttons=("reopen",) if edition.state == EditionState.EXPIRED and has_buttons else (),
    )


def _end(visit: Visit, edition: Edition, accepted: int) -> str:
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    reached = ngettext("%(num)s recipient", "%(num)s recipients", accepted) % {"num": f"{accepted:,}"}
    if edition.state == EditionState.DONE:
        return _("Sent to %(whom)s") % {"whom": reached} if accepted else _("Sent to nobody")
    if edition.state == EditionState.CANCELLED:
        if accepted:
            return _("Stopped for good, after it went to %(whom)s.") % {"whom": reached}
        return _("Stopped for good, before it went to anybody.")
    if edition.state == EditionState.EXPIRED:
        return _("It was not sent: nobody approved it, or its hour passed.")
    if is_uncomposed(edition):
        return _("It is not composed")
    if is_special(edition.key):
        return _("No article matches. Compose it again under the same name.")
    return _("No edition: too few stories.")


def _still_handed_over(visit: Visit, edition: Edition) -> str:
    """Say how many emails of a stopped edition are in flight; '' if none is."""
    num = in_flight_elsewhere(visit.desk.app.database, edition.key)
    ngettext = visit.catalogue.ngettext
    found = ngettext(
        "%(num)s email is still being handed over; no other one begins.",
        "%(num)s emails are still being handed over; no other one begins.",
        num,
    )
    return found % {"num": f"{num:,}"} if num else ""


def _when_to_whom(visit: Visit, edition: Edition, send_at: datetime | None, *, sends: bool = False) -> str:
    """Say when an edition goes out, and to how many. With `sends` an approval sends it at once."""
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    number = visit.desk.audience.of(edition)
    at = clock(send_at) if send_at else ""
    if send_at and send_at.date() != visit.desk.now().date():
        at = f"{dates.short(send_at.date(), visit.catalogue.language)} {at}"
    if number is None:
        if sends:
            return _("It goes out as soon as it is approved.")
        return _("It goes out at %(clock)s") % {"clock": at} if at else _("It is ready to be sent")
    whom = ngettext("%(num)s subscriber", "%(num)s subscribers", number) % {"num": f"{number:,}"}
    if not number:
        return _("It goes to nobody")
    if at:
        return _("At %(clock)s to %(whom)s") % {"clock": at, "whom": whom}
    return (_("As soon as it is approved, to %(whom)s") if sends else _("It goes to %(whom)s")) % {"whom": whom}


def _left(left: timedelta, visit: Visit) -> str:
    ngettext = visit.catalogue.ngettext
    seconds = max(0, round(left.total_seconds()))
    if seconds < 60:
        return ngettext("%(num)s second left", "%(num)s seconds left", seconds) % {"num": seconds}
    minutes = seconds // 60
    if minutes < 60:
        return ngettext("%(num)s minute left", "%(num)s minutes left", minutes) % {"num": minutes}
    hours, minutes = divmod(minutes, 60)
    return visit.catalogue.gettext("%(hours)s h %(minutes)s min left") % {"hours": hours, "minutes": minutes}


def _special_line(visit: Visit, edition: Edition, send_at: datetime | None, now: datetime) -> str:
    """Say when an approved special edition goes out; '' if the line has its hour."""
    _ = visit.catalogue.gettext
    if send_at is None or now > send_at + visit.desk.app.settings.schedule.expires_after:
        return _("`digest send %(edition)s` sends it.") % {"edition": edition.key}
    return "" if send_at > now else _("It goes out within a minute.")


def _deadline(visit: Visit, edition: Edition, planned: PlannedEdition | None, now: datetime, *, special: bool) -> str:
    _ = visit.catalogue.gettext
    if special:
        return _("It waits for approval, and goes out right after it or at the time that you choose.")
    if planned is None:
        return _("It waits for approval.")
    by = planned.approve_by
    # A draft that was composed after that time waits until it expires.
    is_late = by is not None and edition.composed_at is not None and edition.composed_at >= by
    due = (planned.expires_at if by is None or is_late else by).astimezone(now.tzinfo)
    if now > due:
        return _("It waits for approval. Its time is over, so send it with `digest send`.")
    if by is not None and planned.schedule.on_no_approval == "send":
        if is_late:
            return _("It goes out within a minute.")
        return _("Without approval by %(clock)s it goes out as it is.") % {"clock": clock(due)}
    return _("Without approval by %(clock)s there is no edition.") % {"clock": clock(due)}


def _approval_line(visit: Visit, edition: Edition) -> str:
    app, now = visit.desk.app, visit.desk.now()
    for act in app.audit.newest(_DECISIONS, subject=edition.key):
        if act.what == EditionState.APPROVED:
            values = {"who": act.who, "clock": clock(act.at.astimezone(now.tzinfo))}
            return visit.catalogue.gettext("%(who)s approved it at %(clock)s. A change needs a new approval.") % values
    return visit.catalogue.gettext("A change needs a new approval.")


def stops(visit: Visit, edition: Edition) -> list[tuple[datetime, str]]:
    """Return when and why the send of an edition stopped by itself."""
    found = (each for each in visit.desk.app.editions.decisions(edition.key) if each.what == STOPPED)
    return [(each.at, translate_all(each.reason, visit.catalogue)) for each in found]


def _why_paused(visit: Visit, edition: Edition) -> str:
    """Return who paused an edition, or why it stopped by itself; '' if nobody knows."""
    acts = visit.desk.app.audit.newest(_DECISIONS, subject=edition.key)
    by_hand = next((act for act in acts if act.what == EditionState.PAUSED), None)
    stopped = max(stops(visit, edition), default=None)
    if stopped and (by_hand is None or by_hand.at < stopped[0]):
        return stopped[1]
    if by_hand is None:
        return ""
    values = {"who": by_hand.who, "when": when(by_hand.at, visit.desk.now(), visit.catalogue)}
    return visit.catalogue.gettext("%(who)s held it, %(when)s.") % values
