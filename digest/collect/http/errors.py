"""Errors of the fetcher, and their causes in plain words."""

from __future__ import annotations

from digest.errors import DigestError
from digest.messages import Message

# The meaning of a status, as the middle of a sentence.
STATUS_MEANINGS = {
    401: Message("requires a login"),
    403: Message("forbids access"),
    404: Message("does not exist (not found)"),
    410: Message("is permanently gone"),
    429: Message("asks us to send fewer requests"),
    503: Message("is temporarily out of service"),
}

TIMED_OUT = Message("no answer in time")


class FetchError(DigestError):
    """Nothing could be fetched. The message is one sentence."""

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        status: int = 0,
        *,
        timed_out: bool = False,
        private: bool = False,
    ) -> None:
        super().__init__(message)
        # Seconds, if the server named a time.
        self.retry_after = retry_after
        # HTTP status, 0 if there was no answer.
        self.status = status
        self.timed_out = timed_out
        # The host of the URL itself, not of a redirect, has an address that `allow_private` would permit.
        self.private = private


def timeout_error(url: str, seconds: float) -> FetchError:
    """Return the error for a fetch that exceeded its total time."""
    return FetchError(Message("%(url)s took longer than %(num)s seconds.", url=url, num=f"{seconds:g}"), timed_out=True)


def describe_cause(error: Exception | None) -> str:
    """Return the cause of an error in a few words, without the reprs of objects that urllib3's messages contain."""
    import ssl

    from urllib3.exceptions import ConnectTimeoutError, IncompleteRead, ReadTimeoutError

    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    # The order matters: urllib3 reports a refused connection as a timeout, too.
    for kind, description in (
        (ssl.SSLCertVerificationError, Message("its certificate is not valid")),
        (ConnectionRefusedError, Message("the connection was refused")),
        (IncompleteRead, Message("the body ended too early")),
        ((TimeoutError, ConnectTimeoutError, ReadTimeoutError), TIMED_OUT),
    ):
        if any(isinstance(one, kind) for one in causes):
            return description
    last = causes[-1] if causes else None
    return " ".join((str(last) or type(last).__name__).split()).rstrip(".") if last else Message("it has no address")
