"""Limits on CPU time, and how it grows with the input. They hold on a busy machine, where wall time proves nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Input = TypeVar("Input")

# How many times longer the second input is. Linear work then takes 8 times as long, quadratic work 64 times.
GROWTH = 8
LIMIT = 24
# Seconds of CPU below which a measurement is too coarse to judge, and the work harmless.
FLOOR = 0.003


def is_linear(
    work: Callable[[Input], object], make: Callable[[int], Input], size: int, *, floor: float = FLOOR
) -> bool:
    """Whether the CPU time of `work(make(n))` grows about as fast as n, up to `size`.

    Choose a size at which quadratic work would take longer than `floor` seconds. Making the input is not counted.
    """

    def cpu(size: int) -> float:
        given = make(size)
        start = time.thread_time()
        work(given)
        return time.thread_time() - start

    # A slow measurement may be an accident of the machine, so it must repeat.
    return any((long := cpu(size)) <= floor or long <= LIMIT * cpu(size // GROWTH) for _ in range(3))


def repeated(piece: str, *, front: str = "", back: str = "") -> Callable[[int], str]:
    """Return a function that makes a text of about n characters out of `piece`."""
    return lambda size: front + piece * (size // len(piece)) + back


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Fail when the block uses more CPU time of this process than `seconds`. Waiting does not count."""
    start = time.process_time()
    yield
    used = time.process_time() - start
    assert used < seconds, f"{used:.2f} s of CPU time, expected less than {seconds:g} s"
