"""Check the surroundings of a newsletter: its public address, the sender's DNS records, this machine's clock and its
disks.
"""

from __future__ import annotations

import http.client
import ipaddress
import shutil
import socket
import ssl
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from digest.mail.dns import dkim
from digest.mail.dns.dmarc import Passing, check_alignment, check_dmarc
from digest.mail.dns.resolver import Lookup, addresses, check_resolves
from digest.mail.dns.spf import check_spf
from digest.utils.findings import Finding, Level, error, good, unknown, warning
from digest.utils.urls import is_example

_CHECK = "pages"
_CERTIFICATE = "certificate"
# Days. Certificates for 90 days are renewed 30 days before they expire.
_RENEW_BEFORE = timedelta(days=14)
# Seconds, for connecting and for each read.
_TIMEOUT = 10.0
_MAX_BODY = 300_000
# Seconds. With a larger error, providers refuse signatures and webhooks, and `send_at` is missed. A Date header is
# exact to a second.
_MAX_SKEW = 5.0
_NTP_TIMEOUT = 3.0
# From 1900 to 1970 (RFC 5905 section 6).
_NTP_EPOCH = 2_208_988_800
# Bytes. A send writes a few hundred bytes per recipient, an outbox about 60 kB.
_LOW, _FULL = 1_000_000_000, 200_000_000


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


def check_clock(ahead: Mapping[str, float], hosts: Iterable[str], ntp: str) -> Finding:
    """Compare our clock with the first server that tells its time.

    `ahead`: a server's name, and the seconds by which its clock is known to be ahead of ours. Without it, asks the web
    servers `hosts`, then the time server `ntp` (`host[:port]`).
    """
    for name, seconds in ahead.items():
        return judge_clock(seconds, name)
    for url in hosts:
        try:
            answer = request("HEAD", url)
        except WebUnreachable:
            continue
        if answer.ahead is not None:
            return judge_clock(answer.ahead, url.partition("://")[2])
    offset = ask_ntp(ntp)
    if offset is not None:
        return judge_clock(offset, ntp)
    return unknown("clock", f"not known: no time server answered ({ntp})", "run `timedatectl`")


def judge_clock(ahead: float, server: str) -> Finding:
    """Judge the seconds that a server's clock is ahead of ours."""
    if abs(ahead) > _MAX_SKEW:
        side = "behind" if ahead > 0 else "ahead of"
        message = f"this machine's clock is {abs(ahead):,.0f} seconds {side} {server}"
        return error("clock", message, "run `timedatectl set-ntp true`, or `chronyc makestep` with chrony")
    return good("clock", f"within {_MAX_SKEW:.0f} seconds of {server}")


def ask_ntp(server: str) -> float | None:
    """Return the seconds by which a time server is ahead of us, by SNTP (RFC 5905); None if it does not answer."""
    host, _, port = server.partition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(_NTP_TIMEOUT)
            # A connected socket reports at once if nothing listens on the port.
            client.connect((host, int(port or 123)))
            began = time.time()
            # Version 4, mode 3: a client.
            client.send(b"\x23" + bytes(47))
            packet = client.recv(512)
            ended = time.time()
    except (OSError, ValueError, UnicodeError):
        return None
    # Stratum 0 refuses, 16 is not synchronised.
    if len(packet) < 48 or not 0 < packet[1] < 16:
        return None
    received, sent = _ntp_time(packet[32:40]), _ntp_time(packet[40:48])
    return ((received - began) + (sent - ended)) / 2


def _ntp_time(field: bytes) -> float:
    """Return a timestamp of NTP as Unix seconds."""
    seconds, fraction = struct.unpack("!II", field)
    return float(seconds - _NTP_EPOCH + fraction / 2**32)


def check_disks(folders: Mapping[str, Path]) -> list[Finding]:
    """Check the free space of folders (folder → its purpose). Folders on the same disk give one finding."""
    disks: dict[int, tuple[list[str], Path]] = {}
    for name, folder in folders.items():
        present = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        disks.setdefault(present.stat().st_dev, ([], present))[0].append(name)
    return [judge_disk(" and ".join(names), path, shutil.disk_usage(path).free) for names, path in disks.values()]


def judge_disk(name: str, path: Path, free: int) -> Finding:
    message = f"{name}: {free / 1e9:,.1f} GB free on the disk of {path}"
    if free < _FULL:
        return error("disk", message, f"free at least {_LOW / 1e9:.0f} GB: with a full disk nothing is sent")
    if free < _LOW:
        return warning("disk", message, f"free at least {_LOW / 1e9:.0f} GB")
    return good("disk", message)


