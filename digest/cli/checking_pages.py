"""The part of `digest check` that looks at the readers' pages: every template, filled for invented readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.app import App
    from digest.cli.checking import Findings


def check_pages(app: App, findings: Findings) -> None:
    """Notes the mistakes in the pages' templates. A newsletter that serves no pages needs neither the libraries for
    them nor a catalogue of what they say."""
    own = app.home / "templates/pages"
    wanted = app.settings.web.enabled or own.is_dir()
    try:
        from digest.web.application import load_pages
        from digest.web.pages import TEMPLATES
        from digest.web.specimens import find_template_errors

        pages = load_pages(app, app.settings.newsletter.base_url)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "digest":
            raise
        if wanted:
            said = f"the reader pages need {error.name}; install hindi-digest[web]"
            raise ConfigurationError([Fault("web", 0, said)]) from None
        return
    except ConfigurationError:
        if wanted:
            raise
        return
    for path in sorted(own.rglob("*")) if own.is_dir() else ():
        if path.is_file() and not (TEMPLATES / path.relative_to(own)).is_file():
            said = "takes the place of none of ours and is used only where another of yours includes it"
            findings.warnings.append(f"{path.relative_to(app.home)}: {said}")
    findings.add([Fault("check", 0, str(each)) for each in find_template_errors(pages, app.now(), app.topics)])
