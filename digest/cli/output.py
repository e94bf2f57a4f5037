"""How commands speak: results on stdout (a table or one JSON document), progress and notes on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digest.store.counting import Doubt

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def emit(document: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def note(sentence: str) -> None:
    """A line for the operator on stderr."""
    click.echo(shown(sentence), err=True)


def shown(text: str) -> str:
    """`text` without what a terminal would obey: names and answers from outside are in what we say."""
    kept = "\n\t\u200c\u200d\u00a0"
    return "".join(sign if sign.isprintable() or sign in kept else "\ufffd" for sign in text)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain table whose columns line up for Devanagari too: wcwidth measures them."""
    from tabulate import tabulate

    # The first column of all-digit texts is text as well: an address or a key must not be turned into a number.
    plain = [[shown(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return str(tabulate(plain, headers=headers, tablefmt="simple", disable_numparse=True))


def plural(number: int, one: str, many: str) -> str:
    """'1 batch', '2 batches'."""
    return f"{number} {one if number == 1 else many}"


def stranded_words(stranded: Sequence[Doubt]) -> str:
    """What keeps these batches from being sent."""
    names = ", ".join(sorted({one.transport for one in stranded}))
    waiting = plural(len(stranded), "batch waits", "batches wait")
    return f"{waiting} for {names}, which may have sent them, and which delivery.transport names no more"


def shortened(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` grapheme clusters."""
    from digest.hindi.cut import shorten

    return shorten(" ".join(text.split()), limit)


class Progress:
    """A line on stderr that is written over in a terminal, and now and then where it is not one."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.live = sys.stderr.isatty()
        self.last = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // total if total else 100
        step = 1 if self.live else 25
        if percent // step == self.last // step and done < total:
            return
        self.last = percent
        line = f"{self.what}: {done} of {total}"
        click.echo(f"\r{line}" if self.live else line, err=True, nl=not self.live)

    def end(self) -> None:
        if self.live and self.last >= 0:
            click.echo(err=True)
