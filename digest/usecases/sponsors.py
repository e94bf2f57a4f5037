"""Advertisements booked in `sponsors.yaml`: choose those of an edition, and report on each.

Caps are counted from the ledger: an edition counts if somebody has it, or may still get it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from digest.errors import ConfigurationError
from digest.hindi.tokens import index_words
from digest.messages import Message
from digest.models import SENT_STATES, WAITING_STATES, Edition, EditionBlock, split_key
from digest.render.blocks.data import PLACES, BlockPart, Place, Sponsor, Words
from digest.render.clicks import advertisement
from digest.utils.text import escape_formula
from digest.yamlio import reader

if TYPE_CHECKING:
    from digest.notify.report import EditionNumbers
    from digest.store.content.clicks import ClickNumbers
    from digest.store.content.editions import EditionStore

FILE_NAME = "sponsors.yaml"
KIND = "sponsor"
_MAX_BYTES = 1_000_000
# How long an advertisement in an unsent draft counts towards its cap.
_HELD_FOR = timedelta(days=2)
# Keys of an entry that are about the booking and not part of the block.
_BOOKING = {"zone", "editions", "avoid", "recipients", "house"}


def _slug(value: str) -> str:
    if not value or value != value.lower() or not value.replace("-", "").isalnum():
        raise ValueError("expected the slug of an edition, such as subah")
    return value


class Booking(Sponsor):
    """An advertisement, and where and how often it may appear. `house` ads fill places that nobody booked."""

    zone: Place = "middle"
    # Slugs of the editions that may have it; empty: all.
    editions: tuple[Annotated[str, AfterValidator(_slug)], ...] = ()
    # Not shown in an edition that has one of these words in a headline.
    avoid: tuple[Words, ...] = ()
    # Cap on the recipients of all editions together.
    recipients: int | None = Field(default=None, ge=1)
    house: bool = False

    @model_validator(mode="after")
    def _has_one_place(self) -> Booking:
        if self.place is not None:
            raise ValueError("'place': expected 'zone' here")
        if self.house and (self.cap or self.recipients):
            raise ValueError("'house': a house ad has no cap; remove 'cap' and 'recipients'")
        return self

    @property
    def target(self) -> str:
        """The name of the advertisement in the counts of clicks."""
        return advertisement(self.advertiser, self.url)

    def block(self) -> EditionBlock:
        values = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_BOOKING)
        return EditionBlock(KIND, self.show or "both", self.zone, values)


class _File(BlockPart):
    sponsors: tuple[Booking, ...] = Field(max_length=500)


@dataclass(frozen=True, slots=True)
class AdAppearance:
    """An edition that carries an advertisement. Counts are recipients; `clicks` is None if hidden or not counted."""

    edition: str
    day: date
    zone: str
    state: str
    accepted: int
    # Pending and unknown recipients: they may get it, or may have it.
    open: int
    clicks: ClickNumbers | None = None


@dataclass(frozen=True)
class SponsorBook:
    """The bookings of a newsletter. `path` is their file, which need not exist."""

    path: Path
    editions: EditionStore
    # Returns the ledger's numbers for the keys of editions.
    numbers: Callable[[Collection[str]], Mapping[str, EditionNumbers]]

    def bookings(self) -> tuple[Booking, ...]:
        """Read the file. Raises ConfigurationError with file and line."""
        from digest.config.loader import validate

        if not self.path.exists():
            return ()
        data = reader.file_bytes(self.path)
        if len(data) > _MAX_BYTES:
            raise ConfigurationError.at(FILE_NAME, Message("has more than %(num)s bytes", num=f"{_MAX_BYTES:,}"))
        return validate(reader.read_bytes(data, FILE_NAME), _File, FILE_NAME).sponsors

    def choose(self, edition: Edition, taken: Collection[str]) -> list[EditionBlock]:
        """Return advertisements for the empty places of an edition, at most one each.

        Bookings that are furthest behind come first. Raises ConfigurationError.
        """
        bookings = self.bookings()
        free = [place for place in PLACES if place not in taken]
        if not bookings or not free:
            return []
        appearances = self.appearances(excluding=edition.key)
        words = _headline_words(edition)
        chosen: list[EditionBlock] = []
        for place in free:
            here = [each for each in bookings if each.zone == place and _may_appear(each, edition, words)]
            used = {(block.data.get("advertiser"), block.data.get("url")) for block in chosen}
            open_ = [
                (_ahead(each, appearances.get(each.target, []), edition.day), number, each)
                for number, each in enumerate(here)
                if not each.house
                and (each.advertiser, each.url) not in used
                and _has_room(each, appearances.get(each.target, []))
            ]
            house = [each for each in here if each.house and (each.advertiser, each.url) not in used]
            if open_:
                chosen.append(min(open_, key=lambda each: each[:2])[2].block())
            elif house:
                # They take turns.
                chosen.append(min(house, key=lambda each: len(appearances.get(each.target, []))).block())
        return chosen

    def appearances(self, *, excluding: str | None = None) -> dict[str, list[AdAppearance]]:
        """Target → the editions that carry the advertisement, oldest first."""
        carrying = [
            (edition, block)
            for edition in self.editions.all()
            if edition.key != excluding
            for block in edition.blocks
            if block.kind == KIND
        ]
        numbers = self.numbers({edition.key for edition, _block in carrying})
        newest = max((edition.day for edition, _block in carrying), default=date.min)
        found: dict[str, list[AdAppearance]] = {}
        for edition, block in sorted(carrying, key=lambda each: (each[0].day, each[0].key)):
            own = numbers.get(edition.key)
            accepted = own.accepted if own else 0
            open_ = own.pending + own.unknown if own else 0
            waits = edition.state in WAITING_STATES and edition.day >= newest - _HELD_FOR
            if not (edition.state in SENT_STATES or waits or accepted or open_):
                continue
            target = advertisement(str(block.data.get("advertiser", "")), str(block.data.get("url", "")))
            found.setdefault(target, []).append(
                AdAppearance(edition.key, edition.day, block.place, edition.state, accepted, open_)
            )
        return found


@dataclass(frozen=True, slots=True)
class SponsorReport:
    """The report on one advertisement. `booking` is None if the file no longer has it."""

    advertiser: str
    url: str
    booking: Booking | None
    appearances: tuple[AdAppearance, ...]

    @property
    def accepted(self) -> int:
        return sum(each.accepted for each in self.appearances)

    @property
    def people(self) -> int:
        """The number of people who clicked, in those editions whose clicks are shown."""
        return sum(each.clicks.people for each in self.appearances if each.clicks)


@dataclass(frozen=True)
class SponsorReporter:
    """Reports on advertisements. Leaves out clicks where too few people clicked, or if clicks are not counted."""

    book: SponsorBook
    # Returns the clicks that may be shown, for a target and the keys of editions; None if clicks are not counted.
    clicks: Callable[[str, Sequence[str]], Mapping[str, ClickNumbers]] | None

    def report(self, advertiser: str | None = None) -> list[SponsorReport]:
        """Return reports on the advertisements of one advertiser, or of all, in the order of the file.

        Raises ConfigurationError.
        """
        bookings = {each.target: each for each in self.book.bookings()}
        appearances = self.book.appearances()
        names = self._names()
        names |= {each.target: (each.advertiser, each.url) for each in bookings.values()}
        found = []
        for target in dict.fromkeys((*bookings, *appearances)):
            name, url = names.get(target, ("", ""))
            if advertiser is not None and name != advertiser:
                continue
            own = appearances.get(target, [])
            clicks = self.clicks(target, [each.edition for each in own]) if self.clicks else {}
            shown = tuple(replace(each, clicks=clicks.get(each.edition)) for each in own)
            found.append(SponsorReport(name, url, bookings.get(target), shown))
        return found

    def _names(self) -> dict[str, tuple[str, str]]:
        found = {}
        for edition in self.book.editions.all():
            for block in edition.blocks:
                if block.kind == KIND:
                    name, url = str(block.data.get("advertiser", "")), str(block.data.get("url", ""))
                    found[advertisement(name, url)] = (name, url)
        return found


def as_csv(reports: Sequence[SponsorReport]) -> str:
    """Return the report as CSV with one line per edition, for the advertiser. Hidden clicks are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("advertiser", "url", "edition", "day", "zone", "state", "recipients", "people clicked", "clicks"))
    for report in reports:
        for each in report.appearances:
            clicks: tuple[Any, ...] = (each.clicks.people, each.clicks.clicks) if each.clicks else ("", "")
            place = (each.edition, each.day.isoformat(), each.zone, each.state, each.accepted)
            writer.writerow((escape_formula(report.advertiser), escape_formula(report.url), *place, *clicks))
    return out.getvalue()


