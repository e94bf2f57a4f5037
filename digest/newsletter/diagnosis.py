"""`digest doctor` without a file: check the DNS, this machine, the store and the provider of a newsletter."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.config.loader import FILE_NAME
from digest.errors import ConfigurationError, DigestError, StoreError
from digest.models import PROVIDER_NAMES
from digest.utils.files import resolve_path
from digest.utils.findings import Finding, error, good, unknown, warning
from digest.utils.text import plural
from digest.utils.urls import is_example

if TYPE_CHECKING:
    from pathlib import Path

    from digest.app import App
    from digest.deliver.ports import Transport
    from digest.mail.dns.resolver import Lookup
    from digest.usecases.check_setup import SenderRoute

_OIDC = "OpenID Connect"


@dataclass(frozen=True)
class DiagnosisOptions:
    lookup: Lookup
    # More DKIM selectors: of an SMTP server that signs itself, or of a provider that uses unusual ones.
    selectors: tuple[str, ...] = ()
    # Time server, `host[:port]`.
    ntp: str = "pool.ntp.org"


def diagnose(app: App, options: DiagnosisOptions | None) -> list[Finding]:
    """Run every check. Without options, only those that need no network."""
    found = [error("settings", str(fault), "correct it, then run `digest check`") for fault in app.faults]
    found = found or [good("settings", f"{FILE_NAME} has no errors")]
    if app.faults:
        found.append(
            unknown("network", "DNS, clock, pages, keys and webhook were not checked: the settings are faulty")
        )
    elif options is None:
        found.append(unknown("network", "DNS, clock, pages, keys and webhook were not checked: --offline"))
    else:
        found += _run_guarded("sender", lambda: check_dns(app, options))
        found += _run_guarded("pages", lambda: _check_network(app, options))
        found += _run_guarded(_OIDC, lambda: _check_oidc(app))
        found += _check_keys(app)
    found += _check_list(app)
    found += _run_guarded("disk", lambda: _check_disks(app))
    found += _run_guarded("store", lambda: _check_store(app))
    return found + _check_files(app)


def check_dns(app: App, options: DiagnosisOptions) -> list[Finding]:
    """Check the DNS records of the sender and of every transport in use."""
    from digest.usecases.check_setup import check_sender, provider_routes

    sender = _domain(app.settings.newsletter.sender.email)
    known = provider_routes(sender)
    routes = []
    # `outbox` has no route, because it mails nobody.
    for name in app.settings.delivery.transport:
        if name == "smtp":
            routes.append(_smtp_route(app, options.selectors))
        elif route := known.get(name):
            more = (*options.selectors, *_reported_selectors(app, name, sender))
            routes.append(replace(route, selectors=(*route.selectors, *more)))
    return check_sender(sender, routes, options.lookup)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _smtp_route(app: App, selectors: tuple[str, ...]) -> SenderRoute:
    from digest.mail.dns.dkim import public_key
    from digest.usecases.check_setup import SenderRoute

    smtp, sender = app.settings.delivery.smtp, app.settings.newsletter.sender.email
    dkim = smtp.dkim
    public = None
    if dkim:
        path = app.home / dkim.key_file
        # A key that cannot be read is reported with the transport's own check.
        private = app.environment.get(dkim.key_env, "").encode() if dkim.key_env else _read(path)
        public = public_key(private)
    return SenderRoute(
        "smtp",
        _domain(smtp.bounces or sender),
        reads_bounces=bool(smtp.bounces),
        spf=_spf_for(smtp.host),
        selectors=(dkim.selector,) if dkim else selectors,
        signer=dkim.domain.lower() if dkim else None,
        public=public,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _spf_for(host: str) -> str:
    """Suggest an SPF record for the SMTP server of this newsletter."""
    from digest.usecases.check_setup import is_local

    if is_local(host) or "." not in host.strip(":"):
        return "v=spf1 ip4:ADDRESS-OF-THIS-SERVER ~all"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"v=spf1 a:{host} ~all"
    return f"v=spf1 ip{address.version}:{address} ~all"


def _reported_selectors(app: App, name: str, domain: str) -> tuple[str, ...]:
    """Return the DKIM selectors that the provider of a transport reports, if it reports any."""
    from digest.deliver.ports import SigningKeys

    # A key that is missing is reported with the transport's own check.
    with suppress(ConfigurationError):
        transport = next(each for each in app.transports if each.name == name)
        return transport.dkim_selectors(domain) if isinstance(transport, SigningKeys) else ()
    return ()


def _check_network(app: App, options: DiagnosisOptions) -> list[Finding]:
    """Check the pages, the clock and the webhook."""
    from digest.render.card import can_shape
    from digest.usecases.check_setup import check_clock, check_pages, check_previews

    base_url = app.settings.newsletter.base_url
    found, answer = check_pages(base_url, options.lookup, datetime.now(UTC))
    if base_url and app.settings.web.archive == "public":
        found += check_previews(can_draw=can_shape())
    known = {base_url: answer.ahead} if answer and answer.ahead is not None else {}
    delivery = app.settings.delivery
    asked = [delivery.api_urls[name] for name in delivery.transport if name in delivery.api_urls]
    # A provider's clock first: the pages' server is often this machine.
    found.append(check_clock({} if asked else known, asked, options.ntp))
    if "DIGEST_NOW" in app.environment:
        found.append(warning("clock", "DIGEST_NOW sets the time of digest, for rehearsals", "unset DIGEST_NOW"))
    example = is_example(urlsplit(base_url).hostname or "")
    if base_url and not example:
        found += [_check_webhook(app, name, options) for name in delivery.transport if name in WEBHOOK_KEYS]
    return found


def oidc_problem(app: App) -> str | None:
    """Ask the provider of OpenID Connect, and return why nobody can sign in with it.

    None if they can, or if it is off. Raises ConfigurationError.
    """
    from digest.usecases.oidc import OidcRefused

    sign_in = app.oidc if app.settings.desk.enabled else None
    if sign_in is None:
        return None
    try:
        sign_in.check()
    except OidcRefused as refused:
        return f"nobody can sign in at the desk with {sign_in.client.issuer}: {refused.detail}"
    return None


def _check_oidc(app: App) -> list[Finding]:
    issuer = app.settings.desk.oidc.issuer
    if not issuer or not app.settings.desk.enabled:
        return []
    if problem := oidc_problem(app):
        document = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        return [error(_OIDC, problem, f"set desk.oidc.issuer to the `issuer` of {document}, which must be reachable")]
    return [good(_OIDC, f"{issuer} answers: its metadata and keys are valid")]


# Transport → the key of `web.webhooks` without which its events are not received.
WEBHOOK_KEYS = {"sendgrid": "sendgrid.keys_env", "brevo": "brevo.token_env", "ses": "ses.topic_arn"}


def missing_webhook(app: App, transport: str) -> str | None:
    """Return a warning if this transport reports events, and no webhook receives them."""
    if transport not in WEBHOOK_KEYS or transport in app.settings.web.webhooks.providers:
        return None
    return f"'web.webhooks.{WEBHOOK_KEYS[transport]}' is not set: bounces and complaints are not received"


def _check_webhook(app: App, transport: str, options: DiagnosisOptions) -> Finding:
    from digest.usecases.check_setup import check_webhook

    if message := missing_webhook(app, transport):
        called = PROVIDER_NAMES[transport]
        return warning("webhook", message, f"set up {called}'s webhook as docs/feedback.md describes")
    secret = app.settings.web.webhooks.sendgrid.secret_env if transport == "sendgrid" else ""
    end = "/" + app.secret(secret, "web.webhooks.sendgrid.secret_env") if secret else ""
    url = f"{app.settings.newsletter.base_url.rstrip('/')}/webhooks/{transport}"
    return check_webhook(url, end, options.lookup)


def probe(app: App, transport: Transport) -> str | None:
    """Return why a transport cannot send now, preceded by its name; None if it can."""
    reason = transport.probe()
    if reason is None:
        return None
    if transport.name == "smtp" and "host" not in app.settings.delivery.smtp.model_fields_set:
        return f"delivery.smtp.host is not set, so localhost is used: {reason}"
    return reason if reason.startswith(transport.name) else f"{transport.name}: {reason}"


def probe_remedy(app: App, transport: str, reason: str) -> str:
    """Return what an admin does about the reason that `probe` gave."""
    from digest.notify.provider_faults import classify, remedy

    return remedy(transport, classify(reason), app.settings.delivery.key_variables.get(transport, ""))


def _check_keys(app: App) -> list[Finding]:
    """Ask every provider whether it accepts the key and the sender, and allows everything that a send needs."""
    from digest.deliver.ports import CapabilityReport

    check = "provider"
    found: list[Finding] = []
    try:
        transports = app.transports
    except ConfigurationError as problem:
        return [error(check, each.message, "set it, then run `digest check`") for each in problem.problems]
    except DigestError as problem:
        return [error(check, str(problem), "run `digest check`")]
    for transport in transports:
        if reason := probe(app, transport):
            found.append(error(check, reason, probe_remedy(app, transport.name, reason)))
            continue
        lacking = transport.missing_capabilities() if isinstance(transport, CapabilityReport) else ()
        fix = "give the key this scope (SendGrid: Settings, API Keys, Edit)"
        found += [warning(check, sentence, fix if "key" in sentence else "") for sentence in lacking]
        if not lacking:
            found.append(good(check, f"{transport.name} is ready to send"))
    return found


def _check_list(app: App) -> list[Finding]:
    try:
        if app.faults:
            return [
                unknown("list", "the list was not checked: the settings are faulty, and they say which topics exist")
            ]
        faults = app.subscriber_list.faults()
    except StoreError:
        # The check of the store reports it.
        return []
    if not faults:
        return [good("list", f"{app.subscriber_list.path.name} has no errors")]
    keeps = app.settings.subscribers.on_error == "last_good"
    then = "uses the last valid list" if keeps else "sends to nobody (`subscribers.on_error: stop`)"
    fix = f"correct it, then run `digest subscribers check`; until then `digest run` {then}"
    more = f" (and {plural(len(faults) - 1, 'more error')})" if len(faults) > 1 else ""
    return [(warning if keeps else error)("list", f"{faults[0]}{more}", fix)]


def _check_disks(app: App) -> list[Finding]:
    from digest.store.database import unopened
    from digest.usecases.check_setup import check_disks

    folders = {}
    store = unopened(app.settings.store.url, home=app.home)
    if store.sqlite:
        from digest.store.database import sqlite_file

        folders["store"] = sqlite_file(store).parent
    store.close()
    if "outbox" in app.settings.delivery.transport:
        folders["outbox"] = resolve_path(app.home, app.settings.delivery.outbox.path)
    return check_disks(folders or {"folder": app.home})


def _check_store(app: App) -> list[Finding]:
    from digest.store.inspection import clock_ahead, inspect_store
    from digest.usecases.check_setup import judge_clock

    found = inspect_store(app.database)
    ahead = clock_ahead(app.database)
    if ahead is not None:
        # Emails go out by the database's clock, so either may be the wrong one.
        found.append(judge_clock(ahead, "PostgreSQL, whose time decides when emails go out"))
    problem = app.high_water.problem()
    return [*found, error("store", problem, "run `digest store restore --in-place`")] if problem else found


def _check_files(app: App) -> list[Finding]:
    from digest.newsletter.checks import open_files

    files = [
        warning("files", f"other users of this machine can read {name}", f"chmod -R go= {name}")
        for name in open_files(app)
    ]
    return files or [good("files", "only their owner can read the files with addresses and keys")]


def _run_guarded(check: str, run: Callable[[], list[Finding]]) -> list[Finding]:
    """Run checks, and turn an error of one into a finding, so that the next still run."""
    try:
        return run()
    except ConfigurationError as problem:
        return [error(check, str(each), "correct it, then run `digest check`") for each in problem.problems]
    except StoreError as problem:
        # Its sentence ends with the remedy, if there is one.
        what, _, remedy = str(problem).rpartition("; ")
        fix = remedy if what else "correct it, then run `digest doctor` again"
        return [error(check, what or str(problem), fix)]
    except DigestError as problem:
        return [error(check, str(problem), "run `digest check`")]
