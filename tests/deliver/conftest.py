"""A local SendGrid and the transport that talks to it, both with default settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.deliver.ports import LogLookup, SuppressionSource
from digest.deliver.sendgrid.client import SendGrid
from digest.wiring.transports import TRANSPORTS
from tests.deliver.transports import TransportSetup, transport_setup
from tests.support.sendgrid_server import KEY, SendGridServer


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        yield found


@pytest.fixture
def transport(server: SendGridServer) -> Iterator[SendGrid]:
    found = SendGrid(KEY, host=server.url, timeout=short(0.4))
    assert isinstance(found, LogLookup)
    assert isinstance(found, SuppressionSource)
    yield found
    found.close()


@pytest.fixture(params=sorted(TRANSPORTS))
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TransportSetup]:
    with transport_setup(request.param, tmp_path) as found:
        yield found


def short(seconds: float) -> float:
    """Scale a time limit by the load of the machine, so that an answer in time does not come too late."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
