"""Follow the edits of a newsletter's settings and of its subscriber list while it runs.

A changed `digest.yaml` is validated as a whole. If it has errors, the settings in use stay. The caller asks between two
jobs, so no job sees two settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from digest import i18n
from digest.app import App
from digest.config import loader
from digest.config.secrets import find_secrets
from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.newsletter.checks import check_settings
from digest.subscribers.includes import files_of
from digest.utils import redact
from digest.utils.files import read_regular

# Folders whose files are validated together with the settings.
_FOLDERS = ("templates", "messages")

# What identifies the content of a file; None if it cannot be read.
Stamp = bytes | tuple[int, int] | None


class SettingsWatch:
    """The settings of a running newsletter. `app` has those in use."""

    def __init__(self, app: App, *, needs_restart: Sequence[str]) -> None:
        self.app = app
        # Errors that keep the files' settings from being used.
        self.problems: tuple[ConfigProblem, ...] = ()
        # Keys that were changed and take effect after a restart.
        self.waiting: tuple[str, ...] = ()
        # The changes of the last reload, in a sentence; '' if only comments or the layout changed.
        self.news = ""
        self._needs_restart = tuple(needs_restart)
        self._seen = _stamps(app)
        # Of the files whose settings are in use.
        self._used = self._seen

    def is_new(self) -> bool:
        """Whether the files changed since they were read last."""
        return _stamps(self.app) != self._seen

    def reload(self) -> tuple[str, ...] | None:
        """Use the files' settings if they changed and are valid. Return the changed keys, or None if nothing is new.

        Afterwards `app` is a new one on the same store, and `news` describes the changes. There may be none, such as
        after an edit of a template. With errors, `problems` lists them and `app` stays. Settings with errors are
        validated again each time, because the cause may be outside the files.
        """
        stamps = _stamps(self.app)
        if stamps == self._seen and not self.problems:
            return None
        try:
            app = self._load()
        except ConfigurationError as error:
            self._refuse(stamps, error.problems)
            return None
        except Exception as error:
            # No error of an edit may keep the jobs from running.
            message = f"cannot be used: {type(error).__name__}: {error}"
            self._refuse(stamps, [ConfigProblem(loader.FILE_NAME, 0, message)])
            return None
        changed = tuple(_differences(self.app.settings, app.settings))
        files = [path.relative_to(app.home).as_posix() for path in _edited_files(self._used, stamps) if _is_other(path)]
        self.news = _sentence(changed, files)
        # The new settings may name other files.
        self.app, self._seen, self.problems = app, {**stamps, **_stamps(app, excluding=stamps)}, ()
        self._used = self._seen
        return changed

    def _refuse(self, stamps: dict[Path, Stamp], problems: Sequence[ConfigProblem]) -> None:
        # A file that changes while it is read may be half written.
        if stamps == _stamps(self.app):
            self._seen, self.problems = stamps, tuple(problems)

    def _load(self) -> App:
        """Return the newsletter with the files' settings. Raises ConfigurationError with every error."""
        found = loader.load(self.app.home, self.app.environment)
        redact.protect(find_secrets(found, self.app.environment))
        i18n.require(found.newsletter.language)
        settings = _with(found, self.app.settings, self._needs_restart)
        with ExitStack() as opened:
            app = self.app.copy_with(settings=settings)
            opened.callback(app.discard)
            if problems := check_settings(app).problems:
                raise ConfigurationError(problems)
            opened.pop_all()
        self.waiting = tuple(_differences(settings, found))
        return app


def _edited_files(before: Mapping[Path, Stamp], after: Mapping[Path, Stamp]) -> list[Path]:
    return sorted(path for path in {**before, **after} if before.get(path) != after.get(path))


def _is_other(path: Path) -> bool:
    """Whether this is another file than digest.yaml, whose changed keys are named."""
    return path.name != loader.FILE_NAME


def _sentence(keys: Sequence[str], files: Sequence[str]) -> str:
    sentences = [f"The settings were reloaded; changed: {', '.join(keys)}."] if keys else []
    if files:
        sentences.append(f"Edited files are in use: {', '.join(files)}.")
    return " ".join(sentences)


def _stamps(app: App, *, excluding: Mapping[Path, Stamp] | None = None) -> dict[Path, Stamp]:
    """Return the stamps of the files that the settings depend on, without those in `excluding`."""
    dkim = app.settings.delivery.smtp.dkim
    paths = [app.home / loader.FILE_NAME, *(file for folder in _FOLDERS for file in _files(app.home / folder))]
    if dkim and dkim.key_file:
        paths.append(app.home / dkim.key_file)
    return {path: _stamp(path) for path in paths if excluding is None or path not in excluding}


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.rglob("*") if path.is_file())
    except OSError:
        # It is being removed.
        return []


def _stamp(path: Path) -> Stamp:
    try:
        # Two edits within a tick of the file system's clock may have the same size.
        if path.name == loader.FILE_NAME:
            return read_regular(path)
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _with(settings: Settings, others: Settings, keys: Sequence[str]) -> Settings:
    """Return the settings with the values of `others` for these keys, such as `store.url`."""
    for key in keys:
        section, _, name = key.partition(".")
        value = getattr(getattr(others, section), name)
        part = getattr(settings, section).model_copy(update={name: value})
        settings = settings.model_copy(update={section: part})
    return settings


def _differences(before: Settings, after: Settings) -> Iterator[str]:
    """Yield the keys with different values. A list counts as one key."""
    old, new = dict(_leaves(before.model_dump(), "")), dict(_leaves(after.model_dump(), ""))
    return (key for key in dict.fromkeys((*new, *old)) if old.get(key) != new.get(key))


def _leaves(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


class ListWatch:
    """Detects changes of the list files since `is_read`, without reading them.

    It does not notice new files that match a pattern.
    """

    def __init__(self) -> None:
        self._read: dict[Path, Stamp] = {}
        self._last: dict[Path, Stamp] = {}

    def is_read(self, path: Path) -> None:
        """Remember the present state of the list files. Call it just before they are read."""
        self._read = {file: _stamp(file) for file in files_of(path)}

    def is_new(self) -> bool:
        """Whether the list was edited.

        It must be unchanged since the last call, because it may be half written until then.
        """
        before, self._last = self._last, {file: _stamp(file) for file in self._read}
        return before == self._last != self._read
