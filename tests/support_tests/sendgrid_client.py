"""Valid requests and a plain client, for the tests of the local servers."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from typing import Any

from tests.support.sendgrid_server import KEY, SendGridServer

Answer = tuple[int, dict[str, str], Any]


def payload(*addresses: str, **root: Any) -> dict[str, Any]:
    """Return a valid request to these addresses. `root` adds or replaces root keys."""
    people = [
        {
            "to": [{"email": address}],
            "substitutions": {"-DGX_LEAVE-": f"t{n}"},
            "custom_args": {"dg_r": str(n)},
            "headers": {"List-Unsubscribe": f"<https://news.example.com/u/t{n}>"},
        }
        for n, address in enumerate(addresses or ("asha@example.com",))
    ]
    return {
        "personalizations": people,
        "from": {"email": "news@example.com", "name": "Subah"},
        "subject": "आज की ख़बरें",
        "content": [
            {"type": "text/plain", "value": "छोड़ें: https://news.example.com/u/-DGX_LEAVE-"},
            {"type": "text/html", "value": "<a href='https://news.example.com/u/-DGX_LEAVE-'>छोड़ें</a>"},
        ],
        "custom_args": {"dg_e": "2026-11-23"},
        **root,
    }


def ask(
    server: SendGridServer, body: Any = None, path: str = "/v3/mail/send", method: str = "POST", key: str = KEY
) -> Answer:
    """Send a request on a connection of its own; return status, headers and decoded body."""
    connection: http.client.HTTPConnection
    if server.cafile:
        context = ssl.create_default_context(cafile=str(server.cafile))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    with closing(connection):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        with connection.getresponse() as response:
            text = response.read()
            decoded = json.loads(text) if text.startswith((b"{", b"[")) else text
            return response.status, dict(response.headers), decoded
