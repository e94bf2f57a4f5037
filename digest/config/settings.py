"""Settings of `digest.yaml`: every key with its type, default, limits and description.

docs/configuration.md and the JSON Schema are generated from them. A secret's key names its environment variable.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from digest.config.alerts import AlertSettings, StopOnSettings, WebhookEndpoint
from digest.config.delivery import (
    BrevoSettings,
    OutboxSettings,
    RateSettings,
    ResendSettings,
    SendGridSettings,
    SesSettings,
    SmtpSettings,
    TelegramSettings,
    WarmUpSettings,
)
from digest.config.schedule import BreakingSettings, ReengageSettings, ScheduleSettings
from digest.config.sources import SourceSettings
from digest.config.types import (
    Accent,
    Duration,
    Language,
    Line,
    PictureUrl,
    PublicAddress,
    PublicAddressOrNone,
    SettingsModel,
    TransportName,
    WebRoot,
    Word,
    Zone,
    at_least,
    section,
    split_names,
)
from digest.config.web import ClickSettings, DeskSettings, PrivacySettings, WebSettings
from digest.curate.importance.rows import ROWS
from digest.curate.recurring_kinds import ALIASES, KINDS
from digest.models import BREAKING, MAIN, is_breaking


class SenderSettings(SettingsModel):
    name: Line = Field(
        default="", description="Name in the From header. Use ASCII for SendGrid, which does not support Unicode here."
    )
    email: PublicAddress = Field(description="Address in the From header.")


class EditorSettings(SettingsModel):
    """Somebody who makes the newsletter, as the pages introduce them."""

    name: Line = Field(min_length=1, description="Name of an editor, which the sign-up page and search engines show.")
    about: Line = Field(
        default="", max_length=200, description="One sentence about this person, in the language of the newsletter."
    )
    url: WebRoot = Field(default="", description="A page about this person, such as a profile.")


class NewsletterSettings(SettingsModel):
    name: Line = Field(min_length=1, description="Name of the newsletter, in the masthead and in List-Id.")
    sender: SenderSettings = Field(description="Sender of every email.")
    reply_to: PublicAddressOrNone = Field(
        default="", description="Address for replies and for unsubscribing by email. Empty: the sender."
    )
    language: Language = Field(
        default="hi",
        description="Language of the newsletter. Articles in other languages are ignored. `hi` and `en` are included; "
        "any other needs `messages/CODE.po` (docs/letter.md). A region (`hi-IN`) has no effect.",
    )
    timezone: Zone = Field(
        default="Asia/Kolkata", description='Time zone of the schedule, which also decides what "today" is.'
    )
    base_url: WebRoot = Field(
        default="",
        description="Public URL of the reader pages (ASCII). Empty: no web links in the email; subscribers "
        "unsubscribe by email. A path is allowed (`https://paper.example/digest`), whether or not the proxy strips it. "
        "With an example's domain (`example.com`, `.example`), real email goes only to example addresses. Use "
        "`http://127.0.0.1:8000` for a test on this machine.",
    )
    postal_address: Line = Field(
        default="", description="Postal address in the footer, required for bulk email in many countries."
    )
    editors: tuple[EditorSettings, ...] = Field(
        default=(), max_length=20, description="Who makes the newsletter, in the order in which the pages name them."
    )
    tracking: Literal["off", "on"] = Field(
        default="off",
        description="`on`: SendGrid reports opens and clicks (never of links to your own pages). Those of machines are "
        "counted separately. Tell your subscribers about it.",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class EditionSettings(SettingsModel):
    max_stories: int = Field(default=12, ge=1, le=100, description="Maximum stories in an edition.")
    min_stories: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Minimum stories. With fewer, the edition is skipped with that reason, or as `thin` says.",
    )
    min_score: float = Field(
        default=2.4,
        ge=0,
        le=5,
        description="Stories that score less are left out, unless the edition would have less than six stories or "
        "`min_stories`: fewer, stronger stories. 0 fills every edition. Only in Hindi; not in editions of chosen "
        "sections or words.",
    )
    window: Duration = Field(default=timedelta(hours=24), description="Maximum age of an article.")
    thin: Literal["skip", "widen"] = Field(
        default="skip",
        description="What happens with fewer than `min_stories`: `skip` the edition, or `widen` its window step by "
        "step (two, three … times `window`, at most 48 hours) and say so in the email.",
    )
    sections: tuple[Line, ...] = Field(
        default=(
            "देश", "दुनिया", "राजनीति", "व्यापार", "विज्ञान", "खेल", "मनोरंजन", "स्वास्थ्य", "शिक्षा",
        ),
        description="Sections in their order. These and the sources' sections are the topics that a subscriber can "
        "choose. In another language they have its names (`Nation`, `World` …).",
    )  # fmt: skip
    merge: float = Field(
        default=0.51, gt=0, le=1, description="Similarity from which two articles are merged into one story."
    )
    related: float = Field(default=0.34, gt=0, le=1, description="Similarity from which two articles are related.")
    same_source: float = Field(
        default=0.65, gt=0, le=1, description="As `edition.merge`, for two articles of the same source."
    )
    per_section: int = Field(
        default=7,
        ge=1,
        le=100,
        description="Maximum stories per section. Exceeded if the edition would have too few stories otherwise.",
    )
    quotas: dict[Line, Annotated[int, Field(ge=0, le=100)]] = Field(
        default_factory=dict,
        description="Maximum stories of single sections, such as `{खेल: 2}`. 0 excludes a section.",
    )
    block: tuple[Word, ...] = Field(
        default=(),
        description="Words or phrases. An article with one of them in its title, kicker or categories is excluded.",
    )
    boost: dict[Word, Annotated[float, Field(ge=-5, le=5)]] = Field(
        default_factory=dict,
        description="Word or phrase → points (−5 to 5) for a story with it in a title or lead, such as `{चुनाव: 0.5}`.",
    )
    importance: dict[Line, Annotated[float, Field(ge=-5, le=5)]] = Field(
        default_factory=dict,
        description="Weights of rows of importance that differ from the table's, such as `{outbreak: 0}` "
        "(docs/curation.md). 0 switches a row off.",
    )
    recurring: dict[Line, Literal["section", "news", "drop"]] = Field(
        default_factory=dict,
        description="Kind of page that recurs every day → `section` (the last section, दैनिक स्तंभ), `news` (competes "
        "with the news) or `drop`, such as `{horoscope: section, weather: section}`. Kinds: `"
        + "`, `".join(KINDS)
        + "`; also `rashifal`, `panchang`, `mausam`, `bhav`. By default `horoscope`, `almanac`, `photo`, `video`, "
        "`quiz` and `lottery` are dropped and all others are news.",
    )
    memory: Duration = Field(
        default=timedelta(days=7),
        description="How long a sent story is not repeated, unless it developed: then it returns as an अपडेट that "
        "starts with the news. Samples (`replay`) are exempt.",
    )
    max_bytes: int = Field(
        default=50_000,
        ge=10_000,
        le=90_000,
        description="Maximum decoded size of an email, 10,000 to 90,000 bytes. To fit, summaries of the lowest stories "
        "are cut to their first sentence, then the lowest stories are dropped. The quoted-printable size stays below "
        "the 102,400 bytes at which Gmail clips, or below twice this value if that is more.",
    )

    @field_validator("importance")
    @classmethod
    def _known_rows(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := [name for name in value if name not in ROWS]:
            close = difflib.get_close_matches(wrong[0], ROWS, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "docs/curation.md lists all"
            raise ValueError(f"unknown row '{wrong[0]}'; {hint}")
        return value

    @field_validator("recurring")
    @classmethod
    def _known_kinds(cls, value: dict[str, str]) -> dict[str, str]:
        kinds = {ALIASES.get(name, name): policy for name, policy in value.items()}
        if wrong := [name for name in kinds if name not in KINDS]:
            raise ValueError(f"unknown kind '{wrong[0]}'; {_hint(wrong[0], (*KINDS, *ALIASES))}")
        return kinds

    @model_validator(mode="after")
    def _min_below_max(self) -> EditionSettings:
        if self.min_stories > self.max_stories:
            raise ValueError(
                f"expected min_stories to be at most max_stories, found {self.min_stories} and {self.max_stories}"
            )
        return self


class SummarySettings(SettingsModel):
    """How summaries are written. `openai` is any server with OpenAI's API."""

    engine: Literal["extractive", "openai"] = Field(
        default="extractive",
        description="`extractive`: summaries consist of the articles' own sentences. `openai`: a model writes them, "
        "and the articles' own sentences are used unless an article supports each clause of it.",
    )
    headlines: bool = Field(
        default=False,
        description="Whether the model also rewrites headlines. A paper's headline stays unless an article supports "
        "each clause of the model's.",
    )
    intro: bool = Field(
        default=False,
        description="Whether the model also writes an intro of two or three sentences, where an editor has written "
        "none. There is no intro unless the stories' articles support each clause of it.",
    )
    words: int = Field(
        default=30,
        ge=15,
        le=70,
        description="Approximate maximum of words in a summary, 15 to 70. The minimum is two thirds of it, if the "
        "articles have sentences that fit. A sentence that tells the news is kept whole even if it is longer.",
    )
    url: WebRoot = Field(
        default="",
        description="Base URL of a server with OpenAI's API, such as `https://models.example.com/v1`.",
    )
    model: Line = Field(default="", description="Name of the model.")
    key_env: str = Field(default="", description="Environment variable that holds its API key. Empty: no key is sent.")
    timeout: Duration = Field(
        default=timedelta(seconds=20),
        description="Timeout per call. After two failures in a row the model is not used for ten minutes.",
    )
    budget: int | None = Field(
        default=None,
        ge=0,
        description="Maximum tokens, of prompts and responses, per edition, however often it is composed. When they "
        "are used up, the rest consists of the articles' own headlines and sentences. Empty: no limit.",
    )
    price: float | None = Field(
        default=None, ge=0, description="Price of a million tokens, for the cost in `digest report`. Empty: no cost."
    )
    currency: Line = Field(default="USD", description="Currency of `price`, as the report shows it.")

    @model_validator(mode="after")
    def _complete(self) -> SummarySettings:
        if self.engine == "openai" and not (self.url and self.model):
            raise ValueError("expected url and model, because engine is openai")
        if self.engine != "openai" and (self.headlines or self.intro):
            raise ValueError("expected engine: openai, because a model writes headlines and intro")
        return self


