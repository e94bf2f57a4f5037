"""Do one act to several subscribers: to the ticked ones, or to all who match a filter.

Three steps: choose the act, look at who changes and who stays as they are, confirm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.messages import Message, joined
from digest.store.people.directory import SubscriberFilter, SubscriberState, filter_from
from digest.subscribers.list_file import FILE_NAME
from digest.usecases.edit_many import ManyAct, ManyChange, ManyPlan, PlanChanged, Stays
from digest.usecases.edit_subscribers import MAX_PAUSE
from digest.web.desk.admin import words
from digest.web.desk.admin.form import FREQUENCIES
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, number_in

# The most people who are named at once.
_NAMED = 50
_ROWS = "ids:"
_FIELDS = ("q", "state", "topic", "frequency", "timezone", "origin")
# The number of an act for several in the log, whose people are chosen.
_ACT = "of"


def page(visit: Visit) -> Response:
    """Show who is chosen, and the acts."""
    return _page(visit, visit.query)


def run(visit: Visit) -> Response:
    """Show the effects of an act. Do it if the form repeats the mark of the effects that were shown."""
    _ = visit.catalogue.gettext
    app, form = visit.desk.app, visit.form
    act = form.get("act", "")
    if act not in list(ManyAct):
        return _page(visit, form, status=422, field="act", problem=_("Choose what to do."))
    try:
        change = _change(visit, ManyAct(act))
        ids = ids_of(visit, form)
        if not form.get("seen"):
            return _page(visit, form, plan=app.many_editor.plan(ids, change))
        done = app.many_editor.run(ids, change, visit.actor, seen=form["seen"], whom=_whom(form))
    except PlanChanged:
        plan = app.many_editor.plan(ids, change)
        problem = _("Something has changed in the meantime. Look again, then decide.")
        return _page(visit, form, status=409, plan=plan, problem=problem)
    except ConfigurationError as error:
        return _page(visit, form, status=422, field=act, problem=visit.refusal(error))
    except DigestError as error:
        return _page(visit, form, status=409, problem=visit.refusal(error))
    visit.desk.forget_counts()
    return _page(visit, form, plan=done, done=True)


def ids_of(visit: Visit, given: Any) -> list[int]:
    """Return the numbers of the chosen subscribers: those of an act, those of a filter if the form says `all`, or the
    ticked ones.
    """
    if (act := number_in(given.get(_ACT, ""))) is not None:
        return visit.desk.app.many_editor.bulk_acts.people_of(act)
    if "all" in given:
        return visit.desk.app.many_editor.find(_filter(given))
    return _ticked_ids(given)


def _page(
    visit: Visit,
    given: Any,
    *,
    status: int = 200,
    plan: ManyPlan | None = None,
    done: bool = False,
    field: str = "",
    problem: str | PageSentence = "",
) -> Response:
    app = visit.desk.app
    people: Sequence[Any] = ()
    try:
        ids = ids_of(visit, given)
        people = app.many_editor.people(ids) if not done else ()
    except DigestError as error:
        status, problem = 409 if status == 200 else status, problem or visit.refusal(error)
    if not done and not people and not problem:
        status, problem = 422, visit.catalogue.gettext("Nobody is chosen. Tick somebody in the list.")
    ticked = {f"{_ROWS}{id}": "on" for id in _ticked_ids(given)} if "all" not in given else {"all": "on"}
    chosen = {**ticked, **{name: given[name] for name in (_ACT, *_FIELDS) if given.get(name)}}
    return visit.page(
        "admin/many.html.j2",
        status=status,
        problem=problem,
        field=field,
        people=people[:_NAMED],
        total=len(people),
        chosen=chosen,
        back={name: given[name] for name in _FIELDS if given.get(name)},
        plan=plan,
        done=done,
        of=next(iter(app.audit.several([act])), None) if (act := number_in(given.get(_ACT, ""))) is not None else None,
        most=_NAMED,
        given=given,
        topics=app.topics,
        frequencies=FREQUENCIES,
        Stays=Stays,
        act_values={"days", "reason", "lift_reason", "new_topic", "new_frequency"},
        words=words,
        now=visit.desk.now(),
    )


def _change(visit: Visit, act: ManyAct) -> ManyChange:
    form = visit.form
    if act is ManyAct.PAUSE:
        days = number_in(form.get("days", "")) or 0
        return ManyChange(act, until=visit.desk.now() + timedelta(days=days) if 0 < days <= MAX_PAUSE.days else None)
    names = {ManyAct.SUPPRESS: "reason", ManyAct.LIFT: "lift_reason", ManyAct.FREQUENCY: "new_frequency"}
    has_value = act not in (ManyAct.RESUME, ManyAct.RESTORE_FREQUENCY)
    value = form.get(names.get(act, "new_topic"), "") if has_value else ""
    return ManyChange(act, value.strip())


def _filter(given: Any) -> SubscriberFilter:
    state = given.get("state", "")
    if state not in ("", *SubscriberState):
        # Without it the filter would match everybody.
        raise DigestError(f"There is no state {state!r}; expected {', '.join(SubscriberState)}.")
    return filter_from({**given, "search": given.get("q", "")})


def _ticked_ids(given: Any) -> list[int]:
    numbers = (number_in(name.removeprefix(_ROWS)) for name in given if name.startswith(_ROWS))
    return [number for number in numbers if number is not None]


def _whom(given: Any) -> str:
    """Say in the log how the people were chosen. A search may be an address, which the log does not have."""
    if given.get(_ACT):
        return Message("those of entry %(num)s of the log", num=given[_ACT])
    if "all" not in given:
        return ""
    fields = _filter(given).as_json()
    fields |= {"origin": FILE_NAME} if fields.get("origin") == "-" else {}
    parts = [
        Message("%(field)s: %(value)s", field=name, value=value) for name, value in fields.items() if name != "search"
    ]
    return joined("; ", *parts, Message("by a search") if "search" in fields else "")
