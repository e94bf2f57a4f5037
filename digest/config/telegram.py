"""Settings of the Telegram channel that gets a post of each edition."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from digest.config.types import Duration, SettingsModel, VariableOrNone, WebRoot, as_text


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