# The maximum recipients in one call.
_MAX_PER_CALL = {"resend": 100, "ses": 50}
# By SMTP, a connection sends this many emails and is then replaced. Results are recorded and shown after each batch.
_MAX_BY_SMTP = 100


class DeliverySettings(SettingsModel):
    """The transports, batch sizes and rates of sending."""

    transport: Annotated[tuple[TransportName, ...], BeforeValidator(split_names)] = Field(
        default=("outbox",),
        description="`outbox` (.eml files), `smtp`, `sendgrid`, `resend`, `brevo`, `ses`, or several, such "
        "as `[sendgrid, smtp]`: if the first fails, the next sends what was definitely not sent.",
    )
    on_unknown: Literal["fence", "hold", "resend"] = Field(
        default="fence",
        description="What happens to a batch whose outcome is unknown: `fence` cancels it and sends it again, `hold` "
        "waits for proof, `resend` sends it again (docs/sending.md).",
    )
    lead: Duration = Field(
        default=timedelta(minutes=40),
        description="How long before its time an edition is handed to a provider that can cancel "
        "(`sendgrid`, `brevo`), which sends it on time. Cancelling needs at least 15 minutes.",
    )
    batch_size: int = Field(
        default=1000,
        ge=1,
        le=1000,
        description="Recipients per request, 1 to 1,000. Smaller if a transport (`resend`: 100, `ses`: 50) or a "
        "rate limit requires it. With `smtp`, recipients per turn of a connection: at most 100, and fewer for a small "
        "list, so that all `threads` have some.",
    )
    threads: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Batches sent in parallel. For every four, one more is claimed and waits for its turn. After a "
        "crash at most the sum has an unknown outcome with SendGrid.",
    )
    tries: int = Field(default=5, ge=1, le=50, description="Attempts per run for a batch that was definitely not sent.")
    rate: RateSettings = section(RateSettings, "Rate limits.")
    stop_on: StopOnSettings = section(StopOnSettings, "When sending pauses automatically.")
    warm_up: WarmUpSettings | None = Field(default=None, description="Daily limit that grows, for a new account.")
    sendgrid: SendGridSettings = section(SendGridSettings, "SendGrid.")
    resend: ResendSettings = section(ResendSettings, "Resend.")
    brevo: BrevoSettings = section(BrevoSettings, "Brevo.")
    ses: SesSettings = section(SesSettings, "Amazon SES.")
    smtp: SmtpSettings = section(SmtpSettings, "SMTP.")
    outbox: OutboxSettings = section(OutboxSettings, "Emails as .eml files.")

    @property
    def key_variables(self) -> Mapping[str, str]:
        """Transport → the environment variable that holds its key."""
        return {
            "sendgrid": self.sendgrid.key_env,
            "resend": self.resend.key_env,
            "brevo": self.brevo.key_env,
            "ses": self.ses.secret_key_env,
            "smtp": self.smtp.password_env,
        }

    @property
    def api_urls(self) -> Mapping[str, str]:
        """Transport → the address of its provider's API."""
        return {
            "sendgrid": self.sendgrid.host,
            "resend": self.resend.host,
            "brevo": self.brevo.host,
            "ses": self.ses.url,
        }

    @property
    def can_attach(self) -> bool:
        """Whether all transports in use can show attached images in an email."""
        return "brevo" not in self.transport

    @property
    def recipients_per_batch(self) -> int:
        """The largest batch that all transports in use accept in one call and all rate limits allow at once."""
        calls = [_MAX_PER_CALL[name] for name in self.transport if name in _MAX_PER_CALL]
        if self.transport[0] == "smtp":
            calls.append(_MAX_BY_SMTP)
        rate = self.rate
        limits = [rate.per_second, rate.per_minute, rate.per_hour, rate.per_day]
        if self.warm_up:
            limits.append(self.warm_up.start)
        return min([self.batch_size, *calls, *(limit for limit in limits if limit is not None)])

    @property
    def spread_over(self) -> int | None:
        """The number of connections for a small list; None if the transport in use sends whole batches."""
        return self.threads if self.transport[0] == "smtp" else None

    @model_validator(mode="after")
    def _unique_transports(self) -> DeliverySettings:
        if not self.transport or len(set(self.transport)) < len(self.transport):
            found = ", ".join(self.transport) or "none"
            raise ValueError(f"expected one or more different transports; found {found}")
        return self


