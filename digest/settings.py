"""What `digest.yaml` may say: every key, its type, its default and its bounds.

Shapes only. Reading the file, the environment and putting faults into words is `settings_file`'s. No secret is a
setting: a key that needs one names the environment variable that holds it.
"""

from __future__ import annotations

import difflib
import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(s|m|h|d)\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=366)
# It stands in headers and in the envelope of every letter, so ASCII only and no empty label (RFC 5321 4.1.2).
_LABEL = r"[A-Za-z0-9](?:-*[A-Za-z0-9])*"
_ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*\Z")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


def parse_duration(value: Any) -> Any:
    """`90s`, `15m`, `24h`, `7d` → timedelta; anything else raises ValueError with what was expected."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(str(value).strip())
    if not match:
        raise ValueError("expected a duration such as 90s, 15m, 24h or 7d")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise ValueError(f"expected a duration of more than 0 and at most {_LONGEST.days}d")
    return timedelta(seconds=seconds)


def parse_clock(value: Any) -> Any:
    """`07:00` → time; anything else raises ValueError with what was expected."""
    if isinstance(value, time):
        return value
    match = _CLOCK.match(str(value).strip())
    if not match:
        raise ValueError('expected a time of day such as "07:00"')
    return time(int(match[1]), int(match[2]))


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        close = difflib.get_close_matches(value, available_timezones(), n=1)
        raise ValueError(f"expected a time zone of the IANA list such as {close[0] if close else 'Asia/Kolkata'}")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.match(value):
        hint = "" if value.isascii() else "; write a domain in Hindi in its ASCII form (xn--…)"
        raise ValueError(f"expected an email address such as news@example.com{hint}")
    return value


def _address_or_none(value: str) -> str:
    return _address(value) if value else value


def _web_root(value: str) -> str:
    if value and not re.match(r"https?://[^\s/?#]+(/[^\s?#]*)?\Z", value):
        raise ValueError("expected the address of the reader pages such as https://news.example.com")
    if not value.isascii():
        raise ValueError("expected ASCII; write a Hindi host as xn--… and percent-encode the path")
    return value.rstrip("/")


def _word(value: str) -> str:
    if not any(mark.isalnum() for mark in value) or any(ord(mark) < 32 for mark in value):
        raise ValueError("expected a word or a phrase")
    return value


def _one_line(value: str) -> str:
    if any(ord(mark) < 32 or ord(mark) == 127 for mark in value):
        raise ValueError("expected one line of text")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Clock = Annotated[time, BeforeValidator(parse_clock)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Address = Annotated[str, AfterValidator(_address)]
AddressOrNone = Annotated[str, AfterValidator(_address_or_none)]
WebRoot = Annotated[str, AfterValidator(_web_root)]
Line = Annotated[str, AfterValidator(_one_line)]
Word = Annotated[str, Field(min_length=1), AfterValidator(_word)]
Accent = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Shape(BaseModel):
    """A part of the settings: unknown keys are faults, values can't be changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(Shape):
    name: Line = ""
    email: Address


class Newsletter(Shape):
    name: Line = Field(min_length=1)
    sender: Sender
    reply_to: AddressOrNone = ""
    language: Literal["hi", "en"] = "hi"
    timezone: Zone = "Asia/Kolkata"
    base_url: WebRoot = ""
    postal_address: Line = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class SourceSettings(Shape):
    """A feed by `url` or a file or folder by `path`; `replay` moves a recorded sample's dates to now."""

    name: Line = Field(min_length=1)
    url: str = ""
    path: str = ""
    weight: float = Field(default=1.0, ge=0, le=10)
    section: Line = ""
    replay: bool = False
    allow_private: bool = False
    fulltext: bool | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        if bool(self.url) == bool(self.path):
            raise ValueError("expected exactly one of url and path")
        if self.url and not re.match(r"https?://[^\s/]+", self.url):
            raise ValueError("expected url to start with https:// or http://; files are named by path")
        return self


