"""Settings of the schedule: days and hours of editions, breaking news, and asking inactive subscribers."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from digest.config.types import Clock, Duration, Line, SettingsModel, Slug, at_least, at_most, split_names
from digest.errors import quoted

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_NAMED_DAYS = {"daily": WEEKDAYS, "weekdays": WEEKDAYS[:5]}


def _parse_days(given: Any) -> Any:
    """Parse `daily`, `weekdays`, one day or a list of days. Raises ValueError."""
    if isinstance(given, str) and given in _NAMED_DAYS:
        return _NAMED_DAYS[given]
    days = [word.strip() for word in given.split(",")] if isinstance(given, str) else given
    known = isinstance(days, list | tuple) and days and all(day in WEEKDAYS for day in days)
    if not known or len(set(days)) < len(days):
        raise ValueError(f"expected daily, weekdays, or different days such as [mon, thu]{_wrong_day(given, days)}")
    return tuple(sorted(days, key=WEEKDAYS.index))


def _wrong_day(given: Any, days: Any) -> str:
    """Return a sentence about the first word that is not a day or is repeated.

    It is '' for a single word, which the message shows anyway.
    """
    if not isinstance(days, list) or days == [given]:
        return ""
    wrong = next((day for place, day in enumerate(days) if day not in WEEKDAYS or day in days[:place]), None)
    return f", found {quoted(wrong)}{' twice' if wrong in WEEKDAYS else ''}" if wrong is not None else ""


def _parse_holidays(given: Any) -> Any:
    """Parse dates and names of .ics files, a single one or a list. Raises ValueError."""
    entries = [word.strip() for word in given.split(",")] if isinstance(given, str) else given
    if not isinstance(entries, list | tuple):
        raise ValueError("expected dates such as [2027-01-26], or a file such as holidays.ics")
    return tuple(_parse_holiday(entry) for entry in entries if entry != "")


def _parse_holiday(entry: Any) -> date | str:
    if isinstance(entry, date):
        return entry
    if isinstance(entry, str) and entry.lower().endswith(".ics"):
        return entry
    try:
        return date.fromisoformat(entry)
    except (TypeError, ValueError):
        message = f"expected a date such as 2027-01-26 or a file such as holidays.ics, found {quoted(entry)}"
        raise ValueError(message) from None


Days = Annotated[
    tuple[Weekday, ...],
    BeforeValidator(_parse_days),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [*_NAMED_DAYS, *WEEKDAYS]},
                {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1, "uniqueItems": True},
            ]
        }
    ),
]
Holidays = Annotated[
    tuple[date | str, ...],
    BeforeValidator(_parse_holidays),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "examples": ["holidays.ics"]}
    ),
]
Approval = Literal["auto", "required"]
OnNoApproval = Literal["skip", "send"]


class ScheduledEdition(SettingsModel):
    """One of several editions. Missing keys have the values of `schedule` or `edition`."""

    slug: Slug = Field(
        description="Short name, such as `shaam`. The edition's key is its date and slug: `2026-11-29-shaam`."
    )
    name: Line = Field(default="", description="Name that subscribers see, such as शाम. Empty: the slug.")
    default: bool = Field(
        default=True, description="Whether subscribers who have not chosen among the editions get it."
    )
    days: Days | None = Field(default=None, description="Its days. Not set: `schedule.days`.")
    holidays: Holidays | None = Field(
        default=None, description="Its holidays; `[]` for none. Not set: `schedule.holidays`."
    )
    compose_at: Clock | None = Field(
        default=None,
        description="When it is composed. Not set: as long before `send_at` as `schedule.compose_at` is before "
        "`schedule.send_at`.",
    )
    send_at: Clock | None = Field(default=None, description="When it is sent. Not set: `schedule.send_at`.")
    approval: Approval | None = Field(default=None, description="As `schedule.approval`.")
    approve_by: Clock | None = Field(
        default=None,
        description="When the approval is due. Not set: as long before `send_at` as `schedule.approve_by` is before "
        "`schedule.send_at`.",
    )
    on_no_approval: OnNoApproval | None = Field(default=None, description="As `schedule.on_no_approval`.")
    expires_after: Duration | None = Field(default=None, description="As `schedule.expires_after`.")
    window: Duration | None = Field(default=None, description="As `edition.window`, such as `7d` for a weekly edition.")
    max_stories: int | None = Field(default=None, ge=1, le=100, description="As `edition.max_stories`.")
    min_stories: int | None = Field(default=None, ge=1, le=100, description="As `edition.min_stories`.")
    thin: Literal["skip", "widen"] | None = Field(default=None, description="As `edition.thin`.")
    sections: tuple[Line, ...] | None = Field(
        default=None, description="The only sections it has, in their order. Not set: all."
    )
    sources: tuple[Line, ...] | None = Field(
        default=None, description="Names of the only sources it uses. Not set: all."
    )
    repeats: Literal["never", "others"] | None = Field(
        default=None,
        description="`never`: leave out stories that any edition sent within `edition.memory`, unless they developed. "
        "`others`: leave out only stories that this edition sent. Not set: `others` if its own `window` "
        "is longer than two days, as for a weekly edition of the week's best.",
    )

    @model_validator(mode="after")
    def _some_of_each(self) -> ScheduledEdition:
        if self.sections == () or self.sources == ():
            raise ValueError("expected at least one name in sections and sources; leave the key out for all")
        return self


class ScheduleSettings(SettingsModel):
    collect_every: Duration = Field(default=timedelta(minutes=15), description="How often `digest run` collects.")
    days: Days = Field(
        default=WEEKDAYS,
        description="Days with an edition: `daily`, `weekdays`, or a list such as `[mon, thu]`.",
        json_schema_extra={"default": "daily"},
    )
    holidays: Holidays = Field(
        default=(),
        description="Days without an edition: dates such as `[2027-01-26]`, a calendar file (`holidays.ics`, in the "
        "newsletter folder) with whole-day events, or a list of both.",
    )
    compose_at: Clock = Field(default=time(5, 30), description="When `digest run` composes the day's edition.")
    send_at: Clock = Field(
        default=time(7, 0), description="When `digest run` sends it, to subscribers without their own hour."
    )
    approval: Approval = Field(
        default="auto", description="`required`: an edition is sent only after `digest edition approve`."
    )
    approve_by: Clock | None = Field(
        default=None,
        description="With `approval: required`: when the approval is due. Not set: until the edition expires, or with "
        "`on_no_approval: send` until `send_at`.",
    )
    on_no_approval: OnNoApproval = Field(
        default="skip",
        description="What happens to an edition that nobody has approved by `approve_by`: `skip` (it expires; "
        "`digest edition reopen` brings it back) or `send`.",
    )
    expires_after: Duration = Field(
        default=timedelta(hours=4), description="An edition not started this long after `send_at` is not sent."
    )
    editions: tuple[ScheduledEdition, ...] = Field(
        default=(),
        description="Several editions, each with its own hours, days and contents (docs/schedule.md). Empty: one "
        "edition, with the keys above.",
    )

    @model_validator(mode="after")
    def _compose_before_send(self) -> ScheduleSettings:
        if self.compose_at > self.send_at:
            raise ValueError(
                f"expected compose_at not to be after send_at, found {self.compose_at:%H:%M} and {self.send_at:%H:%M}"
            )
        if self.approve_by and not self.compose_at <= self.approve_by <= self.send_at:
            raise ValueError(
                f"expected approve_by between compose_at and send_at ({self.compose_at:%H:%M} and "
                f"{self.send_at:%H:%M}), found {self.approve_by:%H:%M}"
            )
        return self

    @model_validator(mode="after")
    def _editions_differ(self) -> ScheduleSettings:
        for kind in ("slug", "name"):
            names = [getattr(edition, kind) for edition in self.editions if getattr(edition, kind)]
            if duplicates := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"expected every edition to have its own {kind}; duplicates: {', '.join(duplicates)}")
        if self.editions and not any(edition.default for edition in self.editions):
            raise ValueError("expected at least one of the editions without `default: false`")
        return self


class BreakingSettings(SettingsModel):
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
    within: Annotated[Duration, at_most("24h")] = Field(
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

    @model_validator(mode="after")
    def _quiet_from_and_to(self) -> BreakingSettings:
        if self.quiet and (len(self.quiet) != 2 or self.quiet[0] == self.quiet[1]):
            raise ValueError('expected quiet to be two different times such as ["22:00", "06:00"], or [] for none')
        return self

    def is_quiet(self, at: time) -> bool:
        """Whether the local time `at` is within the quiet hours, which may extend past midnight."""
        if not self.quiet:
            return False
        start, end = self.quiet
        return start <= at < end if start < end else at >= start or at < end


class ReengageSettings(SettingsModel):
    """`digest subscribers reengage` (docs/reengage.md). Off by default."""

    enabled: bool = Field(
        default=False,
        description="Allow `digest subscribers reengage --send`. Without it, it only shows who would be asked.",
    )
    after: Annotated[Duration, at_least("60d")] = Field(
        default=timedelta(days=180),
        description="How long a subscriber must be inactive before they are asked, at least `60d`.",
    )
    wait: Annotated[Duration, at_least("7d")] = Field(
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
