"""Ping the external service that raises the alarm when pings stop."""

from __future__ import annotations

from digest.app import App


def ping(app: App) -> str:
    """Request `alerts.heartbeat_url`, if it is set. Returns why it failed, else ''. Never names the URL's path."""
    from digest.collect.http.post import JsonPoster, PostFailed

    alerts = app.settings.alerts
    if not alerts.heartbeat_url:
        return ""
    try:
        status = JsonPoster(allow_private=alerts.webhook_private).get(alerts.heartbeat_url).status
    except PostFailed as problem:
        return str(problem)
    return "" if 200 <= status < 300 else f"the service answered {status}"
