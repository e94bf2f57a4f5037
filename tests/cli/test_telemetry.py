"""Spans for an OpenTelemetry collector and bugs for Sentry, as servers on 127.0.0.1 receive them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from digest.cli.telemetry import telemetry
from digest.errors import ConfigurationError, DigestError
from digest.utils.redact import protect
from digest.utils.telemetry import log_fields, report_error, span
from tests.cli.newsroom import Newsroom
from tests.support.http_server import HttpServer

SPANS, ENVELOPES = "/v1/traces", "/api/7/envelope/"


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.route(SPANS, b"", type="application/x-protobuf")
        server.route(ENVELOPES, b"{}", type="application/json")
        yield server


def dsn(site: HttpServer) -> str:
    return f"http://publickey@127.0.0.1:{site.port}/7"


def spans(site: HttpServer) -> list[Any]:
    found = []
    for request in site.hits(SPANS):
        message = ExportTraceServiceRequest.FromString(request.body)
        found += [each for resource in message.resource_spans for scope in resource.scope_spans for each in scope.spans]
    return found


def attributes(of: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


def events(site: HttpServer) -> list[dict[str, Any]]:
    """The events of the envelopes. Each item of an envelope is a line of headers and a line of content."""
    # The library takes the best compression that is installed.
    bodies = [brotli.decompress(each.body) for each in site.hits(ENVELOPES)]
    lines = [body.splitlines()[1:] for body in bodies]
    return [
        json.loads(content)
        for each in lines
        for head, content in zip(each[::2], each[1::2], strict=True)
        if json.loads(head)["type"] == "event"
    ]


@pytest.mark.slow
def test_a_send_is_one_trace_from_its_sources_to_its_batches(newsroom: Newsroom, site: HttpServer) -> None:
    newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com")
    run = newsroom.digest("send", OTEL_EXPORTER_OTLP_ENDPOINT=site.url(), OTEL_EXPORTER_OTLP_HEADERS="x-key=collect0r")
    assert run.code == 0, run.err
    found = spans(site)
    by_name = {each.name: each for each in found}
    assert by_name.keys() == {"send", "compose", "collect", "source", "deliver", "batch"}
    assert len({each.trace_id for each in found}) == 1
    ids = {each.span_id: each.name for each in found}
    within = {name: ids.get(each.parent_span_id) for name, each in by_name.items()}
    assert within == {
        "send": None,
        "compose": "send",
        "collect": "compose",
        "source": "collect",
        "deliver": "send",
        "batch": "deliver",
    }
    batch = attributes(by_name["batch"])
    assert batch["digest.edition"] == "2026-11-23"
    assert (batch["digest.recipients"], batch["digest.outcome"], batch["digest.transport"]) == (2, "Accepted", "outbox")
    assert attributes(by_name["deliver"])["digest.accepted"] == 2
    assert site.hits(SPANS)[0].headers["x-key"] == "collect0r"
    for request in site.requests:
        assert b"asha" not in request.body
        assert b"collect0r" not in request.body


def test_a_failed_span_says_why_without_addresses_and_secrets(site: HttpServer) -> None:
    protect(["hunter2secret"])
    fields = {"edition": "2026-11-23", "server": "asha@example.com"}
    with (
        telemetry({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": site.url(SPANS)}),
        pytest.raises(DigestError),
        span("job", **fields),
    ):
        raise DigestError("asha@example.com: hunter2secret")
    (failed,) = spans(site)
    assert failed.status.message == "DigestError: …@example.com: ***"
    assert attributes(failed) == {"digest.edition": "2026-11-23", "digest.server": "…@example.com"}


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["refused", 503])
def test_a_send_works_without_its_collector_and_says_so_once(
    newsroom: Newsroom, site: HttpServer, caplog: pytest.LogCaptureFixture, answer: str | int
) -> None:
    if isinstance(answer, int):
        site.route(SPANS, b"", status=answer)
        endpoint = site.url()
    else:
        # Nothing listens on the discard port.
        endpoint = "http://127.0.0.1:9"
    run = newsroom.digest("send", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
    assert run.code == 0, run.err
    assert len(newsroom.outbox()) > 0
    assert [line for line in run.err.splitlines() if not re.match("(collected|sent): ", line)] == []
    (line,) = caplog.messages
    assert line.startswith("Spans do not reach the OpenTelemetry collector: ")


def test_sentry_gets_a_bug_with_its_edition_and_nothing_personal(
    site: HttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    protect(["hunter2secret"])
    password = "a local variable"  # noqa: F841
    with telemetry({"SENTRY_DSN": dsn(site), "SENTRY_ENVIRONMENT": "newsroom"}), log_fields(edition="2026-11-23"):
        try:
            raise ValueError("asha@example.com hunter2secret")
        except ValueError as error:
            report_error(error)
    (event,) = events(site)
    assert event["exception"]["values"][0]["value"] == "…@example.com ***"
    assert event["tags"] == {"edition": "2026-11-23"}
    assert event["environment"] == "newsroom"
    sent = json.dumps(event)
    # The line of the source code that raised it may be there, which holds the literal of this test.
    values = json.dumps([value for value in event["exception"]["values"] if not value.pop("stacktrace", None)])
    assert "asha@" not in values
    assert '"vars"' not in sent
    assert "breadcrumbs" not in event or not event["breadcrumbs"]["values"]
    assert "argv" not in sent
    assert capsys.readouterr().err == ""


def test_a_fault_that_the_program_expects_is_no_bug(site: HttpServer) -> None:
    environment = {"SENTRY_DSN": dsn(site)}
    with pytest.raises(DigestError), telemetry(environment):
        raise DigestError("The source is dead.")
    with pytest.raises(ConfigurationError), telemetry(environment):
        raise ConfigurationError([])
    assert events(site) == []
    with pytest.raises(ZeroDivisionError), telemetry(environment):
        raise ZeroDivisionError
    assert [event["exception"]["values"][0]["type"] for event in events(site)] == ["ZeroDivisionError"]


@pytest.mark.parametrize(
    ("variable", "module", "extra"),
    [
        ("SENTRY_DSN", "sentry_sdk", "sentry"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.exporter.otlp.proto.http.trace_exporter", "otel"),
    ],
)
def test_a_tool_that_is_not_installed_is_named(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, variable: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    run = newsroom.digest("send", **{variable: "http://key@127.0.0.1:9/7"})
    assert run.code == 2
    assert f"{variable} is set" in run.err
    assert f"install hindi-digest[{extra}]" in run.err
    assert newsroom.outbox() == {}


def test_a_faulty_dsn_is_refused_without_showing_it(newsroom: Newsroom) -> None:
    run = newsroom.digest("send", SENTRY_DSN="sntrys_notadsn")
    assert run.code == 2
    assert "SENTRY_DSN is not a DSN" in run.err
    assert "notadsn" not in run.err


WITHOUT = """
import sys
from digest.cli.telemetry import telemetry
from digest.utils.telemetry import report_error, span
with telemetry({"SENTRY_DSN": ""}):
    with span("job") as measured:
        measured.set(articles=1)
        measured.fail("no reason")
    report_error(ValueError())
sys.exit(bool({"sentry_sdk", "opentelemetry"} & set(sys.modules)))
"""


def test_nothing_is_loaded_without_the_variables() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
