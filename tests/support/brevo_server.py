"""A local Brevo: in-process (`with BrevoServer() as server`) or `python -m tests.support.brevo_server`.

It has the faults and the acceptance log of the local SendGrid. See `brevo_api` for its responses.
"""

from __future__ import annotations

from typing import Any

from tests.support.brevo_api import BrevoApi, endpoint
from tests.support.loops import serve_until_stopped
from tests.support.sendgrid_control import options
from tests.support.sendgrid_server import SendGridServer

KEY = "xkeysib-local-test-key"


class BrevoServer(SendGridServer):
    """Takes the arguments and faults of SendGridServer.

    A fault's `on` is `send`, `scheduled`, `account`, `senders` or `logs`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"keys": (KEY,), **options})
        self.brevo = BrevoApi(self.provider, self._log, keys=self.api.keys)
        self.api = self.brevo  # type: ignore[assignment]
        self.endpoint = endpoint


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM. The URL is the first line of stdout."""
    with BrevoServer(**options(arguments)) as server:
        serve_until_stopped(server.url)


if __name__ == "__main__":
    main()
