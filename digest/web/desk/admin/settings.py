"""The settings that a newsroom changes weekly, written to `digest.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from digest.config.schedule import WEEKDAYS
from digest.errors import ConfigurationError
from digest.usecases.edit_settings import EDITABLE, Kind, SettingsChanged, problems_by_setting
from digest.web.desk.visit import Visit
from digest.yamlio.editor import EditNotPossible

_MOST = 4000


def page(visit: Visit) -> Response:
    return _page(visit)


def save(visit: Visit) -> Response:
    """Write what differs, if all of it is valid and nobody wrote the file since the form was shown."""
    _ = visit.catalogue.gettext
    given = given_in(visit)
    try:
        changes = visit.desk.app.settings_editor.change(given, visit.form.get("version", ""), visit.actor)
    except SettingsChanged:
        problem = _(
            "Somebody changed digest.yaml meanwhile. Nothing is saved yet: look at what differs, and save again."
        )
        return _page(visit, status=409, given=given, problem=problem)
    except ConfigurationError as error:
        wrong, others = problems_by_setting(error)
        problem = _("Nothing is saved yet. Put right what is marked, and save again.")
        return _page(visit, status=422, given=given, problem=problem, wrong=wrong, others=others)
    except EditNotPossible as error:
        problem = _("Nothing is saved: a value in digest.yaml is written in a way that only an operator can change.")
        return _page(visit, status=409, given=given, problem=problem, others=[str(error)])
    return visit.go("/settings", done="saved" if changes else "same")


def given_in(visit: Visit) -> dict[str, str]:
    """Return what a form says of each setting. Ticked days are fields of their own."""
    form = visit.form
    found = {key: form[key][:_MOST].replace("\r\n", "\n") for key in EDITABLE if key in form}
    if "schedule.days" in form.get("lists", "").split():
        found["schedule.days"] = ", ".join(day for day in WEEKDAYS if f"schedule.days:{day}" in form)
    return found


def _page(
    visit: Visit,
    *,
    status: int = 200,
    given: Mapping[str, str] = {},
    problem: str = "",
    wrong: Mapping[str, str] = {},
    others: list[str] | None = None,
) -> Response:
    held = visit.desk.app.settings_editor.read()
    values = {**held.values, **{key: text for key, text in given.items() if key not in held.fixed}}
    shown: dict[str, Any] = {"wrong_settings": wrong, "others": [*held.faults, *(others or ())]}
    return visit.page(
        "admin/settings.html.j2",
        status=status,
        held=held,
        values=values,
        typed={key for key in values if values[key] != held.values[key]},
        problem=problem,
        done=visit.query.get("done", "") if visit.request.method == "GET" else "",
        weekdays=WEEKDAYS,
        several=bool(visit.desk.app.settings.schedule.editions),
        Kind=Kind,
        **shown,
    )
