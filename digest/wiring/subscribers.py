"""The people: subscribers and users of the desk. Also edits of the settings, because they must suit the subscribers'
choices.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError
from digest.wiring.curate import CurateWiring

if TYPE_CHECKING:
    from pathlib import Path

    from digest.usecases.accounts import Accounts, ApiTokens
    from digest.usecases.breach import BreachLetter
    from digest.usecases.edit_settings import SettingsEditor
    from digest.usecases.edit_sources import SourceEditor
    from digest.usecases.oidc import OidcSignIn
    from digest.usecases.own_data import AddressChanger, PersonalData
    from digest.usecases.preflight import ExampleDomainGuard, SampleGuard
    from digest.usecases.segments import Segments
    from digest.usecases.subscriber_list import SubscriberList
    from digest.usecases.topics import TopicsInUse

# Bytes of the metadata of a provider of OpenID Connect, with all of its keys.
_PROVIDER_ANSWER = 256 * 1024


class SubscriberWiring(CurateWiring):
    @cached_property
    def subscriber_list(self) -> SubscriberList:
        from digest.subscribers.list_file import FILE_NAME
        from digest.usecases.subscriber_list import SubscriberList

        return SubscriberList(
            path=self.home / FILE_NAME,
            topics=self.topics,
            editions=self.edition_slugs,
            subscribers=self.subscribers,
            subscriber_admin=self.subscriber_admin,
            now=self.now,
            keep_last_good=self.unattended and self.settings.subscribers.on_error == "last_good",
        )

    @cached_property
    def topics_in_use(self) -> TopicsInUse:
        from digest.usecases.topics import TopicsInUse

        return TopicsInUse(self.directory, lambda: self.subscriber_list.sync(may_be_empty=True))

    @cached_property
    def source_editor(self) -> SourceEditor:
        from digest.usecases.edit_sources import SourceEditor

        context = self.collect_context
        return SourceEditor(self.home, self.environment, context, self.audit, self.topics_in_use, self.now)

    @cached_property
    def settings_editor(self) -> SettingsEditor:
        from digest.usecases.edit_settings import SettingsEditor

        home, environment, settings = self.home, self.environment, self.settings
        return SettingsEditor(home, environment, settings, self.audit, self.topics_in_use, self.now)

    @cached_property
    def segments(self) -> Segments:
        """The saved groups of subscribers."""
        from digest.usecases.segments import Segments

        return Segments(self.database, self.directory, self.now)

    @cached_property
    def example_domain_guard(self) -> ExampleDomainGuard:
        from digest.usecases.preflight import ExampleDomainGuard

        return ExampleDomainGuard(self.settings.newsletter.base_url, self.outbox_only, self.subscribers)

    @cached_property
    def sample_guard(self) -> SampleGuard:
        from digest.usecases.preflight import SampleGuard

        return SampleGuard(self.outbox_only, self.subscribers)

    @cached_property
    def accounts(self) -> Accounts:
        """The users of the desk."""
        from digest.store.desk.users import UserStore
        from digest.store.rate_limits import RateLimiter
        from digest.usecases.accounts import Accounts

        return Accounts(UserStore(self.database), self.audit, RateLimiter(self.database), self.signer, self.now)

    @cached_property
    def oidc(self) -> OidcSignIn | None:
        """Signing in by OpenID Connect; None if it is off. Raises ConfigurationError."""
        settings = self.settings.desk.oidc
        if not settings.issuer:
            return None
        try:
            import joserfc  # noqa: F401
        except ModuleNotFoundError:
            raise ConfigurationError.at("desk.oidc", "'desk.oidc' needs joserfc; install hindi-digest[oidc]") from None
        from digest.collect.http.post import JsonPoster
        from digest.usecases.oidc import OidcClient, OidcSignIn

        variable = settings.client_secret_env
        secret = self.secret(variable, "desk.oidc.client_secret_env") if variable else ""
        web = JsonPoster(allow_private=settings.private, max_answer=_PROVIDER_ANSWER)
        client = OidcClient(settings.issuer, settings.client_id, secret)
        return OidcSignIn(client, web, self.accounts, allow_http=settings.private)

    def list_files(self) -> list[Path]:
        """Return the list files that exist."""
        from digest.subscribers.includes import files_of
        from digest.subscribers.list_file import FILE_NAME

        return [file for file in files_of(self.home / FILE_NAME) if file.exists()]

    @cached_property
    def address_changer(self) -> AddressChanger:
        from digest.usecases.own_data import AddressChanger

        return AddressChanger(
            self.database, self.subscriber_admin.erasures, self.preferences, self.list_files, self.now
        )

    @cached_property
    def personal_data(self) -> PersonalData:
        from digest.store.people.consent import NoticeStore
        from digest.store.people.requests import RequestStore
        from digest.usecases.own_data import PersonalData

        return PersonalData(
            admin=self.subscriber_admin,
            preferences=self.preferences,
            notices=NoticeStore(self.database),
            texts=self.subscriber_texts,
            clicks=self.clicks,
            reengagement=self.reengagement_store,
            requests=RequestStore(self.database),
            orphans=self.status_reader.orphans,
            zone=self.settings.newsletter.zone,
            now=self.now,
        )

    @cached_property
    def api_tokens(self) -> ApiTokens:
        from digest.usecases.accounts import ApiTokens

        return ApiTokens(self.accounts.users, self.audit, self.now)

    @cached_property
    def breach_letter(self) -> BreachLetter:
        from digest.render.environment import make_environment
        from digest.usecases.breach import BreachLetter, Contact

        newsletter, privacy = self.settings.newsletter, self.settings.privacy
        return BreachLetter(
            database=self.database,
            editions=self.editions,
            branding=self.branding,
            environment=lambda: make_environment(self.template_folders, newsletter.language),
            responsible=privacy.responsible or newsletter.name,
            contact=Contact(
                name=privacy.grievance.name,
                email=privacy.grievance.email or newsletter.reply_to or newsletter.sender.email,
                phone=privacy.grievance.phone,
            ),
            batch_size=self.settings.delivery.recipients_per_batch,
            now=self.now,
        )
