"""Analyse each route once for a whole test process: hundreds of tests build the same pages."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import lru_cache
from types import FunctionType
from typing import Any

import starlette.routing
from fastapi import routing
from fastapi.dependencies import models, utils
from fastapi.dependencies.models import Dependant


def analyse_once() -> None:
    """Make FastAPI reuse what it found out about a function when another application has the same one."""
    analyse, make_body = utils.get_dependant, utils._get_body_field
    analysed: dict[Hashable, Dependant] = {}
    bodies: dict[Hashable, tuple[list[Any], Any]] = {}

    def analyse_or_reuse(*, path: str, call: Callable[..., Any], **options: Any) -> Dependant:
        key = _key(path, call, options)
        if key is None:
            return analyse(path=path, call=call, **options)
        if key not in analysed:
            analysed[key] = analyse(path=path, call=call, **options)
        found = analysed[key]
        # FastAPI adds the dependencies of the router.
        return replace(found, call=call, dependencies=[*found.dependencies])

    def make_body_or_reuse(*, body_params: list[Any], name: str, embed_body_fields: bool) -> Any:
        key = (*map(id, body_params), name, embed_body_fields)
        if key not in bodies:
            made = make_body(body_params=body_params, name=name, embed_body_fields=embed_body_fields)
            # The parameters stay alive, so that no other ones get their ids.
            bodies[key] = (body_params, made)
        return bodies[key][1]

    read_return, returned = utils.get_typed_return_annotation, dict[Hashable, Any]()

    def read_return_or_reuse(call: Callable[..., Any]) -> Any:
        key = _code_or_id(call)
        if key not in returned:
            returned[key] = (call, read_return(call))
        return returned[key][1]

    routing.compile_path = starlette.routing.compile_path = lru_cache(1_000)(routing.compile_path)  # type: ignore[attr-defined,assignment]
    routing.get_typed_return_annotation = read_return_or_reuse  # type: ignore[attr-defined]
    models._CallIdentity = _SameCode  # type: ignore[assignment,misc]
    utils.get_dependant = routing.get_dependant = analyse_or_reuse  # type: ignore[attr-defined]
    utils._get_body_field = routing._get_body_field = make_body_or_reuse  # type: ignore[attr-defined]


class _SameCode:
    """The key of the caches of what kind of function a call is."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        self.identity = _code_or_id(call)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameCode) and self.identity == other.identity


def _code_or_id(call: Callable[..., Any]) -> Hashable:
    is_plain = isinstance(call, FunctionType) and not hasattr(call, "__wrapped__")
    return call.__code__ if is_plain else id(call)


def _key(path: str, call: Callable[..., Any], options: dict[str, Any]) -> Hashable | None:
    """Everything that the parameters of a function depend on. None if it cannot be compared."""
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return None
    scopes = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    key = (
        path,
        call.__module__,
        call.__code__,
        call.__defaults__,
        tuple((call.__kwdefaults__ or {}).items()),
        tuple(call.__annotations__.items()),
        tuple(scopes.items()),
    )
    try:
        hash(key)
    except TypeError:
        return None
    return key
