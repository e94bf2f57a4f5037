"""Builds the transports of the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from digest.config import loader
from digest.errors import ConfigurationError

if TYPE_CHECKING:
    from digest.config.alerts import AlertSmtp
    from digest.config.delivery import BrevoSettings, DkimSettings, ResendSettings, SendGridSettings, SmtpSettings
    from digest.deliver.ports import Transport
    from digest.wiring.identity import IdentityWiring


class _WithKey(TypedDict):
    host: str
    sender: str
    timeout: float


def _outbox(app: IdentityWiring) -> Transport:
    from digest.deliver.outbox import Outbox

    return Outbox(app.home / app.settings.delivery.outbox.path, clock=app.clock)


def _smtp(app: IdentityWiring) -> Transport:
    smtp = app.settings.delivery.smtp
    return _build_smtp(
        app,
        smtp,
        "delivery.smtp",
        bounces=smtp.bounces or None,
        token=app.signer.sign if smtp.bounces else None,
        sign=_dkim(app, smtp.dkim) if smtp.dkim else None,
    )


def alert_smtp(app: IdentityWiring) -> Transport:
    """Build the SMTP transport that only alerts use. Raises ConfigurationError."""
    smtp = app.settings.alerts.smtp
    if smtp is None:
        raise ConfigurationError.at(loader.FILE_NAME, "'alerts.smtp' is required")
    return _build_smtp(app, smtp, "alerts.smtp")


def _build_smtp(app: IdentityWiring, smtp: SmtpSettings | AlertSmtp, section: str, **options: Any) -> Transport:
    """Build the transport for a server. Errors name its keys in the settings' `section`."""
    from digest.deliver.smtp.connection import SmtpServer
    from digest.deliver.smtp.transport import Smtp

    server = SmtpServer(
        smtp.host,
        smtp.port,
        smtp.security,
        smtp.username or None,
        app.secret(smtp.password_env, f"{section}.password_env") if smtp.username else None,
        smtp.timeout.total_seconds(),
    )
    return Smtp(server, clock=app.clock, settings=section, **options)


def _dkim(app: IdentityWiring, chosen: DkimSettings) -> Callable[[bytes], bytes]:
    from digest.deliver.smtp.dkim import configured_signer

    file = app.home / chosen.key_file if chosen.key_file else None
    return configured_signer(chosen.domain, chosen.selector, file, chosen.key_env, app.environment)


def _with_key(
    app: IdentityWiring, name: str, chosen: SendGridSettings | ResendSettings | BrevoSettings
) -> tuple[str, _WithKey]:
    """Return the API key of a provider, and the options that all providers with one have."""
    key = app.secret(chosen.key_env, f"delivery.{name}.key_env")
    sender, timeout = app.settings.newsletter.sender.email, chosen.timeout.total_seconds()
    return key, {"host": chosen.host, "sender": sender, "timeout": timeout}


def _sendgrid(app: IdentityWiring) -> Transport:
    from digest.deliver.sendgrid.client import SendGrid

    key, options = _with_key(app, "sendgrid", app.settings.delivery.sendgrid)
    return SendGrid(key, **options, tracking=app.settings.newsletter.tracking == "on")


def _realm(app: IdentityWiring) -> str:
    """Return the name of the ledger in idempotency keys: two newsletters that share an account must not share keys."""
    from digest.store.meta import get_or_create

    return get_or_create(app.database, "realm", lambda: secrets.token_hex(8))


def _resend(app: IdentityWiring) -> Transport:
    from digest.deliver.resend import Resend

    resend = app.settings.delivery.resend
    key, options = _with_key(app, "resend", resend)
    return Resend(key, **options, realm=_realm(app), calls_per_second=resend.calls_per_second)


def _brevo(app: IdentityWiring) -> Transport:
    from digest.deliver.brevo import Brevo

    key, options = _with_key(app, "brevo", app.settings.delivery.brevo)
    return Brevo(key, **options, realm=_realm(app))


def _ses(app: IdentityWiring) -> Transport:
    from digest.deliver.aws_signature import RequestSigner
    from digest.deliver.ses import Ses
    from digest.utils.clock import utc_now

    ses = app.settings.delivery.ses
    token = ses.session_token_env
    signer = RequestSigner(
        app.secret(ses.access_key_env, "delivery.ses.access_key_env"),
        app.secret(ses.secret_key_env, "delivery.ses.secret_key_env"),
        app.secret(token, "delivery.ses.session_token_env") if token else None,
        ses.region,
        # Real time, even in a rehearsal, because AWS compares it with its own clock.
        utc_now,
    )
    return Ses(
        signer,
        host=ses.url,
        sender=app.settings.newsletter.sender.email,
        configuration_set=ses.configuration_set or None,
        per_second=app.settings.delivery.rate.per_second,
        timeout=ses.timeout.total_seconds(),
    )


# Transport name to its factory. A new provider adds a row here and in `deliver.ports`.
TRANSPORTS: Mapping[str, Callable[[IdentityWiring], Transport]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "sendgrid": _sendgrid,
    "resend": _resend,
    "brevo": _brevo,
    "ses": _ses,
}
