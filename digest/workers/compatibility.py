"""Decide which workers may share a store: those of one minor version. A worker that sends unknown batches again must be
alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from digest import __version__
from digest.app import App
from digest.config.loader import FILE_NAME
from digest.config.settings import Settings
from digest.errors import ConfigurationError, StoreError
from digest.store.database import unopened
from digest.store.workers import Worker, WorkerStore


def can_have_workers(app: App) -> bool:
    return not on_sqlite(app) and _is_installed()


def require_workers(app: App) -> None:
    """Raise ConfigurationError with the remedy if this newsletter cannot have workers."""
    if on_sqlite(app):
        message = (
            "'store.url': workers need PostgreSQL, and one process sends from a SQLite file; run `digest run`, or move "
            "the store: digest store copy"
        )
    elif not _is_installed():
        message = "workers need Procrastinate; install hindi-digest[workers]"
    else:
        return
    raise ConfigurationError.at(FILE_NAME, message)


def check_before_opening(settings: Settings, home: Path, version: str = __version__) -> None:
    """Raise StoreError if workers of another version use the store. Migrating it would break them."""
    with closing(unopened(settings.store.url, home=home)) as database:
        others = WorkerStore(database).all_if_any()
    for other in others:
        if other.is_alive and _minor(other.version) != _minor(version):
            raise StoreError(
                f"a worker of version {other.version} runs on {other.host}, and this is version {version}; end the "
                "workers of the other minor version first"
            )


def refuse_blind_resends(settings: Settings, others: Sequence[Worker]) -> None:
    """Raise ConfigurationError if several workers would send unknown batches again."""
    if settings.delivery.on_unknown == "resend" and (alive := [each for each in others if each.is_alive]):
        message = (
            f"'delivery.on_unknown': resend is for one worker, and another one runs on {alive[0].host}: it may be "
            "sending what looks lost; expected fence or hold"
        )
        raise ConfigurationError.at(FILE_NAME, message)


def on_sqlite(app: App) -> bool:
    return app.settings.store.url.startswith("sqlite")


def _is_installed() -> bool:
    return importlib.util.find_spec("procrastinate") is not None


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])
