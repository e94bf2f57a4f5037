"""Whether the judges' tools are here. A test skips without them, and fails where services are required."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

from tests.support.databases import REQUIRED
from tools.mail import running


def needed(*modules: str) -> None:
    """Chromium, node, the judges' libraries, and `modules` of Python."""
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    absent = [name for name in (program, "node") if not shutil.which(name)]
    absent += [name for name in modules if not find_spec(name)]
    said = f"not installed: {', '.join(absent)}" if absent else running.missing()
    if said and os.environ.get(REQUIRED) == "1":
        pytest.fail(said)
    if said:
        pytest.skip(said)
