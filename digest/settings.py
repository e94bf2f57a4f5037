"""What `digest.yaml` may say: every key, its type, its default and its bounds.

Shapes only; how a single value is written stands in `settings_values`. Reading the file, the environment and
putting faults into words is `settings_file`'s. No secret is a setting: a key that needs one names the environment
variable that holds it.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from digest.hindi.language import DEVANAGARI
from digest.settings_values import (
    Accent,
    Address,
    AddressOrNone,
    Clock,
    Duration,
    HeaderName,
    JsonPath,
    Language,
    Line,
    ParamName,
    PictureUrl,
    Selector,
    Variable,
    WebRoot,
    Word,
    Zone,
)


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
    language: Language = "hi"
    timezone: Zone = "Asia/Kolkata"
    base_url: WebRoot = ""
    postal_address: Line = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class AuthSettings(Shape):
    """Which key a source wants, and where: the environment variable that holds it, a header or a query parameter."""

    env: Variable
    header: HeaderName = ""
    param: ParamName = ""

    @model_validator(mode="after")
    def _one_way(self) -> AuthSettings:
        if bool(self.header) == bool(self.param):
            raise ValueError("expected exactly one of header and param")
        return self


class MappingSettings(Shape):
    """What stands where in an API's JSON; a bare name is a preset."""

    preset: Literal["gnews", "newsapi", "wordpress"] | None = None
    items: JsonPath = ""
    title: JsonPath = ""
    url: JsonPath = ""
    published: JsonPath = ""
    updated: JsonPath = ""
    body: JsonPath = ""
    excerpt: JsonPath = ""
    image: JsonPath = ""
    author: JsonPath = ""
    categories: JsonPath = ""
    language: JsonPath = ""
    guid: JsonPath = ""
    section: JsonPath = ""
    publisher: JsonPath = ""
    utc: bool = False

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return {"preset": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _enough(self) -> MappingSettings:
        if not (self.preset or self.title or self.url):
            raise ValueError("expected the path of title or of url, or a preset")
        return self


class SourceSettings(Shape):
    """A document by `url` or a file or folder by `path`; `replay` moves a recorded sample's dates to now."""

    name: Line = Field(min_length=1)
    url: str = ""
    path: str = ""
    weight: float = Field(default=1.0, ge=0, le=10)
    section: Line = ""
    replay: bool = False
    allow_private: bool = False
    fulltext: bool | None = None
    links: Selector = ""
    mapping: MappingSettings | None = None
    auth: AuthSettings | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        if bool(self.url) == bool(self.path):
            raise ValueError("expected exactly one of url and path")
        if self.url and not re.match(r"https?://[^\s/]+", self.url):
            raise ValueError("expected url to start with https:// or http://; files are named by path")
        if self.links and self.mapping:
            raise ValueError("expected one of links (of a web page) and mapping (of JSON), not both")
        if self.auth and not self.url:
            raise ValueError("expected url, as auth is given; a file needs no key")
        if self.auth and self.url.startswith("http:") and not self.allow_private:
            raise ValueError("expected url to start with https://, as auth is given: http would show the key")
        return self


class EditionSettings(Shape):
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
    quotas: dict[Line, Annotated[int, Field(ge=0, le=100)]] = {}
    block: tuple[Word, ...] = ()
    boost: dict[Word, Annotated[float, Field(ge=-5, le=5)]] = {}
    memory: Duration = timedelta(days=7)
    max_bytes: int = Field(default=50_000, ge=10_000, le=90_000)

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


def _several(given: Any) -> Any:
    """One name, or several in a list or with commas between, as an environment variable has them."""
    return [word.strip() for word in given.split(",")] if isinstance(given, str) else given


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


Transport = Literal["outbox", "smtp", "sendgrid"]


class Delivery(Shape):
    """`transport` is one name or several: the next goes on where one can't send. `on_unknown` says what becomes of a
    batch of which nobody knows whether it was sent."""

    transport: Annotated[tuple[Transport, ...], BeforeValidator(_several)] = ("outbox",)
    on_unknown: Literal["fence", "hold", "resend"] = "fence"
    lead: Duration = timedelta(minutes=40)
    batch_size: int = Field(default=1000, ge=1, le=1000)
    threads: int = Field(default=4, ge=1, le=64)
    tries: int = Field(default=5, ge=1, le=50)
    sendgrid: SendGridSettings = SendGridSettings()
    smtp: SmtpSettings = SmtpSettings()
    outbox: OutboxSettings = OutboxSettings()

    @model_validator(mode="after")
    def _each_once(self) -> Delivery:
        if not self.transport or len(set(self.transport)) < len(self.transport):
            found = ", ".join(self.transport) or "none"
            raise ValueError(f"expected a transport, or several, each once; found {found}")
        return self


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


class Web(Shape):
    """The reader pages. `proxies` are the peers whose X-Forwarded-For and -Proto are believed."""

    enabled: bool = False
    host: Line = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65535)
    archive: Literal["public", "off"] = "public"
    signup: bool = True
    proxies: tuple[Line, ...] = ("127.0.0.1",)


class StoreSettings(Shape):
    url: str = "sqlite:///digest.db"


class Theme(Shape):
    """How the letter looks; `accent` left out is the look's own."""

    name: Literal["newspaper", "modern", "plain"] = "newspaper"
    accent: Accent = ""
    logo: PictureUrl = ""
    logo_width: int = Field(default=200, ge=40, le=544)
    max_images: int = Field(default=5, ge=0, le=40)
    briefs: int = Field(default=3, ge=0, le=40)
    digits: Literal["latn", "deva"] = "latn"


class Settings(Shape):
    """The whole of `digest.yaml`."""

    newsletter: Newsletter
    sources: Annotated[tuple[SourceSettings, ...], BeforeValidator(lambda given: given or ())] = ()
    edition: EditionSettings = EditionSettings()
    summary: SummarySettings = SummarySettings()
    delivery: Delivery = Delivery()
    schedule: Schedule = Schedule()
    store: StoreSettings = StoreSettings()
    theme: Theme = Theme()
    web: Web = Web()

    @model_validator(mode="after")
    def _source_names_differ(self) -> Settings:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"expected every source to have its own name; twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _digits_of_the_script(self) -> Settings:
        if self.theme.digits == "deva" and self.newsletter.language not in DEVANAGARI:
            said = f"is for languages in Devanagari ({', '.join(sorted(DEVANAGARI))})"
            raise ValueError(f"'theme.digits': deva {said}, and newsletter.language is '{self.newsletter.language}'")
        return self
