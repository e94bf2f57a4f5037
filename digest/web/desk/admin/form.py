"""The fields of a subscriber in a form."""

from __future__ import annotations

from typing import Any

from digest.errors import ConfigurationError
from digest.web.desk.visit import Visit

# Usual choices; the store accepts any set of days.
FREQUENCIES = ("daily", "weekdays", "weekly:sun", "weekly:sat", "weekly:mon", "weekly:mon,wed,fri")
_LISTS = ("topics", "editions")
_TEXTS = ("name", "frequency", "hour", "format", "status", "timezone")


def fields_of(visit: Visit) -> dict[str, str | None]:
    """Return the fields of a form.

    Fields with lists are named in `lists`, because a form omits lists without a tick.
    """
    form = visit.form
    found: dict[str, str | None] = {name: form[name].strip() for name in _TEXTS if name in form}
    for name in _LISTS:
        if name in form.get("lists", "").split():
            found[name] = ",".join(key.partition(":")[2] for key in form if key.startswith(f"{name}:"))
    return found


def field_problem(visit: Visit, error: ConfigurationError) -> dict[str, Any]:
    """Return the field that an error is about, and its message."""
    first = error.problems[0]
    field = first.where.lstrip("-").lower() if first.where.startswith("--") or first.where == "EMAIL" else ""
    return {"field": field, "problem": visit.refusal(ConfigurationError([first]) if field else error)}
