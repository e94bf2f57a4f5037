"""The tools that the checks need."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

from tests.support.databases import REQUIRED
from tools.mail import runner


def require_tools(*modules: str) -> None:
    """Skip the test without Chromium, node and its libraries, and these Python modules; fail it in CI."""
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    missing = [name for name in (program, "node") if not shutil.which(name)]
    missing += [name for name in modules if not find_spec(name)]
    reason = f"not installed: {', '.join(missing)}" if missing else runner.missing()
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
