"""Open the newsletter for a command, and name who runs it.

Commands that only need the store work despite errors in digest.yaml or the list, and warn about them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from digest.cli.output import note, plural
from digest.errors import ConfigProblem, ConfigurationError, StoreError

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Actor

T = TypeVar("T")


def pass_app(command: Callable[..., T]) -> Callable[..., T]:
    """Open the newsletter while the command runs, and pass it as the first argument."""

    @click.pass_obj
    @wraps(command)
    def run(home: Path, /, **given: Any) -> T:
        from digest.app import make_app

        with make_app(home) as app:
            return command(app, **given)

    return run


def pass_app_despite_faults(command: Callable[..., T]) -> Callable[..., T]:
    """Like `pass_app`, even if the settings or the list have errors."""

    @click.pass_obj
    @wraps(command)
    def run(home: Path, /, **given: Any) -> T:
        with app_despite_faults(home) as app:
            return command(app, **given)

    return run


@contextmanager
def app_despite_faults(
    home: Path, *, check_list: bool = True, needs: Collection[str] = (), refused: str = ""
) -> Iterator[App]:
    """Open the newsletter as `make_app` does, even if the settings or the list have errors, and warn about these.

    Only for commands that neither send nor compose nor approve. Without `check_list` the store is not opened. Raises
    ConfigurationError if an error hides which store is meant, or is in a section that the command `needs`. With
    `refused`, a sentence that says what is not possible, it raises for any error of the settings.
    """
    from digest.app import make_app

    with make_app(home, despite_faults=True) as app:
        if not app.faulty_sections.isdisjoint(needs):
            raise ConfigurationError(list(app.faults))
        if refused:
            refuse_faults(app, refused)
        if app.faults:
            warn_of(
                app.faults,
                "This command works all the same. Commands that send, compose or approve need a valid digest.yaml; "
                "`digest check` shows all errors.",
            )
        elif check_list:
            warn_of_list(app)
        yield app


def refuse_faults(app: App, what: str) -> None:
    """Raise ConfigurationError if the settings have errors. It lists them, and says what is not possible meanwhile."""
    if app.faults:
        from digest.config.loader import FILE_NAME

        more = ConfigProblem(FILE_NAME, 0, f"{what} needs a valid file: repair it first, and nothing is lost meanwhile")
        raise ConfigurationError([*app.faults, more])


def read_list_despite_faults(app: App, read: Callable[[], T]) -> T | None:
    """Return the result of `read`. None if a list file has errors: the store then has the last valid list.

    Warns about a faulty list. Raises ConfigurationError if there is no earlier valid list.
    """
    # With faulty settings the valid topics are not known.
    problems: Sequence[ConfigProblem] = app.faults
    if not problems:
        try:
            return read()
        except ConfigurationError as error:
            problems = error.problems
    if app.subscribers.synced_version() is None:
        raise ConfigurationError(list(problems))
    if not app.faults:
        warn_of(problems, "The last valid list is used. `digest subscribers check` shows all errors of the list.")
    return None


def warn_of_list(app: App) -> None:
    """Warn if the list has errors. Skipped with faulty settings, because they say which topics are valid."""
    try:
        faults = () if app.faults else app.subscriber_list.faults()
    except StoreError:
        # A command that needs the store reports this error itself.
        return
    if faults:
        warn_of(faults, "`digest subscribers check` shows all errors of the list.")


def warn_of(faults: Sequence[ConfigProblem], consequence: str) -> None:
    """Print the first error, the number of further ones, and the consequence."""
    first, more = str(faults[0]), len(faults) - 1
    if more:
        first = f"{first} (and {plural(more, 'more error')})"
    note(f"{first}{'' if first.endswith(('.', '?')) else '.'} {consequence}")


def command_actor(environment: Mapping[str, str] = os.environ) -> Actor:
    """Return the person who runs this command, as the author of its acts."""
    from digest.models import Actor

    return Actor(user_name(environment), "command")


def user_name(environment: Mapping[str, str]) -> str:
    """Return DIGEST_USER, or else the name of the user of the operating system."""
    import getpass

    if named := environment.get("DIGEST_USER", "").strip():
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
