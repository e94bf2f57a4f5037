"""Builds the transports of the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from digest.config import loader
from digest.deliver import registry
from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.config.alerts import AlertSmtp
    from digest.config.delivery import BrevoSettings, DkimSettings, ResendSettings, SendGridSettings, SmtpSettings
    from digest.deliver.ports import Transport
    from digest.wiring.identity import IdentityWiring


def _outbox(app: IdentityWiring) -> Transport:
    kind = registry.load("outbox")
    built: Transport = kind(app.home / app.settings.delivery.outbox.path, clock=app.clock)
    return built


def _smtp(app: IdentityWiring) -> Transport:
    smtp = app.settings.delivery.smtp
    return _build_smtp(
        app,
        smtp,
        "delivery.smtp",
        bounces=smtp.bounces or None,
        token=app.signer.sign if smtp.bounces else None,
        sign=_dkim(smtp.dkim, app) if smtp.dkim else None,
    )


def alert_smtp(app: IdentityWiring) -> Transport:
    """Build the SMTP transport that only alerts use. Raises ConfigurationError."""
    smtp = app.settings.alerts.smtp
    if smtp is None:
        raise ConfigurationError([ConfigProblem(loader.FILE_NAME, 0, "'alerts.smtp' is required")])
    return _build_smtp(app, smtp, "alerts.smtp")


def _build_smtp(app: IdentityWiring, smtp: SmtpSettings | AlertSmtp, section: str, **options: Any) -> Transport:
    """Build the transport for a server. Errors name its keys in the settings' `section`."""
    from digest.deliver.smtp.connection import SmtpServer

    kind = registry.load("smtp")
    server = SmtpServer(
        smtp.host,
        smtp.port,
        smtp.security,
        smtp.username or None,
        app.secret(smtp.password_env, f"{section}.password_env") if smtp.username else None,
        smtp.timeout.total_seconds(),
    )
    built: Transport = kind(server, clock=app.clock, settings=section, **options)
    return built


def _dkim(chosen: DkimSettings, app: IdentityWiring) -> Callable[[bytes], bytes]:
    from digest.deliver.smtp.dkim import configured_signer

    file = app.home / chosen.key_file if chosen.key_file else None
    return configured_signer(chosen.domain, chosen.selector, file, chosen.key_env, app.environment)


def _by_key(
    app: IdentityWiring, name: str, chosen: SendGridSettings | ResendSettings | BrevoSettings, **options: Any
) -> Transport:
    """Build the transport of a provider that takes one API key."""
    kind = registry.load(name)
    built: Transport = kind(
        app.secret(chosen.key_env, f"delivery.{name}.key_env"),
        host=chosen.host,
        sender=app.settings.newsletter.sender.email,
        timeout=chosen.timeout.total_seconds(),
        **options,
    )
    return built


def _sendgrid(app: IdentityWiring) -> Transport:
    tracking = app.settings.newsletter.tracking == "on"
    return _by_key(app, "sendgrid", app.settings.delivery.sendgrid, tracking=tracking)


def _realm(app: IdentityWiring) -> str:
    """Return the name of the ledger in idempotency keys: two newsletters that share an account must not share keys."""
    from digest.store.meta import get_or_create

    return get_or_create(app.database, "realm", lambda: secrets.token_hex(8))


def _resend(app: IdentityWiring) -> Transport:
    resend = app.settings.delivery.resend
    return _by_key(app, "resend", resend, realm=_realm(app), calls_per_second=resend.calls_per_second)


def _brevo(app: IdentityWiring) -> Transport:
    return _by_key(app, "brevo", app.settings.delivery.brevo, realm=_realm(app))


def _ses(app: IdentityWiring) -> Transport:
    from digest.deliver.ses.signature import RequestSigner
    from digest.utils.clock import utc_now

    ses = app.settings.delivery.ses
    kind = registry.load("ses")
    token = ses.session_token_env
    signer = RequestSigner(
        app.secret(ses.access_key_env, "delivery.ses.access_key_env"),
        app.secret(ses.secret_key_env, "delivery.ses.secret_key_env"),
        app.secret(token, "delivery.ses.session_token_env") if token else None,
        ses.region,
        # Real time, even in a rehearsal, because AWS compares it with its own clock.
        utc_now,
    )
    built: Transport = kind(
        signer,
        host=ses.url,
        sender=app.settings.newsletter.sender.email,
        configuration_set=ses.configuration_set or None,
        per_second=app.settings.delivery.rate.per_second,
        timeout=ses.timeout.total_seconds(),
    )
    return built


# Transport name to its factory. A new provider adds a row here and in `deliver.registry`.
TRANSPORTS: Mapping[str, Callable[[IdentityWiring], Transport]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "sendgrid": _sendgrid,
    "resend": _resend,
    "brevo": _brevo,
    "ses": _ses,
}
