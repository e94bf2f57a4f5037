"""How letters go, out of the settings: the part of the composition root that has a row per provider."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from digest.deliver import transports
from digest.deliver.ports import Cancellable, ScheduleWindow

if TYPE_CHECKING:
    from digest.app import App
    from digest.deliver.ports import SendRateLimiter, Transport
    from digest.settings_transports import DkimSettings

_TIME_TO_CANCEL = timedelta(minutes=3)


def transport(name: str, app: App) -> Transport:
    """The transport of this name. Raises ConfigurationError where a key that it needs is missing."""
    return _BUILD[name](app)


def rate_limiter(app: App) -> SendRateLimiter | None:
    """Counts against the limits of the settings; None without any."""
    from digest.store.rate_limits import DAY, HOUR, MINUTE, SECOND, Limits, TransportLimits, WarmUp

    said, grows = app.settings.delivery.rate, app.settings.delivery.warm_up
    asked = {SECOND: said.per_second, MINUTE: said.per_minute, HOUR: said.per_hour, DAY: said.per_day}
    most = {per: readers for per, readers in asked.items() if readers is not None}
    if not most and grows is None:
        return None
    return TransportLimits(app.database, Limits(most, WarmUp(grows.start, grows.factor) if grows else None))


def ahead(app: App) -> ScheduleWindow | None:
    """How early batches go to a transport that can recall them; None where that is not wanted, or none can."""
    cancellable = [one for one in app.transports if isinstance(one, Cancellable)]
    if app.settings.delivery.on_unknown != "fence" or not cancellable:
        return None
    deadline = max(transport.cancel_deadline for transport in cancellable)
    return ScheduleWindow(
        max_lead=app.settings.delivery.lead, min_lead=deadline + _TIME_TO_CANCEL, cancel_deadline=deadline
    )


def _outbox(app: App) -> Transport:
    kind = transports.load("outbox")
    built: Transport = kind(app.home / app.settings.delivery.outbox.path, clock=app.clock)
    return built


def _smtp(app: App) -> Transport:
    smtp = app.settings.delivery.smtp
    kind = transports.load("smtp")
    built: Transport = kind(
        smtp.host,
        smtp.port,
        clock=app.clock,
        security=smtp.security,
        username=smtp.username,
        password=app.secret(smtp.password_env, "delivery.smtp.password_env") if smtp.username else "",
        timeout=smtp.timeout.total_seconds(),
        bounces=smtp.bounces,
        token=app.signer.sign if smtp.bounces else None,
        sign=_dkim(smtp.dkim, app) if smtp.dkim else None,
    )
    return built


def _dkim(chosen: DkimSettings, app: App) -> Callable[[bytes], bytes]:
    from digest.deliver.dkim_signing import configured

    file = app.home / chosen.key_file if chosen.key_file else None
    return configured(chosen.domain, chosen.selector, file, chosen.key_env, app.environment)


def _sendgrid(app: App) -> Transport:
    sendgrid = app.settings.delivery.sendgrid
    kind = transports.load("sendgrid")
    built: Transport = kind(
        app.secret(sendgrid.key_env, "delivery.sendgrid.key_env"),
        host=sendgrid.host,
        sender=app.settings.newsletter.sender.email,
        tracking=app.settings.newsletter.tracking == "on",
        timeout=sendgrid.timeout.total_seconds(),
    )
    return built


def _resend(app: App) -> Transport:
    from digest.store.meta import get_or_make

    resend = app.settings.delivery.resend
    kind = transports.load("resend")
    built: Transport = kind(
        app.secret(resend.key_env, "delivery.resend.key_env"),
        host=resend.host,
        realm=get_or_make(app.database, "realm", lambda: secrets.token_hex(8)),
        sender=app.settings.newsletter.sender.email,
        timeout=resend.timeout.total_seconds(),
    )
    return built


_BUILD: dict[str, Callable[[App], Transport]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "sendgrid": _sendgrid,
    "resend": _resend,
}
"""A new provider's row; its name is one of `settings.Transport` and of the table in `deliver.transports`."""
