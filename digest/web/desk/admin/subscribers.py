"""The list of subscribers: search, filters, saved segments, and adding one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from starlette.responses import Response

from digest.errors import ConfigurationError, DigestError
from digest.store.people.directory import MAX_FOUND, SubscriberFilter, SubscriberState, filter_from
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.address import comparable
from digest.usecases.edit_subscribers import parse_address
from digest.usecases.segments import MAX_NAME, UnknownSegment
from digest.utils.text import one_line
from digest.web.desk.admin import words
from digest.web.desk.admin.form import FREQUENCIES, field_problem, fields_of, given_in
from digest.web.desk.sentences import PageSentence
from digest.web.desk.visit import Visit, number_in

_PAGE = 50
# Seconds that a page waits for the number of those whom its filter matches.
_WAIT = 0.02
_MAX_UNCONFIRMED = 200


def page(visit: Visit) -> Response:
    return _page(visit, filter_from({**visit.query, "search": visit.query.get("q", "")}))


def _page(visit: Visit, wanted: SubscriberFilter, *, status: int = 200, problem: str = "") -> Response:
    desk, now = visit.desk, visit.desk.now()
    app, directory = desk.app, desk.app.directory
    wanted = _read_code(visit, wanted)
    before = number_in(visit.query.get("before", ""))
    last = directory.last_enqueued()
    asked = wanted.state is SubscriberState.UNCONFIRMED and not wanted.search
    most = 0 if asked else _PAGE
    lines, more = directory.page(wanted, now=now, limit=most, before=before, last=last)
    # A filter that fills several pages is counted in the background.
    total = len(lines) if before is None and more is None and len(lines) < MAX_FOUND else None
    counts = desk.subscriber_counts.get("all", lambda: directory.counts(now), wait=visit.patience)
    if total is None and counts and wanted == SubscriberFilter(state=wanted.state):
        total = counts.get(wanted.state) if wanted.state else None
    elif total is None and not wanted.search:
        key = " ".join(f"{name}={value}" for name, value in wanted.as_json().items())
        total = desk.found_counts.get(key, lambda: directory.count(wanted, now=now), wait=_WAIT)
    return visit.page(
        "admin/subscribers.html.j2",
        status=status,
        problem=problem,
        wanted=wanted,
        lines=lines,
        unlisted=_why_unlisted(visit, wanted.search) if not lines else "",
        total=total,
        asked=directory.unconfirmed(_MAX_UNCONFIRMED) if asked else None,
        older=_query(wanted, before=str(more)) if more and not asked else None,
        # Several filters together: the page is not full, and older subscribers were not looked at.
        unfinished=more is not None and len(lines) < most,
        is_first=before is None,
        counts=counts,
        states=list(SubscriberState),
        query_of_all=_query(wanted),
        segments=[(each.name, _query(each.filter), each.filter == wanted) for each in directory.segments()],
        query_of=lambda state: _query(replace(wanted, search="", state=state)),
        topics=app.topics,
        origins=directory.origins(),
        frequencies=FREQUENCIES,
        timezones=_timezones(visit, wanted),
        most=MAX_FOUND,
        last=last,
        done=visit.query.get("done", ""),
        words=words,
        now=now,
    )


def _why_unlisted(visit: Visit, search: str) -> str:
    """Return why an address that is not on the list gets no mail; '' if it may get it, or is no address."""
    address = comparable(search) if "@" in search[1:] else None
    why = visit.desk.app.subscriber_admin.why_suppressed(address) if address else None
    return words.reason_text(why, visit.catalogue).text if why else ""


def save_segment(visit: Visit) -> Response:
    """Keep the filter that the page showed under a name."""
    _ = visit.catalogue.gettext
    name = one_line(visit.form.get("name", ""))[:MAX_NAME]
    wanted = filter_from({"search": visit.form.get("q", ""), **visit.form})
    if not name:
        return _page(visit, wanted, status=422, problem=_("A saved group needs a name."))
    visit.desk.app.segments.save(name, wanted, visit.actor)
    return visit.go("/subscribers", **_query(wanted), done="segment")


def drop_segment(visit: Visit) -> Response:
    # Another user may have deleted it.
    with suppress(UnknownSegment):
        visit.desk.app.segments.drop(visit.form.get("name", ""), visit.actor)
    return visit.go("/subscribers", done="dropped")


def add(visit: Visit) -> Response:
    app, email = visit.desk.app, visit.form.get("email", "").strip()
    wording = one_line(visit.form.get("consent", ""))[:500]
    _ = visit.catalogue.gettext
    if not wording:
        return add_form(visit, status=422, field="consent", problem=_("Write where and how the person agreed."))
    try:
        app.subscriber_editor.add(email, fields_of(visit), visit.actor, wording=wording)
        held = app.preferences.find(parse_address(email))
    except ConfigurationError as error:
        return add_form(visit, status=422, **field_problem(visit, error))
    except DigestError as error:
        held = app.preferences.find(parse_address(email))
        problem: str | PageSentence = visit.refusal(error)
        if held is not None and held.listed and not held.suppressed:
            # The link to their page says how to change them.
            problem = _("%(email)s is already on the list.") % {"email": email}
        return add_form(visit, status=422, field="email", problem=problem, existing=held)
    visit.desk.forget_counts()
    return visit.go(f"/subscriber/{held.id}", done="added") if held else visit.go("/subscribers")


def add_form(
    visit: Visit,
    *,
    status: int = 200,
    field: str = "",
    problem: str | PageSentence = "",
    existing: StoredSubscriber | None = None,
) -> Response:
    app = visit.desk.app
    return visit.page(
        "admin/add.html.j2",
        status=status,
        field=field,
        problem=problem,
        existing=existing,
        given=visit.form,
        held=given_in(visit),
        topics=app.topics,
        editions=app.edition_slugs,
        frequencies=FREQUENCIES,
        words=words,
    )


def _read_code(visit: Visit, wanted: SubscriberFilter) -> SubscriberFilter:
    """Let a search for the code in a subject line or a link find its subscriber."""
    app, text = visit.desk.app, wanted.search
    if len(text) < 16 or "@" in text:
        return wanted
    word = text.rpartition("/")[2].rpartition(" ")[2]
    ids = (app.signer.read(purpose, word) for purpose in ("leave", "preferences", "view"))
    email = app.subscribers.email_of(next((id for id in ids if id is not None), 0))
    return replace(wanted, search=comparable(email) or "") if email else wanted


def _timezones(visit: Visit, wanted: SubscriberFilter) -> list[str]:
    own = visit.desk.app.settings.newsletter.timezone
    usual = ("Asia/Kolkata", "Asia/Kathmandu", "Asia/Dubai", "Europe/London", "America/New_York")
    return list(dict.fromkeys(zone for zone in (own, *usual, wanted.timezone) if zone))


def _query(wanted: SubscriberFilter, **more: str) -> dict[str, str]:
    given = wanted.as_json()
    search = given.pop("search", "")
    return {**({"q": search} if search else {}), **given, **more}
