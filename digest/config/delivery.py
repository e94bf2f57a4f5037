"""Settings of the transports, the Telegram channel, rate limits and warm-up.

A secret is no setting: the setting names the environment variable that holds it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from digest.config.types import (
    AddressOrNone,
    AwsRegion,
    ConfigurationSet,
    Domain,
    Duration,
    SettingsModel,
    VariableOrNone,
    WebRoot,
    as_text,
    at_most,
)


class SendGridSettings(SettingsModel):
    host: WebRoot = Field(
        default="https://api.sendgrid.com",
        description="URL of the API. Use `https://api.eu.sendgrid.com` for EU subusers.",
    )
    key_env: str = Field(default="SENDGRID_API_KEY", description="Environment variable that holds the API key.")
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        description="Timeout of each read and write. Connecting may take at most ten seconds, a whole request three "
        "times this value.",
    )


class ResendSettings(SettingsModel):
    host: WebRoot = Field(default="https://api.resend.com", description="URL of the API.")
    key_env: str = Field(
        default="RESEND_API_KEY",
        description="Environment variable that holds the API key. Resend's calls are idempotent for a day, so an "
        "interrupted send leaves no batch with unknown outcome. An email with inline images needs one call per "
        "recipient: set `theme.max_images` to 0 to avoid that.",
    )
    calls_per_second: float = Field(
        default=2,
        gt=0,
        le=1000,
        description="Maximum calls per second of one process, with up to 100 recipients each. Resend allows an account "
        "two, and more on request.",
    )
    timeout: Duration = Field(default=timedelta(seconds=30), description="As `delivery.sendgrid.timeout`.")


class BrevoSettings(SettingsModel):
    host: WebRoot = Field(default="https://api.brevo.com", description="URL of the API.")
    key_env: str = Field(default="BREVO_API_KEY", description="Environment variable that holds the API key.")
    # A batch is tried again within the 15 minutes in which Brevo recognises a repeated call.
    timeout: Annotated[Duration, at_most("40s")] = Field(
        default=timedelta(seconds=30),
        description="As `delivery.sendgrid.timeout`, at most `40s`: Brevo recognises a repeated call for 15 minutes.",
    )


class SesSettings(SettingsModel):
    region: AwsRegion = Field(default="ap-south-1", description="AWS region of the account's verified identities.")
    host: WebRoot = Field(
        default="", description="URL of the API. Empty: that of the region, `https://email.REGION.amazonaws.com`."
    )
    access_key_env: str = Field(
        default="AWS_ACCESS_KEY_ID", description="Environment variable that holds the id of the access key."
    )
    secret_key_env: str = Field(
        default="AWS_SECRET_ACCESS_KEY", description="Environment variable that holds the secret access key."
    )
    session_token_env: VariableOrNone = Field(
        default="",
        description="Environment variable that holds the session token of temporary keys. Empty: none.",
    )
    configuration_set: ConfigurationSet = Field(
        default="",
        description="Configuration set whose events go to an SNS topic. Without one SES reports no bounces and "
        "complaints (docs/feedback.md).",
    )
    timeout: Duration = Field(default=timedelta(seconds=30), description="As `delivery.sendgrid.timeout`.")

    @property
    def url(self) -> str:
        """The API's root."""
        end = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return self.host or f"https://email.{self.region}.{end}"


class DkimSettings(SettingsModel):
    """DKIM signature, with a private key from a file or from an environment variable."""

    domain: Domain = Field(
        description="Sign each email with DKIM for this domain (install `hindi-digest[dkim]`), for servers that do "
        "not sign themselves. The sender's domain or a parent of it."
    )
    selector: Domain = Field(description="DKIM selector.")
    key_file: str = Field(
        default="",
        description="Private RSA key (PEM, 2048 bits), a path in the newsletter folder. Set this or `key_env`.",
    )
    key_env: str = Field(
        default="", description="Environment variable that holds the private key. Set this or `key_file`."
    )

    @model_validator(mode="after")
    def _one_key(self) -> DkimSettings:
        if bool(self.key_file) == bool(self.key_env):
            raise ValueError("expected exactly one of key_file and key_env")
        return self


