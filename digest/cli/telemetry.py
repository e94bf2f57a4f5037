"""Send spans to an OpenTelemetry collector and bugs to Sentry, if environment variables enable it.

Both tools are extras: `hindi-digest[otel]` and `hindi-digest[sentry]`. Without the variables neither is imported. They
never send an address, a secret, a variable or a request.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from digest import __version__
from digest.cli.logs import clean, warn
from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.utils import redact
from digest.utils.telemetry import Attribute, Span, Tracer, current_fields, report_error, reporting

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from sentry_sdk.types import Event, Hint

T = TypeVar("T")

_DSN = "SENTRY_DSN"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
# Seconds for one request, and for unsent data at the end: a service must stop in time even if monitoring is down.
_TIMEOUT = 3


@contextmanager
def telemetry(environment: Mapping[str, str]) -> Iterator[None]:
    """Report the work within the block to Sentry (`SENTRY_DSN`) and OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT`).

    Also reports an exception that leaves the block and is a bug. Raises ConfigurationError if a variable has an invalid
    value, or its tool is not installed.
    """
    with ExitStack() as held:
        tracer = held.enter_context(_collector(environment)) if any(map(environment.get, _ENDPOINTS)) else None
        dsn = environment.get(_DSN, "").strip()
        errors = held.enter_context(_sentry(dsn, environment)) if dsn else None
        with reporting(tracer=tracer, errors=errors):
            try:
                yield
            except (ConfigurationError, DigestError):
                raise
            except Exception as error:
                report_error(error)
                raise


@contextmanager
def _collector(environment: Mapping[str, str]) -> Iterator[Tracer]:
    try:
        from opentelemetry import context
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import Status, StatusCode
    except ModuleNotFoundError as error:
        raise _missing("OTEL_EXPORTER_OTLP_ENDPOINT", error, "otel") from None
    for variable in _HEADERS:
        # The headers contain the key of a hosted collector.
        redact.protect(pair.partition("=")[2] for pair in environment.get(variable, "").split(","))
    with _in_environment({name: value for name, value in environment.items() if name.startswith("OTEL_")}):
        name = os.environ.get("OTEL_SERVICE_NAME") or "hindi-digest"
        resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: __version__})
        given = any(environment.get(f"OTEL_EXPORTER_OTLP_{name}TIMEOUT") for name in ("", "TRACES_"))
        exporter = OTLPSpanExporter(timeout=None if given else _TIMEOUT)
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    opentelemetry = provider.get_tracer("digest", __version__)

    class Measured:
        def __init__(self, span: OtelSpan) -> None:
            self._span = span

        def set(self, **attributes: Attribute | None) -> None:
            for name, value in attributes.items():
                if value is not None:
                    self._span.set_attribute(f"digest.{name}", clean(value) if isinstance(value, str) else value)

        def fail(self, reason: str) -> None:
            self._span.set_status(Status(StatusCode.ERROR, clean(reason)))

    class OpenTelemetry:
        @contextmanager
        def span(self, name: str) -> Iterator[Span]:
            # The library would record the message and the traceback of an exception uncleaned.
            with opentelemetry.start_as_current_span(
                name, record_exception=False, set_status_on_exception=False
            ) as opened:
                measured = Measured(opened)
                try:
                    yield measured
                except Exception as error:
                    measured.fail(f"{type(error).__name__}: {error}")
                    raise

        def within_span(self, call: Callable[[], T]) -> Callable[[], T]:
            parent = context.get_current()

            def run() -> T:
                token = context.attach(parent)
                try:
                    return call()
                finally:
                    context.detach(token)

            return run

    with _failures_told_once():
        try:
            yield OpenTelemetry()
        finally:
            # Ends the retries of spans that a collector does not accept.
            limit = threading.Timer(_TIMEOUT, exporter.shutdown)
            limit.daemon = True
            limit.start()
            provider.shutdown()
            limit.cancel()


@contextmanager
def _in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set missing environment variables of this process, because the library reads no others.

    Credentials of systemd are in a file.
    """
    added = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


class _FirstFailure(logging.Handler):
    """Logs the library's first error. The library repeats it every few seconds while spans are lost."""

    reported = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.reported:
            self.reported = True
            warn(f"Spans do not reach the OpenTelemetry collector: {record.getMessage()}")


@contextmanager
def _failures_told_once() -> Iterator[None]:
    logger, handler = logging.getLogger("opentelemetry"), _FirstFailure(logging.WARNING)
    before = logger.propagate
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


@contextmanager
def _sentry(dsn: str, environment: Mapping[str, str]) -> Iterator[Callable[[BaseException], None]]:
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ModuleNotFoundError as error:
        raise _missing(_DSN, error, "sentry") from None
    try:
        sentry_sdk.init(
            dsn,
            release=f"hindi-digest@{__version__}",
            environment=environment.get("SENTRY_ENVIRONMENT"),
            # The integrations would send log lines, arguments and requests.
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            before_send=_without_personal_data,
        )
    except BadDsn:
        # The value is not shown: if it is not a DSN, it may be some other key.
        problem = ConfigProblem("environment", 0, f"{_DSN} is not a DSN; copy it from the project's settings in Sentry")
        raise ConfigurationError([problem]) from None

    def send(error: BaseException) -> None:
        sentry_sdk.capture_exception(error, tags={name: str(value) for name, value in current_fields().items()})

    try:
        yield send
    finally:
        sentry_sdk.get_client().close(timeout=_TIMEOUT)


def _without_personal_data(event: Event, _hint: Hint) -> Event:
    return cast("Event", _clean(event))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def _missing(variable: str, error: ModuleNotFoundError, extra: str) -> ConfigurationError:
    reason = f"{variable} is set, and {error.name} is not installed; install hindi-digest[{extra}], or unset it"
    return ConfigurationError.at("environment", reason)
