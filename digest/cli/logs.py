"""The log of a long-running command: one line for each event, as text on a terminal and as JSON elsewhere.

No line contains a secret or an address. Libraries log only errors, and these are cleaned too.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

import click

from digest.cli.output import printable
from digest.utils.redact import hide_addresses, redact
from digest.utils.telemetry import current_fields

LogFormat = Literal["text", "json"]

log = logging.getLogger("digest")

log_option = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    envvar="DIGEST_LOG",
    help="Write log lines as text or as JSON (default: text on a terminal, JSON elsewhere).",
)

# The attributes of every record. Others are fields.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "fields"}
# Libraries that log errors about pages of sources. Sources report such problems as warnings.
_SILENT = ("trafilatura", "htmldate", "courlan", "justext")


@contextmanager
def logging_to_stderr(chosen: LogFormat | None, now: Callable[[], datetime]) -> Iterator[None]:
    """Log to stderr within the block. `now` gives the time of text lines, in the newsletter's zone."""
    as_text = chosen == "text" or (chosen is None and sys.stderr.isatty())
    handler = logging.StreamHandler()
    # Their levels do not hold: trafilatura sets that of htmldate when it is imported.
    handler.addFilter(lambda record: record.name.partition(".")[0] not in _SILENT)
    handler.addFilter(CleanRecords())
    handler.setFormatter(TextFormatter(now) if as_text else JsonFormatter())
    levels = {"": logging.ERROR, log.name: logging.INFO}
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(handler)
    # Python's warnings would have another format.
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def info(sentence: str) -> None:
    log.info("%s", sentence)


def warn(sentence: str) -> None:
    """Log a fault. With DIGEST_DEBUG, the traceback of the exception that is being handled follows."""
    error = sys.exc_info()[1] if os.environ.get("DIGEST_DEBUG") else None
    log.warning("%s", sentence, exc_info=error)


class CleanRecords(logging.Filter):
    """Completes records with the fields of their work, and removes secrets and addresses.

    It must be a handler's filter: a logger's filter does not see the records of the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        fields = {**current_fields()}
        fields |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        record.fields = {name: _clean_value(value) for name, value in fields.items()}
        record.msg, record.args = clean(record.getMessage()), None
        if record.exc_info:
            record.exc_text = clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `message`, fields such as `edition`, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, object] = {
            "time": f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.name != log.name:
            entry["logger"] = record.name
        if record.exc_text:
            entry["exception"] = record.exc_text
        return json.dumps(entry, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line such as `2026-11-23 07:00:02 +0530 INFO batch accepted edition=2026-11-23 batch=3`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now = now

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in getattr(record, "fields", {}).items())
        trace = f" | {record.exc_text}" if record.exc_text else ""
        line = f"{self.now():%Y-%m-%d %H:%M:%S %z} {record.levelname} {record.getMessage()}{fields}{trace}"
        return printable(" | ".join(part.strip() for part in line.splitlines() if part.strip()))


def clean(text: str) -> str:
    """Remove secrets and addresses."""
    return hide_addresses(redact(text))


def _clean_value(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))
