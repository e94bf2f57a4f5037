"""Tell the admins when `digest run` is down: an alert if it cannot start, pings to a service that reports their end.

After a restart nobody may be at the terminal, and a dead process cannot report itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from digest.app import App, make_app
from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.notify.alert import Alert, AlertKind

# The subject of the alert. That of an edited file is the file's name.
_SUBJECT = "start"
# Sections of the settings for the transport and the sender of an email.
_NEEDED_FOR_EMAIL = ("alerts", "delivery", "newsletter")


def report_failed_start(home: Path, problems: Sequence[ConfigProblem]) -> None:
    """Send an alert with the errors, if the valid part of the settings has recipients and a channel.

    The same errors are sent once, also if the service is started again.
    """
    with suppress(ConfigurationError, DigestError), make_app(home, despite_faults=True) as app:
        alerts = app.alerts
        if not app.faulty_sections.isdisjoint(_NEEDED_FOR_EMAIL):
            alerts = replace(alerts, channels=[each for each in alerts.channels if each.name == "webhook"])
        lines = map(str, problems)
        alerts.raise_alert(
            Alert(
                AlertKind.SETTINGS_FAULTY,
                _SUBJECT,
                title="`digest run` cannot start",
                text="\n".join(["Nothing is collected, composed or sent before these errors are corrected:", *lines]),
                action="Correct what it names; `digest check` shows all errors. systemd then starts it; "
                "else start it again.",
                since=alerts.now(),
            )
        )
        alerts.deliver()


def clear_failed_start(app: App) -> None:
    """End the alert, if there is one."""
    app.alerts.clear(AlertKind.SETTINGS_FAULTY, _SUBJECT, "`digest run` is running again.")


def ping(app: App) -> str | None:
    """Request `alerts.heartbeat_url`, if it is set. Returns why it failed, or None. It never names the URL's path."""
    from digest.collect.http.post import JsonPoster, PostFailed

    alerts = app.settings.alerts
    if not alerts.heartbeat_url:
        return None
    try:
        status = JsonPoster(allow_private=alerts.webhook_private).get(alerts.heartbeat_url).status
    except PostFailed as problem:
        return str(problem)
    return None if 200 <= status < 300 else f"the service answered {status}"
