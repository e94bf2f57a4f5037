"""`digest doctor`: check the installation, or a received mail, against what Gmail and Yahoo require of bulk senders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import colour, emit, json_option, plural, printable
from digest.errors import ConfigurationError
from digest.utils.redact import redact

if TYPE_CHECKING:
    from digest.mail.inspect import MailFinding

# Bytes. No provider accepts a larger mail.
_MAX_BYTES = 40_000_000


# Level to its colour on a terminal.
_COLOURS = {"error": "red", "warning": "yellow", "unknown": "cyan", "good": "green"}


def _nameserver(_ctx: click.Context, _option: click.Parameter, value: str) -> str:
    from digest.mail.dns.resolver import parse_nameserver

    try:
        if value:
            parse_nameserver(value)
    except ValueError as problem:
        raise click.BadParameter(f"expected an IP address, or address:port; {problem}") from None
    return value


nameserver_option = click.option(
    "--nameserver", metavar="ADDRESS[:PORT]", callback=_nameserver,
    help="Ask this DNS server instead of the system's.",
)  # fmt: skip
selector_option = click.option(
    "--selector", "selectors", multiple=True, metavar="NAME",
    help="A DKIM selector that the server or the provider signs with; can be repeated.",
)  # fmt: skip


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="With FILE: the DKIM record (v=DKIM1; p=…) or public key, instead of a DNS query.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Make no network requests: no DNS, provider, web or time server.")
@nameserver_option
@selector_option
@click.option("--ntp", metavar="HOST[:PORT]", default="pool.ntp.org", help="The time server to compare the clock with.")
@json_option
@click.pass_obj
def doctor(
    home: Path,
    file: Path | None,
    key: Path | None,
    offline: bool,
    nameserver: str | None,
    selectors: tuple[str, ...],
    ntp: str,
    as_json: bool,
) -> int:
    """Check the installation, or with FILE a received email. The exit code is 1 if there is an error.

    Without FILE: the DNS records of the sender (SPF, DKIM, DMARC), the pages and their certificate, the webhook, the
    provider's key, the clock, the disk, the store and the modes of files. Each finding says how to fix it.

    FILE is an email with all its headers (.eml), as a mail program's "Show original" saves it. Checks DKIM signatures,
    one-click unsubscribe, headers and text.
    """
    if file is None:
        if key:
            raise click.UsageError("--key belongs to FILE, a received email: name it")
        return _examine_installation(home, None if offline else (nameserver, selectors, ntp), as_json)
    if nameserver or selectors:
        raise click.UsageError("--nameserver and --selector check the installation: leave FILE out")
    return _examine_mail(file, key, offline, as_json)


def _examine_installation(home: Path, network: tuple[str | None, tuple[str, ...], str] | None, as_json: bool) -> int:
    from digest.app import make_app
    from digest.newsletter.diagnosis import DiagnosisOptions, diagnose

    options = None
    if network:
        from digest.mail.dns.resolver import make_lookup

        nameserver, selectors, ntp = network
        options = DiagnosisOptions(make_lookup(nameserver), selectors, ntp)
    with make_app(home, despite_faults=True) as app:
        findings = diagnose(app, options)
    by_level = {level: [finding for finding in findings if finding.level == level] for level in _COLOURS}
    if as_json:
        names = {"error": "errors", "warning": "warnings", "unknown": "unknown", "good": "good"}
        emit(
            {names[level]: [printable(finding.message) for finding in found] for level, found in by_level.items()}
            | {"findings": [asdict(finding) for found in by_level.values() for finding in found]}
        )
        return 1 if by_level["error"] else 0
    for level, found in by_level.items():
        for finding in found:
            label = "not known" if level == "unknown" else level
            message = printable(redact(f"{finding.check}: {finding.message.removeprefix('not known: ')}"))
            click.echo(f"{colour(label, _COLOURS[level])}: {message}")
            if finding.fix:
                click.echo(printable(redact(f"    fix: {finding.fix}")))
    counts = [
        plural(len(by_level["error"]), "error"),
        plural(len(by_level["warning"]), "warning"),
        f"{len(by_level['unknown'])} not known",
        f"{len(by_level['good'])} good",
    ]
    click.echo(", ".join(counts))
    return 1 if by_level["error"] else 0


def _examine_mail(file: Path, key: Path | None, offline: bool, as_json: bool) -> int:
    from digest.mail.dns.dmarc import is_related
    from digest.mail.inspect import examine, verify

    raw = _read(file)
    sender, findings, signatures = examine(raw)
    if signatures:
        ours = [place for place, one in enumerate(signatures) if is_related(one.domain, sender)]
        findings.append(verify(raw, (ours or [0])[0], key=key.read_bytes() if key else None, online=not offline))
    errors = _messages(findings, "error")
    if as_json:
        document = {
            "file": str(file),
            "bytes": len(raw),
            "errors": errors,
            "warnings": _messages(findings, "warning"),
            "good": _messages(findings, "good"),
            "findings": [{name: printable(text) for name, text in asdict(finding).items()} for finding in findings],
            "signatures": [
                {"domain": one.domain, "selector": one.selector, "headers": list(one.headers)} for one in signatures
            ],
        }
        emit(document)
        return 1 if errors else 0
    for finding in findings:
        click.echo(printable(f"{finding.level}: {finding.message}"))
        if finding.fix:
            click.echo(printable(f"    fix: {finding.fix}"))
    click.echo(f"{file.name}: {plural(len(errors), 'error')}, {len(raw):,} bytes")
    return 1 if errors else 0


def _messages(findings: list[MailFinding], level: str) -> list[str]:
    return [printable(finding.message) for finding in findings if finding.level == level]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError.at(str(file), f"cannot be read: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise ConfigurationError.at(str(file), f"is larger than {_MAX_BYTES:,} bytes; expected one mail")
    head = raw.lstrip().split(b"\n\n", 1)[0].split(b"\n", 1)[0]
    if b":" not in head and not head.startswith(b"From "):
        raise ConfigurationError.at(str(file), "expected an email, which starts with its headers", line=1)
    return raw
