"""The settings that a newsroom changes weekly, written to `digest.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.config.schedule import WEEKDAYS
from digest.errors import ConfigurationError
from digest.render.pictures import for_screen
from digest.render.sample_edition import sample_edition
from digest.render.variants import EVERYTHING
from digest.usecases.edit_settings import EDITABLE, SettingsChanged, problems_by_setting
from digest.usecases.shown_email import fill_placeholders, in_scheme
from digest.usecases.topics import TopicsChosen, unfed_sections
from digest.web.desk.admin.setting_words import choices, labels
from digest.web.desk.admin.words import days
from digest.web.desk.letter import framed
from digest.web.desk.visit import Visit
from digest.yamlio.editor import EditNotPossible

_MOST = 4000
_THEME = tuple(key for key in EDITABLE if key.startswith("theme."))
_SCHEMES = ("light", "dark")
# The edition for the preview is searched among this many of the newest ones.
_EDITIONS = 10


def save(visit: Visit) -> Response:
    """Write the differences, if all are valid and the file has not changed since the form was shown."""
    _ = visit.catalogue.gettext
    given = given_in(visit)
    try:
        changes = visit.desk.app.settings_editor.change(given, visit.form.get("version", ""), visit.actor)
    except SettingsChanged:
        problem = _(
            "Somebody changed digest.yaml meanwhile. Nothing is saved yet: look at what differs, and save again."
        )
        return page(visit, status=409, given=given, problem=problem)
    except TopicsChosen as error:
        problem = _("Nothing is saved yet. Put right what is marked, and save again.")
        return page(visit, status=422, given=given, problem=problem, chosen=error.topics)
    except ConfigurationError as error:
        wrong, others = problems_by_setting(error)
        problem = _("Nothing is saved. digest.yaml has errors, and whoever looks after the server corrects them first.")
        if wrong:
            problem = _("Nothing is saved yet. Put right what is marked, and save again.")
        return page(visit, status=422, given=given, problem=problem, wrong=wrong, others=others)
    except EditNotPossible as error:
        problem = _("Nothing is saved: a value in digest.yaml is written in a way that only an operator can change.")
        return page(visit, status=409, given=given, problem=problem, others=[str(error)])
    return visit.go("/settings", done="saved" if changes else "same")


def show(visit: Visit) -> Response:
    """Show the form as it was typed, with the newest edition in the chosen theme. Saves nothing."""
    given, form = given_in(visit), visit.form
    try:
        visit.desk.app.settings_editor.planned({key: given[key] for key in _THEME if key in given})
    except ConfigurationError as error:
        wrong, others = problems_by_setting(error)
        return page(visit, given=given, wrong=wrong, others=others)
    scheme = next((each for each in _SCHEMES if each in form), form.get("scheme", ""))
    return page(visit, given=given, scheme=scheme if scheme in _SCHEMES else _SCHEMES[0])


def letter(visit: Visit) -> Response:
    """Respond with the newest edition with stories, or an invented one, in the theme of the query."""
    app = visit.desk.app
    given = {key: visit.query[key][:_MOST] for key in _THEME if key in visit.query}
    try:
        theme = app.settings_editor.planned(given).theme
    except ConfigurationError:
        raise HTTPException(404) from None
    stored = (each for each in app.editions.all(limit=_EDITIONS) if any(each.stories()))
    edition = next(stored, None) or sample_edition(app.now())
    email = app.renderer_in(theme).render(edition, EVERYTHING, now=app.now())
    if email is None:
        raise HTTPException(404)
    _outgoing, html, _text = fill_placeholders(
        edition, email, app.sender, app.signer, app.articles.images, fit=for_screen
    )
    return framed(in_scheme(html, "dark" if visit.query.get("scheme") == "dark" else "light"))


def given_in(visit: Visit) -> dict[str, str]:
    """Return the value of each setting in the form. Ticked days are separate fields."""
    form = visit.form
    found = {key: form[key][:_MOST].replace("\r\n", "\n") for key in EDITABLE if key in form}
    if "schedule.days" in form.get("lists", "").split():
        found["schedule.days"] = ", ".join(day for day in WEEKDAYS if f"schedule.days:{day}" in form)
    return found


def page(
    visit: Visit,
    *,
    status: int = 200,
    given: Mapping[str, str] = {},
    problem: str = "",
    wrong: Mapping[str, str] = {},
    others: Sequence[str] = (),
    chosen: Sequence[tuple[str, int]] = (),
    scheme: str = "light",
) -> Response:
    held = visit.desk.app.settings_editor.read()
    values = {**held.values, **{key: text for key, text in given.items() if key not in held.fixed}}
    if chosen:
        wrong = {**wrong, "edition.sections": ""}
    # Saving a faulty file finds the errors of the file again.
    shown: dict[str, Any] = {"wrong_settings": wrong, "others": list(dict.fromkeys((*held.faults, *others)))}
    return visit.page(
        "admin/settings.html.j2",
        status=status,
        held=held,
        values=values,
        typed={key for key in values if values[key] != held.values[key]},
        problem=problem,
        done=visit.query.get("done", "") if visit.request.method == "GET" else "",
        weekdays=WEEKDAYS,
        day_names=days(visit.catalogue),
        labels=labels(visit.catalogue),
        choices=choices(visit.catalogue),
        several=bool(visit.desk.app.settings.schedule.editions),
        # A faulty file has no look to show.
        scheme="" if held.faults or wrong.keys() & set(_THEME) else scheme,
        chosen_topics=chosen,
        unfed=unfed_sections(held.settings),
        chosen_theme={key: values[key] for key in _THEME},
        **shown,
    )
