"""Settings of breaking news: when an alert edition is proposed, and when it may be sent."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from digest.config.types import Clock, Duration, Line, SettingsModel, split_names

# The longest window. Older news is not breaking news.
_MAX_WITHIN = timedelta(hours=24)


class Breaking(SettingsModel):
    enabled: bool = Field(
        default=False,
        description="Whether there is breaking news: `digest run` proposes alert editions, and `digest breaking` sends "
        "them (docs/breaking.md).",
    )
    sources: int = Field(
        default=3,
        ge=0,
        le=50,
        description="Independent sources that must report a story before `digest run` proposes it, 2 or more. 0: only "
        "editors propose.",
    )
    within: Duration = Field(
        default=timedelta(hours=2), description="Maximum age of the articles that count, at most 24 hours."
    )
    per_day: int = Field(default=3, ge=1, le=24, description="Maximum alert editions sent on a day.")
    quiet: Annotated[
        tuple[Clock, ...],
        BeforeValidator(split_names),
        WithJsonSchema({"type": "array", "items": {"type": "string"}, "maxItems": 2, "examples": [["22:00", "06:00"]]}),
    ] = Field(
        default=(time(22), time(6)),
        description="Quiet hours: between these times, in the newsletter's time zone, no alert edition is sent. "
        "`[]`: no quiet hours.",
        json_schema_extra={"default": ["22:00", "06:00"]},
    )
    sections: Annotated[tuple[Line, ...], BeforeValidator(split_names)] = Field(
        default=(), description="The only sections whose stories `digest run` proposes. Empty: all."
    )
    default: bool = Field(
        default=True,
        description="Whether subscribers who have not chosen among the editions get breaking news. Its name in the "
        "subscriber list is `breaking`.",
    )

    @field_validator("sources")
    @classmethod
    def _more_than_one(cls, sources: int) -> int:
        if sources == 1:
            raise ValueError("expected 2 or more, or 0 if only editors propose; one source does not confirm a story")
        return sources

    @field_validator("within")
    @classmethod
    def _recent(cls, within: timedelta) -> timedelta:
        if within > _MAX_WITHIN:
            raise ValueError("expected at most 24h")
        return within

    @model_validator(mode="after")
    def _quiet_from_and_to(self) -> Breaking:
        if self.quiet and (len(self.quiet) != 2 or self.quiet[0] == self.quiet[1]):
            raise ValueError('quiet: expected two different times such as ["22:00", "06:00"], or [] for none')
        return self

    def is_quiet(self, at: time) -> bool:
        """Whether the local time `at` is within the quiet hours, which may extend past midnight."""
        if not self.quiet:
            return False
        start, end = self.quiet
        return start <= at < end if start < end else at >= start or at < end
