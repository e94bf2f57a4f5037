"""A report as text for a terminal, and as CSV. Pure functions."""

from __future__ import annotations

import csv
import io
import re
from datetime import tzinfo

from digest.notify.failures import Failures
from digest.notify.formats import format_time
from digest.notify.report import Report, rows
from digest.utils.redact import hide_addresses
from digest.utils.text import escape_formula, one_line

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")


def as_text(report: Report, zone: tzinfo) -> str:
    """Return aligned lines for a terminal, and for webhooks that operators read."""
    table = rows(report, zone)
    names, values = (max(len(row[place]) for row in table) for place in (0, 1))
    lines = [report.headline, ""]
    lines += [f"- {action}" for action in report.actions] + [""] * bool(report.actions)
    for row in table:
        usual = f"   (usual: {row.usual})" if row.usual else ""
        lines.append(f"{row.name:<{names}}  {row.value:>{values}}{usual}")
    for title, reasons in (("Excluded, and why", report.excluded), ("Rejected, and why", report.rejected)):
        if reasons:
            lines += ["", f"{title}:", *(f"  {count:,}: {reason}" for reason, count in reasons)]
    if report.newest_texts:
        lines += [
            "",
            "What readers wrote:",
            *(f"  {line_without_addresses(text)}" for _at, text in report.newest_texts),
        ]
    if report.clicks and (report.clicks.targets or report.clicks.hidden):
        lines += ["", "Clicks, people:", *(f"  {each.people:,}: {each.title}" for each in report.clicks.targets)]
        lines += [f"  {report.clicks.note}"] * bool(report.clicks.note)
    if report.sources:
        lines += ["", "Sources:", *(f"  {each.name} is {each.state}: {each.detail}" for each in report.sources)]
    if report.decisions:
        decided = (f"  {format_time(at, zone)}: {what}, {why}" for at, what, why in report.decisions)
        lines += ["", "Decisions:", *decided]
    return "\n".join(lines)


def as_csv(report: Report, zone: tzinfo, failures: Failures | None = None) -> str:
    """Return one line per number: name, value, usual value. Then reasons, failures, clicks and sources."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("edition", "what", "value", "usual"))
    for each in rows(report, zone):
        # A spreadsheet reads “1,711” as text.
        writer.writerow((report.key, each.name, *(_THOUSANDS.sub("", text) for text in (each.value, each.usual))))
    for what, reasons in (("excluded", report.excluded), ("rejected", report.rejected)):
        for reason, count in reasons:
            writer.writerow((report.key, escape_formula(f"{what}: {reason}"), count, ""))
    for group, found in failures.groups() if failures else ():
        for row in found:
            for kind, count in row.counts.items():
                if not count:
                    continue
                what = f"{kind}, {group} {row.name or 'other'}"
                writer.writerow((report.key, escape_formula(what), count, ""))
    for target in report.clicks.targets if report.clicks else ():
        writer.writerow((report.key, escape_formula(f"people who clicked: {target.title}"), target.people, ""))
    for source in report.sources:
        writer.writerow((report.key, escape_formula(f"source: {source.name}"), f"{source.state}: {source.detail}", ""))
    return out.getvalue()


def line_without_addresses(text: str) -> str:
    return hide_addresses(one_line(text))
