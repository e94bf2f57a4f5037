"""Show the log of acts, with filters. The search also finds acts on a person by name or address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from digest.store.desk.audit import Act, ActKind, LogFilter
from digest.store.people.directory import SubscriberFilter
from digest.store.people.suppressions import ACTS
from digest.subscribers.address import comparable
from digest.usecases.edit_subscribers import number_of, subject_of
from digest.utils.text import one_line
from digest.web.desk.acts import detail_of, name_of, named
from digest.web.desk.acts import subject_of as subject_of_act
from digest.web.desk.admin.setting_words import change, labels
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

_PAGE, _MAX_QUERY = 100, 100
_FILTERS = ("who", "what", "since", "until")
# The most people whom the search looks for.
_PEOPLE = 30


def page(visit: Visit) -> Response:
    app, catalogue = visit.desk.app, visit.catalogue
    given = {name: one_line(visit.query.get(name, ""))[:_MAX_QUERY] for name in ("q", "who", "what")}
    days = {name: _day(visit.query.get(name, "")) for name in ("since", "until")}
    names, kinds = app.audit.names(), app.audit.kinds()
    query = given["q"]
    zone = app.settings.newsletter.zone
    until = days["until"] + timedelta(days=1) if days["until"] else None
    # A search for an address means this person only.
    person = app.preferences.find(comparable(query) or "") if "@" in query else None
    wanted = LogFilter(
        subject=subject_of(person.id) if person else "",
        text="" if person else query,
        messages={} if person else {word: catalogue.containing(word) for word in query.lower().split()},
        people=[name for name in names if query and query.casefold() in name.casefold()],
        # People search in the words that the page shows.
        kinds=[*named(query, catalogue), *(kind for kind in kinds if query and query.casefold() in kind)],
        subjects=() if person else _people(visit, query),
        who=given["who"],
        what=given["what"],
        since=datetime.combine(days["since"], time(0), zone) if days["since"] else None,
        until=datetime.combine(until, time(0), zone) if until else None,
    )
    acts, more = app.audit.search(
        wanted,
        _PAGE,
        number_in(visit.query.get("before", "")),
        shown=lambda act: " ".join(_texts(act, catalogue, {})),
    )
    emails = _emails(visit, acts)
    undoable = set(
        app.subscriber_admin.import_undo.possible([act.id for act in acts if act.what == ActKind.SUBSCRIBERS_IMPORTED])
    )
    filters = {**given, **{name: day.isoformat() for name, day in days.items() if day}}
    return visit.page(
        "log.html.j2",
        acts=acts,
        lines=[(act, _page_of(visit, act), *_texts(act, catalogue, emails), act.id in undoable) for act in acts],
        older=more,
        # A text is looked for in a part of the log at a time.
        unfinished=more is not None and len(acts) < _PAGE,
        query=query,
        filters={name: value for name, value in filters.items() if value},
        # The title of the folded filters says what is chosen in them.
        chosen=[
            name_of(text, catalogue) if name == "what" else text for name in _FILTERS if (text := filters.get(name))
        ],
        names=names,
        kinds=sorted(((name_of(kind, catalogue), kind) for kind in kinds), key=lambda each: each[0].casefold()),
        now=visit.desk.now(),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # In another time zone the first and the last day of the calendar are in no year.
    return day if MINYEAR < day.year < MAXYEAR else None


def _people(visit: Visit, query: str) -> Sequence[str]:
    """Search subscribers, and return the subjects by which the log names them. The log itself has no names or
    addresses.
    """
    if len(query) < 3:
        return []
    lines, _more = visit.desk.app.directory.page(SubscriberFilter(search=query), now=visit.desk.now(), limit=_PEOPLE)
    return [subject_of(line.subscriber.id) for line in lines]


def _emails(visit: Visit, acts: list[Act]) -> dict[int, str]:
    """Return number → address of the subscribers to whom these acts were done."""
    ids = {number for act in acts if (number := number_of(act.subject)) is not None}
    return {each.id: each.email for each in visit.desk.app.preferences.all_of(sorted(ids))}


def _page_of(visit: Visit, act: Act) -> str | None:
    """Return the desk's page of the subscribers to whom an act was done; None for other subjects."""
    if act.what in ACTS:
        return visit.path("/subscribers/many", of=str(act.id))
    number = number_of(act.subject)
    return None if number is None or act.what == ActKind.SUBSCRIBER_ERASED else visit.path(f"/subscriber/{number}")


def _texts(act: Act, catalogue: Catalogue, emails: dict[int, str]) -> tuple[str, str]:
    """Return the subject of an act, and its details."""
    if act.what == ActKind.SETTING_CHANGED:
        return labels(catalogue).get(act.subject, act.subject), change(act.subject, act.detail, catalogue)
    email = emails.get(number_of(act.subject) or 0)
    return email or subject_of_act(act, catalogue), detail_of(act, catalogue)
