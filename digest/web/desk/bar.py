"""The line on top of an edition's pages: its state, what happens next, and the possible actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from digest.hindi import dates
from digest.hindi.numbers import group
from digest.models import (
    BEGUN_STATES,
    WAITING_STATES,
    Edition,
    EditionState,
    RecipientCounts,
    Role,
    is_breaking,
    is_special,
)
from digest.store.sending.decisions import Decision
from digest.store.sending.recovery import in_flight_elsewhere
from digest.usecases.approval import accepted_errors, revision
from digest.usecases.lost_texts import LostText, NewerText, lost_texts, newer_texts
from digest.usecases.special import due_at, is_uncomposed
from digest.usecases.stop_edition import state_after_pause
from digest.web.desk import seen as seen_texts
from digest.web.desk import since
from digest.web.desk.sentences import translate_all
from digest.web.desk.views import clock, when
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.config.calendar import PlannedEdition

# Rows of the log that are looked at for a decision.
_DECISIONS = 12


@dataclass(frozen=True, slots=True)
class StateLine:
    """The state line. `kind` chooses its colour, `buttons` are the possible actions."""

    edition: str
    kind: str
    title: str
    # The time within which an approval makes the title true; it is read before the title.
    condition: str = ""
    # The remaining time: to approve, else to the send, or until the send ends.
    left: str = ""
    more: str = ""
    # Whether the rest of the line implies `more`. A phone leaves it out.
    is_implied: bool = False
    buttons: tuple[str, ...] = ()
    seen: str = ""
    # The number of the newest act on the edition.
    act: int = 0
    # What changed after the page was opened, and by whom.
    news: Sequence[str] = ()
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
    # The user's texts that somebody replaced at the same moment.
    lost: Sequence[LostText] = ()
    # The texts that were saved after the page was opened.
    newer: Sequence[NewerText] = ()


def bar(
    visit: Visit,
    edition: Edition,
    *,
    asks_reason: bool = False,
    read_only: bool = False,
    numbers: RecipientCounts | None = None,
) -> StateLine:
    """Return the state line: what will happen, to how many, when, and what if nobody acts.

    With `read_only` it has no buttons. `numbers` are the page's, if it has them.
    """
    app, now = visit.desk.app, visit.desk.now()
    planned = _plan(visit, edition)
    due = planned.send_at if planned else None
    if is_special(edition.key) and edition.state == EditionState.APPROVED:
        due = due_at(app.editions.decisions(edition.key))
    send_at = due.astimezone(now.tzinfo) if due else None
    ahead = _ahead(send_at, now)
    has_buttons = visit.may(Role.SENDER) and not read_only
    seen, act = revision(edition), since.newest(visit, edition.key)
    news: Sequence[str] = ()
    newer: Sequence[NewerText] = ()
    if visit.query.get("seen", seen) != seen:
        opened = number_in(visit.query.get("act", ""))
        after = act if opened is None else opened
        news = since.change_lines(visit, since.acts(visit, edition.key, after), most=30)
        newer = newer_texts(app.audit, edition, after)
    make = partial(
        StateLine, edition.key, read_only=read_only, seen=seen, act=act, news=news, newer=newer, send_at=ahead
    )
    if edition.state in WAITING_STATES:
        if visit.may(Role.EDITOR) and not read_only:
            make = partial(make, lost=lost_texts(app.audit, edition, visit.user.name))
        make = partial(make, left=_time_left(ahead - now, visit) if ahead else "")
        if edition.state == EditionState.APPROVED:
            return _approved_line(make, visit, edition, planned, send_at, has_buttons=has_buttons)
        return _draft(make, visit, edition, planned, send_at, has_buttons=has_buttons, asks_reason=asks_reason)
    numbers = numbers or app.status_reader.counts(edition.key, now)
    make = partial(make, begun=edition.state in BEGUN_STATES)
    if edition.state == EditionState.SENDING:
        return _under_way(make, visit, edition, numbers, has_buttons=has_buttons)
    if edition.state == EditionState.PAUSED:
        return _paused_line(make, visit, edition, numbers, has_buttons=has_buttons)
    return _ended_line(make, visit, edition, numbers, has_buttons=has_buttons)


def _ahead(send_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time if it is still to come."""
    return send_at if send_at and send_at > now else None


