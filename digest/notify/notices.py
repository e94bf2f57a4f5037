"""Texts of the alerts that the scheduler raises when a job fails, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.errors import ConfigProblem
from digest.notify.alert import AlertKind


@dataclass(frozen=True, slots=True)
class Notice:
    """Title and advice of the alert about a fault. `{subject}` is replaced by the file, job or edition."""

    kind: AlertKind
    title: str
    action: str


def title_of_errors(problems: Sequence[ConfigProblem]) -> str:
    """Return a title that differs for different errors: the files, the number of errors and their lines."""
    files = list(dict.fromkeys(problem.where for problem in problems))
    lines = list(dict.fromkeys(problem.line for problem in problems if problem.line))
    number = "an error" if len(problems) == 1 else f"{len(problems)} errors"
    verb = "has" if len(files) == 1 else "have"
    # Lines of several files would be ambiguous.
    if len(files) > 1 or not lines:
        where = ""
    elif len(lines) == 1:
        where = f" in line {lines[0]}"
    elif len(lines) <= _MAX_LINES:
        where = f" in lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    else:
        where = f" in lines {', '.join(map(str, lines[:_MAX_LINES]))} …"
    return f"{', '.join(files[:3])}{' …' if len(files) > 3 else ''} {verb} {number}{where}"


# Lines in a title.
_MAX_LINES = 5

NOTICES = {
    "list": Notice(
        AlertKind.LIST_FAULTY,
        "{subject} has errors",
        "Correct the lines that it names; `digest subscribers check` shows all errors.",
    ),
    "settings": Notice(
        AlertKind.SETTINGS_FAULTY,
        "{subject} has errors",
        "Correct the lines that it names; `digest check` shows all errors.",
    ),
    "restart": Notice(
        AlertKind.RESTART_NEEDED,
        "Some changes of {subject} need a restart",
        "Restart `digest run`, for example with `systemctl restart digest`.",
    ),
    "job": Notice(
        AlertKind.JOB_FAILED,
        "`digest run` fails at the job {subject}",
        "Correct what it names; `digest check` finds all errors of settings and list. `digest run` continues then.",
    ),
    "missed": Notice(
        AlertKind.EDITION_MISSED,
        "Edition {subject} was missed",
        "`digest send {subject}` sends it now. `journalctl -u digest` shows why `digest run` did not run at its time.",
    ),
    "breaking": Notice(
        AlertKind.BREAKING_PROPOSED,
        "Breaking news can be sent: {subject}",
        "`digest breaking send {subject}` sends it to everyone who wants breaking news, and `digest breaking drop "
        "{subject}` drops it. `digest preview {subject} --open` shows it.",
    ),
}