def _may_appear(booking: Booking, edition: Edition, words: Collection[str]) -> bool:
    """Whether the dates, the edition and its headlines allow the advertisement."""
    if booking.sample and not edition.sample:
        return False
    if (booking.start and edition.day < booking.start) or (booking.until and edition.day > booking.until):
        return False
    if booking.editions and split_key(edition.key)[1] not in booking.editions:
        return False
    avoided = (set(index_words(each).split()) for each in booking.avoid)
    return not any(each and each <= set(words) for each in avoided)


def _has_room(booking: Booking, had: Sequence[AdAppearance]) -> bool:
    if booking.cap is not None and len(had) >= booking.cap:
        return False
    return booking.recipients is None or sum(each.accepted + each.open for each in had) < booking.recipients


def _ahead(booking: Booking, had: Sequence[AdAppearance], day: date) -> float:
    """Return how far a booking is ahead: its delivered share minus the share of its time that has passed.

    The lowest value is furthest behind.
    """
    if booking.cap:
        done = len(had) / booking.cap
    elif booking.recipients:
        done = sum(each.accepted + each.open for each in had) / booking.recipients
    else:
        done = len(had) / 30
    if not booking.start or not booking.until:
        return done
    days = (booking.until - booking.start).days + 1
    return done - ((day - booking.start).days + 1) / days


def _headline_words(edition: Edition) -> frozenset[str]:
    return frozenset(word for title in _titles(edition) for word in index_words(title).split())


def _titles(edition: Edition) -> Iterator[str]:
    yield edition.subject
    for story in edition.stories():
        yield story.title
