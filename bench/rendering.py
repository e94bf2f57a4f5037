"""A letter of twenty stories with five pictures: the first of a fresh process, each further one, one per reader.

The first is timed in a process of its own, after the imports of what it uses. The rivals inline the same page once per
reader, as their manuals show.
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

from digest.deliver.message import substitute
from digest.models import PLACEHOLDERS, RenderedEmail
from digest.render import letter as rendering

ROOT = Path(__file__).resolve().parents[1]
PROCESSES, TIMES = 7, 30
IMPORTED = ("babel.support", "jinja2.ext", "lxml.html", "premailer", "wcwidth", "digest.render.template_errors")
FIRST = "from bench import rendering; rendering.first()"


def run() -> list[tuple[str, ...]]:
    """Rows of (what, milliseconds of the processor, ratio to the rival): medians."""
    letter, page = _letters(), _page()
    made = letter()
    values = {tag: f"reader@example.com/{name}" for name, tag in PLACEHOLDERS.items()}
    rival = _median(lambda: _premailer(page))
    took = {
        "premailer by its manual, for each reader": rival,
        "css-inline, for each reader": _median(lambda: _css_inline(page)),
        "digest: first letter of a process, HTML and text": statistics.median(_fresh() for _ in range(PROCESSES)),
        "digest: each further variant, HTML and text": _median(letter),
        "digest: for each reader": _median(lambda: (substitute(made.html, values), substitute(made.text, values))),
    }
    return [(what, f"{each:.2f}", f"{each / rival:.3f}") for what, each in took.items()]


def first() -> None:
    """Prints the milliseconds of the first letter of this process."""
    for name in IMPORTED:
        import_module(name)
    print(_median(_letters(), times=1))


def _fresh() -> float:
    ran = subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(ran.stdout)


def _letters() -> Callable[[], RenderedEmail]:
    """Renders one variant at each call, by one renderer."""
    from tests.render.sample import EVERYTHING, NOW, renderer, twenty

    edition, renders = twenty(pictures=True), renderer()

    def one() -> RenderedEmail:
        letter = renders.render(edition, EVERYTHING, now=NOW)
        assert letter is not None
        return letter

    return one


def _page() -> str:
    """The HTML before inlining."""
    with patch.object(rendering, "inline", lambda page: page):
        return _letters()().html


def _premailer(page: str) -> str:
    import logging

    from premailer import Premailer

    return str(Premailer(page, allow_network=False, cssutils_logging_level=logging.CRITICAL).transform())


def _css_inline(page: str) -> str:
    from css_inline import CSSInliner

    return str(CSSInliner(load_remote_stylesheets=False).inline(page))


def _median(work: Callable[[], object], times: int = TIMES) -> float:
    """Milliseconds of the processor for one call: what else runs on the machine does not count."""
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return 1000 * statistics.median(took)


if __name__ == "__main__":
    for row in run():
        print(*row, sep="\t")
