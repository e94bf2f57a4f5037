"""`digest check`: everything that can be wrong before a send, all at once, without mailing anyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from digest.cli.output import emit, json_option, note, plural
from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from digest.app import App


@dataclass
class _Findings:
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def gather(self, look: Callable[[], object]) -> None:
        """Runs one look; what is wrong is noted and the next look goes on."""
        try:
            look()
        except ConfigurationError as error:
            self.faults += error.faults
        except DigestError as error:
            self.faults.append(Fault("check", 0, str(error)))


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask sources by URL, nor the mail server.")
@json_option
@click.pass_obj
def check(home: Path, offline: bool, as_json: bool) -> int:
    """Check configuration, list, templates, sources and credentials: every fault at once, with its place."""
    from digest.app import make_app
    from digest.subscribers import listing

    findings = _Findings()
    readers = 0
    try:
        with make_app(home) as app:
            findings.gather(lambda: _check_store(app))
            readers = _check_list(app, findings)
            findings.gather(lambda: _check_templates(app, findings))
            _check_sources(app, findings, offline)
            findings.gather(lambda: _check_transport(app, offline))
    except ConfigurationError as error:
        # Without settings the list can still be read: whoever mends two files wants to know of both.
        findings.faults += error.faults
        if (home / listing.FILE_NAME).exists():
            findings.gather(lambda: listing.read_list(home / listing.FILE_NAME, topics=None))
    if as_json:
        emit(
            {
                "faults": [{"where": f.where, "line": f.line, "message": f.message} for f in findings.faults],
                "warnings": findings.warnings,
                "readers": readers,
            }
        )
    else:
        for fault in findings.faults:
            click.echo(f"fault: {fault}")
        for warning in findings.warnings:
            click.echo(f"warning: {warning}")
        if not findings.faults:
            click.echo(f"all is well: {readers} readers, {len(app.sources)} sources, transport {app.transport.name}")
        else:
            note(f"{plural(len(findings.faults), 'fault', 'faults')}; nobody is mailed until they are mended")
    return 2 if findings.faults else 0


def _check_store(app: App) -> None:
    with app.database.write():
        pass


def _check_list(app: App, findings: _Findings) -> int:
    from digest import freezing

    found: list[object] = []
    findings.gather(lambda: found.extend(freezing.read_list(app)))
    return len(found)


def _check_templates(app: App, findings: _Findings) -> None:
    from digest import resources
    from digest.models import Variant
    from digest.render.specimen import specimen

    own = app.home / "templates"
    ours = resources.templates()
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        if path.is_file() and not (ours / path.relative_to(own)).is_file():
            said = "takes the place of none of ours and is used only where another of yours includes it"
            findings.warnings.append(f"templates/{path.relative_to(own)}: {said}")
    forms: tuple[Literal["html", "text"], ...] = ("html", "text")
    for form in forms:
        app.renderer.render(specimen(app.now()), Variant(form, None, form), now=app.now())


def _check_sources(app: App, findings: _Findings, offline: bool) -> None:
    from digest.collect.collector import look

    if not app.sources:
        findings.faults.append(Fault("digest.yaml", 0, "'sources' lists none; add one to collect from"))
    for source in app.sources:
        if source.path and not (app.home / source.path).exists():
            said = f"source {source.name}: there is no file or folder {source.path}"
            findings.faults.append(Fault("digest.yaml", 0, said))
        elif source.path or not offline:
            found = look(source.url or source.path, fetcher=app.fetcher, now=app.now(), home=app.home, source=source)
            if found.error:
                # A source that is down today is no reason not to send tomorrow.
                findings.warnings.append(f"source {source.name}: {found.error}")
            elif not found.articles:
                findings.warnings.append(f"source {source.name}: holds no articles")


def _check_transport(app: App, offline: bool) -> None:
    transport = app.transport
    problem = "" if offline else transport.probe()
    if problem:
        raise DigestError(problem)
