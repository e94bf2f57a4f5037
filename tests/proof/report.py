"""The report: one page in Markdown, and the same as HTML. It uses the results only, so it can be repeated."""

from __future__ import annotations

import html
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from string import Template

from digest import __version__
from tests.paths import ROOT
from tests.proof.cases import FAULTS
from tests.proof.field import WORKERS
from tests.proof.providers import BY_NAME
from tests.proof.run import Result

# Those with numbers.
_COLUMNS = (
    "processes", "seeds", "sends", "duplicates", "missed", "unknown", "settled by events, log, operator", "again",
    "left",
)  # fmt: skip
_STORES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_HEAD = """\
# Fault report

What happens to an edition when machines, networks, databases and providers fail while it is being sent. Each row below
is a number of sends that met one fault. The judge is the provider's own log, which the digest never reads: it has a
line for each email that the provider took, written before the provider answers. A **duplicate** is an email that
somebody got a second time. **Missed** is who got none although nothing says so.

{summary}

{facts}

## How it is done

A send of {recipients} recipients in some forty batches begins with one process, or with three that share the store. At
a moment that the seed decides the fault begins. {processes} When it is over
and the processes have ended, `digest send` is started again until nothing is pending, as `digest run` does by itself.

Then some recipients may be **unknown**: the provider may have them or not, and the digest does not guess. They are
settled in this order, as an operator would:

- by **events**: the provider's webhooks report what it delivered (only SendGrid's are played here);
- by its **log**: `digest reconcile` asks the provider, where it has a log that can be asked (SendGrid, Brevo);
- by an **operator** who reads the provider's log and decides with `digest reconcile --accept` or `--resend`. *Again* is
  how many of those had not got the email and were sent to again.

In the end everybody must be accounted for. The providers are local servers of the test suite that follow the documented
APIs, check every request against them, and play the faults. They are not the real services. What is tested is the
digest: the real command line, the real store, real connections and real kills.
"""

_WITH_WORKERS = "One process is `digest send`, three are `digest worker` (`digest send` in clock steps)."
_WITHOUT_WORKERS = "Each process is `digest send`, because the extra `workers` is not installed."

_TAIL = """\
## What is not covered

- The real providers. What they do beyond their documentation is not known to anybody but them.
- The loss of a disk, and of commits that PostgreSQL or the file system had confirmed (`synchronous_commit=off`, a disk
  that lies). Against an older copy of the store there is [the high-water mark](store.md#restore).
- Scheduled sends, whose unknown batches are cancelled under their id and sent again: `make chaos` runs seeded schedules
  of them.
- A clock that jumps while a process runs. Here a process is started with another clock than the one before it.
- PostgreSQL's own failover to a replica.

## Repeat it

`make proof` runs all of it with a new seed and writes this page to `build/proof`. `make proof ARGS="--seed 17"` runs
every row with seed 17, and `make proof ARGS="--seed 17 --only 'kill -9/smtp'"` the rows that begin so. A seed decides
the fault's moments and the provider's answers; the operating system still decides which process is faster, so a
repetition is close to the first run and not equal to it. Links between namespaces need root; without it their rows say
so.
"""


def markdown(results: Sequence[Result], made: datetime) -> str:
    """Write the page."""
    recipients = max((result.recipients for result in results), default=0)
    facts, processes = _facts(results, made), _WITH_WORKERS if WORKERS else _WITHOUT_WORKERS
    parts = [_HEAD.format(summary=_summary(results), facts=facts, recipients=recipients, processes=processes)]
    for fault, meaning in FAULTS.items():
        mine = [result for result in results if result.fault == fault]
        if mine:
            parts.append(f"## {fault[0].upper()}{fault[1:]}\n\n{meaning[0].upper()}{meaning[1:]}.\n\n{_table(mine)}\n")
    parts.append(_TAIL)
    return "\n".join(parts)


def _summary(results: Sequence[Result]) -> str:
    ran = [result for result in results if not result.not_run]
    bad = [result for result in ran if not result.holds]
    total = {name: sum(getattr(result, name) for result in ran) for name in _TOTALS}
    sentence = (
        f"**{len(ran):,} sends with a fault, {total['sends']:,} emails: {total['duplicates']:,} duplicates, "
        f"{total['missed']:,} missed.** {total['unknown']:,} recipients were unknown for a while: "
        f"{total['by_events']:,} were settled by events, {total['by_log']:,} by the provider's log and "
        f"{total['by_operator']:,} by an operator, who sent to {total['resent']:,} of them again. "
        f"{total['left']:,} are left unknown."
    )
    if skipped := len(results) - len(ran):
        sentence += f" {skipped:,} sends were not run."
    if bad:
        rows = "\n".join(f"- {_repeat(result)}: {_what(result)}" for result in bad)
        sentence += f"\n\n**{len(bad)} sends went wrong:**\n\n{rows}"
    return sentence


