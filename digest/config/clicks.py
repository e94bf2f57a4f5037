"""Settings of click counts: whether links in emails are redirects on our pages, and what is stored."""

from __future__ import annotations

from pydantic import Field, model_validator

from digest.config.types import SettingsModel


class ClickSettings(SettingsModel):
    """Clicks on stories and advertisements (docs/clicks.md). Off by default."""

    enabled: bool = Field(
        default=False,
        description="Turn the links of stories and advertisements into redirects on your subscriber pages, and count "
        "clicks per edition and story. Needs `newsletter.base_url`. Tell your subscribers about it (docs/clicks.md).",
    )
    subscribers: bool = Field(
        default=False,
        description="Also store when each subscriber last clicked, for `reengage`. By default no click is linked to a "
        "subscriber. Your privacy notice must say so, and many countries ask for consent.",
    )
    in_notice: bool = Field(
        default=False,
        description="Set it when your privacy notice says that clicks are counted. Until then `digest check` warns.",
    )
    min_people: int = Field(
        default=5,
        ge=2,
        le=1000,
        description="Numbers of fewer people than this are neither shown nor used.",
    )
    ranking: bool = Field(
        default=True,
        description="Rank stories of sections with many clicks in the last four weeks a little higher, and those of "
        "sections with few clicks a little lower. `edition.importance: {clicked: 0}` does the same as `false`.",
    )

    @model_validator(mode="after")
    def _names_only_if_enabled(self) -> ClickSettings:
        if self.subscribers and not self.enabled:
            raise ValueError("expected 'enabled: true', because 'subscribers' is set")
        return self
