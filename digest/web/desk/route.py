"""A row of the table of routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digest.models import Role


@dataclass(frozen=True, slots=True)
class Route:
    """A route, and the lowest role that may use it; None: everybody, without signing in.

    `page` names the handler: module and function in this package. `uploads`: its form may have a file.
    """

    method: Literal["GET", "POST"]
    path: str
    role: Role | None
    page: str
    summary: str
    uploads: bool = False
