"""Read the blocks of an edition from files and URLs. A faulty block is left out with a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from digest.curate.editorial import EditorialChanges
from digest.errors import ConfigurationError, DigestError
from digest.messages import Message, message_of
from digest.models import SENT_STATES, Edition, EditionBlock, is_breaking, split_key
from digest.render.blocks.data import PLACES, BlockData, Sponsor
from digest.render.blocks.rows import ROWS, kind_of, unknown
from digest.usecases.sponsors import FILE_NAME as SPONSORS
from digest.usecases.sponsors import KIND
from digest.utils.files import valid_name
from digest.yamlio import reader

if TYPE_CHECKING:
    from digest.collect.http.fetch import Fetcher
    from digest.store.content.editions import EditionStore
    from digest.usecases.sponsors import SponsorBook

ALWAYS = "always"
"""The folder of the blocks that every edition has, unless a folder of its day has a file of the same name."""

MAX_BYTES = 100_000
"""Bytes of one file or answer. The largest block, twelve signs, has 20,000."""

# The key of an edition without a date.
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class BlockReader:
    """Reads the blocks of editions. `folder` has a subfolder for each day or edition, and `always` for all of them."""

    folder: Path
    # Block → URL, with `{date}` for the day.
    urls: Mapping[str, str]
    may_be_private: bool
    fetcher: Fetcher
    # Whether the newsletter has pages for answers to a block.
    has_pages: bool
    editions: EditionStore
    # Books advertisements for places without one of their own.
    sponsors: SponsorBook

    def add(self, edition: Edition, changes: EditorialChanges | None = None) -> Edition:
        """Return `edition` with its blocks in their order, and a warning for each that cannot be shown.

        `changes` can leave blocks out, and replace the data of their files.
        """
        changes = changes or EditorialChanges()
        blocks: list[tuple[int, int, str, EditionBlock]] = []
        warnings: list[str] = []
        for where, name, data in self._sources(edition, changes, warnings):
            if name in changes.blocks_out:
                continue
            kind = kind_of(name)
            try:
                block = self._block(edition, where, kind, data)
            except ConfigurationError as error:
                warnings += [Message("block left out: %(why)s", why=problem.sentence) for problem in error.problems]
                continue
            if block and ROWS[kind].answered and any(each.kind == kind for *_, each in blocks):
                warnings.append(f"block left out: {where}: an edition has one {kind} at most")
            elif block:
                named = replace(block, name=name)
                blocks.append((PLACES.index(block.place), list(ROWS).index(kind), where, named))
        blocks += self._booked_advertisements(edition, blocks, warnings)
        ordered = tuple(block for *_, block in sorted(blocks, key=lambda each: each[:3]))
        return replace(edition, blocks=ordered, warnings=(*edition.warnings, *warnings))

    def _booked_advertisements(
        self, edition: Edition, blocks: Sequence[tuple[int, int, str, EditionBlock]], warnings: list[str]
    ) -> list[tuple[int, int, str, EditionBlock]]:
        """Return the advertisements of sponsors.yaml for the places that have none."""
        if is_breaking(edition.key):
            return []
        taken = {block.place for *_, block in blocks if block.kind == KIND}
        try:
            booked = self.sponsors.choose(edition, taken)
        except ConfigurationError as error:
            warnings += [
                Message("advertisements left out: %(why)s", why=problem.sentence) for problem in error.problems
            ]
            return []
        return [(PLACES.index(each.place), list(ROWS).index(KIND), SPONSORS, each) for each in booked]

    def problems(self, today: date) -> list[str]:
        """Return the errors in the block files of `today`, of later days and of every edition."""
        found: list[str] = []
        try:
            self.sponsors.bookings()
        except ConfigurationError as error:
            found += [problem.sentence for problem in error.problems]
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            day, slug = split_key(folder.name)
            if not folder.is_dir() or (day and day < today):
                continue
            if day is None and slug != ALWAYS and (not _SLUG.match(slug) or get_close_matches(slug, [ALWAYS])):
                found.append(f"{self.folder.name}/{folder.name}: expected a date, an edition's key or '{ALWAYS}'")
                continue
            for where, path in _files_in(folder, self.folder.name):
                try:
                    self._read(where, kind_of(valid_name(path.stem)), _bytes(path))
                except ConfigurationError as error:
                    found += [problem.sentence for problem in error.problems]
                except OSError as error:
                    found.append(f"{where}: cannot be read: {error.strerror}")
        return found

    def _sources(
        self, edition: Edition, changes: EditorialChanges, warnings: list[str]
    ) -> Iterator[tuple[str, str, bytes]]:
        """Yield the file or URL of each block, its name and its data. Unreadable ones are added to `warnings`."""
        kinds = set(changes.blocks_out)
        for name, data in changes.blocks.items():
            kinds.add(kind_of(name))
            yield f"block {name}, as an editor wrote it", name, orjson.dumps(data)
        for where, path in self._files(edition).items():
            if path.stem in changes.blocks:
                continue
            kinds.add(kind_of(path.stem))
            try:
                yield where, valid_name(path.stem), _bytes(path)
            except OSError as error:
                warnings.append(f"block left out: {where} cannot be read: {error.strerror}")
        urls = {kind: url.replace("{date}", edition.day.isoformat()) for kind, url in self.urls.items()}
        wanted = {kind: url for kind, url in urls.items() if kind not in kinds}
        if not wanted:
            return
        with ThreadPoolExecutor(len(wanted), thread_name_prefix="blocks") as pool:
            for (kind, url), found in zip(wanted.items(), pool.map(self._fetch, wanted.values()), strict=True):
                if isinstance(found, bytes):
                    yield url, kind, found
                else:
                    warnings.append(Message("block %(name)s is left out: %(why)s", name=kind, why=found))

    def _files(self, edition: Edition) -> dict[str, Path]:
        """Name in messages → file. Of files with the same name, the edition's takes precedence, then the day's."""
        found: dict[str, tuple[str, Path]] = {}
        for name in (ALWAYS, edition.day.isoformat(), edition.key):
            for where, path in _files_in(self.folder / name, self.folder.name):
                found[path.stem] = (where, path)
        return dict(found.values())

    def has_file(self, edition: Edition, name: str) -> bool:
        """Whether a file or a URL gives this block, so that an editor can go back to it."""
        return kind_of(name) in self.urls or any(path.stem == name for path in self._files(edition).values())

    def _fetch(self, url: str) -> bytes | str:
        """Return the body of the response, or the error as a sentence."""
        try:
            return self.fetcher.get(url, allow_private=self.may_be_private).body
        except DigestError as error:
            return message_of(error)

    def _block(self, edition: Edition, where: str, kind: str, data: bytes) -> EditionBlock | None:
        """Return the block; None if this edition does not show it. Raises ConfigurationError with file and line."""
        block, row = self._read(where, kind, data), ROWS[kind]
        if block.sample and not (edition.sample and (self.has_pages or not row.answered)):
            return None
        if isinstance(block, Sponsor) and not self._has_a_turn(edition, block):
            return None
        values = block.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return EditionBlock(kind, block.show or row.shown, block.place or row.place, values)

    def _read(self, where: str, kind: str, data: bytes) -> BlockData:
        """Parse and validate a block's data. Raises ConfigurationError with file and line."""
        from digest.config.loader import validate

        row = ROWS.get(kind)
        if row is None:
            raise ConfigurationError.at(where, unknown(kind))
        if len(data) > MAX_BYTES:
            raise ConfigurationError.at(where, Message("has more than %(num)s bytes", num=f"{MAX_BYTES:,}"))
        # An empty file is enough for a block that needs no key.
        needs_nothing = not any(field.is_required() for field in row.schema.model_fields.values())
        read = reader.read_bytes(data if data.strip() or not needs_nothing else b"{}", where)
        block: BlockData = validate(read, row.schema, where)
        if row.answered and block.show not in (None, "email"):
            message = f"'show': remove this key: a {kind} is in emails only, because its links are personal"
            raise ConfigurationError.at(where, message)
        if row.answered and not self.has_pages and not block.sample:
            message = "its answers need the reader pages: set newsletter.base_url"
            raise ConfigurationError.at(where, message)
        return block

    def _has_a_turn(self, edition: Edition, sponsor: Sponsor) -> bool:
        """Whether the edition may have the advertisement: by its dates, and by its cap on the number of editions."""
        if (sponsor.start and edition.day < sponsor.start) or (sponsor.until and edition.day > sponsor.until):
            return False
        if sponsor.cap is None:
            return True
        had = (each for each in self.editions.all() if each.key != edition.key and each.state in SENT_STATES)
        return sum(any(_is_same(block, sponsor) for block in each.blocks) for each in had) < sponsor.cap


def _files_in(folder: Path, root: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of blocks in a folder, each with its name in messages."""
    for path in sorted(folder.iterdir(), key=lambda path: path.stem) if folder.is_dir() else ():
        if path.suffix in _SUFFIXES and path.is_file() and not path.name.startswith("."):
            yield valid_name(f"{root}/{folder.name}/{path.name}"), path


def _bytes(path: Path) -> bytes:
    """Return the file's content, cut one byte after the limit."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _is_same(block: EditionBlock, sponsor: Sponsor) -> bool:
    data: Mapping[str, Any] = block.data
    return block.kind == "sponsor" and (data.get("advertiser"), data.get("url")) == (sponsor.advertiser, sponsor.url)
