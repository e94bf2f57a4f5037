"""Sources with their health and newest titles; add one with a preview, weigh, pause and remove it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.models import Role, Source, SourceHealth
from digest.utils.redact import redact
from digest.web.desk.checks import Problem
from digest.web.desk.sentences import PageSentence, translate
from digest.web.desk.visit import Visit

_TITLES = 10
# The most sources that an edition's page names.
_NAMED = 3
_NEWEST = timedelta(days=7)
_WEIGHT = re.compile(r"'(sources\[\d+\]\.)?weight'")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source with its health. `kind` is bad, warn, ok or off; `trouble` is the problem in the editor's language."""

    source: Source
    health: SourceHealth | None
    kind: str
    trouble: str
    # Why the last fetch failed.
    why: PageSentence | None = None


def page(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    app, now = visit.desk.app, visit.desk.now()
    sources = app.source_editor.list()
    health = app.articles.health_of(sources)
    lines = [_line(visit, source, health.get(source.name), now) for source in sources]
    order = ("bad", "warn", "ok", "off")
    shown = {
        "problem": "",
        "row": None,
        "preview": None,
        "wrong": "",
        "done": visit.query.get("done", ""),
        "given": visit.form,
        **values,
    }
    return visit.page(
        "admin/sources.html.j2",
        status=status,
        lines=sorted(lines, key=lambda line: order.index(line.kind)),
        sections=app.topics,
        now=now,
        **shown,
    )


def problems(visit: Visit) -> list[Problem]:
    """Return one line for an edition's page if sources do not answer, because their stories are missing in it."""
    app, least = visit.desk.app, visit.desk.app.settings.alerts.source_failures
    health = app.articles.health_of(app.sources)
    dead = [name for each in app.sources if (name := each.name) in health and health[name].failures >= least]
    if not dead:
        return []
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    title = ngettext("%(num)s source does not answer", "%(num)s sources do not answer", len(dead)) % {"num": len(dead)}
    place = visit.path("/sources") if visit.may(Role.EDITOR) else ""
    names = ", ".join(dead[:_NAMED]) + (" …" if len(dead) > _NAMED else "")
    return [Problem("warn", title, names, place, _("Look"), own=True)]


def one(visit: Visit) -> Response:
    return _one(visit, visit.query.get("name", ""))


def _one(visit: Visit, name: str, *, status: int = 200, problem: str | PageSentence = "", wrong: str = "") -> Response:
    app, now = visit.desk.app, visit.desk.now()
    source = next((each for each in app.source_editor.list() if each.name == name), None)
    if source is None:
        raise HTTPException(404)
    health = app.articles.health_of([source]).get(name)
    found, total = app.articles.newest(name, since=now - _NEWEST, limit=_TITLES)
    return visit.page(
        "admin/source.html.j2",
        status=status,
        line=_line(visit, source, health, now),
        # Its query may contain a key.
        address=redact(source.url or source.path),
        found=found,
        total=total,
        problem=problem,
        wrong=wrong,
        given=visit.form if problem else {},
        sections=app.topics,
        done=visit.query.get("done", ""),
        now=now,
    )


def preview(visit: Visit) -> Response:
    """Fetch a new source and show its newest titles. Only web addresses: a file is added by command."""
    _ = visit.catalogue.gettext
    url = visit.form.get("url", "").strip()
    if url and "://" not in url:
        url = f"https://{url}"
    if not url.lower().startswith(("http://", "https://")):
        return page(visit, status=422, problem=_("Write a web address. Files and folders are added by command."))
    try:
        plan = visit.desk.app.source_editor.plan({"url": url}, _options(visit), name=visit.form.get("name", "").strip())
    except (ConfigurationError, DigestError) as error:
        return page(visit, status=422, problem=visit.refusal(error))
    if plan.same is not None:
        problem = _("This is a source already: %(name)s") % {"name": plan.same.name}
        return page(visit, status=422, problem=problem)
    if plan.problem:
        refusal = visit.refusal(DigestError(plan.problem))
        if plan.found.private:
            more = _("If you trust it, whoever looks after the server adds it: %(command)s")
            command = f"digest sources add {url} --allow-private"
            refusal = replace(refusal, text=f"{refusal.text} {more % {'command': command}}")
        return page(visit, status=422, problem=refusal)
    newest = sorted(plan.found.articles, key=lambda article: article.published, reverse=True)[:_TITLES]
    return page(visit, row=plan.row, preview=plan.found, newest=newest)


def add(visit: Visit) -> Response:
    row = {"name": visit.form.get("name", "").strip(), "url": visit.form.get("url", "").strip(), **_options(visit)}
    try:
        visit.desk.app.source_editor.add(row, visit.actor)
    except (ConfigurationError, DigestError) as error:
        wrong, refused = _describe_refusal(visit, error)
        return page(visit, status=422, problem=refused, wrong=wrong, row=row)
    return visit.go("/sources", done="added")


def change(visit: Visit) -> Response:
    name = visit.form.get("name", "")
    options = _options(visit)
    # A program sends only what it changes.
    fields = {key: options.get(key) for key in ("weight", "section") if key in visit.form}
    held = next((each for each in visit.desk.app.source_editor.list() if each.name == name), None)
    if held is None:
        raise HTTPException(404)
    # Only differences are written and logged.
    changed = {key: value for key, value in fields.items() if (value or "") != (getattr(held, key) or "")}
    if changed:
        try:
            visit.desk.app.source_editor.change(name, changed, visit.actor)
        except (ConfigurationError, DigestError) as error:
            wrong, refused = _describe_refusal(visit, error)
            return _one(visit, name, status=422, problem=refused, wrong=wrong)
    return visit.go("/sources/one", name=name, done="saved")


def pause(visit: Visit) -> Response:
    name, paused = visit.form.get("name", ""), "pause" in visit.form
    try:
        visit.desk.app.source_editor.change(name, {"paused": paused}, visit.actor)
    except (ConfigurationError, DigestError) as error:
        return page(visit, status=409, problem=visit.refusal(error))
    return visit.go("/sources/one", name=name, done="paused" if paused else "resumed")


def remove(visit: Visit) -> Response:
    try:
        visit.desk.app.source_editor.remove(visit.form.get("name", ""), visit.actor)
    except (ConfigurationError, DigestError) as error:
        return page(visit, status=409, problem=visit.refusal(error))
    return visit.go("/sources", done="removed")


def _describe_refusal(visit: Visit, error: ConfigurationError | DigestError) -> tuple[str, PageSentence]:
    """Return the field that an error is about, '' for the whole form, and the error in the language of the page."""
    if isinstance(error, ConfigurationError):
        if any(_WEIGHT.match(each.message) for each in error.problems):
            return "weight", PageSentence(visit.catalogue.gettext("Write a number from 0 to 10."))
        # The line of a row in digest.yaml says nothing about its form.
        error = ConfigurationError([replace(each, line=0) for each in error.problems])
    return "", visit.refusal(error)


def _options(visit: Visit) -> dict[str, Any]:
    """Return the given weight and section. The settings refuse a weight that is not a number."""
    found: dict[str, Any] = {}
    if weight := visit.form.get("weight", "").strip():
        try:
            number = float(weight)
        except ValueError:
            found["weight"] = weight
        else:
            # YAML writes neither infinity nor "nan" as a number.
            is_number = isfinite(number)
            found["weight"] = weight if not is_number else int(number) if number.is_integer() else number
    if section := visit.form.get("section", "").strip():
        found["section"] = section
    return found


def _line(visit: Visit, source: Source, health: SourceHealth | None, now: datetime) -> SourceLine:
    _ = visit.catalogue.gettext
    alerts = visit.desk.app.settings.alerts
    if source.paused:
        return SourceLine(source, health, "off", _("paused"))
    if health is None:
        kind, trouble = ("ok", _("sample")) if source.replay else ("warn", _("not collected yet"))
        return SourceLine(source, health, kind, trouble)
    if health.failures:
        error = health.last_error or ""
        translated = translate(error, visit.catalogue)
        why = PageSentence(translated) if translated else PageSentence(_("It could not be read."), error)
        if health.failures >= alerts.source_failures:
            return SourceLine(source, health, "bad", _("not reachable"), why)
        return SourceLine(source, health, "warn", _("the last fetch failed"), why)
    if health.moved_to:
        return SourceLine(source, health, "warn", _("has a new address"))
    if health.last_new is None and source.url:
        why = PageSentence(_("All articles so far were too old or in another language, so no edition could have one."))
        return SourceLine(source, health, "warn", _("nothing usable"), why)
    if health.last_new and now - health.last_new > alerts.source_silent:
        return SourceLine(source, health, "warn", _("nothing new for a long time"))
    return SourceLine(source, health, "ok", _("fine"))
