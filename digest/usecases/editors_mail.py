"""Emails to editors, in the newsletter's language and the digits of its theme: decisions that wait, and reports.

Other alerts are for operators, in English. Slack and Telegram get the report's text. `digest report` and other webhooks
have the same report in English, with the numbers that only operators need.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from digest.hindi import dates
from digest.hindi.numbers import group, latin_digits
from digest.i18n import translator
from digest.models import BEGUN_STATES, Edition, EditionState
from digest.notify import reasons
from digest.notify.alert import DECISIONS, Alert, AlertKind, Mail, MessageType
from digest.notify.report import Medians, Report, percentage
from digest.notify.report_formats import line_without_addresses
from digest.render.texts import devanagari_digits_in_html, devanagari_digits_in_text

if TYPE_CHECKING:
    from jinja2 import Template

    from digest.i18n.catalogue import Catalogue
    from digest.render.themes import Branding
    from digest.store.content.editions import EditionStore

# A command that ends with the date of an edition. People copy it.
_COMMAND = re.compile("digest [a-z ]+[०-९][०-९-]*")
# An edition for less than this share of the usual number of recipients is worth a look.
_FEW = 0.9
# The stories that were read most.
_MOST_READ = 5


def editors_mail(name: str, branding: Branding, subject: str, text: str, **values: object) -> Mail:
    """Render the template `name` with `values`. `text` is the other part of the email."""
    language, theme = branding.language, branding.theme
    html = _template(name).render(
        name=branding.name, theme=theme, language=language, _=translator(language).gettext, **values
    )
    if theme.digits != "deva":
        return Mail(subject, html, text)
    return Mail(
        devanagari_digits_in_text(subject),
        _with_commands(devanagari_digits_in_html(html)),
        _with_commands(devanagari_digits_in_text(text)),
    )


def _with_commands(text: str) -> str:
    return _COMMAND.sub(lambda command: latin_digits(command[0]), text)


@cache
def _template(name: str) -> Template:
    # Commands that render nothing should not pay for Jinja.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("digest.notify"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(name)


class MailRow(NamedTuple):
    """A number or a text, and the usual number. Both are '' if there is none."""

    name: str
    value: str = ""
    usual: str = ""


class MailPart(NamedTuple):
    """A list with a title. `columns` are the columns of a table of comparisons."""

    title: str
    rows: tuple[MailRow, ...]
    columns: tuple[str, ...] = ()
    # A sentence below the list.
    note: str = ""


class _Content(NamedTuple):
    """What the HTML and the text of an email show."""

    subject: str
    heading: str
    lines: tuple[str, ...]
    button: str
    # The page that the button opens; '' without one.
    link: str
    # The edition on the desk, if the button opens another page.
    desk: str = ""
    warning: str = ""
    # What needs a look; None if all went well.
    attention: MailPart | None = None
    parts: tuple[MailPart, ...] = ()


class ApprovalDeadline(NamedTuple):
    """The time by which editors must decide, and whether the edition is sent if they do not."""

    at: datetime
    sent_anyway: bool


@dataclass(frozen=True)
class ApprovalMails:
    """Builds the emails."""

    editions: EditionStore
    branding: Branding
    # Edition → the address of a page that approves it without a sign-in; None without such a page.
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

    def _texts(self, type: MessageType, kind: AlertKind, edition: Edition) -> _Content:
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
        return _Content(
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

    def _text(self, texts: _Content, edition: Edition) -> str:
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


@dataclass(frozen=True)
class ReportMails:
    """Builds the emails."""

    branding: Branding
    # None if the desk is turned off or has no address.
    desk_url: str | None

    def build(self, report: Report) -> Mail:
        catalogue = translator(self.branding.language)
        content = self._content(report, catalogue)
        text = _text(report, content, catalogue)
        return editors_mail(
            "report_mail.html.j2", self.branding, content.subject, text, mail=content, about=report.subject, under=""
        )

    def _content(self, report: Report, catalogue: Catalogue) -> _Content:
        _, ngettext = catalogue.gettext, catalogue.ngettext
        sent = report.numbers.accepted
        whom = ngettext("%(num)s recipient", "%(num)s recipients", sent) % {"num": group(sent)}
        heading = _("Sent to %(whom)s") % {"whom": whom} if sent else _("Sent to nobody")
        attention = _attention(report, catalogue)
        looks = tuple(map(MailRow, [*attention, *_sources(report, catalogue)]))
        short = dates.short(report.day, self.branding.language)
        name = report.name or self.branding.edition_name(report.key)
        edition = _("Edition of %(day)s") % {"day": f"{short} ({name})" if name else short}
        subject = f"{edition}: {heading}"
        # A source may be silent for weeks, so it is no news for the subject line.
        if attention:
            subject = _("Please look: %(subject)s") % {"subject": subject}
        lines = [_("Edition of %(day)s") % {"day": dates.day(report.day, self.branding.language)}]
        if not self.desk_url:
            lines.append(_("The whole report, on the server: %(command)s") % {"command": f"digest report {report.key}"})
        return _Content(
            subject=f"[{self.branding.name}] {subject}",
            heading=heading,
            lines=tuple(lines),
            attention=MailPart(_("What needs a look"), looks) if looks else None,
            parts=tuple(part for part in _parts(report, catalogue) if part.rows),
            button=_("See this report on the desk"),
            link=f"{self.desk_url}/report/{report.key}" if self.desk_url else "",
        )


def _attention(report: Report, catalogue: Catalogue) -> list[str]:
    """Return sentences about the problems of the edition."""
    _, ngettext = catalogue.gettext, catalogue.ngettext
    numbers, found = report.numbers, []
    usual = Medians(report.earlier)
    # Excluded subscribers count too: on some days many subscribers want no edition.
    if numbers.frozen - numbers.rejected - numbers.unknown < _FEW * (usual.of("frozen") or 0):
        mostly = group(round(usual.of("accepted") or 0))
        found.append(_("Fewer readers than usual: it mostly goes to %(num)s.") % {"num": mostly})
    if numbers.unknown:
        whether = ngettext(
            "It is unknown whether %(num)s recipient got it. On the server this finds out: %(command)s",
            "It is unknown whether %(num)s recipients got it. On the server this finds out: %(command)s",
            numbers.unknown,
        )
        found.append(whether % {"num": group(numbers.unknown), "command": f"digest reconcile {report.key}"})
    alerts = {
        AlertKind.BOUNCE_RATE: _("Many emails came back or were refused. Look where these addresses come from."),
        AlertKind.COMPLAINT_RATE: _("Many readers reported it as spam. Mail services soon hold back such emails."),
        AlertKind.BLOCK_RATE: _("Many emails were not taken this time. The cause is the sender or the text."),
        AlertKind.RECIPIENTS_EXPIRED: _("Some emails could not be sent in time."),
        AlertKind.SENDING_SLOW: _("Sending is slow: some emails wait longer than they should."),
    }
    return found + [sentence for kind, sentence in alerts.items() if kind in report.alerts]


def _sources(report: Report, catalogue: Catalogue) -> list[str]:
    """Return which sources need a look, in sentences."""
    _ = catalogue.gettext
    sentences = {
        "dead": _("These sources could not be read several times in a row: %(names)s"),
        "silent": _("These sources have had no new article for days: %(names)s"),
    }
    names = {state: [source.name for source in report.sources if source.state == state] for state in sentences}
    return [sentences[state] % {"names": ", ".join(found)} for state, found in names.items() if found]


def _parts(report: Report, catalogue: Catalogue) -> list[MailPart]:
    """Return the parts of the report in its order. A part may have no rows."""
    _, ngettext = catalogue.gettext, catalogue.ngettext
    numbers, feedback, work = report.numbers, report.feedback, report.work
    # A name, the number (None if it is not shown), the usual one, and whether it has a share.
    counts = (
        (_("sent"), numbers.accepted, "accepted", False),
        (_("not sent"), numbers.excluded, "excluded", False),
        (_("refused"), numbers.rejected or None, "rejected", False),
        (_("unknown whether it was sent"), numbers.unknown or None, "unknown", False),
        (_("will be sent"), numbers.pending or None, "", False),
        (_("arrived"), feedback.delivered, "", True),
        (_("bounced"), numbers.bounced, "bounced", True),
        (_("not taken this time"), numbers.blocked or None, "blocked", True),
        (_("reported as spam"), numbers.complained, "complained", True),
        (_("left"), feedback.left, "", True),
        (_("opened"), feedback.opened, "", True),
        (_("clicked"), feedback.clicked, "", True),
        (_("replies by email"), report.texts.get("reply"), "", False),
    )
    usual = Medians(report.earlier)
    rows = []
    for name, count, compared, has_share in counts:
        if count is not None:
            share = percentage(count, numbers) if has_share else ""
            median = usual.of(compared) if compared else None
            shown = f"{group(count)} ({share})" if share else group(count)
            rows.append(MailRow(name, shown, "" if median is None else group(median)))
    missed: Counter[str] = Counter()
    for reason, count in (*report.excluded, *report.rejected):
        missed[reasons.brief(reason, catalogue)] += count
    done = (
        (_("Stories kept as proposed"), work.kept),
        (_("Pinned or pulled in"), work.pulled),
        (_("Removed"), work.dropped),
        (_("Rewritten"), work.rewritten),
    )
    read = report.clicks.targets[:_MOST_READ] if report.clicks else ()
    columns: tuple[str, ...] = ()
    note = []
    if earlier := len(report.earlier):
        columns = (_("What"), _("This edition"), _("Usually"))
        median_of = ngettext(
            "“Usually”: the value of the %(num)s edition before.",
            "“Usually”: the middle value of the %(num)s editions before.",
            earlier,
        )
        note.append(median_of % {"num": earlier})
    note.append(_("Emails keep coming back for hours, so these numbers still change."))
    return [
        MailPart(_("In numbers"), tuple(rows), columns, " ".join(note)),
        MailPart(
            _("Who did not get it, and why"),
            tuple(MailRow(reason, group(count)) for reason, count in missed.most_common()),
        ),
        MailPart(_("What the editors did"), tuple(MailRow(name, group(count)) for name, count in done if count)),
        MailPart(_("Most read"), tuple(MailRow(each.title, group(each.people)) for each in read)),
        MailPart(
            _("What readers wrote"), tuple(MailRow(line_without_addresses(text)) for _at, text in report.newest_texts)
        ),
    ]


def _text(report: Report, content: _Content, catalogue: Catalogue) -> str:
    _ = catalogue.gettext
    blocks = [content.heading, *content.lines]
    if content.attention:
        blocks.append(_list(content.attention, _("Usually")))
    if content.link:
        blocks.append(f"{content.button}: {content.link}")
    blocks.append(f"{_('Subject')}: {report.subject}")
    blocks += [_list(part, _("Usually")) for part in content.parts]
    return "\n\n".join(blocks)


def _list(part: MailPart, usually: str) -> str:
    """Return a part as lines of text."""
    lines = [part.title]
    for row in part.rows:
        value = f": {row.value}" if row.value else ""
        usual = f" ({usually}: {row.usual})" if row.usual else ""
        lines.append(f"* {row.name}{value}{usual}")
    return "\n".join(lines + [part.note] * bool(part.note))
