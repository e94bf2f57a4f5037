"""What `digest.yaml` may say: every key, its type, its default and its bounds.

Shapes only; how a single value is written stands in `settings_values`, a transport's keys in `settings_transports`.
Reading the file, the environment and putting faults into words is `settings_file`'s. No secret is a setting: a key that
needs one names the environment variable that holds it.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from digest.hindi.language import DEVANAGARI
from digest.settings_sources import SourceSettings
from digest.settings_transports import (
    OutboxSettings,
    RateSettings,
    ResendSettings,
    SendGridSettings,
    SmtpSettings,
    WarmUpSettings,
)
from digest.settings_values import (
    Accent,
    Address,
    AddressOrNone,
    Clock,
    Duration,
    Language,
    Line,
    PictureUrl,
    SettingsModel,
    WebRoot,
    Word,
    Zone,
)
from digest.settings_web import Web


class Sender(SettingsModel):
    name: Line = ""
    email: Address


class Newsletter(SettingsModel):
    name: Line = Field(min_length=1)
    sender: Sender
    reply_to: AddressOrNone = ""
    language: Language = "hi"
    timezone: Zone = "Asia/Kolkata"
    base_url: WebRoot = ""
    postal_address: Line = ""
    tracking: Literal["off", "on"] = "off"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class EditionSettings(SettingsModel):
    max_stories: int = Field(default=12, ge=1, le=100)
    min_stories: int = Field(default=3, ge=1, le=100)
    window: Duration = timedelta(hours=24)
    sections: tuple[Line, ...] = (
        "देश", "दुनिया", "राजनीति", "व्यापार", "विज्ञान", "खेल", "मनोरंजन", "स्वास्थ्य", "शिक्षा",
    )  # fmt: skip
    merge: float = Field(default=0.51, gt=0, le=1)
    related: float = Field(default=0.34, gt=0, le=1)
    same_source: float = Field(default=0.65, gt=0, le=1)
    per_section: int = Field(default=4, ge=1, le=100)
    quotas: dict[Line, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    block: tuple[Word, ...] = ()
    boost: dict[Word, Annotated[float, Field(ge=-5, le=5)]] = Field(default_factory=dict)
    memory: Duration = timedelta(days=7)
    max_bytes: int = Field(default=50_000, ge=10_000, le=90_000)

    @model_validator(mode="after")
    def _bounds_agree(self) -> EditionSettings:
        if self.min_stories > self.max_stories:
            raise ValueError(
                f"expected min_stories to be at most max_stories, found {self.min_stories} and {self.max_stories}"
            )
        return self


class SummarySettings(SettingsModel):
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


def _several(given: Any) -> Any:
    """One name, or several in a list or with commas between, as an environment variable has them."""
    return [word.strip() for word in given.split(",")] if isinstance(given, str) else given


Transport = Literal["outbox", "smtp", "sendgrid", "resend"]
_MOST = {"resend": 100}  # readers in one call


class Delivery(SettingsModel):
    """`transport` is one name or several: the next goes on where one can't send. `on_unknown` says what becomes of a
    batch of which nobody knows whether it was sent."""

    transport: Annotated[tuple[Transport, ...], BeforeValidator(_several)] = ("outbox",)
    on_unknown: Literal["fence", "hold", "resend"] = "fence"
    lead: Duration = timedelta(minutes=40)
    batch_size: int = Field(default=1000, ge=1, le=1000)
    threads: int = Field(default=4, ge=1, le=64)
    tries: int = Field(default=5, ge=1, le=50)
    rate: RateSettings = RateSettings()
    warm_up: WarmUpSettings | None = None
    sendgrid: SendGridSettings = SendGridSettings()
    resend: ResendSettings = ResendSettings()
    smtp: SmtpSettings = SmtpSettings()
    outbox: OutboxSettings = OutboxSettings()

    @property
    def readers_per_batch(self) -> int:
        """What each transport in use takes at once and every limit lets pass, so that a batch is never cut."""
        calls = [_MOST[name] for name in self.transport if name in _MOST]
        rate = self.rate
        limits = [most for most in (rate.per_second, rate.per_minute, rate.per_hour, rate.per_day) if most is not None]
        return min([self.batch_size, *calls, *limits, *([self.warm_up.start] if self.warm_up else [])])

    @model_validator(mode="after")
    def _each_once(self) -> Delivery:
        if not self.transport or len(set(self.transport)) < len(self.transport):
            found = ", ".join(self.transport) or "none"
            raise ValueError(f"expected a transport, or several, each once; found {found}")
        return self


class Schedule(SettingsModel):
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


class StoreSettings(SettingsModel):
    url: str = "sqlite:///digest.db"


class Theme(SettingsModel):
    """How the letter looks; `accent` left out is the look's own."""

    name: Literal["newspaper", "modern", "plain"] = "newspaper"
    accent: Accent = ""
    logo: PictureUrl = ""
    logo_width: int = Field(default=200, ge=40, le=544)
    max_images: int = Field(default=5, ge=0, le=40)
    briefs: int = Field(default=3, ge=0, le=40)
    digits: Literal["latn", "deva"] = "latn"


class Settings(SettingsModel):
    """The whole of `digest.yaml`."""

    newsletter: Newsletter
    sources: Annotated[tuple[SourceSettings, ...], BeforeValidator(lambda given: given or ())] = ()
    edition: EditionSettings = EditionSettings()
    summary: SummarySettings = SummarySettings()
    delivery: Delivery = Delivery()
    schedule: Schedule = Schedule()
    web: Web = Web()
    store: StoreSettings = StoreSettings()
    theme: Theme = Theme()

    @model_validator(mode="after")
    def _source_names_differ(self) -> Settings:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"expected every source to have its own name; twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _signed_for_the_sender(self) -> Settings:
        dkim, sender = self.delivery.smtp.dkim, self.newsletter.sender.email.rpartition("@")[2].lower()
        if dkim and not f".{sender}".endswith(f".{dkim.domain.lower()}"):
            said = f"the sender's domain {sender} or one that it is part of"
            raise ValueError(f"'delivery.smtp.dkim.domain': expected {said}, found {dkim.domain}")
        return self

    @model_validator(mode="after")
    def _digits_of_the_script(self) -> Settings:
        if self.theme.digits == "deva" and self.newsletter.language not in DEVANAGARI:
            said = f"is for languages in Devanagari ({', '.join(sorted(DEVANAGARI))})"
            raise ValueError(f"'theme.digits': deva {said}, and newsletter.language is '{self.newsletter.language}'")
        return self