class SmtpSettings(SettingsModel):
    host: str = Field(default="localhost", description="Host name of the SMTP server.")
    port: int = Field(default=25, ge=1, le=65535, description="Port of the SMTP server.")
    security: Literal["none", "starttls", "tls"] = Field(
        default="none", description="Encryption: `none`, `starttls` or `tls`."
    )
    username: str = Field(default="", description="User name. Empty: no authentication.")
    password_env: str = Field(
        default="DIGEST_SMTP_PASSWORD", description="Environment variable that holds the password."
    )
    timeout: Duration = Field(
        default=timedelta(seconds=60),
        description="Timeout for connecting, for each response and for each write. The response to a message may take "
        "ten minutes, as RFC 5321 requires. Each of `delivery.threads` uses one connection, with pipelining if the "
        "server supports it.",
    )
    bounces: AddressOrNone = Field(
        default="",
        description="Address for bounces. The envelope sender of each email is this address with a signed token after "
        "a `+` (VERP), so that a bounce identifies its recipient. Empty: bounces go to the sender.",
    )
    dkim: DkimSettings | None = Field(default=None, description="DKIM signature.")

    @model_validator(mode="after")
    def _token_fits(self) -> SmtpSettings:
        if len(self.bounces.partition("@")[0]) > 19:
            raise ValueError("expected bounces to have at most 19 characters before the @: a token is added to them")
        return self


class OutboxSettings(SettingsModel):
    path: str = Field(default="outbox", description="Folder of the .eml files, relative to the newsletter folder.")


def _limit(description: str) -> int | None:
    limit: int | None = Field(default=None, ge=1, description=description)
    return limit


class RateSettings(SettingsModel):
    """Limits on the recipients per transport. Not set: no limit."""

    per_second: int | None = _limit("Maximum recipients per second and transport, over all processes.")
    per_minute: int | None = _limit("Maximum recipients per minute and transport.")
    per_hour: int | None = _limit("Maximum recipients per hour and transport.")
    per_day: int | None = _limit("Maximum recipients per day (UTC) and transport.")


class WarmUpSettings(SettingsModel):
    """A growing daily limit, for a new address or account that mailbox providers do not trust yet."""

    start: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="With `delivery.warm_up`: maximum recipients on the first day that a transport is used, for a new "
        "address or account that providers do not trust yet.",
    )
    factor: float = Field(default=1.5, ge=1, le=10, description="Growth of that limit per day.")


def _channel(value: str) -> str:
    name = value.removeprefix("@")
    if not value:
        return value
    is_name = value.startswith("@") and 4 <= len(name) <= 32 and name.isascii() and name.replace("_", "").isalnum()
    if not is_name and not (value.startswith("-100") and value[1:].isascii() and value[1:].isdigit()):
        raise ValueError("expected a channel such as @nadipur_news, or its number, which starts with -100")
    return value


class TelegramSettings(SettingsModel):
    """One post of each edition in a channel (docs/telegram.md)."""

    channel: Annotated[str, BeforeValidator(as_text), AfterValidator(_channel)] = Field(
        default="",
        description='Telegram channel that gets one post of each edition: `"@nadipur_news"`, or its number. The bot '
        "must be an admin of it. Empty: none.",
    )
    token_env: VariableOrNone = Field(
        default="TELEGRAM_BOT_TOKEN", description="Environment variable that holds the token of the bot."
    )
    automatic: bool = Field(
        default=True,
        description="Let `digest run` post each edition when it is sent. `false`: only `digest share --telegram` does.",
    )
    card: bool = Field(default=True, description="Post the card with the headline as a photo, if it can be drawn.")
    host: WebRoot = Field(default="https://api.telegram.org", description="URL of the Bot API.")
    timeout: Duration = Field(default=timedelta(seconds=30), description="As `delivery.sendgrid.timeout`.")
