"""Hash passwords cheaply: a real hash takes 64 MB and 50 ms of CPU, and every test of the desk needs some."""

from __future__ import annotations

from argon2 import PasswordHasher

from digest.usecases import accounts


def hash_cheaply() -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    accounts._hasher = lambda: hasher  # type: ignore[assignment]
