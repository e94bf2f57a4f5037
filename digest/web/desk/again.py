"""Send the forms that were kept while a user signed in again."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from digest.web.desk.access import ROUTES
from digest.web.desk.app import answer, handler_of
from digest.web.desk.kept_forms import KeptForm, KeptForms
from digest.web.desk.visit import TOKEN_FIELD, Visit

# After signing in again, a user may repeat every act that needed a session. Each form is checked like one that is sent
# alone.
_PATHS = [
    (row, compile_path(row.path)[0]) for row in ROUTES if row.method == "POST" and row.role and not row.max_upload
]

# An approval, a suppression or an erasure asks for it. Each does more than "Save" says.
_REASON = "reason"
# A page has fewer. Each is a request of its own, so one request does not stand for thousands.
MOST = 60


def save(visit: Visit) -> Response:
    """Send each form, at most `MOST` at once.

    What is left or refused stays: one refused form shows its own page, several forms are shown to be sent again.
    """
    kept = KeptForms.read(visit.form.get("forms", ""))
    if kept is None:
        return visit.go("/")
    sent = [(form, _send(visit, form)) for form in kept.forms[:MOST]]
    left = kept.forms[MOST:]
    refused = [(form, response) for form, response in sent if response.status_code != 303]
    if not refused and not left:
        return sent[0][1]
    if len(refused) == 1 and not left:
        return refused[0][1]
    forms = KeptForms([*(form for form, _ in refused), *left])
    return visit.page("again.html.j2", status=409 if refused else 200, again=forms, refused=bool(refused))


def _send(visit: Visit, form: KeptForm) -> Response:
    for row, pattern in _PATHS:
        if row.page != "again.save" and (found := pattern.fullmatch(form.place)):
            root = visit.request.scope.get("root_path", "")
            scope = {**visit.request.scope, "path": root + form.place, "path_params": found.groupdict()}
            # Emails go out by the button of their preview only.
            shown = {"preview": "1"} if row.page == "correct.save" else {}
            fields = {**form.fields, **shown, TOKEN_FIELD: visit.form.get(TOKEN_FIELD, "")}
            again = Visit(visit.desk, Request(scope), fields)
            if _REASON in fields and not shown:
                return answer(again, row, _not_done)
            return answer(again, row, handler_of(row))
    return visit.problem(404, visit.catalogue.gettext("There is nothing here"))


def _not_done(visit: Visit) -> Response:
    _ = visit.catalogue.gettext
    return visit.problem(409, _("This was not done"), _("It does more than save a text. Do it again on its own page."))
