"""Feedback: webhook events, bounce mail, suppressions, requests for erasure."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError
from digest.wiring.deliver import DeliverWiring

if TYPE_CHECKING:
    from digest.feedback.sendgrid import SendGridVerifier
    from digest.feedback.sns import SnsVerifier
    from digest.usecases.edit_many import ManyEditor
    from digest.usecases.edit_subscribers import SubscriberEditor
    from digest.usecases.erase_subscriber import SubscriberEraser
    from digest.usecases.process_feedback import FeedbackProcessor
    from digest.usecases.sync_suppressions import SuppressionSync
    from digest.usecases.transfer_subscribers import SubscriberTransfer

# Seconds for fetching an SNS certificate or confirming a subscription. SNS itself waits 15 seconds.
_SNS_TIMEOUT = 4.0

# The least length of a token that replaces a signature.
_MIN_TOKEN = 16


class FeedbackWiring(DeliverWiring):
    @cached_property
    def feedback(self) -> FeedbackProcessor:
        from digest.usecases.process_feedback import FeedbackProcessor

        return FeedbackProcessor(
            events=self.events,
            ledger=self.ledger,
            subscribers=self.subscribers,
            preferences=self.preferences,
            texts=self.subscriber_texts,
            signer=self.signer,
            sender=self.sender,
            bounce_address=self.settings.delivery.smtp.bounces or None,
            tracking=self.settings.newsletter.tracking == "on",
            retention=self.settings.web.webhooks.keep,
            now=self.now,
        )

    @cached_property
    def suppression_sync(self) -> SuppressionSync:
        from digest.usecases.sync_suppressions import SuppressionSync

        return SuppressionSync(
            transports=self.transports,
            database=self.database,
            subscriber_list=self.subscriber_list,
            subscribers=self.subscribers,
            feedback=self.feedback,
            now=self.now,
        )

    @cached_property
    def eraser(self) -> SubscriberEraser:
        from digest.usecases.erase_subscriber import SubscriberEraser
        from digest.utils.files import resolve_path

        return SubscriberEraser(
            feedback=self.feedback,
            preferences=self.preferences,
            erasures=self.subscriber_admin.erasures,
            outbox=resolve_path(self.home, self.settings.delivery.outbox.path),
            list_files=self.list_files,
            now=self.now,
        )

    @cached_property
    def webhook_verifier(self) -> SendGridVerifier | None:
        """Checks SendGrid's signatures with the keys that the settings name; None without keys.

        Raises ConfigurationError for an invalid key.
        """
        from digest.feedback.sendgrid import SendGridVerifier, read_keys

        variable = self.settings.web.webhooks.sendgrid.keys_env
        if not variable:
            return None
        try:
            return SendGridVerifier(read_keys(self.environment.get(variable, "")))
        except ValueError as error:
            raise ConfigurationError.at(variable, f"{error} ('web.webhooks.sendgrid.keys_env')") from None

    @cached_property
    def brevo_webhook_token(self) -> str | None:
        """The token that Brevo's webhook sends; None if the settings name none.

        Raises ConfigurationError if it is missing or short.
        """
        variable, key = self.settings.web.webhooks.brevo.token_env, "web.webhooks.brevo.token_env"
        if not variable:
            return None
        token = self.secret(variable, key)
        if len(token) < _MIN_TOKEN:
            raise ConfigurationError.at(variable, f"expected a token of at least {_MIN_TOKEN} characters ('{key}')")
        return token

    @cached_property
    def sns_verifier(self) -> SnsVerifier | None:
        """Checks the signatures of Amazon SNS; None without a topic."""
        from digest.deliver.http_client import HttpClient
        from digest.feedback.sns import SnsVerifier

        topic = self.settings.web.webhooks.ses.topic_arn
        if not topic:
            return None

        def fetch(host: str, path: str) -> bytes | None:
            client = HttpClient(f"https://{host}", timeout=_SNS_TIMEOUT)
            try:
                response = client.get(path, {"User-Agent": "hindi-digest"})
            finally:
                client.close()
            return response.body if response.status == 200 and response.complete else None

        return SnsVerifier(topic, fetch)

    @cached_property
    def many_editor(self) -> ManyEditor:
        from digest.store.people.suppressions import BulkActs
        from digest.usecases.edit_many import ManyEditor

        return ManyEditor(
            database=self.database,
            directory=self.directory,
            subscriber_list=self.subscriber_list,
            subscriber_admin=self.subscriber_admin,
            preferences=self.preferences,
            bulk_acts=BulkActs(self.database),
            list_files=self.list_files,
            topics=self.topics,
            now=self.now,
        )

    @cached_property
    def subscriber_editor(self) -> SubscriberEditor:
        from digest.usecases.edit_subscribers import SubscriberEditor

        return SubscriberEditor(
            home=self.home,
            database=self.database,
            subscriber_list=self.subscriber_list,
            subscriber_admin=self.subscriber_admin,
            eraser=lambda: self.eraser,
            address_changer=self.address_changer,
            preferences=self.preferences,
            list_files=self.list_files,
            topics=self.topics,
            editions=self.edition_slugs,
            now=self.now,
        )

    @cached_property
    def subscriber_transfer(self) -> SubscriberTransfer:
        from digest.usecases.transfer_subscribers import SubscriberTransfer

        return SubscriberTransfer(
            self.subscriber_list,
            self.subscriber_admin,
            self.preferences,
            self.audit,
            self.topics,
            self.edition_slugs,
            self.now,
        )
