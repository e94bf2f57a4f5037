"""A program's request to a handler of the desk: JSON instead of a form, and JSON instead of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from digest.models import Actor, Role
from digest.web.desk.api.documents import Done, document
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, form_text

if TYPE_CHECKING:
    from digest.store.desk.users import Token

_TEXTS = (str, int, float)
PROBLEM = "application/problem+json"


@dataclass
class ApiVisit(Visit):
    """`held` is the program's token. No cookie counts here, so no other site can act for a user."""

    held: Token | None = field(default=None, kw_only=True)

    @property
    def actor(self) -> Actor:
        return Actor(self.user.name, "api")

    @property
    def user(self):  # type: ignore[no-untyped-def]
        if self.held is None:
            raise RuntimeError("there is no token")
        return self.held.user

    def may(self, role: Role) -> bool:
        return self.held is not None and self.held.allows.includes(role)

    @property
    def patience(self) -> float:
        return 10.0

    @property
    def language(self) -> str:
        return "en"

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        if status >= 400:
            message: str | PageSentence = (
                values.get("problem") or values.get("wrong") or next(iter(values.get("problems") or {}), "")
            )
            return failure(status, _text(message) or "This cannot be done.", field=str(values.get("field") or ""))
        return answer(document(template, values), status)

    def go(self, place: str, *, part: str = "", **query: str) -> Response:  # noqa: ARG002
        return answer(Done(at=place))

    def problem(self, status: int, title: str, advice: str | PageSentence = "", *, field: str = "") -> Response:
        return failure(status, f"{title}. {_text(advice)}".strip() if advice else title, field=field)

    def finish(self, response: Response) -> Response:
        return response


def _text(sentence: str | PageSentence) -> str:
    """Return a sentence as one text: the original after our words, if there is one."""
    return sentence if isinstance(sentence, str) else f"{sentence.text} {sentence.original}".strip()


def answer(values: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(values, default=str), status, media_type="application/json")


def failure(status: int, message: str, *, field: str = "") -> Response:
    """Respond with an error by RFC 9457. `field` is the field that it concerns, or ''.

    `error` has the same once more, as before this standard.
    """
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": message}
    body = {**problem, "field": field, "error": {"status": status, "message": message, "field": field}}
    response = answer(body, status)
    response.headers["content-type"] = PROBLEM
    return response


def form_of(body: bytes) -> dict[str, str]:
    """Convert a JSON object to the fields of a form.

    Raises ValueError with what was expected. true becomes a ticked box, false and null an unticked one; a list becomes
    one ticked box per item.
    """
    if not body.strip():
        return {}
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValueError("expected a JSON object") from None
    if not isinstance(given, Mapping):
        raise ValueError("expected a JSON object")
    form: dict[str, str] = {}
    lists = []
    for name, value in given.items():
        if value is None or value is False:
            continue
        if value is True:
            form[name] = "on"
        elif isinstance(value, _TEXTS):
            form[name] = form_text(value)
        elif isinstance(value, list) and all(isinstance(each, str | int) for each in value):
            lists.append(name)
            form |= {f"{name}:{each}": "on" for each in value}
        else:
            raise ValueError(f"expected a text, a number, true, false or a list of texts or numbers as {name!r}")
    return form | ({"lists": " ".join(lists)} if lists else {})