class EditionSettings(Shape):
    max_stories: int = Field(default=12, ge=1, le=100)
    min_stories: int = Field(default=3, ge=1, le=100)
    window: Duration = timedelta(hours=24)
    sections: tuple[Line, ...] = (
        "देश", "दुनिया", "राजनीति", "व्यापार", "विज्ञान", "खेल", "मनोरंजन", "स्वास्थ्य", "शिक्षा",
    )  # fmt: skip
    merge: float = Field(default=0.34, gt=0, le=1)
    related: float = Field(default=0.26, gt=0, le=1)
    same_source: float = Field(default=0.55, gt=0, le=1)
    per_section: int = Field(default=4, ge=1, le=100)
    quotas: dict[Line, Annotated[int, Field(ge=0, le=100)]] = {}
    block: tuple[Word, ...] = ()
    boost: dict[Word, Annotated[float, Field(ge=-5, le=5)]] = {}
    memory: Duration = timedelta(days=7)

    @model_validator(mode="after")
    def _bounds_agree(self) -> EditionSettings:
        if self.min_stories > self.max_stories:
            raise ValueError(
                f"expected min_stories to be at most max_stories, found {self.min_stories} and {self.max_stories}"
            )
        return self


class SummarySettings(Shape):
    """Who writes the summaries; `openai` is any endpoint that speaks that protocol."""

    engine: Literal["extractive", "openai"] = "extractive"
    url: WebRoot = ""
    model: Line = ""
    key_env: str = ""
    timeout: Duration = timedelta(seconds=20)

    @model_validator(mode="after")
    def _reachable(self) -> SummarySettings:
        if self.engine == "openai" and not (self.url and self.model):
            raise ValueError("expected url and model, as engine is openai")
        return self


class SendGridSettings(Shape):
    host: WebRoot = "https://api.sendgrid.com"
    key_env: str = "SENDGRID_API_KEY"
    timeout: Duration = timedelta(seconds=30)


class SmtpSettings(Shape):
    host: str = "localhost"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password_env: str = "DIGEST_SMTP_PASSWORD"  # noqa: S105  the name of a variable, not a secret
    timeout: Duration = timedelta(seconds=60)


class OutboxSettings(Shape):
    path: str = "outbox"


class Delivery(Shape):
    transport: Literal["outbox", "smtp", "sendgrid"] = "outbox"
    batch_size: int = Field(default=1000, ge=1, le=1000)
    threads: int = Field(default=4, ge=1, le=64)
    tries: int = Field(default=5, ge=1, le=50)
    sendgrid: SendGridSettings = SendGridSettings()
    smtp: SmtpSettings = SmtpSettings()
    outbox: OutboxSettings = OutboxSettings()


class Schedule(Shape):
    collect_every: Duration = timedelta(minutes=15)
    compose_at: Clock = time(5, 30)
    send_at: Clock = time(7, 0)
    approval: Literal["auto", "required"] = "auto"
    expires_after: Duration = timedelta(hours=4)

    @model_validator(mode="after")
    def _composed_before_sent(self) -> Schedule:
        if self.compose_at > self.send_at:
            raise ValueError(
                f"expected compose_at not to be after send_at, found {self.compose_at:%H:%M} and {self.send_at:%H:%M}"
            )
        return self


class StoreSettings(Shape):
    url: str = "sqlite:///digest.db"


class Theme(Shape):
    accent: Accent = "#9c1c1c"


class Settings(Shape):
    """The whole of `digest.yaml`."""

    newsletter: Newsletter
    sources: tuple[SourceSettings, ...] = ()
    edition: EditionSettings = EditionSettings()
    summary: SummarySettings = SummarySettings()
    delivery: Delivery = Delivery()
    schedule: Schedule = Schedule()
    store: StoreSettings = StoreSettings()
    theme: Theme = Theme()

    @model_validator(mode="after")
    def _source_names_differ(self) -> Settings:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"expected every source to have its own name; twice: {', '.join(twice)}")
        return self
