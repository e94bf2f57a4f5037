"""Settings of outgoing webhooks: the receivers of events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from digest.config.types import SettingsModel, VariableOrNone, WebhookUrl, split_names

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
