"""Commands that need only the store work with a faulty digest.yaml or a faulty list, and warn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from digest.cli.output import note, plural
from digest.errors import StoreError

if TYPE_CHECKING:
    from digest.app import App
    from digest.errors import ConfigProblem


@contextmanager
def app_despite_faults(home: Path, *, check_list: bool = True) -> Iterator[App]:
    """Open the newsletter as `make_app` does, also with faulty settings or a faulty list, and warn about the first.

    For commands that send, compose and approve nothing. Without `check_list` the store is not opened. Raises
    ConfigurationError if the store is not known.
    """
    from digest.app import make_app

    with make_app(home, despite_faults=True) as app:
        if app.faults:
            warn_of(
                app.faults,
                "This works without it. What sends, composes or approves is refused until digest.yaml is valid; "
                "`digest check` shows all errors.",
            )
        elif check_list:
            warn_of_list(app)
        yield app


def warn_of_list(app: App) -> None:
    """Warn if the list has errors. Without valid settings the topics are not known, which a list is checked against."""
    try:
        faults = () if app.faults else app.subscriber_list.faults()
    except StoreError:
        # The command says so, if it needs the store.
        return
    if faults:
        warn_of(faults, "`digest subscribers check` shows all errors of the list.")


def warn_of(faults: Sequence[ConfigProblem], consequence: str) -> None:
    """Print the first of several errors, how many more there are, and what follows from them."""
    first, more = str(faults[0]), len(faults) - 1
    if more:
        first = f"{first} (and {plural(more, 'more error', 'more errors')})"
    note(f"{first}{'' if first.endswith(('.', '?')) else '.'} {consequence}")
