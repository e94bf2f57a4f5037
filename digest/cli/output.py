"""Output of commands: results on stdout (text or one JSON document), notes on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

import click

from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.redact import redact, without_known
from digest.utils.text import plural as plural

if TYPE_CHECKING:
    from digest.store.sending.status import UnknownBatch

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def emit(document: Any) -> None:
    """Print one JSON document to stdout, without the secrets in use."""
    written = json.dumps(document, ensure_ascii=False, indent=2)
    if without_known(written) != written:
        written = json.dumps(_without_secrets(document), ensure_ascii=False, indent=2)
    click.echo(written)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return without_known(value)
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list | tuple) else value


def note(sentence: str) -> None:
    """Print a line for the operator to stderr, without secrets."""
    click.echo(printable(redact(sentence)), err=True)


def printable(text: str) -> str:
    """Replace characters that a terminal would interpret. Our output contains names and responses from outside."""
    kept = "\n\t\u200c\u200d\u00a0"
    return "".join(sign if sign.isprintable() or sign in kept else "\ufffd" for sign in text)


def require_addresses(option: str, addresses: Sequence[str]) -> None:
    """Raise ConfigurationError with a sentence for each value of an option that is not an email address."""
    from digest.subscribers.address import normalise

    invalid = []
    for address in addresses:
        try:
            normalise(address)
        except ValueError as error:
            invalid.append(ConfigProblem(option, 0, f"{address!r} is not a valid email address: {error}"))
    if invalid:
        raise ConfigurationError(invalid)


def on_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colour(text: str, colour: str | None) -> str:
    """Colour a text. `click.echo` removes the colour when stdout is not a terminal.

    https://no-color.org asks programs to obey NO_COLOR.
    """
    return click.style(text, fg=colour) if colour and not os.environ.get("NO_COLOR") else text


def unsendable_note(batches: Sequence[UnknownBatch]) -> str:
    """Return a sentence that says why these batches cannot be sent."""
    names = ", ".join(sorted({batch.transport for batch in batches}))
    return (
        f"{plural(len(batches), 'batch', 'batches')} may already have been sent by {names}, which is no longer in "
        "delivery.transport. Add it back or run `digest reconcile`."
    )


def shorten(text: str, limit: int) -> str:
    """Cut `text` to one line of at most `limit` grapheme clusters."""
    from digest.hindi.cut import shorten

    return shorten(" ".join(text.split()), limit)


def ago(moment: datetime | None, now: datetime) -> str:
    """Format a time relative to now: 'just now', '5 min ago', '3 days ago', 'in 5 min'. None becomes ''."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 60:
        return "just now"
    span = _span(abs(seconds))
    return f"{span} ago" if seconds > 0 else f"in {span}"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"
