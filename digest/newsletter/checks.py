"""The checks of a newsletter folder without network, for `digest check --offline` and for reloading the settings."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from digest import i18n
from digest.config import source_list
from digest.config.loader import FILE_NAME
from digest.errors import ConfigProblem, ConfigurationError, DigestError, TemplateProblem
from digest.usecases.topics import unfed_sections
from digest.utils.files import readable_by_others, resolve_path
from digest.utils.redact import redact

if TYPE_CHECKING:
    from digest.app import App


@dataclass
class Findings:
    """The errors and warnings found so far. Warnings do not prevent a send."""

    problems: list[ConfigProblem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self, check: Callable[[], object]) -> None:
        """Run one check and keep its errors, so that the next check still runs."""
        try:
            check()
        except ConfigurationError as error:
            self.add(error.problems)
        except TemplateProblem as error:
            self.add([_locate(error)])
        except DigestError as error:
            self.problems.append(ConfigProblem("check", 0, str(error)))

    def add(self, problems: list[ConfigProblem]) -> None:
        """Keep each problem once: several checks may find the same one."""
        self.problems += [problem for problem in problems if problem not in self.problems]


def check_settings(app: App) -> Findings:
    """Check everything that the settings refer to: templates, holidays, sources, credentials."""
    findings = Findings()
    check_newsletter(app, findings)
    findings.run(lambda: check_paths(app, findings))
    findings.run(app.check_credentials)
    findings.add(app.alert_problems())
    findings.run(lambda: app.summariser)
    return findings


def check_newsletter(app: App, findings: Findings) -> None:
    """Check everything that needs neither the network nor the sources: templates, pages, blocks, holidays, keys, the
    notice.
    """
    findings.run(lambda: check_templates(app, findings))
    findings.run(lambda: check_pages(app, findings))
    check_messages(app, findings)
    findings.run(lambda: check_blocks(app, findings))
    findings.run(lambda: app.calendar)
    findings.run(lambda: app.webhook_verifier)
    findings.run(lambda: app.brevo_webhook_token)
    findings.run(lambda: check_telegram(app))
    check_notice(app, findings)
    check_sections(app, findings)


def check_sections(app: App, findings: Findings) -> None:
    """Warn of sections that get no story by themselves, such as mistyped ones."""
    for name, alike in unfed_sections(app.settings):
        hint = f"did you mean {alike!r}?" if alike else "give a source this section"
        findings.warnings.append(f"edition.sections: no story is put into {name!r}: no source has this section; {hint}")


def check_telegram(app: App) -> None:
    """Raise ConfigurationError if the bot's token is missing."""
    chosen = app.settings.telegram
    if chosen.channel:
        app.secret(chosen.token_env, "telegram.token_env")


def check_notice(app: App, findings: Findings) -> None:
    """Warn if clicks are counted and nobody has confirmed that the privacy notice says so."""
    clicks = app.settings.clicks
    if clicks.enabled and not clicks.in_notice:
        what = "who clicked last when" if clicks.subscribers else "how many people click which story"
        findings.warnings.append(
            f"clicks.enabled: you keep {what}. The notice at /privacy says so. If you have another one, it must say so "
            "too; then set clicks.in_notice: true (docs/clicks.md has the words)"
        )


def check_templates(app: App, findings: Findings) -> None:
    """Render the email of a sample edition in both formats."""
    from digest.models import Variant
    from digest.render.lint import lint
    from digest.render.sample_edition import sample_blocks, sample_edition
    from digest.utils import files

    own = app.home / "templates"
    built_in = files.templates()
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        # The templates of the pages are checked by `check_pages`.
        if (own / "pages") in path.parents:
            continue
        if path.is_file() and not (built_in / path.relative_to(own)).is_file():
            findings.warnings.append(_unused_template(path, app.home, built_in))
    formats: tuple[Literal["html", "text"], ...] = ("html", "text")
    edition = sample_edition(app.now(), sample_blocks(answered=bool(app.settings.newsletter.base_url)))
    # Its page in the archive.
    findings.run(lambda: app.renderer.archive_page(edition, now=app.now()))
    for format in formats:
        email = app.renderer.render(edition, Variant(format, None, format), now=app.now())
        # A template of a block that has an error costs the block, not the email.
        findings.warnings += [each for each in email.warnings if each not in findings.warnings] if email else []
        for finding in lint(email) if email else ():
            if finding.level == "error":
                findings.problems.append(ConfigProblem("templates", 0, finding.message))
            else:
                findings.warnings.append(f"templates: {finding.message}")


