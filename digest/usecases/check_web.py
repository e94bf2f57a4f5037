"""Check that the reader pages and the webhook can be reached at their public address.

`request` also tells the status, the certificate and the clock of any web server.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from digest.mail.dns.resolver import Lookup, addresses
from digest.utils.findings import Finding, error, good, unknown, warning
from digest.utils.urls import is_example

_CHECK = "pages"
_CERTIFICATE = "certificate"
# Days. Certificates for 90 days are renewed 30 days before they expire.
_RENEW_BEFORE = timedelta(days=14)
# Seconds, for connecting and for each read.
_TIMEOUT = 10.0
_MAX_BODY = 300_000


def check_pages(base_url: str, lookup: Lookup, now: datetime) -> tuple[list[Finding], WebAnswer | None]:
    """Check `newsletter.base_url`. Also returns the response of a public host, so that its clock can be compared."""
    host = urlsplit(base_url).hostname or ""
    if not base_url:
        fix = "set newsletter.base_url to the https address of your pages (docs/reader-pages.md)"
        message = "newsletter.base_url is empty: emails have no one-click unsubscribe, which Gmail and Yahoo require"
        return [warning(_CHECK, message, fix)], None
    if is_example(host):
        fix = "set newsletter.base_url to the address of your pages, or leave it empty"
        return [warning(_CHECK, f"{base_url} is an example address; it was not requested", fix)], None
    found: list[Finding] = []
    if not base_url.startswith("https://") and not is_local(host):
        found.append(
            error(_CHECK, f"{base_url} is not https: one-click unsubscribe needs it (RFC 8058)", "use an https address")
        )
    # The stylesheet exists whatever the settings are.
    url = f"{base_url.rstrip('/')}/style.css"
    try:
        answer = request("GET", url)
    except WebUnreachable as problem:
        return [*found, unreachable(_CHECK, base_url, problem, lookup)], None
    if answer.expires:
        found.append(_judge_certificate(host, answer.expires, now))
    if answer.status == 200:
        found.append(good(_CHECK, f"{base_url} answers"))
    else:
        fix = "start `digest web` (or `digest run` with web.enabled), and let the proxy pass this address to it"
        found.append(error(_CHECK, f"{url} is answered with {answer.status}; expected 200", fix))
    return found, None if is_local(host) else answer


def _judge_certificate(host: str, expires: datetime, now: datetime) -> Finding:
    left = expires - now
    if left < _RENEW_BEFORE:
        message = f"the certificate of {host} expires on {expires:%Y-%m-%d}, in {max(0, left.days)} days"
        return warning(_CERTIFICATE, message, "renew it, and find out why the automatic renewal failed")
    return good(_CERTIFICATE, f"the certificate of {host} is valid until {expires:%Y-%m-%d}")


def unreachable(check: str, url: str, problem: WebUnreachable, lookup: Lookup) -> Finding:
    """Return the finding for an address that does not answer."""
    host = urlsplit(url).hostname or ""
    if problem.certificate:
        return error(_CERTIFICATE, f"the certificate of {host} is not valid: {problem}", "install a valid certificate")
    if not problem.name_error:
        fix = "start the server, and let the firewall and the proxy pass requests to it"
        return error(check, f"nothing answers at {url}: {problem}", fix)
    answer = addresses(lookup, host)
    if answer.problem:
        return unknown(check, f"not known: the DNS did not answer for {host} ({answer.problem})", "run it again")
    if answer.records:
        return unknown(check, f"not known: this machine does not resolve {host}, which has the address "
                              f"{answer.records[0]}", "check this machine's DNS settings")  # fmt: skip
    return error(check, f"{host} has no address", f"publish A {host} with the address of your server")


def check_previews(*, can_draw: bool) -> list[Finding]:
    """Warn if this machine cannot draw the pictures of link previews."""
    if can_draw:
        return []
    message = "links to the archive have no picture with the headline: FriBidi is missing, which shapes Hindi"
    return [warning("previews", message, "install it (Debian: apt install libfribidi0), and restart the pages")]


def check_webhook(url: str, secret: str, lookup: Lookup) -> Finding:
    """Check that an unsigned event is refused. `secret` is appended to `url`, and no message shows it."""
    check = "webhook"
    try:
        answer = request("POST", url + secret)
    except WebUnreachable as problem:
        return unreachable(check, url, problem, lookup)
    if answer.status in (403, 405):
        return good(check, f"{url} answers, and refuses an unsigned event ({answer.status})")
    if answer.status < 300:
        fix = "let the proxy pass this address to `digest web`, which checks signatures"
        return error(check, f"{url} accepts an unsigned event ({answer.status}): it is not digest that answers", fix)
    if answer.status == 404:
        fix = "restart `digest web` or `digest run` with the settings of this folder; the proxy must pass /webhooks/"
        return error(check, f"{url} does not exist (404): bounces and complaints are lost", fix)
    fix = "look into the log of the proxy and of `digest web`"
    return error(check, f"{url} answers an unsigned event with {answer.status}; expected 403", fix)


def is_local(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class WebAnswer:
    status: int
    body: str
    # Seconds by which the server's clock is ahead of ours; None without a Date header.
    ahead: float | None
    # When the certificate expires; None without TLS.
    expires: datetime | None


class WebUnreachable(Exception):
    """The request failed.

    `name_error`: the host's name was not resolved. `certificate`: the certificate is not valid.
    """

    def __init__(self, reason: str, *, name_error: bool = False, certificate: bool = False) -> None:
        super().__init__(reason)
        self.name_error = name_error
        self.certificate = certificate


def request(method: str, url: str) -> WebAnswer:
    """Make one request without a body; follows no redirect. Raises WebUnreachable."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT)
    try:
        connection.connect()
        began = time.time()
        connection.request(method, parts.path or "/", headers={"User-Agent": "digest-doctor", "Content-Length": "0"})
        expires = _expires(connection.sock)
        response = connection.getresponse()
        # The server wrote its date about half way.
        middle = (began + time.time()) / 2
        body = response.read(_MAX_BODY).decode("utf-8", "replace")
        return WebAnswer(response.status, body, _ahead(response.getheader("Date"), middle), expires)
    except ssl.SSLCertVerificationError as error:
        raise WebUnreachable(error.verify_message.rstrip("."), certificate=True) from error
    except socket.gaierror as error:
        raise WebUnreachable("its name is not resolved", name_error=True) from error
    except TimeoutError as error:
        raise WebUnreachable(f"no answer within {_TIMEOUT:.0f} seconds") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise WebUnreachable(getattr(error, "strerror", None) or type(error).__name__) from error
    finally:
        connection.close()


def _expires(opened: object) -> datetime | None:
    if not isinstance(opened, ssl.SSLSocket):
        return None
    found = (opened.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(found), UTC) if isinstance(found, str) else None


def _ahead(date: str | None, at: float) -> float | None:
    """Return the seconds that the Date header is ahead.

    It has whole seconds, so on average it is half a second late.
    """
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - at if date else None
    except (ValueError, OverflowError):
        return None