class SubscriberListSettings(SettingsModel):
    on_error: Literal["last_good", "stop"] = Field(
        default="last_good",
        description="What `digest run` does while the subscriber list has errors. `last_good`: send to the last valid "
        "list, without those who left it since. `stop`: send to nobody. Commands refuse a list with errors either way.",
    )


# The day's articles are compared with the articles of the week before (`Rules.background`).
_BACKGROUND = timedelta(days=7)


class KeepSettings(SettingsModel):
    """How long the store keeps data that grows every day. Consents, suppressions, erasures and editions stay."""

    articles: Duration = Field(
        default=timedelta(days=14),
        description="How long articles are kept, at least as far as the editions look back (`edition.memory` and their "
        "windows: `9d` by default). Older ones in a feed are ignored. The stories of editions stay.",
    )
    # A bounce may arrive days later, a complaint weeks later.
    deliveries: Annotated[Duration, at_least("30d")] = Field(
        default=timedelta(days=60),
        description="How long the record of who got an edition, and of each email's outcome, is kept, at least "
        "`30d`. Then only the counts stay, and the edition can't be sent again. The ten newest editions are always "
        "kept whole.",
    )
    words: Duration = Field(
        default=timedelta(days=365),
        description="How long texts from subscribers are kept: replies by mail, and comments with an answer.",
    )


