"""Outgoing webhooks: posted events, failed ones, and a retry."""

from __future__ import annotations

import json

from starlette.responses import Response

from digest.web.desk.visit import Visit

_MOST = 100


def page(visit: Visit) -> Response:
    hooks, failed = visit.desk.app.outgoing_webhooks, "failed" in visit.query
    events = [
        (each, hooks.host_of(each), json.dumps(each.content, ensure_ascii=False, indent=1))
        for each in hooks.store.newest(_MOST, failed=failed)
    ]
    return visit.page(
        "admin/webhooks.html.j2",
        events=events,
        failed=failed,
        receivers=hooks.receivers,
        done=visit.query.get("done", ""),
        now=visit.desk.now(),
    )


def again(visit: Visit) -> Response:
    visit.desk.app.outgoing_webhooks.try_again(visit.parameters["id"], visit.actor)
    return visit.go("/webhooks", done="again")
