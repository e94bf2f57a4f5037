"""The conditions of alerts: pure functions from facts to alerts."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from digest.models import (
    BEGUN_STATES,
    DEFERRED,
    PROVIDER_NAMES,
    SENT_STATES,
    WAITING_STATES,
    AttemptState,
    EditionState,
    is_breaking,
    is_special,
    split_key,
)
from digest.notify.alert import Alert, AlertKind
from digest.notify.disks import disk_alerts
from digest.notify.facts import AlertFacts, AttemptFacts, EditionFacts
from digest.notify.formats import format_time
from digest.notify.provider_faults import ProviderFault, remedy
from digest.notify.provider_faults import classify as classify_fault
from digest.notify.receiver_codes import classify
from digest.utils.text import plural

# How long an edition's alerts stay open after its day: about missed editions, and about receivers' responses.
_MISSED_FOR, _FEEDBACK_FOR = timedelta(hours=36), timedelta(days=4)
_PROVIDER_FOR = timedelta(hours=12)
# Time for an editor who withdraws an approval to give it again, before all are asked for it.
_AT_WORK = timedelta(minutes=10)
# A run may still cancel a batch and send it again.
_UNKNOWN_FOR = timedelta(seconds=30)
# With fewer recipients a rate is not significant.
_MIN_BOUNCES, _MIN_COMPLAINTS, _MIN_BLOCKS, _MIN_DEFERRED = 5, 3, 20, 5
# Fewer accepted emails may not cause any event in time.
_MIN_SENT = 20

_BEGUN = (*SENT_STATES, EditionState.CANCELLED)
_COMPOSED = (*WAITING_STATES, *BEGUN_STATES)
# Attempts that may have reached somebody.
_DOUBTED = (AttemptState.UNKNOWN, AttemptState.CANCELLING, AttemptState.RESTORED)
_FAILED = (AttemptState.NOT_SENT, AttemptState.RETRYABLE, AttemptState.UNKNOWN)
# Not the provider's fault.
_OUR_STOP = "the run was"

# One answer of these is enough: a retry cannot change it.
_FAULTS_OF_OURS = (ProviderFault.CERTIFICATE, ProviderFault.KEY, ProviderFault.FORBIDDEN, ProviderFault.SENDER)


def find(facts: AlertFacts) -> list[Alert]:
    """Return the alerts whose conditions hold."""
    return [alert for condition in CONDITIONS for alert in condition(facts)]


def dead_sources(facts: AlertFacts) -> Iterator[Alert]:
    for source in facts.sources:
        if source.failures < facts.rules.source_failures:
            continue
        good = f"It was last read at {_when(source.last_good, facts)}." if source.last_good else "It was never read."
        yield Alert(
            AlertKind.SOURCE_DEAD,
            source.name,
            f"Source {source.name} is dead",
            f"It has failed {source.failures} times in a row: {source.last_error} {good}",
            f"See what it answers: `digest sources test {shlex.quote(source.name)}`. "
            "If it has moved, correct its URL in digest.yaml; if it is gone, remove it.",
            source.last_good or facts.now,
        )


def silent_sources(facts: AlertFacts) -> Iterator[Alert]:
    for source in facts.sources:
        if source.failures or source.last_new is None or facts.now - source.last_new <= facts.rules.source_silent:
            continue
        yield Alert(
            AlertKind.SOURCE_SILENT,
            source.name,
            f"Source {source.name} is silent",
            f"It answers, but it has had no new article since {_when(source.last_new, facts)}.",
            f"See what it answers: `digest sources test {shlex.quote(source.name)}`. "
            "Perhaps the newspaper has a new feed.",
            source.last_new,
        )


def skipped_editions(facts: AlertFacts) -> Iterator[Alert]:
    """Yield skipped editions of the schedule. Whoever composed a special edition sees that it has no stories."""
    for edition in facts.editions:
        if edition.state == EditionState.SKIPPED and not is_special(edition.key):
            yield _missed_alert(
                facts,
                AlertKind.EDITION_SKIPPED,
                edition,
                f"Edition {edition.key} is skipped",
                f"Nobody gets it: {edition.reason}",
                f"Look at the sources: `digest sources list`. `digest send {edition.key}` tries again.",
            )


def thin_editions(facts: AlertFacts) -> Iterator[Alert]:
    for edition in facts.editions:
        day, slug = split_key(edition.key)
        if edition.state == EditionState.DRAFT:
            command = f"digest compose --date {day} {f'--edition {slug} ' if slug else ''}--explain"
            action = f"`{command}` shows the stories that just missed it."
        else:
            action = f"`digest edition show {edition.key}` shows why each story was chosen."
        if edition.state in _COMPOSED and edition.stories < facts.rules.thin_below(edition.key):
            stories = "1 story" if edition.stories == 1 else f"{edition.stories} stories"
            yield _missed_alert(
                facts,
                AlertKind.EDITION_THIN,
                edition,
                f"Edition {edition.key} has only {stories}",
                f"It is {edition.state}. Perhaps a source failed.",
                f"Look at the sources: `digest sources list`. {action}",
            )


def waiting_editions(facts: AlertFacts) -> Iterator[Alert]:
    for edition in facts.editions:
        if edition.state != EditionState.DRAFT or edition.composed_at is None or _is_at_work(facts, edition):
            continue
        if facts.rules.requires_approval(edition.key):
            yield Alert(
                AlertKind.EDITION_WAITING,
                edition.key,
                f"Edition {edition.key} waits for approval",
                f"{edition.subject} ({edition.stories} stories). It is not sent before somebody approves it.",
                approval_action(edition.key, facts.rules.approval_link(edition.key)),
                edition.composed_at,
            )


def _is_at_work(facts: AlertFacts, edition: EditionFacts) -> bool:
    """Whether somebody has just withdrawn or ended its approval, and there is time to approve it again."""
    by = facts.rules.decide_by(edition.key)
    is_new = edition.reopened_at is not None and facts.now - edition.reopened_at < _AT_WORK
    return is_new and (by is None or by - facts.now > 2 * _AT_WORK)


def approval_action(key: str, link: str | None) -> str:
    """Return how to approve an edition: on the page, or by command."""
    command = f"`digest edition approve {key}`. `digest preview {key} --open` shows it."
    return f"Look at it and approve it: {link} or run {command}" if link else f"Run {command}"


def expired_editions(facts: AlertFacts) -> Iterator[Alert]:
    """Yield expired editions. Proposals of breaking news are not reported, because their news is old."""
    for edition in facts.editions:
        if edition.state == EditionState.EXPIRED and not is_breaking(edition.key):
            approve, later = "", ""
            if facts.rules.requires_approval(edition.key):
                approve = f"`digest edition approve {edition.key}` approves it, "
            if approve and not is_special(edition.key):
                later = " For more time to approve, set `schedule.approve_by` or `schedule.expires_after` later."
            yield _missed_alert(
                facts,
                AlertKind.EDITION_EXPIRED,
                edition,
                f"Edition {edition.key} expired",
                f"{edition.reason or 'It was not sent in time.'} Nobody gets it.",
                f"`digest edition reopen {edition.key}` brings it back, {approve}and `digest send {edition.key}` "
                f"sends it.{later}",
            )


def stopped_editions(facts: AlertFacts) -> Iterator[Alert]:
    for edition in facts.editions:
        if edition.state == EditionState.PAUSED and edition.stopped:
            at, reason = edition.stopped
            yield Alert(
                AlertKind.SENDING_STOPPED,
                edition.key,
                f"Sending of edition {edition.key} was paused automatically",
                f"{reason}. {edition.accepted} recipients have it, {edition.pending} wait.",
                f"See who bounced: `digest status {edition.key}`. Clean the list, then `digest edition resume "
                f"{edition.key}` sends the rest, and `digest edition cancel {edition.key}` gives it up.",
                at,
            )


def slow_sends(facts: AlertFacts) -> Iterator[Alert]:
    for edition in facts.editions:
        if edition.state != EditionState.SENDING or edition.oldest_due is None:
            continue
        # Emails that waited while nobody sent are not slow.
        begun = (edition.oldest_due, edition.frozen_at, facts.sending_since)
        since = max(moment for moment in begun if moment is not None)
        if facts.now - since >= facts.rules.slow_send:
            yield Alert(
                AlertKind.SENDING_SLOW,
                edition.key,
                f"Sending of edition {edition.key} is slow",
                f"{edition.accepted} recipients have it, {edition.pending} wait, some since {_when(since, facts)}.",
                f"`digest status {edition.key}` says why. Perhaps `delivery.rate` or `delivery.threads` is too low.",
                since,
            )


def unknown_outcomes(facts: AlertFacts) -> Iterator[Alert]:
    fresh = {
        attempt.edition
        for attempt in facts.attempts
        if attempt.state in (AttemptState.UNKNOWN, AttemptState.CANCELLING)
        and facts.now - attempt.ended_at < _UNKNOWN_FOR
    }
    for edition in facts.editions:
        if edition.unknown and edition.key not in fresh:
            who = "1 recipient" if edition.unknown == 1 else f"{edition.unknown} recipients"
            own = [attempt for attempt in facts.attempts if attempt.edition == edition.key]
            ended = [attempt.ended_at for attempt in own]
            # Newest first.
            open_ = [attempt.state for attempt in own if attempt.state in _DOUBTED]
            restored = open_[:1] == [AttemptState.RESTORED]
            # The mark of a restored copy has no transport.
            named = {attempt.transport for attempt in own if attempt.state in _DOUBTED and attempt.transport}
            smtp = (named or set(facts.transports)) == {"smtp"}
            why = (
                "The store was restored from a copy, and they may have been sent since the copy was made."
                if restored
                else "The connection broke or the program was stopped before an answer came, and the "
                f"{'mail server' if smtp else 'provider'} may or may not have their emails."
            )
            how = (
                "it lists what to look for in the log of the mail server"
                if smtp
                else ("it asks the provider where it can, and lists the rest")
            )
            yield Alert(
                AlertKind.OUTCOME_UNKNOWN,
                edition.key,
                f"Edition {edition.key}: the outcome is unknown for {who}",
                f"{why} They are not sent again automatically, so that nobody gets an email twice.",
                f"Run `digest reconcile {edition.key}`: {how}.",
                max(ended, default=facts.now),
            )


def providers(facts: AlertFacts) -> Iterator[Alert]:
    """Yield transports that fail again and again, or that the last probe found unusable."""
    by_transport: dict[str, list[AttemptFacts]] = defaultdict(list)
    # Where so many recipients are deferred that they are not the cause.
    deferring = {
        edition.key
        for edition in facts.editions
        if are_many_deferred(edition.deferred, edition.accepted, facts.rules.block_rate)
    }
    for attempt in facts.attempts:
        is_deferral = attempt.detail.startswith(DEFERRED) and attempt.edition not in deferring
        if not is_deferral and not attempt.detail.startswith(_OUR_STOP):
            by_transport[attempt.transport].append(attempt)
    for transport in dict.fromkeys((*by_transport, *facts.probes)):
        failed = _failures_in_a_row(by_transport[transport])
        problem = facts.probes.get(transport, "")
        recent = failed and facts.now - failed[0].ended_at < _PROVIDER_FOR
        if recent and (
            len(failed) >= facts.rules.provider_failures or classify_fault(failed[0].detail) in _FAULTS_OF_OURS
        ):
            since, until = failed[-1].started_at, failed[0].ended_at + _PROVIDER_FOR
            yield _unusable(facts, transport, problem or failed[0].detail, since, until)
        elif problem:
            yield _unusable(facts, transport, problem, facts.now, None)


def are_many_deferred(deferred: int, accepted: int, percent: float) -> bool:
    """Whether receivers defer so many recipients that the sender, not full mailboxes, must be the cause."""
    if not deferred:
        return False
    return not accepted or (deferred >= _MIN_DEFERRED and _is_over(deferred, deferred + accepted, percent))


def rates(facts: AlertFacts) -> Iterator[Alert]:
    """Yield rates by which receivers judge a sender.

    Gmail and Yahoo ask for complaints below 0.1 % and refuse senders above 0.3 %
    (support.google.com/a/answer/81126, senders.yahooinc.com/best-practices).
    """
    for edition in facts.editions:
        sent = edition.accepted + edition.rejected + edition.unknown
        bounced = edition.failures.get("bounced", 0) + edition.rejected
        complained = edition.failures.get("complained", 0)
        blocked = edition.failures.get("blocked", 0) + edition.failures.get("dropped", 0)
        if edition.state not in _BEGUN or not sent:
            continue
        rules = facts.rules
        if bounced >= _MIN_BOUNCES and _is_over(bounced, sent, rules.bounce_rate):
            yield _rate(
                facts,
                AlertKind.BOUNCE_RATE,
                edition,
                f"{_percent(bounced, sent)} of edition {edition.key} bounced",
                f"{bounced} of {sent} emails were refused or came back.",
                f"`digest status {edition.key}` names them. They get no more email. If many are from one import, "
                "check where that list comes from.",
            )
        if complained >= _MIN_COMPLAINTS and _is_over(complained, sent, rules.complaint_rate):
            yield _rate(
                facts,
                AlertKind.COMPLAINT_RATE,
                edition,
                f"{_percent(complained, sent)} of edition {edition.key} complained",
                f"{complained} of {sent} recipients marked it as spam. Gmail and Yahoo ask for less than 0.1 % and "
                "refuse senders above 0.3 %.",
                "Write only to people who asked for it, and make unsubscribing easy. "
                f"`digest report {edition.key}` compares it with earlier editions.",
            )
        if blocked >= _MIN_BLOCKS and _is_over(blocked, sent, rules.block_rate):
            yield _rate(
                facts,
                AlertKind.BLOCK_RATE,
                edition,
                f"{_percent(blocked, sent)} of edition {edition.key} was blocked",
                f"{blocked} of {sent} emails were blocked or dropped. The cause is then the sender or the email, not "
                "the recipients.",
                f"Look up the reasons at the provider. `digest edition pause {edition.key}` holds the rest.",
            )


def receiver_answers(facts: AlertFacts) -> Iterator[Alert]:
    """Yield problems of the sender that Gmail, Yahoo or Outlook report."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    examples: dict[tuple[str, str], tuple[str, str, str]] = {}
    texts = [(answer.edition, answer.text, answer.recipients) for answer in facts.answers]
    # One attempt that was refused as a whole counts for its batch.
    texts += [(each.edition, each.detail, facts.rules.policy_answers) for each in facts.attempts if each.detail]
    for key, text, recipients in texts:
        row = classify(text)
        if row is not None:
            counts[row.name, key] += recipients
            examples.setdefault((row.name, key), (row.meaning, row.action, text))
    days = {edition.key: edition for edition in facts.editions}
    reported = set[str]()
    for (name, key), count in counts.items():
        if count < facts.rules.policy_answers or name in reported or key not in days:
            continue
        reported.add(name)
        meaning, action, text = examples[name, key]
        receiver = name.partition(" ")[0].capitalize()
        yield Alert(
            AlertKind.RECEIVER_POLICY,
            name,
            f"{receiver} refuses emails: {meaning}",
            f"Edition {key}: {text}",
            f"{action}. `digest edition pause {key}` holds the rest.",
            facts.now,
            _end_of(days[key], facts, _FEEDBACK_FOR),
        )


