"""From an edition to its recipients: transports, approval, sending, stopping, recovery."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from digest.deliver.ports import Cancellable, ScheduleWindow
from digest.errors import ConfigurationError
from digest.wiring.subscribers import SubscriberWiring
from digest.wiring.transports import TRANSPORTS

if TYPE_CHECKING:
    from digest.deliver.ports import SendRateLimiter, Transport
    from digest.models import Edition
    from digest.usecases.approval import Approver
    from digest.usecases.correct_edition import EditionCorrector
    from digest.usecases.enqueue import Enqueuer
    from digest.usecases.reconcile import EditionRecovery, Reconciler
    from digest.usecases.send_late import LateSender
    from digest.usecases.send_test import DraftMailer
    from digest.usecases.stop_edition import AutomaticStop, EditionStopper

# Time to notice and cancel an unknown outcome before the provider's deadline.
_TIME_TO_CANCEL = timedelta(minutes=3)


class DeliverWiring(SubscriberWiring):
    @cached_property
    def transports(self) -> tuple[Transport, ...]:
        """The transports in the order of the settings: the first one, and its fallbacks.

        Raises ConfigurationError if a transport's key is missing.
        """
        return tuple(TRANSPORTS[name](self) for name in self.settings.delivery.transport)

    def check_credentials(self) -> None:
        """Build the transports, so that a missing key is reported first. Raises ConfigurationError."""
        _ = self.transports

    @cached_property
    def rate_limiter(self) -> SendRateLimiter | None:
        """Counts recipients against the limits of the settings; None without limits."""
        from digest.store.rate_limits import DAY, HOUR, MINUTE, SECOND, Limits, TransportLimits, WarmUp

        rate, warm_up = self.settings.delivery.rate, self.settings.delivery.warm_up
        by_window = {SECOND: rate.per_second, MINUTE: rate.per_minute, HOUR: rate.per_hour, DAY: rate.per_day}
        limits = {window: recipients for window, recipients in by_window.items() if recipients is not None}
        if not limits and warm_up is None:
            return None
        growth = WarmUp(warm_up.start, warm_up.factor) if warm_up else None
        return TransportLimits(self.database, Limits(limits, growth))

    @property
    def schedule_window(self) -> ScheduleWindow | None:
        """How early batches go to a provider that can cancel them; None if none can, or the settings disable it."""
        cancellable = [transport for transport in self.transports if isinstance(transport, Cancellable)]
        if self.settings.delivery.on_unknown != "fence" or not cancellable:
            return None
        deadline = max(transport.cancel_deadline for transport in cancellable)
        return ScheduleWindow(
            max_lead=self.settings.delivery.lead, min_lead=deadline + _TIME_TO_CANCEL, cancel_deadline=deadline
        )

    @cached_property
    def enqueuer(self) -> Enqueuer:
        from digest.usecases.enqueue import Enqueuer

        return Enqueuer(
            database=self.database,
            editions=self.editions,
            subscribers=self.subscribers,
            subscriber_list=self.subscriber_list,
            renderer=self.renderer,
            preflight=self.preflight,
            batch_size=self.settings.delivery.recipients_per_batch,
            spread_over=self.settings.delivery.spread_over,
            calendar=self.calendar_reader.read,
            choices=self.settings.choices,
            topics=self.topics,
            default_hour=self.settings.schedule.send_at,
            archive=self.archivist.add,
            now=self.now,
            seats=self.seats,
        )

    @cached_property
    def late_sender(self) -> LateSender:
        from digest.usecases.send_late import LateSender

        def refuse(edition: Edition) -> None:
            self.example_domain_guard.refuse_example_domain()
            self.sample_guard.refuse(edition)

        return LateSender(self.database, self.enqueuer, refuse, self.high_water, self.audit, self.now)

    @cached_property
    def approver(self) -> Approver:
        from digest.usecases.approval import Approver

        return Approver(
            self.editions,
            self.preflight,
            self.sample_guard,
            self.breaking,
            self.enqueuer.variants_in_use,
            self.audit,
            self.now,
        )

    @cached_property
    def recovery(self) -> EditionRecovery:
        from digest.usecases.reconcile import EditionRecovery

        return EditionRecovery(self.ledger, self.settings.delivery.on_unknown == "resend", self.now)

    @cached_property
    def reconciler(self) -> Reconciler:
        from digest.mail.message import recipient
        from digest.mail.mime import message_id_of
        from digest.usecases.reconcile import Reconciler

        def message_id(edition: str, id: int, email: str) -> str:
            to = recipient(id, email, self.sender, self.signer.sign_email)
            return message_id_of(edition, to, self.sender)

        return Reconciler(
            database=self.database,
            editions=self.editions,
            high_water=self.high_water,
            ledger=self.ledger,
            transports=self.transports,
            recovery=self.recovery,
            now=self.now,
            message_id=message_id,
        )

    @cached_property
    def stopper(self) -> EditionStopper:
        from digest.usecases.stop_edition import EditionStopper

        try:
            transports = self.transports
        except ConfigurationError:
            # An edition can be stopped despite faulty settings. Scheduled emails are then not cancelled.
            if not self.faults:
                raise
            transports = ()
        return EditionStopper(
            self.database,
            self.editions,
            self.ledger,
            transports,
            self.recovery,
            self.audit,
            self.requires_approval,
            self.now,
            self.seats,
        )

    @cached_property
    def automatic_stop(self) -> AutomaticStop:
        from digest.usecases.stop_edition import AutomaticStop

        limits = self.settings.delivery.stop_on
        return AutomaticStop(self.database, self.editions, limits.first, limits.bounces, limits.complaints, self.now)

    @cached_property
    def draft_mailer(self) -> DraftMailer:
        from digest.store.desk.links import LinkStore
        from digest.usecases.send_test import DraftMailer

        return DraftMailer(
            database=self.database,
            renderer=self.renderer,
            images=self.articles.images,
            links=LinkStore(self.database),
            sender=self.sender,
            sign=self.signer.sign_email,
            transport=lambda: self.transports[0],
            desk_url=self.public_desk_url,
            language=self.settings.newsletter.language,
            now=self.now,
        )

    @cached_property
    def corrector(self) -> EditionCorrector:
        from digest.usecases.correct_edition import EditionCorrector

        return EditionCorrector(
            editions=self.editions,
            ledger=self.ledger,
            transports=self.transports,
            renderer=self.renderer,
            preflight=self.preflight,
            archivist=self.archivist,
            log=self.audit,
            language=self.settings.newsletter.language,
            now=self.now,
        )
