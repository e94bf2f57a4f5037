"""A local Amazon SES: in-process (`with SesServer() as server`) or `python -m tests.support.ses_server`.

It has the faults and the acceptance log of the local SendGrid. See `ses_api` for its responses.
"""

from __future__ import annotations

from typing import Any

from tests.support.loops import serve_until_stopped
from tests.support.sendgrid_control import options
from tests.support.sendgrid_server import SendGridServer
from tests.support.ses_api import SECRET, SesApi, endpoint

KEY = "AKIDLOCALTESTKEY"
__all__ = ["KEY", "SECRET", "SesServer"]


class SesServer(SendGridServer):
    """Takes the arguments and faults of SendGridServer.

    A fault's `on` is `send`, `account`, `identities` or `sets`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"keys": (KEY,), **options})
        self.ses = SesApi(self.provider, self._log, keys=self.api.keys)
        self.api = self.ses  # type: ignore[assignment]
        self.endpoint = endpoint


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM. The URL is the first line of stdout."""
    with SesServer(**options(arguments)) as server:
        serve_until_stopped(server.url)


if __name__ == "__main__":
    main()