def silent_webhook(facts: AlertFacts) -> Iterator[Alert]:
    if not facts.rules.events_expected:
        return
    for edition in facts.editions:
        sent = [
            attempt
            for attempt in facts.attempts
            if attempt.edition == edition.key
            and attempt.transport in facts.rules.events_expected
            and attempt.state in (AttemptState.ACCEPTED, AttemptState.CONFIRMED)
        ]
        if sum(attempt.size for attempt in sent) < _MIN_SENT:
            continue
        began = min(attempt.send_at or attempt.started_at for attempt in sent)
        until = began + timedelta(days=2)
        is_over = facts.last_event_at is not None and facts.last_event_at >= began
        if is_over or not facts.rules.webhook_silent <= facts.now - began < timedelta(days=2):
            continue
        last = _when(facts.last_event_at, facts) if facts.last_event_at else "never"
        name = sent[0].transport
        called = PROVIDER_NAMES.get(name, name)
        yield Alert(
            AlertKind.WEBHOOK_SILENT,
            name,
            f"{called}'s events do not arrive",
            f"Edition {edition.key} was sent at {_when(began, facts)}. The last events arrived: {last}. "
            "Bounces and complaints are missed, and outcomes stay unknown.",
            f"Check in {called}'s webhook settings that it is on and that its URL is "
            f"https://YOUR-HOST/webhooks/{name}, and send a test event."
            + (" `digest bounces --pull` imports the suppressions meanwhile." if name == "sendgrid" else ""),
            began,
            until,
        )
        return


