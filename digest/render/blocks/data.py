"""The schema of each block's file. Validators raise ValueError with what they expected."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from digest.render import texts

Visibility = Literal["email", "web", "both"]
Frame = Literal["section", "strip", "box", "ad"]
Place = Literal["top", "middle", "end"]
PLACES: tuple[Place, ...] = ("top", "middle", "end")
"""Below the top story, after half of the sections, and before the links to share."""


def _plain_number(value: Any) -> Any:
    """Accept 23 where a text is expected, as people write it."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _clean(value: str) -> str:
    if not (cleaned := texts.one_line(value)):
        raise ValueError("expected some text")
    return cleaned


def _https(value: str) -> str:
    address = texts.web_address(value)
    if not address.startswith("https://"):
        raise ValueError("expected a URL that starts with https://")
    return address


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected a date such as 2026-11-29") from None


# Length limits: a few words, and a few sentences.
Words = Annotated[str, BeforeValidator(_plain_number), Field(max_length=120), AfterValidator(_clean)]
Sentences = Annotated[str, BeforeValidator(_plain_number), Field(max_length=600), AfterValidator(_clean)]
Https = Annotated[str, Field(max_length=2_000), AfterValidator(_https)]
Day = Annotated[date, BeforeValidator(_day)]


class BlockPart(BaseModel):
    """A part of a block: rejects unknown keys, and is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BlockData(BlockPart):
    """Keys that every block may have: where it appears, and its own heading.

    `sample` marks an invented example, which appears only in editions of sample articles.
    """

    sample: bool = False
    show: Visibility | None = None
    place: Place | None = None
    title: Words | None = None


class Hour(BlockPart):
    when: Words
    temperature: Words
    sky: Words


class Weather(BlockData):
    """The weather at a few times of the day, or in a few towns."""

    parts: tuple[Hour, ...] = Field(min_length=1, max_length=4)
    note: Sentences | None = None


class Price(BlockPart):
    name: Words
    price: Words
    # The change against the last price.
    change: float | None = None


class Prices(BlockData):
    """Prices of a market or a mandi."""

    rows: tuple[Price, ...] = Field(min_length=1, max_length=12)
    # Such as: ₹ प्रति क्विंटल, शनिवार शाम.
    unit: Words | None = None
    source: Words | None = None


class Horoscope(BlockData):
    """A sentence or two for each sign, in the order of the file."""

    signs: dict[Words, Sentences] = Field(min_length=1, max_length=12)
    by: Words | None = None


class Panchang(BlockData):
    """Names and values, such as तिथि and कृष्ण पंचमी, in the order of the file."""

    entries: dict[Words, Words] = Field(min_length=1, max_length=8)


class Quote(BlockData):
    text: Sentences
    by: Words


class Poll(BlockData):
    """A question that is answered with one click."""

    question: Sentences
    options: tuple[Words, ...] = Field(min_length=2, max_length=5)


class Quiz(Poll):
    # The number of the right option, from 1.
    answer: int = Field(ge=1)
    explanation: Sentences | None = None

    @model_validator(mode="after")
    def _answer_exists(self) -> Quiz:
        if self.answer > len(self.options):
            raise ValueError(f"'answer': expected the number of an option, 1 to {len(self.options)}")
        return self


class Feedback(BlockData):
    """The question whether subscribers liked the edition, with two answers."""

    question: Sentences | None = None


class Picture(BlockPart):
    url: Https
    alt: Words
    width: int = Field(default=240, ge=40, le=400)


class Sponsor(BlockData):
    """An advertisement. It is always labelled as one."""

    advertiser: Words
    text: Sentences
    url: Https
    # The text of the link.
    link: Words | None = None
    image: Picture | None = None
    # The first and the last day.
    start: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    # Cap on the number of editions.
    cap: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ends_after_start(self) -> Sponsor:
        if self.start and self.until and self.until < self.start:
            raise ValueError(f"'until': expected a day not before 'from' ({self.start})")
        return self


class Account(BlockPart):
    name: Words
    url: Https


class Follow(BlockData):
    """Links to the newsroom's accounts on other sites."""

    accounts: tuple[Account, ...] = Field(min_length=1, max_length=6)


class Correction(BlockData):
    text: Sentences
    # The corrected article.
    url: Https | None = None
