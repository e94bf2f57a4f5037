"""Users, their roles, links and sessions."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from digest.errors import DigestError
from digest.models import Role
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, number_in


def add(visit: Visit) -> Response:
    name = visit.form.get("name", "").strip().lower()
    accounts = visit.desk.accounts
    try:
        accounts.add(name, _role(visit), visit.actor)
        link = accounts.make_link(name, visit.actor)
    except DigestError as error:
        return page(visit, status=422, problem=visit.refusal(error), given=visit.form)
    return page(visit, linked=name, link=f"{visit.desk.url}/link/{link}")


def role(visit: Visit) -> Response:
    try:
        visit.desk.accounts.set_role(visit.parameters["name"], _role(visit), visit.actor)
    except DigestError as error:
        return page(visit, status=409, problem=visit.refusal(error))
    return visit.go("/users", done="role")


def email(visit: Visit) -> Response:
    """Set the address with which a user signs in by OpenID Connect."""
    try:
        visit.desk.accounts.set_email(visit.parameters["name"], visit.form.get("email", ""), visit.actor)
    except DigestError as error:
        return page(visit, status=422, problem=visit.refusal(error))
    return visit.go("/users", done="email")


def link(visit: Visit) -> Response:
    name = visit.parameters["name"]
    token = visit.desk.accounts.make_link(name, visit.actor)
    return page(visit, linked=name, link=f"{visit.desk.url}/link/{token}")


def end_sessions(visit: Visit) -> Response:
    visit.desk.accounts.end_sessions(visit.parameters["name"], visit.actor)
    return visit.go("/users", done="ended")


def remove(visit: Visit) -> Response:
    """Remove a user. Nobody can remove themselves, so at least one admin remains."""
    _ = visit.catalogue.gettext
    name = visit.parameters["name"]
    if name == visit.user.name:
        return page(visit, status=409, problem=_("You cannot remove yourself."))
    visit.desk.accounts.remove(name, visit.actor)
    return visit.go("/users", done="removed")


def make_token(visit: Visit) -> Response:
    """Make a token of the API for a user, and show it once."""
    form, user = visit.form, visit.parameters["name"]
    name, days = form.get("token", "").strip(), number_in(form.get("days", ""))
    try:
        token = visit.desk.app.api_tokens.make(user, name, _role(visit), visit.actor, days=days)
    except DigestError as error:
        return page(visit, status=422, problem=visit.refusal(error), given=form)
    return page(visit, linked=user, token=token)


def revoke_token(visit: Visit) -> Response:
    visit.desk.app.api_tokens.revoke(visit.parameters["name"], visit.form.get("token", ""), visit.actor)
    return visit.go("/users", done="revoked")


def _role(visit: Visit) -> Role:
    given = visit.form.get("role", "")
    if given not in list(Role):
        raise DigestError(f"expected {', '.join(Role)} as the role, found {given!r}")
    return Role(given)


def page(
    visit: Visit,
    *,
    status: int = 200,
    problem: str | PageSentence = "",
    given: Mapping[str, str] = {},
    linked: str = "",
    link: str = "",
    token: str = "",
) -> Response:
    return visit.page(
        "users.html.j2",
        status=status,
        problem=problem,
        given=given,
        done=visit.query.get("done", ""),
        linked=linked,
        link=link,
        token=token,
        users=visit.desk.accounts.list(),
        tokens=visit.desk.app.api_tokens.list(),
        roles=list(Role),
        provider=visit.desk.provider,
        now=visit.desk.now(),
    )
