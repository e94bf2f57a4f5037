"""`digest web`: serve the reader pages until SIGTERM or Ctrl-C."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from digest.cli.logs import LogFormat, info, log_option, logging_to_stderr, warn
from digest.cli.output import on_terminal
from digest.errors import ConfigurationError, DigestError, StoreUnavailable

if TYPE_CHECKING:
    from digest.app import App
    from digest.newsletter.reload import SettingsWatch
    from digest.web.server import RunningPages

# Settings that need a restart of the server.
NEEDS_RESTART = ("store.url", "web.host", "web.port", "web.proxies", "desk.host", "desk.port")
# Seconds.
_RELOAD_EVERY = 5.0
# How often the pages of changed settings are built while another program holds the store. Each try waits for it.
_TRIES = 4


@click.command()
@click.option("--host", help="The address to listen on (default: web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port (default: web.port); 0 takes a free one.")
@log_option
@click.pass_obj
def web(home: Path, host: str | None, port: int | None, log_format: LogFormat | None) -> int:
    """Serve the reader pages (unsubscribe, preferences, sign-up, archive) and the desk.

    Edits of the settings are followed.
    """

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.cli.telemetry import telemetry
    from digest.newsletter.reload import SettingsWatch
    from digest.web.server import run_pages
    from digest.workers.seats import calling_workers

    with (
        stopped_by_signals() as stop,
        make_app(home) as opened,
        logging_to_stderr(log_format, opened.now),
        telemetry(opened.environment),
        # An edition that is resumed on the desk continues at once.
        nullcontext(calling_workers(opened)) as app,
        run_pages(app, host=host or "", port=port) as pages,
    ):
        base = pages.base
        # Starts before the line that says that the server runs, because whoever waits for that line may edit the
        # settings at once.
        watch = SettingsWatch(app, needs_restart=NEEDS_RESTART)
        info(f"Reader pages on {base}. Stop with Ctrl-C.")
        announce_desk(app, pages)
        public = app.settings.newsletter.base_url
        # localhost is where the pages are.
        if public and public.replace("://localhost:", "://127.0.0.1:") != base:
            info(f"Links in emails point to {public} (newsletter.base_url); a web server there must forward to {base}.")
        while not stop.wait(_RELOAD_EVERY):
            _follow(watch, pages)
        info("Stopped.")
    return 0


def announce_desk(app: App, pages: RunningPages) -> None:
    """Print the desk's address. On a terminal also print a link for the first admin, which must not get into a log."""
    if not app.settings.desk.enabled:
        return
    from digest.cli.users import first_link

    base = pages.desk_base or pages.base
    info(f"The desk on {base}{urlsplit(app.desk_url(base)).path}.")
    if not on_terminal(sys.stderr):
        if not app.accounts.list():
            info("It has no user yet: digest users add NAME --role admin")
    elif link := first_link(app, base):
        info(f"Nobody has signed in yet. This link works once, within a day: {link}")
        # The web server in front may not be there yet.
        if not link.startswith(base):
            info(f"On this machine it is {base}{urlsplit(link).path}")


def follow_pages(pages: RunningPages, app: App) -> None:
    """Serve the pages of `app` from now on. If they cannot be built, warn and keep the old ones."""
    for tries_left in reversed(range(_TRIES)):
        try:
            pages.reload(app)
        except (ConfigurationError, DigestError) as error:
            # Only a store that another program holds may be free soon.
            if tries_left and isinstance(error, StoreUnavailable):
                continue
            warn(f"The pages stay as they were: {error}")
        return


def _follow(watch: SettingsWatch, pages: RunningPages) -> None:
    """Serve the pages of changed settings. If that is not possible, say once why."""
    problems, waiting = watch.problems, watch.waiting
    before = watch.app
    changed = watch.reload()
    if changed is not None:
        # The pages have their own copies.
        before.discard()
        if watch.news:
            info(watch.news)
        follow_pages(pages, watch.app)
    if watch.problems and watch.problems != problems:
        errors = "; ".join(map(str, watch.problems))
        warn(f"The settings have errors, so the old ones stay in use: {errors}")
    if watch.waiting and watch.waiting != waiting:
        info(f"Changes of {', '.join(watch.waiting)} take effect when you restart `digest web`.")