_TOTALS = ("sends", "duplicates", "missed", "unknown", "by_events", "by_log", "by_operator", "resent", "left")


def _what(result: Result) -> str:
    numbers = [f"{getattr(result, name)} {name}" for name in ("duplicates", "missed", "left") if getattr(result, name)]
    return "; ".join([*numbers, *([result.wrong] if result.wrong else [])]).replace("|", "/")


def _repeat(result: Result) -> str:
    only = f"{result.fault}/{result.provider}/{result.store}/{result.workers}"
    return f"`make proof ARGS=\"--seed {result.seed} --only '{only}'\"`"


def _facts(results: Sequence[Result], made: datetime) -> str:
    seeds = sorted({result.seed for result in results})
    shown = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0] if seeds else "none")
    rows = (
        ("date", f"{made:%Y-%m-%d %H:%M} UTC"),
        ("version", f"digest {__version__}, commit {_commit()}"),
        ("seeds", shown),
        ("machine", f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
    )
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def _table(results: Sequence[Result]) -> str:
    lines = [f"| provider | store | {' | '.join(_COLUMNS)} |", f"| --- | --- {'| ---: ' * len(_COLUMNS)}|"]
    for _key, group in groupby(sorted(results, key=_row), _row):
        mine = list(group)
        lines.append(f"| {mine[0].provider} | {_STORES[mine[0].store]} | {mine[0].workers} | {_cells(mine)} |")
    return "\n".join(lines)


def _row(result: Result) -> tuple[int, int, int]:
    return list(BY_NAME).index(result.provider), list(_STORES).index(result.store), result.workers


def _cells(group: Sequence[Result]) -> str:
    seeds = f"{group[0].seed}" if len(group) == 1 else f"{group[0].seed}–{group[-1].seed}"
    ran = [result for result in group if not result.not_run]
    if not ran:
        return f"{seeds} | not run: {group[0].not_run}" + " |" * 6
    total = {name: sum(getattr(result, name) for result in ran) for name in _TOTALS}
    settled = f"{total['by_events']}, {total['by_log']}, {total['by_operator']}"
    wrong = "".join(f" **wrong with seed {result.seed}**" for result in ran if not result.holds)
    numbers = (
        seeds, f"{total['sends']:,}", total["duplicates"], total["missed"], total["unknown"], settled, total["resent"],
        f"{total['left']}{wrong}",
    )  # fmt: skip
    return " | ".join(map(str, numbers))


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid #8886; padding: .2rem .7rem; text-align: left; white-space: nowrap }
td.n, th.n { text-align: right }
code { background: #8882; padding: 0 .2em }
</style>
</head>
<body>
$body
</body>
</html>
""")


def as_html(page: str) -> str:
    """Turn the page into HTML. Reads the few kinds of Markdown that `markdown` writes."""
    blocks = "\n".join(_block(block) for block in re.split(r"\n{2,}", page.strip()))
    title = page.partition("\n")[0].removeprefix("# ")
    return _PAGE.substitute(title=html.escape(title), body=blocks)


def _block(block: str) -> str:
    if heading := re.match(r"(#+) (.*)", block):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2])}</h{level}>"
    if block.startswith("|"):
        return "\n".join(_rows(block.splitlines()))
    if block.startswith("- "):
        items = re.split(r"(?m)^- ", block)[1:]
        return "<ul>" + "".join(f"<li>{_inline(' '.join(item.split()))}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(' '.join(block.split()))}</p>"


def _rows(lines: Sequence[str]) -> Iterator[str]:
    numbers = [":" in cell for cell in _split(lines[1])]
    yield "<table>"
    for place, line in enumerate(lines):
        if place != 1:
            tag = "td" if place else "th"
            cells = zip(_split(line), numbers, strict=True)
            row = "".join(f"<{tag}{' class=n' * number}>{_inline(cell)}</{tag}>" for cell, number in cells)
            yield f"<tr>{row}</tr>"
    yield "</table>"


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _inline(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<em>\1</em>", text)
    # Links lead to pages beside the Markdown one.
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def write(folder: Path, results: Sequence[Result], made: datetime) -> str:
    """Write `proof.md` and `proof.html` into the folder. Returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    page = markdown(results, made)
    (folder / "proof.md").write_text(page, encoding="utf-8")
    (folder / "proof.html").write_text(as_html(page), encoding="utf-8")
    return page
