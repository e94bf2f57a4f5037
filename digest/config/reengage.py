"""Settings of re-engagement: asking inactive subscribers whether to continue."""

from __future__ import annotations

from datetime import time, timedelta

from pydantic import Field, field_validator

from digest.config.schedule import Weekday
from digest.config.types import Clock, Duration, SettingsModel

_MIN_AFTER, _MIN_WAIT = timedelta(days=60), timedelta(days=7)


class ReengageSettings(SettingsModel):
    """`digest subscribers reengage` (docs/reengage.md). Off by default."""

    enabled: bool = Field(
        default=False,
        description="Allow `digest subscribers reengage --send`. Without it, it only shows who would be asked.",
    )
    after: Duration = Field(
        default=timedelta(days=180),
        description="How long a subscriber must be inactive before they are asked, at least `60d`.",
    )
    wait: Duration = Field(
        default=timedelta(days=14),
        description="How long they have to answer, at least `7d`. Then they are paused until they come back.",
    )
    at_most: int = Field(default=1000, ge=1, description="Maximum people asked by one run, the longest inactive first.")

    weekday: Weekday | None = Field(
        default=None,
        description="The weekday on which `digest run` asks by itself, such as `tue`. A day before, it tells the "
        "admins how many. Not set: only the command asks.",
    )
    at: Clock = Field(default=time(11, 0), description="When `digest run` asks on that day.")

    @field_validator("after")
    @classmethod
    def _long_silence(cls, value: timedelta) -> timedelta:
        if value < _MIN_AFTER:
            raise ValueError("expected at least 60d")
        return value

    @field_validator("wait")
    @classmethod
    def _time_to_answer(cls, value: timedelta) -> timedelta:
        if value < _MIN_WAIT:
            raise ValueError("expected at least 7d")
        return value
