"""How thorough a test run is: `dev` while you work, `ci` before a change lands.

Set `DIGEST_TEST_PROFILE=ci` for the thorough run. Property tests take their number of examples from here, chaos tests
their number of seeds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest
from hypothesis import settings

PROFILE = os.environ.get("DIGEST_TEST_PROFILE", "dev")
DEV_EXAMPLES = 15

# For a slow test whose proof others give in part. A comment names them.
only_thorough = pytest.mark.skipif(PROFILE != "ci", reason="runs with DIGEST_TEST_PROFILE=ci")

Case = TypeVar("Case")
Place = TypeVar("Place")


def examples(thorough: int, *, dev: int = DEV_EXAMPLES) -> int:
    """Return how many examples to try: `thorough` under `ci`, at most `dev` otherwise."""
    return thorough if PROFILE == "ci" else min(thorough, dev)


def first(cases: Sequence[Case], dev: int) -> Sequence[Case]:
    """Return all cases under `ci`, the first `dev` of them otherwise."""
    return cases if PROFILE == "ci" else cases[:dev]


def pairs(cases: Sequence[Case], places: Sequence[Place]) -> Sequence[tuple[Case, Place]]:
    """Return each case with each place under `ci`, each case with one place in turn otherwise."""
    if PROFILE == "ci":
        return [(case, place) for case in cases for place in places]
    return [(case, places[number % len(places)]) for number, case in enumerate(cases)]


def register() -> None:
    """Register the hypothesis profiles and load the one that is asked for. A busy machine must not fail a property."""
    settings.register_profile("ci", deadline=None, max_examples=75)
    settings.register_profile("dev", deadline=None, max_examples=DEV_EXAMPLES)
    settings.load_profile(PROFILE)
