"""What `delivery` may say of each transport: its keys, their types, defaults and bounds. No secret is a setting."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from digest.settings_values import Duration, Shape, WebRoot


class SendGridSettings(Shape):
    host: WebRoot = "https://api.sendgrid.com"
    key_env: str = "SENDGRID_API_KEY"
    timeout: Duration = timedelta(seconds=30)


class ResendSettings(Shape):
    host: WebRoot = "https://api.resend.com"
    key_env: str = "RESEND_API_KEY"
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


class RateSettings(Shape):
    """Readers who may go by one transport; None is no limit."""

    per_second: int | None = Field(default=None, ge=1)
    per_minute: int | None = Field(default=None, ge=1)
    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)


class WarmUpSettings(Shape):
    start: int = Field(default=500, ge=1, le=1_000_000)
    factor: float = Field(default=1.5, ge=1, le=10)