def _approved_line(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    planned: PlannedEdition | None,
    send_at: datetime | None,
    *,
    has_buttons: bool,
) -> StateLine:
    _, now = visit.catalogue.gettext, visit.desk.now()
    ahead = _ahead(send_at, now)
    kind, title, goes = "ok", _when_to_whom(visit, edition, ahead), ""
    if is_special(edition.key):
        goes = _special_line(visit, edition, send_at, now)
    elif planned is None and not is_breaking(edition.key):
        kind, title, goes = "warn", _("It does not go out by itself"), _by_command(visit, edition)
    if has_obstacles(visit, edition):
        kind, title = "bad", _obstacles_line(visit, ahead)
    more = f"{goes} {_approval_line(visit, edition)}".strip()
    buttons = ("reopen", "pause") if has_buttons else ()
    return make(kind=kind, title=_("Approved.") + f" {title}", more=more, is_implied=not goes, buttons=buttons)


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
    _, special, breaking = visit.catalogue.gettext, is_special(edition.key), is_breaking(edition.key)
    required = special or breaking or visit.desk.app.requires_approval(edition.key)
    ahead = _ahead(send_at, visit.desk.now())
    waits, more, sends = required, _("It goes out by itself; approving it keeps it as it is now."), False
    until = None
    if planned is None and not (special or breaking):
        waiting = _("It waits for approval.") if required else ""
        title, more = _("It does not go out by itself"), f"{waiting} {_by_command(visit, edition)}".strip()
    else:
        if required:
            waits, more, until = _deadline(visit, edition, planned)
        # Composed or approved after its time, it goes out with the approval.
        sends = waits and ahead is None
        title = _when_to_whom(visit, edition, ahead, sends=sends, waits=waits)
    is_blocked = has_obstacles(visit, edition, approves=required)
    if until is not None and until > visit.desk.now():
        left = until - visit.desk.now()
        make = partial(make, is_implied=True, left=_("%(left)s to approve") % {"left": _time_left(left, visit)})
        if not is_blocked:
            title = _when_to_whom(visit, edition, ahead)
            make = partial(make, condition=_if_approved_within(left, visit), left="")
    return make(
        kind="bad" if is_blocked else "warn" if required else "info",
        title=_obstacles_line(visit, ahead) if is_blocked else title,
        more=more,
        buttons=("approve", "pause") if has_buttons else (),
        asks_reason=asks_reason,
        is_special=special,
        sends=sends,
    )


def _plan(visit: Visit, edition: Edition) -> PlannedEdition | None:
    """Return the plan by which an edition goes out; None if its day has none, or its time is over."""
    now, on_its_day = visit.desk.now(), visit.desk.app.calendar.on(edition.day)
    return next((each for each in on_its_day if each.key == edition.key and now <= each.expires_at), None)


def has_obstacles(visit: Visit, edition: Edition, *, approves: bool = False) -> bool:
    """Whether something refuses the send, or with `approves` the approval, as far as the checks have ended."""
    editions = visit.desk.app.editions
    if approves and seen_texts.left(visit, edition):
        return True
    found = visit.desk.checks.of(edition) or visit.desk.checks.last(edition)
    errors = [each for each in found.findings if each.level == "error"] if found else []
    if errors and edition.state == EditionState.APPROVED:
        accepted = accepted_errors(editions.decisions(edition.key))
        errors = [each for each in errors if each.rule not in accepted]
    return bool(errors)


def _under_way(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: RecipientCounts,
    *,
    has_buttons: bool,
) -> StateLine:
    """Say how many emails have gone, how fast, and when the last one will have gone."""
    _ = visit.catalogue.gettext
    done = numbers.accepted + numbers.rejected + numbers.unknown
    everybody = numbers.frozen - numbers.excluded
    rate = visit.desk.rates.add(edition.key, done, monotonic())
    left = _time_left(timedelta(seconds=numbers.pending / rate), visit) if rate and numbers.pending else ""
    speed = _("%(rate)s per second") % {"rate": group(round(rate))} if rate >= 1 else ""
    return make(
        kind="info",
        title=_("Being sent: %(done)s of %(all)s") % {"done": group(numbers.accepted), "all": group(everybody)},
        left=" · ".join(filter(None, (left, speed))),
        buttons=("pause", "cancel") if has_buttons else (),
    )


