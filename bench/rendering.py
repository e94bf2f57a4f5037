"""Render an email of 20 stories with five images: the first of a process, further variants, and one recipient's copy.

The first email is timed in a process of its own, after its imports. The rivals inline the same page for each recipient,
as their manuals show.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from digest.mail.message import substitute
from digest.models import PLACEHOLDERS, RenderedEmail
from digest.render import renderer as rendering

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = ("babel.support", "jinja2.ext", "lxml.html", "premailer", "wcwidth", "digest.render.template_errors")
FIRST = "from bench import rendering; rendering.print_first()"


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, CPU milliseconds, ratio to the rival): medians."""
    processes, rounds = (1, 3) if quick else (7, 30)
    render, page = _renderer(), _page()
    email = render()
    values = {tag: f"subscriber@example.com/{name}" for name, tag in PLACEHOLDERS.items()}
    rival = _median(lambda: _premailer(page), rounds)
    first = statistics.median(_in_own_process() for _ in range(processes))
    copy = _median(lambda: (substitute(email.html, values), substitute(email.text, values)), rounds)
    took = {
        "premailer as its manual shows, for each recipient": rival,
        "css-inline, for each recipient": _median(lambda: _css_inline(page), rounds),
        "digest: first email of a process, HTML and text": first,
        "digest: each further variant, HTML and text": _median(render, rounds),
        "digest: for each recipient": copy,
    }
    return [(what, f"{each:.2f}", f"{each / rival:.3f}") for what, each in took.items()]


def print_first() -> None:
    """Print the milliseconds of the first email of this process."""
    for name in IMPORTED:
        import_module(name)
    print(_median(_renderer(), rounds=1))


def _in_own_process() -> float:
    done = subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _renderer() -> Callable[[], RenderedEmail]:
    """Return a function that renders the same variant at each call."""
    from tests.render.sample import EVERYTHING, NOW, renderer, twenty

    edition, renders = twenty(images=True), renderer()

    def render() -> RenderedEmail:
        email = renders.render(edition, EVERYTHING, now=NOW)
        assert email is not None
        return email

    return render


def _page() -> str:
    """Return the HTML before inlining."""
    with patch.object(rendering, "inline", lambda page: page):
        return _renderer()().html


def _premailer(page: str) -> str:
    import logging

    from premailer import Premailer

    return str(Premailer(page, allow_network=False, cssutils_logging_level=logging.CRITICAL).transform())


def _css_inline(page: str) -> str:
    from css_inline import CSSInliner

    return str(CSSInliner(load_remote_stylesheets=False).inline(page))


def _median(work: Callable[[], object], rounds: int) -> float:
    """Return the median CPU milliseconds of a call."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)
