"""Plots as SVG, made by the server. Next to each, a table has the same numbers for screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 640, 160
_LEFT, _BOTTOM, _TOP = 24, 28, 26
# The maximum width of a bar, for plots with few numbers.
_WIDEST = 48.0


@dataclass(frozen=True, slots=True)
class StackedBar:
    """`parts`: (class, x, y, width, height) of the stacked pieces; `label` is written below at `x`, or ''."""

    parts: tuple[tuple[str, float, float, float, float], ...]
    label: str
    x: float


@dataclass(frozen=True, slots=True)
class Plot:
    bars: tuple[StackedBar, ...]
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT
    base: float = _HEIGHT - _BOTTOM


def stack(rows: Sequence[tuple[str, Sequence[tuple[str, int]]]], *, every: int | None = None) -> Plot:
    """Return bars of stacked numbers: (label, [(class, number)]).

    One bar in `every` has its label. By default about seven bars have one.
    """
    most = max((sum(number for _class, number in parts) for _label, parts in rows), default=0)
    room = _HEIGHT - _BOTTOM - _TOP
    step = (_WIDTH - 2 * _LEFT) / max(1, len(rows))
    wide = min(step * 0.7, _WIDEST)
    every = every or -(-len(rows) // 7) or 1
    bars = []
    for at, (label, parts) in enumerate(rows):
        y, pieces = float(_HEIGHT - _BOTTOM), []
        for name, number in parts:
            height = room * number / most if most else 0.0
            y -= height
            if number:
                left = _LEFT + at * step + (step - wide) / 2
                pieces.append((name, round(left, 1), round(y, 1), round(wide, 1), round(height, 1)))
        bars.append(StackedBar(tuple(pieces), label if at % every == 0 else "", round(_LEFT + at * step + step / 2, 1)))
    return Plot(tuple(bars), most)