def failed_feedback(facts: AlertFacts) -> Iterator[Alert]:
    found = facts.failed_feedback
    if found.since is not None:
        what = plural(found.number, "webhook payload or returned mail", "webhook payloads and returned mails")
        yield Alert(
            AlertKind.FEEDBACK_FAILED,
            "",
            "Feedback could not be processed",
            f"{what} could not be processed, the first one at {_when(found.since, facts)}. They may report bounces and "
            "complaints. All others are processed.",
            "`digest events handle --failed` tries again and says why it fails. If it fails after an update of digest, "
            "too, report the bug. They are kept for `web.webhooks.keep`.",
            found.since,
        )


def low_disks(facts: AlertFacts) -> Iterator[Alert]:
    yield from disk_alerts(facts.disks, facts.rules.disk_free, facts.now)


def old_backup(facts: AlertFacts) -> Iterator[Alert]:
    """Report a nightly backup that fails, which nobody notices. Before the first one, the checklist asks for it."""
    age, at = facts.rules.backup_age, facts.last_backup
    if age and at is not None and facts.now - at > age:
        yield Alert(
            AlertKind.BACKUP_OLD,
            "",
            f"The last backup of the store is {plural((facts.now - at).days, 'day')} old",
            f"It was made at {_when(at, facts)}. Without a recent one, a lost disk takes the unsubscribes and the "
            "record of what was sent with it.",
            "`systemctl status digest-backup` says why; `digest store backup FILE` makes one now. If something else "
            "backs the store up, set `alerts.backup_days: 0`.",
            at + age,
        )


