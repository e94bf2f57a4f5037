"""A plain request to our own pages or to a provider, to learn status, certificate and clock."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

# Seconds, for connecting and for each read.
_TIMEOUT = 10.0
_MAX_BODY = 300_000


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
