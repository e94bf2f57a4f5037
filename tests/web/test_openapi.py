"""schemathesis over the OpenAPI description: what it says is what is answered, whatever is sent."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from tests.web.site import Site, site

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of its own coming changes when it is imported
    import schemathesis


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("openapi") / "letter") as pages:
        yield pages


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_the_pages_do_what_they_say(served: Site, mode: schemathesis.GenerationMode) -> None:
    described = schemathesis.openapi.from_url(f"{served.base}/openapi.json")
    accepted = described.config.checks.positive_data_acceptance
    # What is an address no schema can say: one that is none is a 400, and so is an hour before the newsletter's own.
    accepted.expected_statuses = [*accepted.expected_statuses, "400"]
    tried = 0
    for operation in described.get_all_operations():

        @given(case=operation.ok().as_strategy(generation_mode=mode))
        @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def holds(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(base_url=served.base)

        with suppress(Unsatisfiable):  # a route without parameters can't be asked wrongly
            holds()
    assert tried > 100


def test_every_route_is_described(served: Site) -> None:
    import json

    paths = json.loads(served.get("/openapi.json").text)["paths"]
    assert {"/", "/join", "/confirm/{token}", "/leave/{token}", "/preferences/{token}", "/archive"} <= set(paths)
    body = paths["/leave/{token}"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/x-www-form-urlencoded", "multipart/form-data"}


def test_nothing_of_it_comes_from_elsewhere(served: Site, tmp_path: Path) -> None:
    for path in ("/docs", "/redoc"):
        assert served.get(path).status == 404
