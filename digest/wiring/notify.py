"""Messages to admins: alerts, reports, receipts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.documents import fill
from digest.wiring.deliver import DeliverWiring
from digest.wiring.transports import TRANSPORTS, alert_smtp

if TYPE_CHECKING:
    from digest.deliver.ports import Transport
    from digest.notify.alert import Alert, Channel
    from digest.store.alerts import AlertStore
    from digest.usecases.alert_watch import AlertWatch
    from digest.usecases.alerts import Alerts
    from digest.usecases.editors_mail import ApprovalMails, ReportMails
    from digest.usecases.issue_receipt import ReceiptIssuer
    from digest.usecases.outgoing_webhooks import OutgoingWebhooks
    from digest.usecases.report import Reporter


class NotifyWiring(DeliverWiring):
    @cached_property
    def alert_store(self) -> AlertStore:
        from digest.store.alerts import AlertStore

        return AlertStore(self.database)

    @cached_property
    def alerts(self) -> Alerts:
        from digest.usecases.alerts import Alerts

        name, mails = self.settings.newsletter.name, self.approval_mails
        return Alerts(self.alert_store, self.alert_channels, name, self.now, mails.build, self._decider)

    def _decider(self, item: Alert) -> str | None:
        """Return the address of the desk's user who decided on the edition of an alert; None if nobody did."""
        from digest.notify.alert import DECISIONS
        from digest.store.desk.users import UserStore

        if item.kind not in DECISIONS:
            return None
        name = next((each.decided_by for each in reversed(self.editions.decisions(item.subject))), "")
        user = UserStore(self.database).find(name) if name else None
        return user.email or name if user else None

    def decide_by(self, key: str) -> datetime | None:
        """Return until when an edition can be approved; None for one without a plan."""
        planned = self.calendar.of(key)
        return (planned.approve_by or planned.expires_at) if planned else None

    @cached_property
    def approval_mails(self) -> ApprovalMails:
        from digest.usecases.editors_mail import ApprovalDeadline, ApprovalMails

        def deadline(key: str) -> ApprovalDeadline | None:
            planned, by = self.calendar.of(key), self.decide_by(key)
            if planned is None or by is None:
                return None
            return ApprovalDeadline(by, planned.approve_by is not None and planned.schedule.on_no_approval == "send")

        return ApprovalMails(
            editions=self.editions,
            branding=self.branding,
            approval_link=self.approval_link,
            desk_url=self.public_desk_url,
            deadline=deadline,
            zone=self.settings.newsletter.zone,
        )

    @cached_property
    def report_mails(self) -> ReportMails:
        from digest.usecases.editors_mail import ReportMails

        return ReportMails(self.branding, self.public_desk_url)

    @cached_property
    def alert_channels(self) -> tuple[Channel, ...]:
        """The channels to the admins. The webhook comes first, because a mail server that is down delays the others.

        Without its signing secret the webhook is left out, see `alert_problems`.
        """
        from contextlib import suppress

        from digest.collect.http.post import JsonPoster
        from digest.notify.webhook import WebhookChannel
        from digest.usecases.alerts import EmailChannel

        alerts, zone = self.settings.alerts, self.settings.newsletter.zone
        channels: list[Channel] = []
        if alerts.webhook:
            poster = JsonPoster(allow_private=alerts.webhook_private)
            format, chat = alerts.webhook_format, alerts.telegram_chat
            with suppress(ConfigurationError):
                keys = self._alert_keys()
                channels.append(
                    WebhookChannel(alerts.webhook, poster.post, zone=zone, format=format, keys=keys, chat=chat)
                )
        channels += [
            EmailChannel(address, self.alert_transports, self.sender, self.signer.sign_email, zone)
            for address in alerts.email
        ]
        return tuple(channels)

    @property
    def alert_transports(self) -> dict[str, Callable[[], Transport]]:
        """The transports for alerts, in the order in which they are tried. A run that sends uses others."""
        alerts, names = self.settings.alerts, self.settings.delivery.transport
        builders: dict[str, Callable[[], Transport]] = {}
        if alerts.smtp:
            builders["alerts.smtp"] = partial(alert_smtp, self)
        for name in (alerts.transport, *names):
            if name:
                builders[name] = partial(TRANSPORTS[name], self)
        return builders

    def _alert_keys(self) -> list[bytes]:
        return self._webhook_keys(self.settings.alerts.webhook_secret_env, "alerts.webhook_secret_env")

    def alert_problems(self) -> list[ConfigProblem]:
        """Return the problems of the secrets for alerts. They never stop a send."""
        alerts = self.settings.alerts
        builders = self.alert_transports.values() if alerts.email else ()
        checks: list[Callable[[], object]] = [partial(_build_and_close, build) for build in builders]
        if alerts.webhook:
            checks.append(self._alert_keys)
        problems: list[ConfigProblem] = []
        for check in checks:
            try:
                check()
            except ConfigurationError as error:
                problems += error.problems
        return problems

    @property
    def watched_folders(self) -> list[Path]:
        """The folders whose disks must have space."""
        store = self.database.engine.url.database if self.database.sqlite else None
        return sorted({self.home, Path(store).parent if store else self.home})

    @cached_property
    def watch(self) -> AlertWatch:
        from digest.notify.facts import AlertRules
        from digest.store.meta import last_backup
        from digest.usecases.alert_watch import AlertWatch

        alerts, delivery = self.settings.alerts, self.settings.delivery
        return AlertWatch(
            alerts=self.alerts,
            editions=self.editions,
            automatic_stop=self.automatic_stop,
            overview=self.overview,
            articles=self.articles,
            sources=self.sources,
            rules=fill(
                AlertRules,
                alerts,
                thin_below=self.thin_below,
                disk_free=alerts.disk_free_mb * 1_000_000,
                backup_age=timedelta(days=alerts.backup_days),
                requires_approval=self.requires_approval,
                decide_by=self.decide_by,
                approval_link=self.approval_link,
                events_expected=self.settings.web.webhooks.providers,
                keys=delivery.key_variables,
            ),
            transports={name: partial(TRANSPORTS[name], self) for name in delivery.transport if name != "outbox"},
            folders=self.watched_folders,
            # Backups of PostgreSQL are made by its own tools.
            last_backup=lambda: last_backup(self.database) if self.database.sqlite else None,
            now=self.now,
        )

    @cached_property
    def reporter(self) -> Reporter:
        from digest.notify.report import ModelPrice
        from digest.usecases.report import Reporter

        newsletter, alerts, summary = self.settings.newsletter, self.settings.alerts, self.settings.summary
        return Reporter(
            statistics=self.statistics,
            overview=self.overview,
            editions=self.editions,
            articles=self.articles,
            sources=self.sources,
            alerts=self.alerts,
            mails=self.report_mails,
            newsletter=newsletter.name,
            tracking=newsletter.tracking == "on",
            model_price=ModelPrice(summary.price, summary.currency) if summary.price is not None else None,
            source_failures=alerts.source_failures,
            source_silent=alerts.source_silent,
            after=alerts.report_after,
            now=self.now,
            texts=self.subscriber_texts,
            clicks=self.click_counter if self.settings.clicks.enabled else None,
        )

    @property
    def receipt_issuer(self) -> ReceiptIssuer:
        from digest.usecases.issue_receipt import ReceiptIssuer

        newsletter = self.settings.newsletter
        domain = newsletter.sender.email.rpartition("@")[2]
        return ReceiptIssuer(self.status_reader, self.statistics, newsletter.name, domain, self.now)

    @cached_property
    def outgoing_webhooks(self) -> OutgoingWebhooks:
        from digest.collect.http.post import JsonPoster
        from digest.store.outgoing_webhooks import OutgoingWebhookStore
        from digest.usecases.outgoing_webhooks import OutgoingWebhooks, Receiver

        receivers = [
            Receiver(
                each.url,
                JsonPoster(allow_private=each.private).post,
                partial(self._webhook_keys, each.secret_env, f"webhooks[{number}].secret_env"),
            )
            for number, each in enumerate(self.settings.webhooks, 1)
        ]
        return OutgoingWebhooks(OutgoingWebhookStore(self.database), receivers, self.audit, self.now)

    def _webhook_keys(self, variable: str, key: str) -> list[bytes]:
        """Return the keys in an environment variable, which the setting `key` names. Raises ConfigurationError."""
        from digest.notify.webhook import read_secrets

        if not variable:
            return []
        try:
            return read_secrets(self.secret(variable, key))
        except ValueError as error:
            raise ConfigurationError.at(variable, f"{error} ('{key}')") from None


def _build_and_close(build: Callable[[], Transport]) -> None:
    build().close()
