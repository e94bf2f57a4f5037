"""Report to monitoring tools: spans of the program's work, and errors that are bugs. Add fields to log records.

`span` and `report_error` do nothing until `digest.cli.telemetry` sets up a tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Attribute = str | int | float | bool
# Fields for all log records of a piece of work, such as its edition.
_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default=MappingProxyType({}))


class Span(Protocol):
    """A measured piece of work."""

    def set(self, **attributes: Attribute | None) -> None:
        """Add attributes. Attributes that are None are left out."""
        ...

    def fail(self, reason: str) -> None:
        """Mark the work as failed."""
        ...


class _NoSpan:
    def set(self, **attributes: Attribute | None) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass


class Tracer(Protocol):
    """Receives spans."""

    def span(self, name: str) -> AbstractContextManager[Span]:
        """Open a span within the one of this thread. An exception marks it as failed."""
        ...

    def within_span(self, call: Callable[[], T]) -> Callable[[], T]:
        """Wrap a call for another thread, so that its spans are children of this thread's present span."""
        ...


_tracer: Tracer | None = None
_report: Callable[[BaseException], None] | None = None


@contextmanager
def reporting(*, tracer: Tracer | None, errors: Callable[[BaseException], None] | None) -> Iterator[None]:
    """Use this tracer and error reporter within the block, in all threads."""
    global _tracer, _report
    before = _tracer, _report
    _tracer, _report = tracer, errors
    try:
        yield
    finally:
        _tracer, _report = before


@contextmanager
def span(name: str, **attributes: Attribute | None) -> Iterator[Span]:
    """Measure the block as a span. No attribute has an address."""
    if _tracer is None:
        yield _NoSpan()
        return
    with _tracer.span(name) as opened:
        opened.set(**attributes)
        yield opened


def within_span(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """Wrap a call for another thread, so that its spans are children of this thread's present span."""
    call = partial(function, *args, **kwargs)
    return call if _tracer is None else _tracer.within_span(call)


def report_error(error: BaseException) -> None:
    """Report an unexpected exception: a bug of the program."""
    if _report is not None:
        _report(error)


@contextmanager
def log_fields(**fields: object) -> Iterator[None]:
    """Add fields to this thread's log records within the block."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def current_fields() -> Mapping[str, object]:
    return _fields.get()
