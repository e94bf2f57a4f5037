"""Run the pages in a server thread, from the moment it listens until the block ends.

Settings may change in the meantime: the pages are then built again, and requests in progress finish on the old ones.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from digest.errors import ConfigurationError, DigestError
from digest.utils.urls import host_name

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    from digest.app import App
    from digest.utils.heartbeat import Heartbeat
    from digest.web.desk.app import ServedDesk

# Seconds that requests in progress get when the server stops.
_SHUTDOWN_TIMEOUT = 10

# Mailbox providers send one-click unsubscribe requests by the dozen.
_MAX_CONNECTIONS = 1000

# Requests that are computed at the same time, in threads. With more than the cores can run, threads that wait for each
# other's GIL take a third more CPU for the same pages.
_THREADS = 8

# Seconds that an idle connection stays open for another request.
_KEEP_ALIVE = 5


class _Build:
    """The pages as built from one App, with the requests that they are answering."""

    def __init__(self, app: App, base: str, heartbeat: Heartbeat | None) -> None:
        from digest.web.app import create_app

        self.requests = 0
        self.idle = threading.Event()
        with ExitStack() as opened:
            # A copy has its own store connections and transport, so that a send in the same process can close its own.
            own = opened.enter_context(closing(replace(app)))
            pages = opened.enter_context(create_app(own, base, heartbeat))
            self.desk: ServedDesk | None = None
            if own.settings.desk.enabled:
                from digest.web.desk.app import create_desk

                self.desk = opened.enter_context(create_desk(own, base))
            self.pages: ASGIApp = pages
            if self.desk is not None and own.settings.desk.port is None:
                self.pages = beside(
                    pages, self.desk, base=own.settings.newsletter.base_url or base, desk_url=own.desk_url(base)
                )
            self._opened = opened.pop_all()

    def end_streams(self) -> None:
        """End responses that last for minutes. Their pages reconnect, or poll."""
        if self.desk is not None:
            self.desk.end_streams()

    def close(self) -> None:
        """Wait for the requests in progress, send queued emails, and close the store."""
        self.end_streams()
        self.idle.wait(_SHUTDOWN_TIMEOUT)
        self._opened.close()


class RunningPages:
    """An ASGI app that passes requests on to the newest pages.

    `base` is their address. `desk_base` is the address of the desk, if it has a port of its own.
    """

    def __init__(self, app: App, base: str, heartbeat: Heartbeat | None = None) -> None:
        self.base = base
        self.desk_base = ""
        self._heartbeat = heartbeat
        self._lock = threading.Lock()
        self._current = _Build(app, base, heartbeat)
        self._closing: list[threading.Thread] = []

    def reload(self, app: App) -> None:
        """Serve the pages of this App from now on. If it raises ConfigurationError, the old pages stay."""
        build = _Build(app, self.base, self._heartbeat)
        with self._lock:
            old, self._current = self._current, build
            if not old.requests:
                old.idle.set()
        thread = threading.Thread(target=old.close, name="old-pages")
        thread.start()
        self._closing = [*(each for each in self._closing if each.is_alive()), thread]

    def end_streams(self) -> None:
        self._current.end_streams()

    def close(self) -> None:
        for thread in self._closing:
            thread.join()
        self._current.idle.set()
        self._current.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send, lambda build: build.pages)

    async def desk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the desk on its own port; 404 if it was turned off meanwhile."""
        await self._answer(scope, receive, send, lambda build: build.desk or build.pages)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, choose: Callable[[_Build], ASGIApp]) -> None:
        with self._lock:
            build = self._current
            build.requests += 1
        try:
            await choose(build)(scope, receive, send)
        finally:
            with self._lock:
                build.requests -= 1
                if not build.requests and build is not self._current:
                    build.idle.set()


