"""What `delivery` may say of each transport: its keys, their types, defaults and bounds. No secret is a setting."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from digest.settings_values import AddressOrNone, Domain, Duration, SettingsModel, WebRoot


class SendGridSettings(SettingsModel):
    host: WebRoot = "https://api.sendgrid.com"
    key_env: str = "SENDGRID_API_KEY"
    timeout: Duration = timedelta(seconds=30)


class ResendSettings(SettingsModel):
    host: WebRoot = "https://api.resend.com"
    key_env: str = "RESEND_API_KEY"
    timeout: Duration = timedelta(seconds=30)


class DkimSettings(SettingsModel):
    """The private key by a file, or by an environment variable that holds its PEM."""

    domain: Domain
    selector: Domain
    key_file: str = ""
    key_env: str = ""

    @model_validator(mode="after")
    def _one_key(self) -> DkimSettings:
        if bool(self.key_file) == bool(self.key_env):
            raise ValueError("expected exactly one of key_file and key_env")
        return self


class SmtpSettings(SettingsModel):
    host: str = "localhost"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password_env: str = "DIGEST_SMTP_PASSWORD"  # noqa: S105  the name of a variable, not a secret
    timeout: Duration = timedelta(seconds=60)
    bounces: AddressOrNone = ""
    dkim: DkimSettings | None = None

    @model_validator(mode="after")
    def _room_for_a_token(self) -> SmtpSettings:
        if len(self.bounces.partition("@")[0]) > 19:
            raise ValueError("expected bounces to have at most 19 characters before the @: a token follows them")
        return self


class OutboxSettings(SettingsModel):
    path: str = "outbox"


class RateSettings(SettingsModel):
    """Readers who may go by one transport; None is no limit."""

    per_second: int | None = Field(default=None, ge=1)
    per_minute: int | None = Field(default=None, ge=1)
    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)


class WarmUpSettings(SettingsModel):
    start: int = Field(default=500, ge=1, le=1_000_000)
    factor: float = Field(default=1.5, ge=1, le=10)
