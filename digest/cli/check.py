"""`digest check`: report everything that is wrong before a send, all at once. Mails nobody."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.alerts import ALERTS_MISSING
from digest.cli.doctor import nameserver_option, selector_option
from digest.cli.output import colour, emit, json_option, note, plural, printable, require_addresses
from digest.config.loader import FILE_NAME
from digest.errors import ConfigProblem, ConfigurationError, DigestError, StoreError
from digest.models import EditionState
from digest.utils.files import resolve_path
from digest.utils.redact import redact
from digest.utils.urls import EXAMPLE_DOMAINS, is_example

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from digest.app import App
    from digest.models import RenderedEmail, Source, SourceHealth
    from digest.newsletter.checks import Findings
    from digest.subscribers.list_file import ListedSubscriber
    from digest.usecases.preflight import PreflightResult

# Sources that are fetched at the same time.
_MAX_PARALLEL = 16


@click.command()
@click.argument("edition", required=False)
@click.option("--links", is_flag=True, help="With EDITION: also request every link in its emails.")
@click.option("--offline", is_flag=True, help="Make no network requests; judge URL sources by their last collection.")
@click.option("--launch", is_flag=True, help="Show the checklist for the first real send instead.")
@click.option("--seed", "seeds", multiple=True, metavar="ADDRESS", help="With --launch: a mailbox of yours.")
@nameserver_option
@selector_option
@json_option
@click.pass_obj
def check(
    home: Path,
    edition: str | None,
    links: bool,
    offline: bool,
    launch: bool,
    seeds: tuple[str, ...],
    nameserver: str | None,
    selectors: tuple[str, ...],
    as_json: bool,
) -> int:
    """Check settings, subscriber list, templates, sources and credentials.

    Reports every error at once, with its file and line. With EDITION, also checks that edition's emails.

    With --launch, goes through the checklist for the first real send instead: sender, DNS, pages, a test email, a
    backup. The exit code is 1 if something is missing. --seed names your own addresses at Gmail, Yahoo and Outlook that
    get every edition, so that you see whether it lands in the inbox.
    """
    _refuse_contradictions(
        edition, links=links, offline=offline, launch=launch, has_launch_options=bool(seeds or nameserver or selectors)
    )
    if launch:
        return _launch(home, seeds, nameserver, selectors, as_json)
    report = _check_all(home, edition, links=links, offline=offline)
    if as_json:
        emit(report.as_json())
    else:
        report.show()
    return 2 if report.findings.problems else 1 if report.edition.get("errors") else 0


def _refuse_contradictions(
    edition: str | None, *, links: bool, offline: bool, launch: bool, has_launch_options: bool
) -> None:
    """Raise UsageError for options that do not go together. `has_launch_options`: one that only --launch takes."""
    if launch and (edition or links or offline):
        raise click.UsageError("--launch takes no EDITION, --links or --offline")
    if has_launch_options and not launch:
        raise click.UsageError("--seed, --nameserver and --selector need --launch")
    if links and offline:
        raise click.UsageError("--links needs the network, and --offline forbids it: choose one")
    if links and not edition:
        raise click.UsageError("--links checks the emails of an EDITION: name one")


@dataclass
class _Report:
    """What the checks found, for people and as JSON."""

    findings: Findings
    subscribers: int = 0
    sources: int = 0
    transports: tuple[str, ...] = ()
    # The findings on EDITION; empty if there were none.
    edition: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = self.findings
        return {
            "faults": [{"where": f.where, "line": f.line, "message": f.message} for f in found.problems],
            "warnings": found.warnings,
            "readers": self.subscribers,
            **({"edition": self.edition} if self.edition else {}),
        }

    def show(self) -> None:
        """Print one line for each error and warning, the edition, and a line that sums up."""
        for problem in self.findings.problems:
            click.echo(printable(redact(f"error: {problem}")))
        for warning in self.findings.warnings:
            click.echo(printable(redact(f"warning: {warning}")))
        _show_edition(self.edition)
        if self.findings.problems:
            note(
                f"{plural(len(self.findings.problems), 'error')} found. Fix them before you send; "
                "a running `digest run` continues with the last valid files."
            )
        elif errors := self.edition.get("errors"):
            note(f"{plural(len(errors), 'error')} in the emails. The edition is not sent.")
        else:
            people, sources = plural(self.subscribers, "subscriber"), plural(self.sources, "source")
            click.echo(f"OK: {people}, {sources}, transport: {', '.join(self.transports)}")


def _check_all(home: Path, edition: str | None, *, links: bool, offline: bool) -> _Report:
    """Check everything, also after an error, so that all errors are reported together."""
    from digest.app import make_app
    from digest.newsletter.checks import Findings, check_newsletter
    from digest.subscribers import list_file

    findings = Findings()
    report = _Report(findings)
    try:
        with make_app(home) as app:
            report.transports, report.sources = tuple(app.settings.delivery.transport), len(app.sources)
            findings.run(lambda: _check_store(app))
            if edition and not findings.problems:
                _require_edition(app, edition)
            report.subscribers = _check_list(app, findings)
            check_newsletter(app, findings)
            findings.run(lambda: _check_sources(app, findings, online=not offline))
            findings.run(lambda: _check_transports(app, findings, offline))
            findings.run(lambda: _check_webhooks(app, findings))
            findings.run(lambda: _check_oidc(app, findings, offline))
            new = (problem for problem in app.alert_problems() if problem not in findings.problems)
            findings.warnings += [f"{problem}; {ALERTS_MISSING}" for problem in new]
            _check_modes(app, findings)
            findings.run(lambda: _check_base_url(app, findings))
            if edition and not findings.problems:
                findings.run(lambda: report.edition.update(_check_edition(app, edition, links=links)))
                # The templates were tried with a sample edition. Findings that this edition has too are reported once.
                own = {f"templates: {each}" for each in report.edition.get("warnings", ())}
                findings.warnings = [each for each in findings.warnings if each not in own]
    except ConfigurationError as error:
        # The list is read even with invalid settings, so that the errors of both files are reported together.
        findings.add(error.problems)
        if (home / list_file.FILE_NAME).exists():
            findings.run(lambda: list_file.read_list(home / list_file.FILE_NAME, topics=None))
    return report


def _launch(
    home: Path, seeds: tuple[str, ...], nameserver: str | None, selectors: tuple[str, ...], as_json: bool
) -> int:
    from digest.app import make_app
    from digest.mail.dns.resolver import make_lookup
    from digest.newsletter.diagnosis import DiagnosisOptions
    from digest.newsletter.launch import checklist

    require_addresses("--seed", seeds)
    with make_app(home) as app:
        items = checklist(app, DiagnosisOptions(make_lookup(nameserver), selectors), seeds)
    missing = [item for item in items if item.ok is False]
    if as_json:
        emit({"ready": not missing, "items": [asdict(item) for item in items]})
        return 1 if missing else 0
    for item in items:
        mark = colour("✓", "green") if item.ok else "?" if item.ok is None else colour("✗", "red")
        click.echo(f"{mark} {printable(redact(f'{item.name}: {item.message}'))}")
        if item.fix and not item.ok:
            click.echo(printable(redact(f"    fix: {item.fix}")))
    click.echo(
        f"{len(missing)} of {len(items)} are missing." if missing else "Ready: `digest check`, then `digest send`."
    )
    return 1 if missing else 0


def _require_edition(app: App, edition: str) -> None:
    """Raise BadParameter for an unknown edition: the arguments are wrong, not the newsletter."""
    from digest.cli.find_edition import key_of

    try:
        key_of(app, edition)
    except StoreError:
        raise
    except DigestError as error:
        raise click.BadParameter(str(error), param_hint="EDITION") from None


def _show_edition(checked: dict[str, Any]) -> None:
    if not checked:
        return
    key = checked["edition"]
    if checked["state"] == EditionState.SKIPPED:
        click.echo(f"Edition {key} is skipped: {checked['reason']}")
        return
    for kind in ("errors", "warnings"):
        for line in checked[kind]:
            click.echo(f"edition {key}: {kind.removesuffix('s')}: {line}")
    for line in checked["left_out"]:
        click.echo(f"edition {key}: {line}")
    for email in checked["letters"]:
        sizes = f"{email['decoded'] / 1000:.1f} kB, as quoted-printable {email['quoted_printable'] / 1000:.1f} kB"
        click.echo(f"email {email['variant']}: {sizes}: {email['subject']}")


def _check_store(app: App) -> None:
    with app.database.write():
        pass


def _check_list(app: App, findings: Findings) -> int:
    found: list[ListedSubscriber] = []
    findings.run(lambda: found.extend(app.subscriber_list.read()))
    examples = [one.email for _address, one in found if is_example(one.email.rpartition("@")[2])]
    # Subscribers of an import or of the sign-up page are only in the store.
    examples += app.subscribers.imported_within(EXAMPLE_DOMAINS)
    if examples and not app.outbox_only:
        more = ", …" if examples[1:] else ""
        have = plural(len(examples), "subscriber has an example address", "subscribers have example addresses")
        findings.warnings.append(
            f"{have}, where no email arrives: {examples[0]}{more}; `digest subscribers remove ADDRESS` removes one"
        )
    before = len(app.subscribers.of_list_file())
    if not findings.problems and len(found) < before / 2:
        had = f"{app.subscriber_list.path.name} had {plural(before, 'subscriber')} when it was last read"
        findings.warnings.append(f"{had}, and has {len(found)} now: the others get no more email")
    return len(found) + sum(app.subscriber_admin.import_counts().values())


def _check_base_url(app: App, findings: Findings) -> None:
    """Like `digest send`: an example address is an error as soon as a real subscriber is on the list."""
    problem = app.example_domain_guard.problem()
    if problem is None:
        return
    found: list[ListedSubscriber] = []
    # Its errors are reported already; the store has the last valid list.
    with suppress(ConfigurationError):
        found = app.subscriber_list.read()
    real = any(not is_example(one.email.rpartition("@")[2]) for _address, one in found)
    if real or app.subscribers.any_outside(EXAMPLE_DOMAINS):
        findings.problems.append(problem)
    else:
        findings.warnings.append(f"{problem}; real subscribers get nothing until then")


def _check_sources(app: App, findings: Findings, *, online: bool) -> None:
    """Check each source.

    A missing path is an error. A source in bad health is a warning, because a send works without it.
    """
    from concurrent.futures import ThreadPoolExecutor

    from digest.newsletter.checks import check_paths, source_lines

    check_paths(app, findings)
    known: Mapping[str, SourceHealth] = {}
    # A separate check reports an unreadable store.
    with suppress(DigestError):
        known = app.articles.health_of(app.sources)
    # Built here, before several threads ask for it.
    _ = app.fetcher
    with ThreadPoolExecutor(max_workers=_MAX_PARALLEL, thread_name_prefix="check") as pool:
        found = list(pool.map(lambda one: _source_problems(app, one, known.get(one.name), online=online), app.sources))
    lines = source_lines(app)
    for source, problems in zip(app.sources, found, strict=True):
        # An error already, see `check_paths`.
        if source.path and not resolve_path(app.home, source.path).exists():
            continue
        line = lines.get(source.name, 0)
        findings.warnings += [str(ConfigProblem(FILE_NAME, line, f"source {source.name}: {text}")) for text in problems]
    samples = [source.name for source in app.sources if source.replay]
    if samples and not app.outbox_only:
        message = (
            f"an edition with samples (replay: {', '.join(samples)}) goes to example addresses only, and to nobody if "
            "the list has another one; remove them: `digest sources remove --samples`"
        )
        findings.warnings.append(str(ConfigProblem(FILE_NAME, lines.get(samples[0], 0), message)))


def _source_problems(app: App, source: Source, known: SourceHealth | None, *, online: bool) -> list[str]:
    """Return the problems of a source now, and in past collections."""
    from dataclasses import replace

    from digest.cli.sources_edit import preview_configured, with_remedy
    from digest.collect.collector import ALLOW_PRIVATE
    from digest.collect.health import format_time
    from digest.models import FulltextMode
    from digest.usecases.edit_sources import problem_of

    now = app.now()
    past = _past_problems(known, now) if known else []
    if source.path and not resolve_path(app.home, source.path).exists():
        return past
    if source.url and not online:
        return past
    if source.url and known and known.not_before and now < known.not_before:
        return [*past, f"asked not to be requested before {format_time(known.not_before, now)}"]
    found = preview_configured(app, replace(source, fulltext=FulltextMode.NEVER))
    problem = problem_of(with_remedy(found, ALLOW_PRIVATE))
    if problem:
        return [*past, problem]
    if found.url and found.url != source.url and not (known and known.moved_to):
        return [*past, f"redirects to {found.url}; use that as its url"]
    if found.unusable:
        # It says more than the results of past collections.
        return [*(_past_problems(known, now) if known and known.last_new else []), found.unusable]
    return past


def _past_problems(health: SourceHealth, now: datetime) -> list[str]:
    from digest.collect.health import health_warnings

    problems = [f"{text}: {health.last_error}" if health.last_error else text for text in health_warnings(health, now)]
    moved = [f"has permanently moved to {health.moved_to}; change its url"] if health.moved_to else []
    return moved + problems


def _check_webhooks(app: App, findings: Findings) -> None:
    from digest.newsletter.diagnosis import missing_webhook

    for transport in app.transports:
        if message := missing_webhook(app, transport.name):
            findings.warnings.append(f"{message}; docs/feedback.md describes the set-up")


def _check_oidc(app: App, findings: Findings, offline: bool) -> None:
    """Warn if the provider of OpenID Connect does not answer as it should: passwords still work then."""
    from digest.newsletter.diagnosis import oidc_problem

    if not offline and (problem := oidc_problem(app)):
        findings.warnings.append(problem)


def _check_modes(app: App, findings: Findings) -> None:
    """Warn about files with addresses or keys that other users of this machine can read. The admin sets their modes."""
    from digest.newsletter.checks import open_files

    for name in open_files(app):
        findings.warnings.append(f"{name}: other users of this machine can read it; run `chmod -R go= {name}`")


def _check_transports(app: App, findings: Findings, offline: bool) -> None:
    from digest.deliver.ports import CapabilityReport
    from digest.newsletter.diagnosis import probe

    for transport in () if offline else app.transports:
        if problem := probe(app, transport):
            findings.problems.append(ConfigProblem("delivery", 0, problem))
        elif isinstance(transport, CapabilityReport):
            findings.warnings += transport.missing_capabilities()


def _check_edition(app: App, name: str, *, links: bool) -> dict[str, Any]:
    """Check the emails of an edition, composed if needed, as a send would and more closely.

    Returns `errors`, `warnings`, `left_out`, and the `letters` with their sizes in bytes. `links` requests every link.
    Raises DigestError for an unknown edition.
    """
    from digest.cli.find_edition import current_edition, key_of
    from digest.usecases.preflight import spam_score, unreachable_links

    key = key_of(app, name)
    edition = current_edition(app, key)
    if edition.state == EditionState.SKIPPED:
        return {"edition": key, "state": edition.state, "reason": edition.reason, "errors": [], "warnings": []}
    found = app.preflight.check_edition(edition, app.enqueuer.variants_in_use(edition))
    app.sample_guard.refuse(edition)
    more = spam_score(_build_mail(app, key, found)) if found.emails else []
    if links:
        note("Requesting every link in the emails …")
        emails = found.emails
        if clicks := app.click_links:
            emails = tuple(replace(each, html=clicks.remove(each.html, edition)) for each in emails)
        more += unreachable_links(emails, app.fetcher, app.sources, app.settings.newsletter.base_url)
    return {
        "edition": key,
        "state": edition.state,
        "errors": [*found.errors, *(one.message for one in more if one.level == "error")],
        "warnings": [*found.warnings, *(one.message for one in more if one.level == "warning")],
        "left_out": list(found.left_out),
        "letters": [_sizes(email) for email in found.emails],
    }


def _sizes(email: RenderedEmail) -> dict[str, Any]:
    from digest.render.size_budget import measure

    sizes = measure(email)
    return {
        "variant": email.variant,
        "subject": email.subject,
        "decoded": sizes.decoded,
        "base64": sizes.base64,
        "quoted_printable": sizes.quoted_printable,
    }


def _build_mail(app: App, key: str, found: PreflightResult) -> bytes:
    from digest.mail.message import Outgoing, content_ids, inline_images, recipient
    from digest.mail.mime import build

    to = recipient(0, "asha@example.com", app.sender, app.signer.sign_email)
    email = found.emails[0]
    images = inline_images(email, app.articles.images.load(content_ids([email])))
    outgoing = Outgoing(key, "check", "check", email, app.sender, (to,), images)
    return build(outgoing, to, date=app.now())
