"""How a failed fetch is told: the error, and each cause in a few plain words. Knows no sockets of its own."""

from __future__ import annotations

from digest.errors import DigestError

SAID = {
    401: "asks for a login",
    403: "forbids reading it",
    404: "has nothing there (not found)",
    410: "says that it is gone for good",
    429: "asks us to come less often",
    503: "is out of service for now",
}
"""What a status means, as the middle of a sentence."""

LATE = "no answer in time"
"""The cause of a fetch that ran into a time-out."""


class FetchError(DigestError):
    """Nothing could be fetched; one sentence says why.

    `retry_after`: seconds, when the server named it; `status`: of the answer, 0 when there was none; `late`: whether
    time ran out.
    """

    def __init__(self, message: str, retry_after: float | None = None, status: int = 0, *, late: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status
        self.late = late


def late(url: str, seconds: float) -> FetchError:
    """The error for a fetch that ran out of time."""
    return FetchError(f"{url} took longer than {seconds:g} seconds.", late=True)


def reason(mistake: Exception | None) -> str:
    """What went wrong in a few words, without urllib3's reprs of its own objects."""
    import ssl

    from urllib3.exceptions import ConnectTimeoutError, IncompleteRead, ReadTimeoutError

    causes: list[BaseException] = []
    cause: BaseException | None = mistake
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for kind, said in (  # urllib3 calls a refused connection a timeout too, so the order matters
        (ssl.SSLCertVerificationError, "its certificate is not valid"),
        (ConnectionRefusedError, "the connection was refused"),
        (IncompleteRead, "the body ended too early"),
        ((TimeoutError, ConnectTimeoutError, ReadTimeoutError), LATE),
    ):
        if any(isinstance(one, kind) for one in causes):
            return said
    last = causes[-1] if causes else None
    return " ".join((str(last) or type(last).__name__).split()).rstrip(".") if last else "it has no address"
