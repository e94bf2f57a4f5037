"""Who did what, when and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from digest.store.desk.audit import Act
from digest.store.people.preferences import PreferenceStore
from digest.subscribers.address import comparable
from digest.usecases.edit_subscribers import number_of, subject_of
from digest.web.desk.acts import detail_of, named
from digest.web.desk.acts import subject_of as subject_of_act
from digest.web.desk.admin.setting_words import change, labels
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

_PAGE, _MAX_QUERY = 100, 100


def page(visit: Visit) -> Response:
    before, query = number_in(visit.query.get("before", "")), " ".join(visit.query.get("q", "").split())[:_MAX_QUERY]
    app = visit.desk.app
    search = query
    # The log names subscribers by number.
    if "@" in query and (address := comparable(query)) and (held := PreferenceStore(app.database).find(address)):
        search = subject_of(held.id)
    # People search in the words that the page shows.
    names = named(query, visit.catalogue)
    acts = app.audit.newest(_PAGE, before=before, search=search, acts=names)
    older = acts[-1].id if len(acts) == _PAGE else None
    lines = [(act, _page_of(act), *_said(act, visit.catalogue)) for act in acts]
    return visit.page("log.html.j2", acts=acts, lines=lines, older=older, query=query, now=visit.desk.now())


def _page_of(act: Act) -> str | None:
    """Return the desk's page of the subscriber to whom an act was done; None for other subjects."""
    number = number_of(act.subject)
    return None if number is None or act.what == "subscriber erased" else f"/subscriber/{number}"


def _said(act: Act, catalogue: Catalogue) -> tuple[str, str]:
    """Return to what an act was done, and its details."""
    if act.what == "setting changed":
        return labels(catalogue).get(act.subject, act.subject), change(act.subject, act.detail, catalogue)
    return subject_of_act(act, catalogue), detail_of(act, catalogue)
