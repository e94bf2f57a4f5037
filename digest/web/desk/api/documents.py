"""The content of the pages as JSON documents: one function for each page, by its template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, time
from typing import Any

from digest.notify.failures import Failures
from digest.notify.failures import as_json as failures_json
from digest.notify.report import as_json as report_json
from digest.usecases.approval import revision
from digest.usecases.documents import edition_json, source_json
from digest.utils.text import pick

Values = Mapping[str, Any]
# The fields of an undone import.
_UNDONE = "origin removed changed mailed kept"


def document(template: str, values: Values) -> Any:
    """Return the document of a page. One that only says that an act was done becomes `done`."""
    make = _DOCUMENTS.get(template)
    return make(values) if make else {"done": True}


def _edition(values: Values) -> dict[str, Any]:
    edition = values["edition"]
    numbers = values.get("sending")
    return {
        **edition_json(edition),
        "revision": revision(edition),
        "sending": asdict(numbers.counts) if numbers else None,
    }


def _empty(values: Values) -> dict[str, Any]:
    planned = values["planned"]
    return {"edition": None, "next": planned.key if planned else None}


def _calendar(values: Values) -> dict[str, Any]:
    days = [
        {
            "day": each.day.isoformat(),
            "holiday": each.is_holiday,
            "editions": [
                {"edition": one.key, **pick(one, "name title state"), "at": _iso(one.at)} for one in each.entries
            ],
        }
        for each in values["days"]
    ]
    return {"month": f"{values['first']:%Y-%m}", "days": days}


def _checks(values: Values) -> dict[str, Any]:
    problems = values.get("problems")
    return {
        "checked": bool(values.get("is_checked")),
        "problems": None if problems is None else [asdict(each) for each in problems],
    }


def _next(values: Values) -> dict[str, Any]:
    found = values["runners_up"]
    stories = [] if found is None else [_plain(each) for each in found]
    return {"ready": found is not None, "stories": stories, "too_weak": values["too_weak"]}


def _pool(values: Values) -> dict[str, Any]:
    rows = [
        {"id": each.id, "title": each.title, "source": each.source, "published": _iso(each.published)}
        for each in values["found"]
    ]
    return {"total": values["total"], "articles": rows}


def _subscribers(values: Values) -> dict[str, Any]:
    rows = [
        {
            **pick(each, "id email name topics frequency"),
            "hour": _hour(each.hour),
            **pick(each, "state origin"),
            "added_at": _iso(each.added_at),
            "last": each.last or "",
        }
        for each in values["lines"]
    ]
    older = values["older"]
    asked = [{"email": email, "asked_at": _iso(at)} for email, at in values["asked"] or ()]
    return {
        "subscribers": rows,
        "unconfirmed": asked,
        "before": older["before"] if older else None,
        "counts": {str(state): number for state, number in (values["counts"] or {}).items()},
        "segments": [{"name": name, "filter": query} for name, query, _current in values["segments"]],
    }


def _subscriber(values: Values) -> dict[str, Any]:
    held = values["held"]
    return {
        **pick(held, "id email name topics editions frequency"),
        "hour": _hour(held.hour),
        **pick(held, "timezone format"),
        "state": values["state"],
        "suppressed": held.suppressed or "",
        "paused_until": _iso(held.paused_until),
        "chosen": values["chosen"],
        "kept_in": values["place"].file or values["place"].origin,
        "history": [{**asdict(each), "at": _iso(each.at)} for each in values["entries"]],
        "older": values["hidden"],
    }


def _many(values: Values) -> dict[str, Any]:
    plan = values["plan"]
    if plan is None:
        return {"chosen": values["total"]}
    return {
        "done": values["done"],
        "act": plan.change.act,
        "seen": plan.mark,
        "subscribers": [pick(each, "id email") for each in plan.people],
        "stay": [
            {"why": why, "subscribers": [pick(each, "id email") for each in people]}
            for why, people in plan.stays.items()
        ],
    }


def _undo(values: Values) -> dict[str, Any]:
    plan = values["plan"]
    return {"act": values["act"], "done": values["done"], "seen": plan.mark, **pick(plan, _UNDONE)}


def _import(values: Values) -> dict[str, Any]:
    report = values.get("done") or values.get("report")
    if report is None:
        return {"formats": list(values["formats"]), "origins": list(values["origins"])}
    return {
        "id": values.get("id"),
        "done": bool(values.get("done")),
        "origin": report.origin,
        **asdict(report.done),
        "without_topic": [{"line": line, "email": email, "topic": topic} for line, email, topic in report.without],
        "mistyped": dict(report.mistyped),
        "rejected": [{"line": line, "email": email, "reason": why} for line, email, why in report.rejected],
    }


def _sources(values: Values) -> dict[str, Any]:
    plan = values.get("plan")
    found = {"sources": [{**source_json(each.source, each.health), "state": each.kind} for each in values["lines"]]}
    if plan is not None:
        titles = [{"title": each.title, "published": _iso(each.published)} for each in values["newest"]]
        found["preview"] = {"source": dict(plan.row), "kind": plan.found.kind, "articles": titles}  # type: ignore[assignment]
    return found


def _source(values: Values) -> dict[str, Any]:
    line = values["line"]
    titles = [{"title": each.title, "published": _iso(each.published)} for each in values["found"]]
    return {**source_json(line.source, line.health), "state": line.kind, "total": values["total"], "articles": titles}


def _reports(values: Values) -> dict[str, Any]:
    growth = values["growth"]
    return {
        "editions": [_plain(each) for each in values["numbers"]],
        "growth": None if growth is None else [{**asdict(day), "day": day.day.isoformat()} for day in growth],
        **_failures(values["failures"]),
    }


def _report(values: Values) -> dict[str, Any]:
    return {**report_json(values["report"]), **_failures(values["failures"])}


def _failures(found: Failures | None) -> dict[str, Any]:
    """Return them by mailbox provider, transport and domain; null while they are being counted."""
    if found is None:
        return dict.fromkeys(("mailboxes", "senders", "domains"))
    rows = failures_json(found)
    domains = [{"domain": row["name"], **row} for row in rows["domains"]]
    return {**rows, "domains": domains}


def _corrected(values: Values) -> dict[str, Any]:
    done = values["done"]
    return {"edition": done.edition.key, "revision": done.edition.revision, "reach": asdict(done.reach)}


def _missed(values: Values) -> dict[str, Any]:
    people = [asdict(each) for each in values["found"]]
    return {"edition": values["key"], "kind": values["kind"], "people": people, "after": values["more"]}


def _webhooks(values: Values) -> dict[str, Any]:
    rows = [
        pick(each, "id type tries error") | {"to": host, "at": _iso(each.created_at), "ended_at": _iso(each.ended_at)}
        for each, host in values["events"]
    ]
    return {"webhooks": rows}


def _log(values: Values) -> dict[str, Any]:
    rows = [pick(act, "id who via what subject detail") | {"at": _iso(act.at)} for act in values["acts"]]
    return {"acts": rows, "before": values["older"]}


def _users(values: Values) -> dict[str, Any]:
    rows = [
        {
            **pick(line.user, "name role"),
            **pick(line, "has_password sessions"),
            "email": line.sign_in_email,
        }
        for line in values["users"]
    ]
    tokens = [
        {"user": each.user.name, "name": each.name, "role": each.allows, "expires_at": _iso(each.expires_at)}
        for each in values["tokens"]
    ]
    return {
        "users": rows,
        "tokens": tokens,
        **({"link": values["link"], "name": values["linked"]} if values["link"] else {}),
    }


def _plain(each: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(each).items() if not name.startswith("_")}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _hour(hour: time | None) -> str | None:
    return hour.isoformat("minutes") if hour else None


def _late(values: Values) -> dict[str, Any]:
    return {"edition": values["edition"].key, "due": values["due"], "possible": values["possible"]}


def _settings(values: Values) -> dict[str, Any]:
    held = values["held"]
    return {"settings": dict(held.values), "version": held.version, "fixed": dict(held.fixed)}


_DOCUMENTS: Mapping[str, Callable[[Values], Any]] = {
    "today.html.j2": _edition,
    "empty.html.j2": _empty,
    "calendar.html.j2": _calendar,
    "corrected.html.j2": _corrected,
    "checks.html.j2": _checks,
    "next.html.j2": _next,
    "pool.html.j2": _pool,
    "admin/subscribers.html.j2": _subscribers,
    "admin/subscriber.html.j2": _subscriber,
    "admin/import.html.j2": _import,
    "admin/many.html.j2": _many,
    "admin/undo.html.j2": _undo,
    "admin/sources.html.j2": _sources,
    "admin/source.html.j2": _source,
    "admin/late.html.j2": _late,
    "admin/settings.html.j2": _settings,
    "admin/reports.html.j2": _reports,
    "admin/report.html.j2": _report,
    "admin/missed.html.j2": _missed,
    "admin/webhooks.html.j2": _webhooks,
    "log.html.j2": _log,
    "users.html.j2": _users,
}
