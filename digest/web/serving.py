"""Runs the pages: a server in a thread of its own, from the moment it listens until the block ends."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from digest.app import App

_PATIENCE = 10  # seconds for which answers in the making may go on once the end is asked for

# Connections. Mailbox providers press unsubscribe links by the dozen.
_MOST_AT_ONCE = 1000

# Seconds for which an idle connection stays open for the next request.
_KEEP_ALIVE = 5


@contextmanager
def serving(app: App, *, host: str = "", port: int | None = None) -> Iterator[str]:
    """Serves the reader pages of a newsletter within the block, answers where. Port 0 takes a free one.

    Raises ConfigurationError where the libraries are missing or the settings don't fit, DigestError where the address
    can't be listened on.
    """
    try:
        import uvicorn

        from digest.web.application import pages_of
        from digest.web.guard import LARGEST_HEAD
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "digest":
            raise
        said = f"the reader pages need {error.name}; install hindi-digest[web]"
        raise ConfigurationError([Fault("digest web", 0, said)]) from None
    logging.getLogger("uvicorn.access").disabled = True  # its lines hold tokens, at whatever level the root logs
    web = app.settings.web
    listener = listening(host or web.host, web.port if port is None else port)
    name, number = listener.getsockname()[:2]
    base = f"http://{f'[{name}]' if ':' in name else name}:{number}"
    # Its own store connections and transport: a send that ends beside it closes its own alone.
    with listener, closing(replace(app)) as own, pages_of(own, base) as pages:
        config = uvicorn.Config(
            pages,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            # The one protocol of uvicorn that limits the size of a request's head.
            http="h11",
            h11_max_incomplete_event_size=LARGEST_HEAD,
            proxy_headers=bool(web.proxies),
            forwarded_allow_ips=list(web.proxies),
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
            limit_concurrency=_MOST_AT_ONCE,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        with running(uvicorn.Server(config), listener):
            yield base


@contextmanager
def running(server: Any, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, args=([listener],), name="pages")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        if not server.started:
            raise DigestError("the reader pages could not be served")
        yield
    finally:
        server.should_exit = True
        thread.join()


def listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise DigestError(f"reader pages: can't listen on {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        said = f"reader pages: can't listen on {host}, port {port}: {error.strerror}; name another with web.port"
        raise DigestError(said) from error
    return listener
