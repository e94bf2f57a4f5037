"""The fields of a subscriber in a form."""

from __future__ import annotations

from typing import Any

from digest.errors import ConfigurationError
from digest.models import Subscriber
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


def given_in(visit: Visit, stored: Subscriber | None = None) -> dict[str, Any]:
    """Return the values of the fields: the typed value, or the stored one, or the default."""
    typed = {name: value for name, value in fields_of(visit).items() if name != "timezone" and value is not None}
    found: dict[str, Any] = {**_texts_of(stored or Subscriber("")), **typed}
    return {**found, **{name: [each for each in found[name].split(",") if each] for name in _LISTS}}


def changes_in(visit: Visit, stored: Subscriber) -> dict[str, str | None]:
    """Return the fields of a form that differ from the stored subscriber. Only these are written."""
    held = _texts_of(stored)
    found = fields_of(visit)
    return {name: value for name, value in found.items() if not _is_same(name, value or "", held.get(name, ""))}


def _is_same(name: str, value: str, held: str) -> bool:
    if name in _LISTS:
        return set(value.split(",")) == set(held.split(","))
    return value == held


def _texts_of(held: Subscriber) -> dict[str, str]:
    """Return the fields of a subscriber as a form has them. Lists are separated by commas."""
    return {
        **{name: getattr(held, name) for name in _TEXTS if name != "hour"},
        **{name: ",".join(getattr(held, name)) for name in _LISTS},
        "hour": held.hour.isoformat("minutes") if held.hour else "",
    }


def field_problem(visit: Visit, error: ConfigurationError) -> dict[str, Any]:
    """Return the field that an error is about, and its message."""
    first = error.problems[0]
    field = first.where.lstrip("-").lower() if first.where.startswith("--") or first.where == "EMAIL" else ""
    return {"field": field, "problem": visit.refusal(ConfigurationError([first]) if field else error)}
