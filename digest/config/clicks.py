"""Settings of click counts: whether links in emails are redirects on our pages, and what is stored."""

from __future__ import annotations

from pydantic import Field, model_validator

from digest.config.types import SettingsModel


class ClickSettings(SettingsModel):
    """Clicks on stories and advertisements (docs/clicks.md). Off by default."""

    enabled: bool = Field(
        default=False,
        description="Let the links of stories and advertisements lead over your subscriber pages, and count them per "
        "edition and story. Needs `newsletter.base_url`. Tell your subscribers about it (docs/clicks.md).",
    )
    subscribers: bool = Field(
        default=False,
        description="Also keep who clicked last when, for `reengage`. By default nobody knows who clicked. Your "
        "privacy notice must say so, and many countries ask for consent.",
    )
    in_notice: bool = Field(
        default=False,
        description="Set it when your privacy notice says that clicks are counted. Until then `digest check` warns.",
    )
    min_people: int = Field(
        default=5,
        ge=2,
        le=1000,
        description="Numbers of fewer people than this are shown nowhere and decide nothing.",
    )
    ranking: bool = Field(
        default=True,
        description="Let the clicks of the last four weeks add a little to the stories of sections that are clicked "
        "more than others, and the other way round. `edition.importance: {clicked: 0}` does the same as `false`.",
    )

    @model_validator(mode="after")
    def _names_only_if_enabled(self) -> ClickSettings:
        if self.subscribers and not self.enabled:
            raise ValueError("expected 'enabled: true', because 'subscribers' is set")
        return self
