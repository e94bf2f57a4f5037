"""The settings that a newsroom changes, in the words of the page: for the form and for the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from digest.web.desk.admin.words import days
from digest.web.desk.sentences import translate_all

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue


def labels(catalogue: Catalogue) -> Mapping[str, str]:
    """Return key → label."""
    _ = catalogue.gettext
    return {
        "newsletter.name": _("Name of the newsletter"),
        "newsletter.reply_to": _("Address for replies"),
        "alerts.email": _("Who gets alerts and reports"),
        "schedule.days": _("Days"),
        "schedule.compose_at": _("Composed at"),
        "schedule.send_at": _("Sent at"),
        "schedule.holidays": _("Days without an edition"),
        "schedule.approval": _("Approval"),
        "schedule.approve_by": _("Approved by"),
        "schedule.on_no_approval": _("Without approval by then"),
        "edition.max_stories": _("Stories at most"),
        "edition.min_stories": _("Stories at least"),
        "edition.sections": _("Sections in their order"),
        "summary.words": _("Words in a summary"),
        "theme.name": _("Theme"),
        "theme.accent": _("Accent colour"),
        "theme.logo": _("Logo"),
    }


def choices(catalogue: Catalogue) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return key → the possible values, each with its name."""
    _ = catalogue.gettext
    return {
        "schedule.approval": (("auto", _("it goes out by itself")), ("required", _("only after somebody approved it"))),
        "schedule.on_no_approval": (("skip", _("it is not sent")), ("send", _("it goes out as it is"))),
        "theme.name": (("newspaper", _("newspaper")), ("modern", _("modern")), ("plain", _("plain"))),
    }


def change(key: str, detail: str, catalogue: Catalogue) -> str:
    """Return a change as the log has it, `before → after`, with the names of its values."""
    names = dict(choices(catalogue).get(key, days(catalogue).items() if key == "schedule.days" else ()))
    if not names:
        return translate_all(detail, catalogue)
    sides = (", ".join(names.get(each, each) for each in side.split(", ")) for side in detail.split(" → "))
    return " → ".join(sides)