def beside(pages: ASGIApp, desk: ASGIApp, *, base: str, desk_url: str) -> ASGIApp:
    """Serve both applications on one port. The desk has a path below the pages', or a separate host name."""
    place, root = urlsplit(desk_url), urlsplit(base).path.rstrip("/")
    prefix = place.path.rstrip("/")
    # A proxy may strip the path of the pages.
    short = prefix.removeprefix(root)

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if not prefix:
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            chosen = desk if host_name(host) == place.hostname else pages
            await chosen(scope, receive, send)
            return
        found = next((each for each in (prefix, short) if each and (path == each or path.startswith(f"{each}/"))), None)
        if found is None:
            await pages(scope, receive, send)
            return
        path = prefix + path.removeprefix(found)
        await desk({**scope, "path": path, "raw_path": quote(path).encode()}, receive, send)

    return choose


@contextmanager
def run_pages(
    app: App, *, host: str = "", port: int | None = None, heartbeat: Heartbeat | None = None
) -> Iterator[RunningPages]:
    """Serve the pages of a newsletter within the block. Port 0 picks a free one. `heartbeat` as in `create_app`.

    Raises ConfigurationError, and DigestError if the address cannot be bound or the store was moved.
    """
    try:
        import uvicorn

        import digest.web.app
        from digest.web.client_limit import limited_protocol
        from digest.web.middleware import MAX_HEAD_BYTES

        if app.settings.desk.enabled:
            import argon2  # noqa: F401
            import pyotp  # noqa: F401
            import segno  # noqa: F401
            import webauthn  # noqa: F401

            import digest.web.desk.app  # noqa: F401

            # Checked here, and not when somebody signs in.
            _ = app.oidc
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "digest":
            raise
        reason = f"the reader pages need {error.name}; install hindi-digest[web]"
        raise ConfigurationError.at("digest web", reason) from None
    # Log lines of requests would contain tokens.
    logging.getLogger("uvicorn.access").disabled = True
    app.high_water.refuse_moved()
    web, desk = app.settings.web, app.settings.desk
    with ExitStack() as opened:
        listener = opened.enter_context(bind(host or web.host, web.port if port is None else port))
        pages = opened.enter_context(closing(RunningPages(app, _address(listener), heartbeat)))
        served: list[tuple[ASGIApp, socket.socket]] = [(pages, listener)]
        if desk.enabled and desk.port is not None:
            own = opened.enter_context(bind(desk.host, desk.port, "desk.port"))
            pages.desk_base = _address(own)
            served.append((pages.desk, own))
        for asgi, at in served:
            config = uvicorn.Config(
                asgi,
                interface="asgi3",
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                # Based on h11, because only that protocol of uvicorn limits the size of the request headers.
                http=limited_protocol(web.proxies),
                h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                proxy_headers=bool(web.proxies),
                forwarded_allow_ips=list(web.proxies),
                server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
                timeout_keep_alive=_KEEP_ALIVE,
                limit_concurrency=_MAX_CONNECTIONS,
            )
            opened.enter_context(run_in_thread(_server(config), at))
        # Before the servers stop, because they wait for requests in progress.
        opened.callback(pages.end_streams)
        yield pages


def _server(config: uvicorn.Config) -> uvicorn.Server:
    """Return a server whose routes run in at most `_THREADS` threads."""
    import uvicorn
    from anyio.to_thread import current_default_thread_limiter

    class Server(uvicorn.Server):
        async def serve(self, sockets: list[socket.socket] | None = None) -> None:
            current_default_thread_limiter().total_tokens = _THREADS
            await super().serve(sockets)

    return Server(config)


def _address(listener: socket.socket) -> str:
    name, number = listener.getsockname()[:2]
    return f"http://{f'[{name}]' if ':' in name else name}:{number}"


@contextmanager
def run_in_thread(server: Any, listener: socket.socket) -> Iterator[None]:
    """Run a uvicorn server within the block. Raises DigestError if it does not start."""
    thread = threading.Thread(target=server.run, args=([listener],), name="pages")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        if not server.started:
            raise DigestError("reader pages: the server did not start")
        yield
    finally:
        server.should_exit = True
        thread.join()


def bind(host: str, port: int, key: str = "web.port") -> socket.socket:
    """Return a socket that listens on this address. Raises DigestError."""
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
        reason = f"{error.strerror}; choose another port with {key}"
        raise DigestError(f"reader pages: can't listen on {host}, port {port}: {reason}") from error
    return listener