def check_messages(app: App, findings: Findings) -> None:
    """Warn of own messages without effect, such as mistyped ones."""
    texts = map(_text_of, (app.home / "templates").rglob("*.j2"))
    findings.warnings += i18n.unused(app.settings.newsletter.language, "\n".join(texts))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # An editor's lock, or a template that its own check reports.
        return ""


def check_blocks(app: App, findings: Findings) -> None:
    """Read the blocks of today, of later days and of every edition."""
    findings.warnings += app.composer.blocks.problems(app.now().date())


def check_pages(app: App, findings: Findings) -> None:
    """Render every template of the reader pages with sample data, if the newsletter has templates of its own.

    A newsletter that serves no pages needs neither their libraries nor a catalogue for its language.
    """
    own = app.home / "templates/pages"
    if not app.settings.web.enabled and not own.is_dir():
        return
    try:
        from digest.web.app import load_pages
        from digest.web.pages import TEMPLATES
        from digest.web.sample_data import find_template_errors

        pages = load_pages(app, app.settings.newsletter.base_url)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "digest":
            raise
        raise ConfigurationError.at("web", f"the reader pages need {error.name}; install hindi-digest[web]") from None
    if not own.is_dir():
        return
    for path in sorted(own.rglob("*")):
        if path.is_file() and not (TEMPLATES / path.relative_to(own)).is_file():
            findings.warnings.append(_unused_template(path, app.home, TEMPLATES))
    found = find_template_errors(pages, app.now(), app.topics)
    findings.add([_locate(each) for each in found])


def _locate(error: TemplateProblem) -> ConfigProblem:
    """Return the error of a template, which begins with its file and line."""
    place, _, message = str(error).partition(": ")
    return ConfigProblem(place, 0, message)


def _unused_template(path: Path, home: Path, built_in: Path) -> str:
    close = difflib.get_close_matches(path.name, [each.name for each in built_in.rglob("*.j2")], n=1, cutoff=0.8)
    hint = f"did you mean '{close[0]}'?" if close else "it is used only if another of your templates includes it"
    return f"{path.relative_to(home).as_posix()}: overrides no built-in template; {hint}"


def check_paths(app: App, findings: Findings) -> None:
    """Report sources whose file or folder does not exist, and settings without a source."""
    if not app.sources:
        findings.problems.append(source_list.no_sources(app.home, app.environment))
        return
    lines = source_lines(app)
    for source in app.sources:
        if source.path and not resolve_path(app.home, source.path).exists():
            missing = f"source {source.name}: file or folder not found: {source.path}"
            findings.problems.append(ConfigProblem(FILE_NAME, lines.get(source.name, 0), missing))


def source_lines(app: App) -> dict[str, int]:
    """Map each source's name to its line in digest.yaml. Empty if the environment gives the sources."""
    if source_list.environment_overrides(app.environment):
        return {}
    return {row.name: row.line for row in source_list.list_sources(app.home)}


def open_files(app: App) -> list[Path]:
    """Return the files with addresses or keys that other users of this machine can read, as paths in the folder."""
    from digest.subscribers.includes import files_of
    from digest.subscribers.list_file import FILE_NAME as LIST
    from digest.yamlio.editor import backup_of

    delivery = app.settings.delivery
    try:
        # A device that the list leads to keeps its mode.
        lists = [file for file in files_of(app.home / LIST) if file.is_file()]
    except ConfigurationError:
        # An unreadable list has its own check.
        lists = []
    files = [*lists, *map(backup_of, lists), app.home / ".env", resolve_path(app.home, delivery.outbox.path)]
    if delivery.smtp.dkim and delivery.smtp.dkim.key_file:
        files.append(app.home / delivery.smtp.dkim.key_file)
    if any(redact(url) != url for url in (app.settings.store.url, *(source.url for source in app.sources))):
        files.append(app.home / FILE_NAME)
    return [
        file.relative_to(app.home) if file.is_relative_to(app.home) else file
        for file in filter(readable_by_others, files)
    ]
