"""`digest check`: everything that can be wrong before a send, all at once, without mailing anyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from digest.cli.output import emit, json_option, note, plural
from digest.errors import ConfigurationError, DigestError, Fault, StoreError

if TYPE_CHECKING:
    from digest.app import App


@dataclass
class Findings:
    """What was found so far; `warnings` keep nobody from sending."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def gather(self, look: Callable[[], object]) -> None:
        """Runs one look; what is wrong is noted and the next look goes on."""
        try:
            look()
        except ConfigurationError as error:
            self.add(error.faults)
        except DigestError as error:
            self.faults.append(Fault("check", 0, str(error)))

    def add(self, faults: list[Fault]) -> None:
        """Keeps each once: several checks may meet the same."""
        self.faults += [fault for fault in faults if fault not in self.faults]


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--links", is_flag=True, help="With EDITION: also ask for every address in its letters.")
@click.option("--offline", is_flag=True, help="Ask nobody: sources by URL are judged by past collections.")
@json_option
@click.pass_obj
def check(home: Path, edition: str, links: bool, offline: bool, as_json: bool) -> int:
    """Check configuration, list, templates, sources and credentials: every fault at once, with its place. With EDITION
    also its letters, as they would go."""
    if links and offline:
        raise click.UsageError("--links asks for addresses, --offline asks nobody: choose one")
    if links and not edition:
        raise click.UsageError("--links looks at the letters of an EDITION: name one")
    from digest.app import make_app
    from digest.cli.checking_edition import check_edition
    from digest.cli.checking_pages import check_pages
    from digest.cli.checking_sources import check_sources
    from digest.subscribers import listing

    findings = Findings()
    readers = 0
    looked: dict[str, Any] = {}
    try:
        with make_app(home) as app:
            findings.gather(lambda: _check_store(app))
            if edition and not findings.faults:
                _known(app, edition)
            readers = _check_list(app, findings)
            findings.gather(lambda: _check_templates(app, findings))
            findings.gather(lambda: check_pages(app, findings))
            findings.gather(lambda: check_sources(app, findings, online=not offline))
            findings.gather(lambda: _check_transport(app, findings, offline))
            findings.gather(lambda: _check_webhooks(app, findings))
            if example := app.example_domain_guard.fault():
                findings.faults.append(example)
            if edition and not findings.faults:
                findings.gather(lambda: looked.update(check_edition(app, edition, links=links)))
    except ConfigurationError as error:
        # Without settings the list can still be read: whoever mends two files wants to know of both.
        findings.add(error.faults)
        if (home / listing.FILE_NAME).exists():
            findings.gather(lambda: listing.read_list(home / listing.FILE_NAME, topics=None))
    if as_json:
        emit(
            {
                "faults": [{"where": f.where, "line": f.line, "message": f.message} for f in findings.faults],
                "warnings": findings.warnings,
                "readers": readers,
                **({"edition": looked} if looked else {}),
            }
        )
    else:
        for fault in findings.faults:
            click.echo(f"fault: {fault}")
        for warning in findings.warnings:
            click.echo(f"warning: {warning}")
        _show_edition(looked)
        if not findings.faults and not looked.get("errors"):
            by = " and ".join(app.settings.delivery.transport)
            click.echo(f"all is well: {readers} readers, {len(app.sources)} sources, transport {by}")
        elif findings.faults:
            mended = "it is" if len(findings.faults) == 1 else "they are"
            note(f"{plural(len(findings.faults), 'fault', 'faults')}; nobody is mailed until {mended} mended")
        else:
            note(f"{plural(len(looked['errors']), 'error', 'errors')} in the letters; the edition is not sent")
    return 2 if findings.faults else 1 if looked.get("errors") else 0


def _known(app: App, edition: str) -> None:
    """A wrong name is wrong usage, and told as such: nothing of the newsletter is faulty."""
    from digest.cli.editions import key_of

    try:
        key_of(app, edition)
    except StoreError:
        raise
    except DigestError as error:
        raise click.BadParameter(str(error), param_hint="EDITION") from None


def _show_edition(looked: dict[str, Any]) -> None:
    if not looked:
        return
    if looked["state"] == "skipped":
        click.echo(f"edition {looked['edition']} is skipped: {looked['reason']}")
        return
    for kind in ("errors", "warnings"):
        for line in looked[kind]:
            click.echo(f"edition {looked['edition']}: {kind.removesuffix('s')}: {line}")
    for line in looked["left_out"]:
        click.echo(f"edition {looked['edition']}: {line}")
    for letter in looked["letters"]:
        sizes = f"{letter['decoded'] / 1000:.1f} kB, in quoted-printable {letter['quoted_printable'] / 1000:.1f} kB"
        click.echo(f"letter {letter['variant']}: {sizes}: {letter['subject']}")


def _check_store(app: App) -> None:
    with app.database.write():
        pass


def _check_list(app: App, findings: Findings) -> int:

    found: list[object] = []
    findings.gather(lambda: found.extend(app.subscriber_list.read()))
    return len(found) + sum(app.people.roster.origins().values())


def _check_templates(app: App, findings: Findings) -> None:
    from digest import resources
    from digest.models import Variant
    from digest.render.lint import lint
    from digest.render.specimen import sample_edition

    own = app.home / "templates"
    ours = resources.templates()
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        if (own / "pages") in path.parents:  # of the readers' pages
            continue
        if path.is_file() and not (ours / path.relative_to(own)).is_file():
            said = "takes the place of none of ours and is used only where another of yours includes it"
            findings.warnings.append(f"templates/{path.relative_to(own)}: {said}")
    forms: tuple[Literal["html", "text"], ...] = ("html", "text")
    for form in forms:
        letter = app.renderer.render(sample_edition(app.now()), Variant(form, None, form), now=app.now())
        for finding in lint(letter) if letter else ():
            if finding.level == "error":
                findings.faults.append(Fault("templates", 0, finding.message))
            else:
                findings.warnings.append(f"templates: {finding.message}")


def _check_webhooks(app: App, findings: Findings) -> None:
    if app.webhook_verifier is None and any(one.name == "sendgrid" for one in app.transports):
        said = "without it nobody who bounces or complains is known; docs/operations.md tells how to set it up"
        findings.warnings.append(f"'web.webhooks.sendgrid.keys_env' is not set: {said}")


def _check_transport(app: App, findings: Findings, offline: bool) -> None:
    from digest.deliver.ports import Wanting

    for transport in () if offline else app.transports:
        if problem := transport.probe():
            findings.faults.append(Fault("delivery", 0, problem))
        elif isinstance(transport, Wanting):
            findings.warnings += transport.misses()