def _in_days(duration: timedelta) -> str:
    return f"{duration / timedelta(days=1):g}d"


class StoreSettings(SettingsModel):
    url: str = Field(
        default="sqlite:///digest.db",
        description="Database: SQLite, relative to the newsletter folder, or `postgresql://user@host/name` (install "
        "`hindi-digest[postgres]`).",
    )
    prune: Literal["daily", "never"] = Field(
        default="daily",
        description="Whether `digest run` deletes what is older than `store.keep` once a day, or only `digest store "
        "prune` does.",
    )
    keep: KeepSettings = section(KeepSettings, "How long the store keeps what grows every day.")


class WorkersSettings(SettingsModel):
    seats: int = Field(
        default=4,
        ge=1,
        le=64,
        description="How many parts of editions one worker sends at a time, each over `delivery.threads` connections. "
        "`digest worker --seats` wins (docs/scale.md). PostgreSQL only.",
    )


class ThemeSettings(SettingsModel):
    """How the email looks."""

    name: Literal["newspaper", "modern", "plain"] = Field(
        default="newspaper",
        description="`newspaper` (serif headings, cream paper), `modern` (a dark band, cards, a colour for each "
        "section) or `plain` (like a personal email: at most two images, no boxes).",
    )
    accent: Accent = Field(
        default="",
        description="Accent colour, such as `#9c1c1c`, for links, rules and the masthead. Empty: the theme's own. Its "
        "contrast is corrected if too low.",
    )
    logo: PictureUrl = Field(default="", description="URL (https) of an image that replaces the name at the top.")
    logo_width: int = Field(default=200, ge=40, le=544, description="Width of the logo in pixels, 40 to 544.")
    max_images: int = Field(
        default=5, ge=0, le=40, description="Maximum images in an email, the lead story's first. 0: none."
    )
    images: Literal["attach", "pages", "source"] = Field(
        default="source",
        description="Where mail programs get the images of stories. `attach`: cut, shrunk and attached to each email, "
        "at most 180 kB together. `pages`: the same files from your reader pages (`newsletter.base_url`). "
        "`source`: as they are, from the sites that published them. Images beside files of a drop folder are always "
        "cut and shrunk (docs/letter.md).",
    )
    briefs: int = Field(
        default=3,
        ge=0,
        le=40,
        description="Number of lowest-ranked stories shown as headlines at the end, संक्षेप में, in editions of at least "
        "8 stories. Never more than a third of the stories, and none that is pinned.",
    )
    digits: Literal["latn", "deva"] = Field(
        default="latn",
        description="`deva`: show numbers in देवनागरी digits (०१२३), except within Latin words and addresses. Only for "
        "languages in Devanagari.",
    )


