"""Who did what, when and to what."""

from __future__ import annotations

from starlette.responses import Response

from digest.store.people.preferences import PreferenceStore
from digest.usecases.edit_subscribers import subject_of, valid
from digest.web.desk.acts import named
from digest.web.desk.visit import Visit

_PAGE, _MAX_QUERY = 100, 100


def page(visit: Visit) -> Response:
    given, query = visit.query.get("before", ""), " ".join(visit.query.get("q", "").split())[:_MAX_QUERY]
    before = int(given) if given.isdecimal() and len(given) < 19 else None
    app = visit.desk.app
    search = query
    # The log names subscribers by number.
    if "@" in query and (address := valid(query)) and (held := PreferenceStore(app.database).find(address)):
        search = subject_of(held.id)
    # People search in the words that the page shows.
    names = named(query, visit.catalogue)
    acts = app.audit.newest(_PAGE, before=before, search=search, acts=names)
    older = acts[-1].id if len(acts) == _PAGE else None
    return visit.page("log.html.j2", acts=acts, older=older, query=query, now=visit.desk.now())
