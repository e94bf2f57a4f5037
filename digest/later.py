"""A sequence made when somebody first wants an item of it: most batches are sent without a look at their readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar, overload

_T = TypeVar("_T")


class Later(Sequence[_T]):
    """A sequence of known length that is made when somebody first looks at an item."""

    def __init__(self, length: int, make: Callable[[], Sequence[_T]]) -> None:
        self.length = length
        self.make = make

    @cached_property
    def items(self) -> Sequence[_T]:
        return self.make()

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, at: int) -> _T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[_T]: ...
    def __getitem__(self, at: int | slice) -> _T | Sequence[_T]:
        return self.items[at]
