"""`digest doctor`: check a received mail against what Gmail and Yahoo require of bulk senders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import emit, json_option, plural, shown
from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.mail.inspect import Finding

# Bytes. No provider accepts a larger mail.
_MAX_BYTES = 40_000_000


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The DKIM record (v=DKIM1; p=…) or public key, instead of a DNS query.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Do not query the DNS for the key.")
@json_option
def doctor(file: Path, key: Path | None, offline: bool, as_json: bool) -> int:
    """Check a received email: DKIM signatures, one-click unsubscribe, headers and text.

    FILE is the email with all its headers (.eml), as "Show original" of a mail program saves it. The exit code is 1 if
    there is an error.
    """
    from digest.mail.inspect import aligned, examine, verify

    raw = _read(file)
    sender, findings, signatures = examine(raw)
    if signatures:
        ours = [place for place, one in enumerate(signatures) if aligned(one.domain, sender)]
        findings.append(verify(raw, (ours or [0])[0], key=key.read_bytes() if key else None, online=not offline))
    errors = _messages(findings, "error")
    if as_json:
        document = {
            "file": str(file),
            "bytes": len(raw),
            "errors": errors,
            "warnings": _messages(findings, "warning"),
            "good": _messages(findings, "good"),
            "signatures": [
                {"domain": one.domain, "selector": one.selector, "headers": list(one.headers)} for one in signatures
            ],
        }
        emit(document)
        return 1 if errors else 0
    for finding in findings:
        click.echo(shown(f"{finding.level}: {finding.message}"))
    click.echo(f"{file.name}: {plural(len(errors), 'error', 'errors')}, {len(raw):,} bytes")
    return 1 if errors else 0


def _messages(findings: list[Finding], level: str) -> list[str]:
    return [shown(finding.message) for finding in findings if finding.level == level]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError([ConfigProblem(str(file), 0, f"cannot be read: {error.strerror}")]) from error
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError(
            [ConfigProblem(str(file), 0, f"is larger than {_MAX_BYTES:,} bytes; expected one mail")]
        )
    head = raw.lstrip().split(b"\n\n", 1)[0].split(b"\n", 1)[0]
    if b":" not in head and not head.startswith(b"From "):
        raise ConfigurationError([ConfigProblem(str(file), 1, "expected a mail, which starts with its headers")])
    return raw
