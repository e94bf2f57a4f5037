"""What `digest.yaml` may say about what is served over HTTP: the reader pages, and where providers post."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from digest.settings_values import Duration, Line, SettingsModel, VariableOrNone


class SendGridWebhook(SettingsModel):
    """Where SendGrid's events come in: public keys (two while rotating) and, if wanted, a secret end of the path."""

    keys_env: VariableOrNone = ""
    secret_env: VariableOrNone = ""

    @model_validator(mode="after")
    def _signed(self) -> SendGridWebhook:
        if self.secret_env and not self.keys_env:
            raise ValueError("expected keys_env, as secret_env is given; without a signature nothing is believed")
        return self


class Webhooks(SettingsModel):
    keep: Duration = timedelta(days=7)
    sendgrid: SendGridWebhook = SendGridWebhook()


class Web(SettingsModel):
    """The reader pages, and what providers post. `proxies` are the peers whose X-Forwarded-… is believed."""

    enabled: bool = False
    host: Line = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65535)
    archive: Literal["public", "off"] = "public"
    signup: bool = True
    signup_mails_per_hour: int = Field(default=1000, ge=1)
    proxies: tuple[Line, ...] = ("127.0.0.1",)
    webhooks: Webhooks = Webhooks()
