"""Short time limits that hold on a busy machine too."""

from __future__ import annotations

import os


def short(seconds: float) -> float:
    """Scale a time limit by the load of the machine, so that an answer in time does not come too late."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
