"""Settings of alerts and reports to the admins, of outgoing webhooks, and of the automatic stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from digest.config.types import (
    Address,
    Duration,
    Line,
    SettingsModel,
    TransportName,
    VariableOrNone,
    WebhookUrl,
    as_text,
    split_names,
)

EventType = Literal[
    "edition.composed",
    "edition.approved",
    "edition.sending",
    "edition.sent",
    "edition.paused",
    "edition.cancelled",
    "edition.skipped",
    "edition.expired",
    "subscriber.joined",
    "subscriber.left",
    "subscribers.changed",
]


class AlertSmtp(SettingsModel):
    """An SMTP server for alerts only."""

    host: str = Field(description="Host name of an SMTP server for alerts and reports, for when the main one is down.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of that server.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls", description="Encryption: `none`, `starttls` or `tls`."
    )
    username: str = Field(default="", description="User name. Empty: no authentication.")
    password_env: str = Field(
        default="DIGEST_ALERTS_SMTP_PASSWORD", description="Environment variable that holds the password."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=15), description="Timeout for connecting, for each response and for each write."
    )


class AlertSettings(SettingsModel):
    """Receivers, channels and thresholds of alerts and reports."""

    email: Annotated[tuple[Address, ...], BeforeValidator(split_names)] = Field(
        default=(), description="Addresses of the admins: they get alerts, and a report after each edition."
    )
    webhook: WebhookUrl = Field(
        default="",
        description="URL (https) that gets alerts and reports as JSON. The URL of Slack and Telegram is a secret: put "
        "it into the environment variable `DIGEST_ALERTS__WEBHOOK`.",
    )
    webhook_format: Literal["standard", "slack", "telegram"] = Field(
        default="standard",
        description="`standard` (Standard Webhooks), `slack` (also Mattermost) or `telegram` (a bot's `sendMessage`).",
    )
    webhook_secret_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds the secret (`whsec_…`) which signs the posts; two secrets "
        "separated by a comma during rotation. Empty: not signed.",
    )
    webhook_private: bool = Field(
        default=False,
        description="Allow `webhook` and `heartbeat_url` on this machine or in your own network, also without TLS. "
        "Other private addresses are refused.",
    )
    heartbeat_url: WebhookUrl = Field(
        default="",
        description="URL (https) of a service that expects a ping, such as healthchecks.io. `digest run` requests it "
        "every minute while the schedule and the store work. The URL is a secret: put it into the environment variable "
        "`DIGEST_ALERTS__HEARTBEAT_URL`.",
    )
    approval_links: bool | None = Field(
        default=None,
        description="Whether alerts link to a page where the edition can be approved, or breaking news sent. "
        "Anybody who gets the alert can then decide. Not set: if `web.enabled`. Needs `newsletter.base_url`.",
    )
    telegram_chat: Annotated[Line, BeforeValidator(as_text)] = Field(
        default="", description="Chat that the Telegram bot writes to."
    )
    transport: Literal["", TransportName] = Field(
        default="",
        description="Transport for alerts and reports, with its settings in `delivery`. Empty: as "
        "`delivery.transport`. If it fails, `delivery.transport` is tried.",
    )
    smtp: AlertSmtp | None = Field(default=None, description="An SMTP server for alerts only. It is tried first.")
    report: bool = Field(default=True, description="Send a report after each edition.")
    report_after: Duration = Field(
        default=timedelta(minutes=5),
        description="How long after the last batch that is due. Bounces and complaints keep arriving for hours.",
    )
    source_failures: int = Field(default=3, ge=1, description="Failed fetches in a row after which a source is dead.")
    source_silent: Duration = Field(
        default=timedelta(days=7), description="Time without a new article after which a source is silent."
    )
    thin_edition: int = Field(
        default=6, ge=0, le=100, description="Stories below which an edition is thin (if its `max_stories` is more)."
    )
    provider_failures: int = Field(
        default=3, ge=1, description="Failed attempts in a row after which a provider is down."
    )
    slow_send: Duration = Field(
        default=timedelta(minutes=30), description="How long after its time a batch may wait before the send is slow."
    )
    bounce_rate: float = Field(
        default=2.0, ge=0, le=100, description="Percent of an edition that bounced or was rejected. 0: no alert."
    )
    complaint_rate: float = Field(
        default=0.1,
        ge=0,
        le=100,
        description="Percent of an edition that complained. Gmail and Yahoo ask for less than 0.1 %, never 0.3 %.",
    )
    block_rate: float = Field(
        default=10.0, ge=0, le=100, description="Percent of an edition that was blocked or dropped. 0: no alert."
    )
    policy_answers: int = Field(
        default=3,
        ge=1,
        description="Raise an alert when this many responses of Gmail, Yahoo or Outlook to an edition name the same "
        "problem of the sender (4.7.x, 5.7.x).",
    )
    webhook_silent: Duration = Field(
        default=timedelta(hours=1), description="How long the provider's events may be missing after a send."
    )
    disk_free_mb: int = Field(default=500, ge=0, description="Megabytes that must be free on the disk. 0: no alert.")
    backup_days: int = Field(
        default=3,
        ge=0,
        description="Days since the last `digest store backup` after which an alert is raised. Not before the first "
        "one, and not for PostgreSQL. 0: no alert.",
    )

    @model_validator(mode="after")
    def _complete(self) -> AlertSettings:
        for name, url in (("webhook", self.webhook), ("heartbeat_url", self.heartbeat_url)):
            if url.startswith("http:") and not self.webhook_private:
                raise ValueError(f"expected {name} to begin with https://; plain http needs webhook_private: true")
        if self.webhook and self.webhook_format == "telegram" and not self.telegram_chat:
            raise ValueError("expected telegram_chat, because webhook_format is telegram")
        return self


class StopOnSettings(SettingsModel):
    """Limits of bounces and complaints at which an edition is paused."""

    first: int = Field(
        default=2000,
        ge=0,
        description="How many recipients of an edition count as the first. Their bounces and complaints can pause it. "
        "0: never.",
    )
    bounces: float = Field(
        default=5.0,
        ge=0,
        le=100,
        description="Sending pauses when this percentage of the first recipients bounced or was rejected, and at least "
        "five of them. 0: never. Providers look into an account at 5 %.",
    )
    complaints: float = Field(
        default=0.3,
        ge=0,
        le=100,
        description="Sending pauses when this percentage of the first recipients complained, and at least three of "
        "them. 0: never. Gmail and Yahoo refuse senders above 0.3 %.",
    )


class WebhookEndpoint(SettingsModel):
    """A receiver of events."""

    url: WebhookUrl = Field(description="URL (https) that events are posted to.")
    events: Annotated[tuple[EventType, ...], BeforeValidator(split_names)] = Field(
        default=(), description="The events that are posted. None: all."
    )
    secret_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds the secret (`whsec_…`) which signs the posts; two secrets "
        "separated by a comma during rotation. Empty: not signed.",
    )
    private: bool = Field(
        default=False, description="Allow a receiver on this machine or in your own network, also without TLS."
    )

    @model_validator(mode="after")
    def _uses_tls(self) -> WebhookEndpoint:
        if not self.url:
            raise ValueError("expected url")
        if self.url.startswith("http:") and not self.private:
            raise ValueError("expected url to begin with https://; plain http needs private: true")
        return self