class BlockSettings(SettingsModel):
    """The blocks of an edition, such as the weather (docs/blocks.md)."""

    folder: Line = Field(
        default="blocks",
        min_length=1,
        description="Folder of the blocks' data, relative to the newsletter folder: `blocks/2026-11-29/weather.yaml` "
        "for one day, `blocks/always/follow.yaml` for every edition.",
    )
    urls: dict[Line, Line] = Field(
        default_factory=dict,
        description="Block → URL of its data in YAML or JSON, such as `{weather: "
        '"https://cms.example.com/weather/{date}.json"}`. It is fetched when an edition is composed, if the folder '
        "has no file for the block. `{date}` is the day of the edition.",
    )
    private: bool = Field(default=False, description="Whether these URLs may lead to a private network.")

    @field_validator("urls")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        # Imported here, because most newsletters have no blocks and the table takes a while to import.
        from digest.render.blocks.rows import ROWS as BLOCKS
        from digest.render.blocks.rows import unknown

        for kind, url in value.items():
            if kind not in BLOCKS:
                raise ValueError(unknown(kind))
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"'{kind}': expected a URL that starts with https://")
        return value


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known) or 'none'}"


class Settings(SettingsModel):
    """The settings of a newsletter."""

    newsletter: NewsletterSettings = Field(description="The newsletter and its sender.")
    sources: Annotated[tuple[SourceSettings, ...], BeforeValidator(lambda given: given or ())] = Field(
        default=(), description="Sources of articles."
    )
    edition: EditionSettings = section(EditionSettings, "Selection of stories.")
    summary: SummarySettings = section(SummarySettings, "Summaries.")
    delivery: DeliverySettings = section(DeliverySettings, "Sending.")
    schedule: ScheduleSettings = section(ScheduleSettings, "Times of `digest run`.")
    breaking: BreakingSettings = section(BreakingSettings, "Breaking news.")
    subscribers: SubscriberListSettings = section(SubscriberListSettings, "The subscriber list in `digest run`.")
    alerts: AlertSettings = section(AlertSettings, "Alerts and reports to the admins.")
    webhooks: tuple[WebhookEndpoint, ...] = Field(default=(), description="Programs that receive events.")
    web: WebSettings = section(WebSettings, "Subscriber pages and webhooks.")
    privacy: PrivacySettings = section(PrivacySettings, "Privacy notice.")
    clicks: ClickSettings = section(ClickSettings, "Clicks on stories and advertisements.")
    telegram: TelegramSettings = section(TelegramSettings, "A post of each edition on Telegram.")
    reengage: ReengageSettings = section(ReengageSettings, "Asking inactive subscribers whether to continue.")
    desk: DeskSettings = section(DeskSettings, "Pages of editors and admins.")
    store: StoreSettings = section(StoreSettings, "Database.")
    workers: WorkersSettings = section(WorkersSettings, "Several workers, on PostgreSQL.")
    theme: ThemeSettings = section(ThemeSettings, "Look of the email.")
    blocks: BlockSettings = section(BlockSettings, "Parts of an edition besides its stories (docs/blocks.md).")

    @model_validator(mode="after")
    def _unique_source_names(self) -> Settings:
        names: dict[str, int] = {}
        for number, source in enumerate(self.sources, 1):
            first = names.setdefault(source.name, number)
            if first != number:
                found = f"found '{source.name}', the name of sources[{first}] too"
                raise ValueError(f"'sources[{number}].name': expected a different name for each source, {found}")
        return self

    @property
    def choices(self) -> dict[str, bool]:
        """Slug of an edition that subscribers can choose → whether subscribers without a choice get it.

        Empty if there is only one edition. If a newsletter also has breaking news, its only edition is called `main`.
        """
        choices = {edition.slug: edition.default for edition in self.schedule.editions}
        if self.breaking.enabled:
            choices = (choices or {MAIN: True}) | {BREAKING: self.breaking.default}
        return choices

    @model_validator(mode="after")
    def _editions_are_possible(self) -> Settings:
        known = {
            "sources": [source.name for source in self.sources],
            "sections": [*self.edition.sections, *(source.section for source in self.sources if source.section)],
        }
        if wrong := [name for name in self.breaking.sections if name not in known["sections"]]:
            raise ValueError(f"'breaking.sections': unknown name '{wrong[0]}'; {_hint(wrong[0], known['sections'])}")
        for number, edition in enumerate(self.schedule.editions, start=1):
            where = f"schedule.editions[{number}]"
            if edition.slug == MAIN or is_breaking(f"2000-01-01-{edition.slug}"):
                raise ValueError(f"'{where}.slug': '{edition.slug}' is for breaking news; expected another name")
            for key, names in known.items():
                if wrong := [name for name in getattr(edition, key) or () if name not in names]:
                    raise ValueError(f"'{where}.{key}': unknown name '{wrong[0]}'; {_hint(wrong[0], names)}")
            least = edition.min_stories or self.edition.min_stories
            most = edition.max_stories or self.edition.max_stories
            if least > most:
                raise ValueError(f"'{where}': expected min_stories to be at most max_stories, found {least} and {most}")
            send_at = edition.send_at or self.schedule.send_at
            if edition.compose_at and edition.compose_at > send_at:
                raise ValueError(
                    f"'{where}.compose_at': expected a time not after send_at ({send_at:%H:%M}), "
                    f"found {edition.compose_at:%H:%M}"
                )
            if edition.approve_by and not (edition.compose_at or time(0)) <= edition.approve_by <= send_at:
                raise ValueError(
                    f"'{where}.approve_by': expected a time between compose_at and send_at ({send_at:%H:%M}), "
                    f"found {edition.approve_by:%H:%M}"
                )
        return self

    @property
    def keep_articles(self) -> timedelta:
        """How long articles are kept. Never shorter than editions look back."""
        return max(self.store.keep.articles, self._looks_back)

    @property
    def _looks_back(self) -> timedelta:
        """The age of the oldest articles that composing reads. They are in the oldest remembered edition."""
        windows = [self.edition.window, *(each.window for each in self.schedule.editions if each.window)]
        # A window may be widened, and an edition of a longer window remembers the last two.
        longest = 2 * max(windows)
        return max(self.edition.memory, longest, _BACKGROUND) + longest

    @model_validator(mode="after")
    def _articles_are_kept_long_enough(self) -> Settings:
        keep = self.store.keep
        if "articles" in keep.model_fields_set and keep.articles < self._looks_back:
            raise ValueError(
                f"'store.keep.articles': expected at least {_in_days(self._looks_back)}, because of edition.memory "
                f"({_in_days(self.edition.memory)}) and the windows of the editions; found {_in_days(keep.articles)}"
            )
        return self

    @model_validator(mode="after")
    def _dkim_matches_sender(self) -> Settings:
        dkim, sender = self.delivery.smtp.dkim, self.newsletter.sender.email.rpartition("@")[2].lower()
        if dkim and not f".{sender}".endswith(f".{dkim.domain.lower()}"):
            expected = f"the sender's domain {sender} or a parent of it"
            raise ValueError(f"'delivery.smtp.dkim.domain': expected {expected}, found {dkim.domain}")
        return self

    @model_validator(mode="after")
    def _pages_serve_images(self) -> Settings:
        if self.theme.images == "pages" and not self.newsletter.base_url.startswith("https://"):
            found = self.newsletter.base_url or "none"
            raise ValueError(f"'theme.images': pages needs 'newsletter.base_url' with https; found {found}")
        return self

    @model_validator(mode="after")
    def _pages_count_clicks(self) -> Settings:
        if self.clicks.enabled and not self.newsletter.base_url:
            raise ValueError("'clicks.enabled': true needs 'newsletter.base_url', because links lead over your pages")
        return self

    @model_validator(mode="after")
    def _channel_has_a_link(self) -> Settings:
        if self.telegram.channel and (not self.newsletter.base_url or self.web.archive != "public"):
            raise ValueError(
                "'telegram.channel' needs 'newsletter.base_url' and 'web.archive: public', because a post leads to "
                "the edition's page"
            )
        return self

    @model_validator(mode="after")
    def _images_can_be_attached(self) -> Settings:
        if self.theme.images == "attach" and self.theme.max_images and not self.delivery.can_attach:
            raise ValueError("'theme.images': brevo cannot show attached images; expected pages or source")
        return self

    @model_validator(mode="after")
    def _digits_match_script(self) -> Settings:
        if self.theme.digits != "deva":
            return self
        # Few newsletters set it, and the import takes longer than all other checks.
        from digest.hindi.language import DEVANAGARI

        if self.newsletter.language not in DEVANAGARI:
            languages = ", ".join(sorted(DEVANAGARI))
            raise ValueError(
                f"'theme.digits': deva is for languages in Devanagari ({languages}), "
                f"and newsletter.language is '{self.newsletter.language}'"
            )
        return self