def _paused_line(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: RecipientCounts,
    *,
    has_buttons: bool,
) -> StateLine:
    """Say why, and offer to end it: for good once there are recipients, back to a draft before."""
    _ = visit.catalogue.gettext
    stopping = _still_handed_over(visit, edition)
    planned, required = _plan(visit, edition), visit.desk.app.requires_approval(edition.key)
    until = _deadline(visit, edition, planned).says if planned and required and not numbers.frozen else ""
    more = " ".join(filter(None, (_why_paused(visit, edition), stopping, until)))
    editions = visit.desk.app.editions
    follows = state_after_pause(editions, edition.key, begun=numbers.frozen > 0, requires_approval=required)
    other = "cancel" if numbers.frozen else "reopen" if follows != EditionState.DRAFT else ""
    buttons = tuple(filter(None, ("resume", other))) if has_buttons else ()
    return make(kind="bad", title=_("Paused. Nothing more goes out."), more=more, buttons=buttons)


def _ended_line(
    make: Callable[..., StateLine],
    visit: Visit,
    edition: Edition,
    numbers: RecipientCounts,
    *,
    has_buttons: bool,
) -> StateLine:
    """Describe the end of an edition: nothing more of it goes out."""
    _ = visit.catalogue.gettext
    kinds = {EditionState.DONE: "ok", EditionState.CANCELLED: "off", EditionState.SKIPPED: "warn"}
    stopping = _still_handed_over(visit, edition) if edition.state == EditionState.CANCELLED else ""
    unknown = _("%(num)s are still unknown") % {"num": group(numbers.unknown)} if numbers.unknown else ""
    return make(
        kind=kinds.get(edition.state, "bad"),
        title=_end(visit, edition, numbers.accepted),
        more=stopping or unknown,
        buttons=("reopen",) if edition.state == EditionState.EXPIRED and has_buttons else (),
    )


def _end(visit: Visit, edition: Edition, accepted: int) -> str:
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    reached = ngettext("%(num)s recipient", "%(num)s recipients", accepted) % {"num": group(accepted)}
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
    planned, now = _plan(visit, edition), visit.desk.now()
    if planned is not None and planned.send_at > now:
        values = {"clock": _clock(visit, planned.send_at.astimezone(now.tzinfo))}
        return _("Too few stories so far. It is tried again at %(clock)s.") % values
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
    return found % {"num": group(num)} if num else ""


def _obstacles_line(visit: Visit, send_at: datetime | None) -> str:
    _ = visit.catalogue.gettext
    if send_at is None:
        return _("It does not go out before the obstacles are removed")
    values = {"clock": _clock(visit, send_at)}
    return _("It does not go out at %(clock)s unless the obstacles are removed") % values


def _by_command(visit: Visit, edition: Edition) -> str:
    return visit.catalogue.gettext("`digest send %(edition)s` sends it.") % {"edition": edition.key}


def _clock(visit: Visit, at: datetime) -> str:
    """Return the hour, with the day unless it is today."""
    is_today = at.date() == visit.desk.now().date()
    return clock(at) if is_today else f"{dates.short(at.date(), visit.catalogue.language)} {clock(at)}"


def _when_to_whom(
    visit: Visit, edition: Edition, send_at: datetime | None, *, sends: bool = False, waits: bool = False
) -> str:
    """Say when an edition goes out, and to how many.

    With `waits` it goes out only if somebody approves it, with `sends` as soon as somebody does.
    """
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    number = visit.desk.audience.of(edition)
    at = _clock(visit, send_at) if send_at else ""
    if number is None:
        if sends:
            return _("It goes out as soon as it is approved.")
        if at:
            return (_("If approved, it goes out at %(clock)s") if waits else _("It goes out at %(clock)s")) % {
                "clock": at
            }
        return _("It is ready to be sent")
    whom = ngettext("%(num)s subscriber", "%(num)s subscribers", number) % {"num": group(number)}
    if not number:
        return _("It goes to nobody")
    if at:
        text = _("If approved, at %(clock)s to %(whom)s") if waits else _("At %(clock)s to %(whom)s")
        return text % {"clock": at, "whom": whom}
    return (_("As soon as it is approved, to %(whom)s") if sends else _("It goes to %(whom)s")) % {"whom": whom}