@dataclass(frozen=True, slots=True)
class SenderRoute:
    """What receivers look up in the DNS for one transport."""

    transport: str
    # The domain of MAIL FROM, whose SPF record counts. None if the provider chooses it.
    mail_from: str | None
    # Whether this newsletter reads the bounces to that domain itself.
    reads_bounces: bool = False
    # An SPF record to publish if there is none.
    spf: str | None = None
    # DKIM selectors of which the transport uses any one.
    selectors: tuple[str, ...] = ()
    # d= of its signatures; None for the From domain or a parent of it.
    signer: str | None = None
    # The base64 public key, if we sign ourselves.
    public: str | None = None


def provider_routes(domain: str) -> Mapping[str, SenderRoute]:
    """Return transport → the default route of its provider."""
    # https://github.com/Domain-Connect/Templates/blob/master/resend.com.mail.json
    resend_spf = "v=spf1 include:amazonses.com ~all"
    return {
        # Its domain authentication.
        "sendgrid": SenderRoute("sendgrid", None, selectors=("s1", "s2")),
        "resend": SenderRoute("resend", f"send.{domain}", spf=resend_spf, selectors=("resend",), signer=domain),
        # help.brevo.com, "Authenticate your domain with Brevo".
        "brevo": SenderRoute("brevo", None, selectors=("brevo1", "brevo2", "mail"), signer=domain),
        # Its selectors are random and differ by domain.
        "ses": SenderRoute("ses", None, signer=domain),
    }


def check_sender(domain: str, routes: Sequence[SenderRoute], lookup: Lookup) -> list[Finding]:
    """Check the From domain and every route. Queries only the DNS."""
    if is_example(domain):
        fix = "set newsletter.sender.email to an address of your domain"
        return [warning("sender", f"{domain} is an example domain; its DNS was not checked", fix)]
    policies, policy = check_dmarc(domain, lookup)
    found = [*check_resolves("sender domain", domain, lookup, returns=False), *policies]
    for route in routes:
        spf = _check_spf(route, lookup)
        keys = _check_dkim(route, domain, lookup)
        passing = Passing(_spf_passes(route, spf), _dkim_passes(keys))
        found += [*spf, *(finding for finding, _signer in keys)]
        if route.mail_from and route.mail_from != domain:
            found += check_resolves("bounce domain", route.mail_from, lookup, returns=route.reads_bounces)
        found.append(check_alignment(domain, passing, policy, lookup))
    return list(dict.fromkeys(found))


def _check_spf(route: SenderRoute, lookup: Lookup) -> list[Finding]:
    if route.mail_from is None or route.spf is None:
        return []
    return check_spf(route.mail_from, lookup, suggestion=route.spf)


def _check_dkim(route: SenderRoute, domain: str, lookup: Lookup) -> list[tuple[Finding, str]]:
    """Return the findings about DKIM keys, each with its d=."""
    if not route.selectors:
        message = f"not known which key {route.transport} signs with: a selector cannot be found by the DNS"
        fix = "run `digest doctor --selector NAME`, or save a received test and run `digest doctor FILE`"
        return [(unknown("DKIM", message, fix), "")]
    # A provider's authenticated domain may be a parent of the sender's.
    labels = domain.split(".")
    signers = [route.signer] if route.signer else [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]
    found = [
        (dkim.check_key(selector, signer, lookup, public=route.public), signer)
        for signer in signers
        for selector in route.selectors
    ]
    kept = dkim.best([finding for finding, _signer in found])
    return [(finding, signer) for finding, signer in found if finding in kept]


def _spf_passes(route: SenderRoute, findings: Sequence[Finding]) -> str | None:
    levels = {finding.level for finding in findings}
    if route.mail_from is None or (Level.UNKNOWN in levels and Level.ERROR not in levels):
        return None
    return "" if Level.ERROR in levels else route.mail_from


def _dkim_passes(keys: Sequence[tuple[Finding, str]]) -> tuple[str, ...] | None:
    passing = tuple(signer for finding, signer in keys if finding.level in (Level.GOOD, Level.WARNING))
    if not passing and any(finding.level == Level.UNKNOWN for finding, _signer in keys):
        return None
    return tuple(dict.fromkeys(passing))
