"""What transports by an HTTP API share: a connection for each thread, and the outcomes of calls without an answer."""

from __future__ import annotations

from collections.abc import Mapping

from digest.deliver.http_client import HttpClient, HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import NotSent, Unknown


def cannot_encode(error: TypeError) -> NotSent:
    """Return the outcome for an email that is not valid Unicode: half of a surrogate pair."""
    return NotSent(f"cannot encode the email as JSON: {error}", permanent=True)


class ApiTransport:
    """A transport that calls the API at `host`. `sender` is the From address that `probe` checks."""

    name: str

    def __init__(self, *, host: str, sender: str, timeout: float) -> None:
        self.host, self.sender = host, sender
        self.http = HttpClient(host, timeout=timeout)

    def probe(self) -> str | None:
        try:
            problem = self._find_problem()
        except (RequestNotSent, ResponseUnknown) as error:
            problem = str(error)
        return f"{self.name} {self.host}: {problem}" if problem else None

    def close(self) -> None:
        self.http.close()

    def abort(self) -> None:
        self.http.abort()

    def _find_problem(self) -> str | None:
        """Return why sending is impossible, in one sentence; None if no problem is found.

        Mails nobody. Missing permissions of the key are not problems. Raises RequestNotSent or ResponseUnknown.
        """
        raise NotImplementedError

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpResponse | NotSent | Unknown:
        """Post once. Return the response, or the outcome if there is none."""
        try:
            return self.http.post(path, body, headers)
        except RequestNotSent as error:
            return NotSent(f"{self.name} {self.host}: {error}")
        except ResponseUnknown as error:
            return Unknown(f"{self.name} {self.host}: no complete response: {error}")