CONDITIONS: tuple[Callable[[AlertFacts], Iterator[Alert]], ...] = (
    stopped_editions,
    providers,
    receiver_answers,
    unknown_outcomes,
    expired_editions,
    skipped_editions,
    waiting_editions,
    slow_sends,
    rates,
    thin_editions,
    dead_sources,
    silent_sources,
    silent_webhook,
    failed_feedback,
    low_disks,
    old_backup,
)
# The kinds about one edition, for which the store alone shows whether they hold.
EDITION_KINDS = frozenset(
    {
        AlertKind.EDITION_SKIPPED,
        AlertKind.EDITION_THIN,
        AlertKind.EDITION_WAITING,
        AlertKind.EDITION_EXPIRED,
        AlertKind.SENDING_STOPPED,
        AlertKind.SENDING_SLOW,
        AlertKind.OUTCOME_UNKNOWN,
    }
)
# The kinds that `find` returns. Others are raised and cleared where they are noticed.
KINDS = EDITION_KINDS | {
    AlertKind.SOURCE_DEAD,
    AlertKind.SOURCE_SILENT,
    AlertKind.PROVIDER_DOWN,
    AlertKind.KEY_REFUSED,
    AlertKind.CERTIFICATE_INVALID,
    AlertKind.BOUNCE_RATE,
    AlertKind.COMPLAINT_RATE,
    AlertKind.BLOCK_RATE,
    AlertKind.RECEIVER_POLICY,
    AlertKind.WEBHOOK_SILENT,
    AlertKind.FEEDBACK_FAILED,
    AlertKind.DISK_LOW,
    AlertKind.BACKUP_OLD,
}
_ENDINGS = {
    AlertKind.SOURCE_DEAD: "The source answers again, or it is no longer in digest.yaml.",
    AlertKind.SOURCE_SILENT: "The source has new articles, or it is no longer in digest.yaml.",
    AlertKind.PROVIDER_DOWN: "The provider accepts emails again.",
    AlertKind.KEY_REFUSED: "The provider accepts the key or password again.",
    AlertKind.CERTIFICATE_INVALID: "The certificate is valid again.",
    AlertKind.OUTCOME_UNKNOWN: "Every outcome is known now.",
    AlertKind.WEBHOOK_SILENT: "The provider's events arrive again.",
    AlertKind.FEEDBACK_FAILED: "No feedback waits that could not be processed.",
    AlertKind.DISK_LOW: "There is enough space again.",
    AlertKind.BACKUP_OLD: "The store was backed up.",
}


