"""Add, change, pause and remove sources in `digest.yaml`, preserving its comments. Used by commands, desk and API."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.collect.collector import SourcePreview, preview_source
from digest.config import loader, source_list
from digest.config.source_list import SourceRow
from digest.errors import ConfigurationError
from digest.messages import Message, joined
from digest.models import Actor, FulltextMode, Source
from digest.store.desk.audit import ActKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from digest.collect.source_reader import CollectContext
    from digest.store.desk.audit import AuditLog
    from digest.usecases.topics import TopicsInUse


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A source that could be added: its row, its preview, and why it cannot be added.

    `same` is an existing source with its address.
    """

    row: Mapping[str, Any]
    found: SourcePreview
    problem: str | None
    same: SourceRow | None = None


@dataclass(frozen=True)
class SourceEditor:
    home: Path
    environment: Mapping[str, str]
    context: Callable[[], CollectContext]
    audit: AuditLog
    topics: TopicsInUse
    now: Callable[[], datetime]

    def list(self) -> tuple[Source, ...]:
        """Return the sources in the present file, including paused ones. Raises ConfigurationError."""
        settings = loader.load(self.home, self.environment)
        return tuple(each.to_source() for each in settings.sources)

    def plan(self, place: Mapping[str, Any], options: Mapping[str, Any], *, name: str = "") -> SourcePlan:
        """Preview a `place`, and return the row that would be added. Stores nothing. Raises ConfigurationError.

        `place` has a `url` or a `path`. A page that names its feed is replaced by the feed, unless it has `links`.
        """
        row = dict(place)
        if (same := self.same(row)) is not None:
            return SourcePlan(row, SourcePreview(None), None, same)
        self.check({"name": name or "x", **row, **options})
        found = self.preview({"name": name or row.get("url") or row.get("path"), **row, **options})
        if found.url and not options.get("links"):
            row = {"url": found.url}
            if (same := self.same(row)) is not None:
                return SourcePlan(row, found, None, same)
        names = (one.name for one in source_list.list_sources(self.home))
        name = name or source_list.name_for(found.title, row, names)
        return SourcePlan({"name": name, **row, **options}, found, problem_of(found))

    def preview(self, row: Mapping[str, Any]) -> SourcePreview:
        """Read a row. Only titles and dates are needed, so pages are read for a listing alone."""
        mode = FulltextMode.from_setting(row.get("fulltext", None if row.get("links") else False))
        source = Source(**{**row, "fulltext": mode})
        return preview_source(source.url or source.path, self.context(), source=source)

    def check(self, row: Mapping[str, Any]) -> None:
        """Validate a new row before anything is fetched or written for it. Raises ConfigurationError."""
        source_list.check_row(row, "sources add")
        same = next((one for one in source_list.list_sources(self.home) if one.name == row["name"]), None)
        if same:
            message = Message(
                "'name': expected a name that no other source has, found %(name)s, used in line %(num)s",
                name=f"{same.name!r}",
                num=same.line,
            )
            raise ConfigurationError.at("sources add", message)

    def same(self, row: Mapping[str, Any]) -> SourceRow | None:
        """Return the source that has the address of this row."""
        place = source_list.place_key(self.home, row)
        return next((one for one in source_list.list_sources(self.home) if one.place == place), None)

    def add(self, row: Mapping[str, Any], by: Actor) -> int:
        """Add a row, and return its line. Raises ConfigurationError, DigestError."""
        self.check(row)
        # The file is edited within the transaction: if the store is busy, it stays as it is.
        with self.audit.database.transaction():
            line = source_list.add(self.home, [row], self.environment)
            self._record(by, ActKind.SOURCE_ADDED, str(row["name"]))
        return line

    def change(self, name: str, fields: Mapping[str, Any], by: Actor) -> None:
        """Set fields of a source, such as weight, section or paused; None removes one.

        Raises ConfigurationError, TopicsChosen if subscribers chose a section that would be removed, and DigestError.
        """
        if "section" in fields:
            self._keep_topics(name, fields["section"])
        what, detail = (
            ActKind.SOURCE_CHANGED,
            joined(", ", *(Message("%(field)s: %(value)s", field=key, value=value) for key, value in fields.items())),
        )
        if set(fields) == {"paused"}:
            what, detail = ActKind.SOURCE_PAUSED if fields["paused"] else ActKind.SOURCE_RESUMED, ""
        with self.audit.database.transaction():
            if not source_list.change(self.home, name, fields, self.environment):
                raise self._unknown(name)
            self._record(by, what, name, detail)

    def remove(self, name: str, by: Actor) -> None:
        """Remove a source; its articles stay in the store.

        Raises ConfigurationError, TopicsChosen if subscribers chose its section and no other source has it, and
        DigestError.
        """
        self._keep_topics(name, None)
        with self.audit.database.transaction():
            if not source_list.remove(self.home, name, self.environment):
                raise self._unknown(name)
            self._record(by, ActKind.SOURCE_REMOVED, name)

    def _keep_topics(self, name: str, section: str | None) -> None:
        """Raise TopicsChosen if another section of a source, or none, would remove a topic that subscribers chose."""
        try:
            before = loader.load(self.home, self.environment)
        except ConfigurationError:
            # The edit may correct the error. Otherwise it is reported when the file is written.
            return
        sources = [
            each.model_copy(update={"section": section}) if each.name == name else each for each in before.sources
        ]
        self.topics.require(before, before.model_copy(update={"sources": tuple(sources)}))

    def _record(self, by: Actor, what: ActKind, name: str, detail: str = "") -> None:
        self.audit.record(by, what, f"source {name}", detail, now=self.now())

    def _unknown(self, name: str) -> ConfigurationError:
        names = [row.name for row in source_list.list_sources(self.home)]
        message = joined("", Message("there is no source %(name)s", name=f"{name!r}"), _hint(name, names))
        return ConfigurationError.at(loader.FILE_NAME, message)


def problem_of(found: SourcePreview) -> str | None:
    """Return why this cannot be a source; None if it delivers articles."""
    if found.error:
        return found.error
    return None if found.articles else Message("It gives no articles.")


def _hint(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    if close:
        return Message("; did you mean %(name)s?", name=f"{close[0]!r}")
    return Message("; `digest sources list` shows the names")
