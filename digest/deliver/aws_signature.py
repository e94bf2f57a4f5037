"""Sign requests to AWS with Signature Version 4
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

botocore has this too, but takes 30 MB and requires an older python-dateutil than the rest of the program. Its client
repeats calls after errors and timeouts, even if the whole request was written, and so could mail everybody three times.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

# The name of SES in signatures, whatever the host is.
_SERVICE = "ses"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class RequestSigner:
    """Adds the signature of one account to requests. A signature holds for five minutes by AWS's clock."""

    access_key: str
    secret_key: str = field(repr=False)
    # For temporary keys.
    session_token: str | None = field(repr=False)
    region: str
    clock: Callable[[], datetime]

    def headers(self, method: str, url: str, body: bytes = b"") -> dict[str, str]:
        """Return the headers that a request needs, without Host, which every HTTP client adds. `url` has no query."""
        parts = urlsplit(url)
        moment = self.clock().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"X-Amz-Date": moment}
        if body:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if self.session_token:
            headers["X-Amz-Security-Token"] = self.session_token
        signed = sorted((name.lower(), value) for name, value in {**headers, "Host": parts.netloc}.items())
        names = ";".join(name for name, _value in signed)
        canonical = "\n".join(
            (
                method,
                # Encoded once more, as for every service but S3.
                quote(parts.path or "/", safe="/~"),
                "",
                *(f"{name}:{value}" for name, value in signed),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        scope = f"{moment[:8]}/{self.region}/{_SERVICE}/aws4_request"
        text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["Authorization"] = (
            f"{_ALGORITHM} Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers
