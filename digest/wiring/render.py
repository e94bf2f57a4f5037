"""From an edition to emails, pages and cards."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from digest.subscribers.tokens import VIEW
from digest.wiring.identity import IdentityWiring
from digest.wiring.store import StoreWiring

if TYPE_CHECKING:
    from pathlib import Path

    from digest.config.settings import ThemeSettings
    from digest.deliver.telegram import TelegramClient
    from digest.render.clicks import ClickLinks
    from digest.render.renderer import Renderer
    from digest.render.themes import Branding
    from digest.usecases.archive import Archivist
    from digest.usecases.preflight import Preflight
    from digest.usecases.share import Cards, ChannelPoster


class RenderWiring(StoreWiring, IdentityWiring):
    @cached_property
    def branding(self) -> Branding:
        return self._branding(self.settings.theme)

    @property
    def template_folders(self) -> list[Path]:
        """The newsletter's own templates, then the built-in ones."""
        from digest.utils import files

        return [self.home / "templates", files.templates()]

    def renderer_in(self, theme: ThemeSettings) -> Renderer:
        """Return a renderer of emails in another theme, for a preview. Their links count no clicks."""
        from digest.render.renderer import Renderer

        return Renderer(self._branding(theme), self.template_folders, budget=self.settings.edition.max_bytes)

    def _branding(self, chosen: ThemeSettings) -> Branding:
        from digest.render.themes import LOOKS, Branding, Editor, Theme

        newsletter = self.settings.newsletter
        others = chosen.model_dump(exclude={"name", "accent", "logo"})
        theme = Theme(
            LOOKS[chosen.name],
            chosen.accent or None,
            chosen.logo or None,
            can_attach=self.settings.delivery.can_attach,
            **others,
        )
        return Branding(
            name=newsletter.name,
            language=newsletter.language,
            timezone=newsletter.timezone,
            base_url=newsletter.base_url or None,
            postal_address=newsletter.postal_address,
            sender_email=newsletter.sender.email,
            reply_to=newsletter.reply_to or None,
            theme=theme,
            edition_names={each.slug: each.name for each in self.settings.schedule.editions if each.name},
            editors=tuple(Editor(each.name, each.about, each.url) for each in newsletter.editors),
            archive=self.settings.web.archive == "public",
            signup=self.settings.web.signup,
        )

    @cached_property
    def renderer(self) -> Renderer:
        from digest.render.renderer import Renderer

        # Everybody may read the editions of a public archive, and its emails have no link to the view.
        is_public = self.branding.archive
        return Renderer(
            self.branding,
            self.template_folders,
            budget=self.settings.edition.max_bytes,
            clicks=self.click_links,
            view_code=None if is_public else lambda key: self.signer.sign_link(VIEW, key),
        )

    @cached_property
    def preflight(self) -> Preflight:
        from digest.usecases.preflight import Preflight

        return Preflight(self.editions, self.renderer, self.articles.images, self.now)

    @cached_property
    def cards(self) -> Cards:
        from digest.usecases.share import Cards

        return Cards(self.articles.images, self.branding)

    @cached_property
    def archivist(self) -> Archivist:
        from digest.render.renderer import Renderer
        from digest.usecases.archive import Archivist
        from digest.utils import files

        built_in = Renderer(self.branding, [files.templates()])
        return Archivist(self.editions, self.archive, self.articles, self.renderer, built_in, self.now)

    @property
    def click_links(self) -> ClickLinks | None:
        """Puts links that count clicks into emails; None if clicks are off."""
        return self.readable_click_links if self.settings.clicks.enabled else None

    @cached_property
    def readable_click_links(self) -> ClickLinks | None:
        """Reads links that count clicks. Earlier emails have them, so it works even when clicks are off. None without
        pages.
        """
        from digest.render.clicks import ClickLinks

        base = self.settings.newsletter.base_url
        sign = partial(self.signer.sign_name_by_each, "click")
        return ClickLinks(base, sign, with_subscriber=self.settings.clicks.subscribers) if base else None

    @property
    def channel_poster(self) -> ChannelPoster | None:
        """Posts editions on Telegram; None without a channel."""
        from digest.store.sending.channel_posts import ChannelPosts
        from digest.usecases.share import ChannelPoster

        chosen = self.settings.telegram
        if not chosen.channel:
            return None
        return ChannelPoster(
            channel=chosen.channel,
            client=self._telegram_client,
            posts=ChannelPosts(self.database),
            editions=self.editions,
            archive=self.archive,
            cards=self.cards,
            branding=self.branding,
            base=self.settings.newsletter.base_url,
            with_card=chosen.card,
            high_water=self.high_water,
            now=self.now,
        )

    def _telegram_client(self) -> TelegramClient:
        """Return the client of Telegram. Raises ConfigurationError if the bot's token is missing."""
        from digest.deliver.telegram import TelegramClient

        chosen = self.settings.telegram
        token = self.secret(chosen.token_env, "telegram.token_env")
        return TelegramClient(token, host=chosen.host, timeout=chosen.timeout.total_seconds())