def ending(alert: Alert, facts: AlertFacts) -> str:
    """Return the text for an alert that ends."""
    edition = next((each for each in facts.editions if each.key == alert.subject), None)
    if alert.kind == AlertKind.OUTCOME_UNKNOWN or edition is None:
        return _ENDINGS.get(AlertKind(alert.kind), "The condition has ended.")
    stories = f" It has {edition.stories} stories." if alert.kind == AlertKind.EDITION_THIN else ""
    return f"Edition {edition.key} is {edition.state} now.{stories}"


def _failures_in_a_row(attempts: list[AttemptFacts]) -> list[AttemptFacts]:
    failed = []
    for attempt in attempts:
        nobody = attempt.state == AttemptState.PER_RECIPIENT and not attempt.size and attempt.detail
        if attempt.state not in _FAILED and not nobody:
            break
        failed.append(attempt)
    return failed


def _unusable(facts: AlertFacts, transport: str, problem: str, since: datetime, until: datetime | None) -> Alert:
    fault = classify_fault(problem)
    variable = facts.rules.keys.get(transport, "")
    what = "user name or password" if transport == "smtp" else "key"
    kind, title = {
        ProviderFault.CERTIFICATE: (AlertKind.CERTIFICATE_INVALID, f"The certificate of {transport} is not valid"),
        ProviderFault.KEY: (AlertKind.KEY_REFUSED, f"{transport} refuses our {what}"),
        ProviderFault.FORBIDDEN: (AlertKind.KEY_REFUSED, f"{transport} refuses our {what} or our sender"),
        ProviderFault.SENDER: (AlertKind.KEY_REFUSED, f"{transport} refuses our sender"),
        ProviderFault.RATE: (AlertKind.PROVIDER_DOWN, f"{transport} asks to slow down"),
        ProviderFault.EMAIL: (AlertKind.PROVIDER_DOWN, f"{transport} refuses the email"),
        ProviderFault.HOST: (AlertKind.PROVIDER_DOWN, f"{transport} cannot be reached"),
    }.get(fault, (AlertKind.PROVIDER_DOWN, f"{transport} does not accept emails"))
    action = remedy(transport, fault, variable)
    restart = " and restart `digest run` and all workers" if fault == ProviderFault.KEY and variable else ""
    test = "`digest send EDITION --to YOUR_ADDRESS`" if fault == ProviderFault.EMAIL else "`digest check`"
    action = f"{action[0].upper()}{action[1:]}{restart}."
    # Some answers name the command.
    if test not in problem:
        action += f" {test} tests it."
    if fault in (ProviderFault.ACCOUNT, ProviderFault.RATE, ProviderFault.HOST, ProviderFault.OTHER):
        action += " To use another provider, add it: `delivery.transport: [smtp, sendgrid]`."
    text = f"{problem.rstrip('.')}. Nothing is lost: what waits is sent as soon as it works."
    return Alert(kind, transport, title, text, action, since, until)


def _is_over(count: int, of: int, percent: float) -> bool:
    return percent > 0 and count * 100 >= percent * of


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.2g} %"


def _rate(facts: AlertFacts, kind: AlertKind, edition: EditionFacts, title: str, text: str, action: str) -> Alert:
    since = edition.frozen_at or facts.now
    return Alert(kind, edition.key, title, text, action, since, _end_of(edition, facts, _FEEDBACK_FOR))


def _missed_alert(
    facts: AlertFacts, kind: AlertKind, edition: EditionFacts, title: str, text: str, action: str
) -> Alert:
    since = edition.composed_at or facts.now
    return Alert(kind, edition.key, title, text, action, since, _end_of(edition, facts, _MISSED_FOR))


def _end_of(edition: EditionFacts, facts: AlertFacts, after: timedelta) -> datetime:
    return datetime.combine(edition.day, time(), facts.now.tzinfo) + after


def _when(moment: datetime, facts: AlertFacts) -> str:
    return format_time(moment, facts.now.tzinfo) if facts.now.tzinfo else f"{moment}"