def _time_left(left: timedelta, visit: Visit) -> str:
    ngettext = visit.catalogue.ngettext
    seconds = max(0, round(left.total_seconds()))
    if seconds < 60:
        return ngettext("%(num)s second left", "%(num)s seconds left", seconds) % {"num": seconds}
    minutes = seconds // 60
    if minutes < 60:
        return ngettext("%(num)s minute left", "%(num)s minutes left", minutes) % {"num": minutes}
    hours, minutes = divmod(minutes, 60)
    return visit.catalogue.gettext("%(hours)s h %(minutes)s min left") % {"hours": hours, "minutes": minutes}


def _if_approved_within(left: timedelta, visit: Visit) -> str:
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    seconds = max(0, round(left.total_seconds()))
    if seconds < 60:
        found = ngettext("If approved within %(num)s second:", "If approved within %(num)s seconds:", seconds)
        return found % {"num": seconds}
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return _("If approved within %(hours)s h %(minutes)s min:") % {"hours": hours, "minutes": minutes}
    found = ngettext("If approved within %(num)s minute:", "If approved within %(num)s minutes:", minutes)
    return found % {"num": minutes}


def _special_line(visit: Visit, edition: Edition, send_at: datetime | None, now: datetime) -> str:
    """Say when an approved special edition goes out; '' if the line has its hour."""
    _ = visit.catalogue.gettext
    if send_at is None or now > send_at + visit.desk.app.settings.schedule.expires_after:
        return _by_command(visit, edition)
    return "" if send_at > now else _("It goes out within a minute.")


class _Deadline(NamedTuple):
    """What becomes of a draft that nobody approves."""

    # Whether it then stays.
    waits: bool
    # The same as a sentence.
    says: str
    # `approve_by`, if it must be approved before that.
    until: datetime | None = None


def _deadline(visit: Visit, edition: Edition, planned: PlannedEdition | None) -> _Deadline:
    """Return what happens to a draft that nobody approves, and when."""
    _ = visit.catalogue.gettext
    if is_special(edition.key):
        # Its title and the field for its time say when it goes out.
        return _Deadline(True, "")
    if planned is None:
        return _Deadline(True, _("It waits for approval."))
    by = planned.approve_by
    sends = by is not None and planned.schedule.on_no_approval == "send"
    # A draft that was composed or reopened after that time waits until it expires.
    if by is not None and visit.desk.app.editions.reopened_since(edition.key, by):
        sends, by = False, None
    elif by is not None and edition.composed_at is not None and edition.composed_at >= by:
        if sends:
            return _Deadline(False, _("It goes out within a minute."))
        by = None
    due = _clock(visit, (by or planned.expires_at).astimezone(visit.desk.now().tzinfo))
    if sends:
        return _Deadline(False, _("Without approval by %(clock)s it goes out as it is.") % {"clock": due})
    return _Deadline(True, _("Without approval by %(clock)s there is no edition.") % {"clock": due}, by)


def _approval_line(visit: Visit, edition: Edition) -> str:
    app, now = visit.desk.app, visit.desk.now()
    for act in app.audit.newest(_DECISIONS, subject=edition.key):
        if act.what == EditionState.APPROVED:
            if act.who == visit.user.name:
                break
            values = {"who": act.who, "clock": clock(act.at.astimezone(now.tzinfo))}
            return visit.catalogue.gettext("%(who)s approved it at %(clock)s. A change needs a new approval.") % values
    return visit.catalogue.gettext("A change needs a new approval.")


def stops(visit: Visit, edition: Edition) -> list[tuple[datetime, str]]:
    """Return when and why the send of an edition stopped by itself."""
    found = (each for each in visit.desk.app.editions.decisions(edition.key) if each.what == Decision.STOPPED)
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
