"""The server conforms to its OpenAPI description (schemathesis)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from digest.web.app import create_app
from tests.support.profiles import only_thorough
from tests.web.site import Site, site

# For each route and mode.
TRIES = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("openapi") / "newsletter") as pages:
        yield pages


def description(served: Site) -> dict[str, Any]:
    """The description, which the server does not publish."""
    with create_app(served.app, served.base) as guard:
        app: Any = guard
        while not hasattr(app, "openapi"):
            app = app.app
        described: dict[str, Any] = app.openapi()
    return described


# The tests of each page post valid and invalid forms. Importing schemathesis takes as long as all of them.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_responses_conform_to_the_description(served: Site, mode: str) -> None:
    # It is slow to import, and warns of its own deprecations.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis
    described = schemathesis.openapi.from_dict(description(served))
    accepted = described.config.checks.positive_data_acceptance
    # The schema cannot express valid addresses and hours; others are a 400.
    accepted.expected_statuses = [*accepted.expected_statuses, "400"]
    operations = list(described.get_all_operations())
    tried = 0
    for operation in operations:

        @given(case=operation.ok().as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
        @TRIES
        def check(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(base_url=served.base)

        # A route without parameters has no invalid request.
        with suppress(Unsatisfiable):
            check()
    assert tried >= len(operations)


def test_every_route_is_described(served: Site) -> None:
    paths = description(served)["paths"]
    assert {"/", "/join", "/confirm/{token}", "/leave/{token}", "/preferences/{token}", "/archive"} <= set(paths)
    body = paths["/leave/{token}"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/x-www-form-urlencoded", "multipart/form-data"}


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.yaml"])
def test_the_description_is_not_public(served: Site, path: str) -> None:
    answer = served.get(path)
    assert (answer.status, answer.title) == (404, "यहाँ कुछ नहीं है")
