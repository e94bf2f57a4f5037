"""One test for a whole table. To pytest and xdist, a case of `parametrize` costs more than what most rows do."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest

# Characters.
_LONGEST_NOTE = 1_000


def each_row(names: str | tuple[str, ...], rows: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test with each row, and report every row that fails. The rows share the test's fixtures.

    Names and rows are those of `pytest.mark.parametrize`.
    """
    columns = [each.strip() for each in names.split(",")] if isinstance(names, str) else list(names)
    values = [row if len(columns) > 1 else (row,) for row in rows]

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def test_each_row(**fixtures: Any) -> None:
            __tracebackhide__ = True
            failed: list[BaseException] = []
            for row in values:
                try:
                    test(**dict(zip(columns, row, strict=True)), **fixtures)
                # What `pytest.raises` raises is no Exception.
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"The row: {row!r}"[:_LONGEST_NOTE])
                    failed.append(error)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(values)} rows failed", failed)

        asked = inspect.signature(test).parameters
        fixtures = [asked[name] for name in asked if name not in columns]
        test_each_row.__signature__ = inspect.Signature(fixtures)  # type: ignore[attr-defined]
        return test_each_row

    return decorate
