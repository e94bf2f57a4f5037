"""For commands that need only the store: open a newsletter despite a faulty digest.yaml or list, and warn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from digest.cli.output import note, plural
from digest.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from digest.app import App
    from digest.errors import ConfigProblem


@contextmanager
def app_despite_faults(home: Path, *, check_list: bool = True, needs: Collection[str] = ()) -> Iterator[App]:
    """Open the newsletter as `make_app` does, even if the settings or the list have errors, and warn about these.

    Only for commands that neither send nor compose nor approve. Without `check_list` the store is not opened. Raises
    ConfigurationError if an error hides which store is meant, or is in a section that the command `needs`.
    """
    from digest.app import make_app

    with make_app(home, despite_faults=True) as app:
        if not app.faulty_sections.isdisjoint(needs):
            raise ConfigurationError(list(app.faults))
        if app.faults:
            warn_of(
                app.faults,
                "This command works all the same. Commands that send, compose or approve need a valid digest.yaml; "
                "`digest check` shows all errors.",
            )
        elif check_list:
            warn_of_list(app)
        yield app


def warn_of_list(app: App) -> None:
    """Warn if the list has errors. Skipped with faulty settings, because they say which topics are valid."""
    try:
        faults = () if app.faults else app.subscriber_list.faults()
    except StoreError:
        # A command that needs the store reports this itself.
        return
    if faults:
        warn_of(faults, "`digest subscribers check` shows all errors of the list.")


def warn_of(faults: Sequence[ConfigProblem], consequence: str) -> None:
    """Print the first of several errors, how many more there are, and what follows from them."""
    first, more = str(faults[0]), len(faults) - 1
    if more:
        first = f"{first} (and {plural(more, 'more error', 'more errors')})"
    note(f"{first}{'' if first.endswith(('.', '?')) else '.'} {consequence}")
