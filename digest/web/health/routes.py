"""The routes on the pages' server."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from digest.errors import ConfigurationError
from digest.web.health.checks import Health, MetricsAccess

# Accepted under any host name, because monitors use the machine's address.
PATHS = ("/healthz", "/readyz", "/metrics")


def router(health: Health, access: MetricsAccess) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    # Needs no thread, so it works even while all threads wait for the store.
    @routes.get("/healthz")
    async def alive() -> Response:
        status, text = health.liveness()
        return PlainTextResponse(text, status)

    @routes.get("/readyz")
    def ready() -> Response:
        status, text = health.readiness()
        return PlainTextResponse(text, status)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        if not access.allows(request.client.host if request.client else "", request.headers):
            raise HTTPException(404)
        try:
            from digest.web.health.metrics import exposition
        except ConfigurationError as error:
            return PlainTextResponse(f"{error.problems[0].message}\n", 503)
        content_type, body = exposition(health, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return routes
