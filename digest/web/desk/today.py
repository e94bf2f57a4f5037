"""The page of an edition before and during its send: its state, its problems, its stories in the order of the email."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from digest.models import (
    EDITABLE_STATES,
    ENDED_STATES,
    LETTERS_TO_SOME,
    Article,
    Edition,
    EditionState,
    Role,
    Story,
    is_breaking,
    is_special,
)
from digest.render.intro import MAX_LENGTH
from digest.render.intro import paragraphs as intro_paragraphs
from digest.render.size_budget import CLIPPED, removable
from digest.store.desk.audit import ActKind
from digest.store.sending.recovery import in_flight_elsewhere
from digest.store.sending.revisions import REVISABLE
from digest.store.sending.status import Counts
from digest.usecases.approval import revision, unseen
from digest.usecases.correct_edition import correction_key
from digest.usecases.lost_texts import writer_of_replaced
from digest.web.desk import blocks, calendar, doubts, seen
from digest.web.desk.acts import name_of
from digest.web.desk.admin import sources
from digest.web.desk.bar import bar, stops
from digest.web.desk.checks import Checked, Problem, beside_parts, problems
from digest.web.desk.edit import MAX_LEFT
from digest.web.desk.letter import FORMS, first_form, variants
from digest.web.desk.sentences import PageSentence
from digest.web.desk.since import acts as acts_since
from digest.web.desk.since import change_lines, void_line
from digest.web.desk.visit import Visit, edition_path, name_of_edition

if TYPE_CHECKING:
    from digest.curate.editorial import EditorialChanges
    from digest.store.desk.audit import Act

# States in which the stories can be changed; an approval ends with the first change.
EDITABLE = (*EDITABLE_STATES, EditionState.APPROVED)
# Until then an edition that is not there yet may still be being composed.
_COMPOSING_LASTS = timedelta(minutes=5)
# Rows of the log that the page shows.
_ACTS = 12
# The age of the user's own change up to which a newly opened page tells of it at its edge.
_FRESH = timedelta(seconds=10)
# The age of the user's own change up to which a phone does not repeat its headline.
_REMEMBERED = timedelta(minutes=5)
# Stories that still fit, up to which the meter names the one that is left out next.
_LITTLE_ROOM = 3
# The words, usually of the headline, by which a reason was recognised.
_EVIDENCE = re.compile(r" \([^()]*\)\Z")


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A story as the list shows it."""

    story: Story
    reasons: tuple[str, ...]
    pinned: bool
    changed: bool
    # The story's label, such as "update"; '' for most.
    label: str


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows below one heading: the lead, or a section."""

    name: str
    rows: tuple[StoryRow, ...]
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """Bytes of the largest email against Gmail's limit."""

    used: int
    limit: int
    # Percent, for drawing.
    share: int
    # How many more stories fit.
    room: int
    # The headline of the story that is left out next; '' while there is much room.
    next_out: str = ""


@dataclass(frozen=True, slots=True)
class SendNumbers:
    """The numbers of a send."""

    counts: Counts
    # Percent of the recipients, for drawing; in this order: accepted, unknown, rejected.
    shares: tuple[float, float, float]
    # (time, author, text), newest first.
    decisions: Sequence[tuple[datetime, str, str]]
    # Recipients whose emails the provider holds for later.
    recallable: int
    # Whether emails are being handed over, also of an edition that was stopped.
    moves: bool


def today(visit: Visit) -> Response:
    planned, found = _of_today(visit)
    edition = _current(planned, found)
    return page(visit, edition, of_today=found) if edition else _empty(visit)


def edition(visit: Visit) -> Response:
    return page(visit, visit.edition())


def state(visit: Visit) -> Response:
    """Return the state line, and changes since the page was loaded."""
    found = visit.edition()
    numbers = _counts(visit, found)
    return visit.page("state.html.j2", bar=bar(visit, found, numbers=numbers), **_moving(visit, found, numbers))


def changes(visit: Visit) -> Response:
    """Follow an edition. If there are too many streams, the page polls, as it does without streams."""
    edition, changes = visit.edition(), visit.desk.changes
    if "original_method" in visit.request.scope or not changes.has_room(visit.user.name):
        return Response(status_code=204)
    return StreamingResponse(
        changes.follow(edition.key, visit.user.name),
        media_type="text/event-stream",
        # For nginx, which would buffer the events.
        headers={"x-accel-buffering": "no"},
    )


def checks(visit: Visit) -> Response:
    """Return the problems of the edition, when the checks have ended."""
    found = visit.edition()
    results = check_results(visit, found, wait=5.0)
    view = "letter" if visit.query.get("view") == "letter" else "stories"
    return visit.page("checks.html.j2", edition=found, **results, **_letter_choice(visit, found, view, arrives=True))


def page(
    visit: Visit,
    edition: Edition,
    *,
    status: int = 200,
    problem: str | PageSentence = "",
    asks_reason: bool = False,
    view: str = "stories",
    since: int | None = None,
    of_today: Sequence[Edition] | None = None,
) -> Response:
    """Respond with the whole page of an edition. With `since` it names the changes after that act of the log.

    `of_today` are today's editions, if the caller has them.
    """
    app, now = visit.desk.app, visit.desk.now()
    editable = edition.state in EDITABLE
    is_paused, numbers = edition.state == EditionState.PAUSED, _counts(visit, edition)
    newest = app.audit.changes(edition.key, limit=2) if editable else []
    last, before_last = (*newest, None, None)[:2]
    acts = app.audit.newest(_ACTS, subject=edition.key) if editable else []
    changed_story = _changed_story(edition, last) if last else None
    changes, moving = app.editions.editorial_changes(edition.key), _moving(visit, edition, numbers)
    found_blocks = blocks.rows(visit, edition, changes)
    return visit.page(
        "today.html.j2",
        status=status,
        bar=bar(visit, edition, asks_reason=asks_reason, numbers=numbers),
        edition=edition,
        intro=intro_paragraphs(edition),
        others=_others(visit, edition, _of_today(visit)[1] if of_today is None else of_today),
        groups=_groups(visit, edition, changes) if editable or (is_paused and not moving["sending"]) else (),
        sections=app.topics,
        editable=editable and visit.may(Role.EDITOR),
        replaced=ActKind.NEWER_TEXT_REPLACED,
        replaced_from=writer_of_replaced(app.audit, edition.key, last)
        if last and last.what == ActKind.NEWER_TEXT_REPLACED
        else "",
        last=last,
        # The act that an undo took back.
        undone=before_last if last and last.what == ActKind.UNDONE else None,
        last_story=changed_story,
        # The section into which the change that led to this page took the story.
        moved_to=changed_story.section if changed_story and visit.query.get("crossed") == "1" else "",
        is_fresh=last is not None and _is_fresh(visit, edition, last),
        is_own=last is not None and _is_own(visit, last, _REMEMBERED),
        doubtful_numbers=doubts.own_numbers(visit, changes.texts, changed_story) if changed_story and last else (),
        acts=acts,
        # The headlines that the last change brought in.
        came=[act.detail for act in acts if last and act.what == ActKind.CAME_IN and act.id > last.id],
        new=_new_articles(visit, edition) if edition.state == EditionState.DRAFT else 0,
        has_own_texts=bool(changes.subject or changes.preheader),
        revision=revision(edition),
        problem=problem,
        changed=change_lines(visit, acts_since(visit, edition.key, since)) if since is not None else (),
        void=void_line(visit, edition.key) if visit.query.get("void") == "1" else "",
        left=_left_stories(visit, edition) if editable else (),
        max_intro=MAX_LENGTH,
        blocks=found_blocks,
        new_blocks=blocks.addable(visit, edition, found_blocks),
        block_problems=blocks.problems(visit, edition),
        unseen={each.id for each in unseen(edition, changes)} if editable else set(),
        tested=_test_recipients(visit),
        groups_for_tests=tuple(app.settings.desk.test_groups),
        special=edition.name or edition.key if is_special(edition.key) else "",
        corrections=_corrections(visit, edition),
        correctable=edition.state in REVISABLE and edition.corrects is None,
        forms=FORMS,
        now=now,
        **check_results(visit, edition, changes=changes),
        # After the checks: these may just have ended.
        **_letter_choice(visit, edition, view),
        **moving,
    )


def letter(visit: Visit) -> Response:
    """Respond with the email alone, for a phone."""
    return page(visit, visit.edition(), view="letter")


def _current(planned: Sequence[str], of_today: Sequence[Edition]) -> Edition | None:
    """Return the edition that needs attention: one that is being sent, else today's next, else today's last."""
    found = [each for each in of_today if not is_breaking(each.key)]
    open_ = [each for each in found if each.state not in ENDED_STATES or each.state == EditionState.SKIPPED]
    # A special edition does not hide a planned one.
    open_.sort(key=lambda each: (each.key not in planned, each.state != EditionState.SENDING))
    return next(iter((*open_, *reversed(found))), None)


def _of_today(visit: Visit) -> tuple[list[str], list[Edition]]:
    """Return the keys of today's planned editions, and today's stored editions, planned ones first."""
    app, now = visit.desk.app, visit.desk.now()
    planned = [each.key for each in app.calendar.current(now)]
    unfinished = {each.key: each for each in app.editions.unfinished()}
    found = [edition for key in planned if (edition := unfinished.get(key) or app.editions.get(key)) is not None]
    found += [each for key, each in unfinished.items() if key not in planned and each.day == now.date()]
    return planned, found


def _changed_story(edition: Edition, act: Act) -> Story | None:
    """Return the story whose headline an act of the log begins with; None if the edition lacks it."""
    return next((story for story in edition.stories() if act.detail.startswith(story.title)), None)


def _is_fresh(visit: Visit, edition: Edition, act: Act) -> bool:
    """Whether the user's own change has just led to this page."""
    return _is_own(visit, act, _FRESH) and edition.state != EditionState.APPROVED


def _is_own(visit: Visit, act: Act, age: timedelta) -> bool:
    """Whether an act is the user's own and not older than this."""
    return act.who == visit.user.name and visit.desk.now() - act.at < age


def _counts(visit: Visit, edition: Edition) -> Counts | None:
    """Count the recipients of a send that may have begun."""
    if edition.state in EDITABLE:
        return None
    return visit.desk.app.status_reader.counts(edition.key, visit.desk.now())


def _test_recipients(visit: Visit) -> str:
    """Return the recipients of a test that was just sent: the user's address, or a group."""
    if "mine" in visit.query:
        return visit.user.email
    group = visit.query.get("tested", "")
    return group if group in visit.desk.app.settings.desk.test_groups else ""


def _groups(visit: Visit, edition: Edition, changes: EditorialChanges) -> tuple[RowGroup, ...]:
    lead = edition.story(edition.lead)

    def row(story: Story) -> StoryRow:
        names = {story.id, *story.article_ids, *story.articles}
        return StoryRow(
            story,
            _shown_reasons(visit, story),
            bool(names & set(changes.pinned)),
            bool(names & set(changes.texts)),
            visit.catalogue.gettext(story.label) if story.label else "",
        )

    groups = [RowGroup("", (row(lead),), is_lead=True)] if lead else []
    for section in edition.sections:
        rows = tuple(row(story) for story in section.stories if story.id != edition.lead)
        if rows:
            groups.append(RowGroup(section.name, rows))
    return tuple(groups)


def _shown_reasons(visit: Visit, story: Story) -> tuple[str, ...]:
    """Return at most two reasons for a story: its sources, and the strongest reason."""
    _, ngettext = visit.catalogue.gettext, visit.catalogue.ngettext
    number, named = story.origin_count, len(story.sources)
    found = [ngettext("in %(num)s source", "in %(num)s sources", number) % {"num": number}] if number > 1 else []
    if 1 < number < named:
        # The line above names them all; copies of one agency's report count once.
        found = [_("in %(named)s sources, %(num)s of them independent") % {"named": named, "num": number}]
    for reason in story.reasons:
        text, _colon, points = reason.rpartition(": ")
        # The whole sentence, and its points, are on the story's own page.
        if points.startswith("+") and not any(pattern.fullmatch(text) for pattern in visit.desk.small_reasons):
            found.append(_short(visit, _EVIDENCE.sub("", text)))
    return tuple(found[:2])


def _short(visit: Visit, reason: str) -> str:
    """Return the subject of a reason, without the words that make a sentence of it."""
    matches = (frame.fullmatch(reason) for frame in visit.desk.reason_frames)
    return next((found[1] for found in matches if found), reason)


def _left_stories(visit: Visit, edition: Edition) -> list[Article]:
    """Return the first articles of the stories that left the edition by the change before this page."""
    ids = visit.query.get("left", "")[:200].split()[:MAX_LEFT]
    now_in = {id for story in edition.stories() for id in story.article_ids}
    found = visit.desk.app.articles.by_ids(id for id in ids if id not in now_in) if ids else {}
    return list(found.values())


def _new_articles(visit: Visit, edition: Edition) -> int:
    """Count the articles that came after the edition was composed."""
    if edition.composed_at is None:
        return 0
    return visit.desk.app.articles.count_seen_since(edition.composed_at + timedelta(minutes=1))


def _others(visit: Visit, shown: Edition, of_today: Sequence[Edition]) -> list[tuple[str, str]]:
    """Return the key and name of each edition of today, planned ones first, if the shown one is among several."""
    found = list(of_today)
    if shown.day == visit.desk.now().date() and shown.key not in {each.key for each in found}:
        found.append(shown)
    names = {
        each.key: name_of_edition(visit, each.key, each.name)
        for each in found
        # Corrections are behind the links of their editions.
        if not each.key.startswith(LETTERS_TO_SOME)
    }
    return list(names.items()) if len(names) > 1 and shown.key in names else []


def _corrections(visit: Visit, edition: Edition) -> list[Edition]:
    """Return the corrections that those get who have an earlier revision."""
    keys = (correction_key(edition.key, number) for number in range(2, edition.revision + 1))
    return [found for key in keys if (found := visit.desk.app.editions.get(key)) is not None]


def _letter_choice(visit: Visit, edition: Edition, view: str, *, arrives: bool = False) -> dict[str, Any]:
    """Return which email the page shows, and the choice of variants, which is empty until the checks have ended.

    Until then its place stays empty, unless there was no choice before. With `arrives` the choice is for an open page,
    and keeps its place there.
    """
    form = visit.query.get("form", "")
    first = first_form(edition)
    form, variant = form if form in FORMS else first, visit.query.get("variant", "")[:64]
    is_editable = edition.state in EDITABLE
    found = variants(visit, edition, visit.desk.checks.of(edition) if is_editable else None)
    last = visit.desk.checks.last(edition)
    keeps_place = "bare" not in visit.query if arrives else not found and (last is None or last.variants > 1)
    chosen = {
        "form": "" if form == first else form,
        "variant": variant,
        "view": "" if view == "stories" else view,
        "bare": "" if found or keeps_place else "1",
    }
    return {
        "view": view,
        "form": form,
        "pictures_elsewhere": form == first == "plain",
        "variant": variant,
        "variants": found,
        "keeps_place": is_editable and keeps_place,
        # For the request that gets the choice when the checks have ended.
        "choice": {name: value for name, value in chosen.items() if value},
    }


def check_results(
    visit: Visit, edition: Edition, *, changes: EditorialChanges | None = None, wait: float | None = None
) -> dict[str, Any]:
    """Return the results of the checks, for the list and the meter, if they have ended, or end within `wait` seconds.

    `changes` are the editors' changes of the edition, if the caller has them.
    `beside` has what is said beside a field, a story or the letter, `late` what the checks alone add to it.
    While they run, `before` has the lines of the revision before, so that the page does not jump when they end.
    """
    unknown: dict[str, Any] = {
        **{"problems": None, "blocking": 0, "meter": None, "is_checked": False, "before": ()},
        **{"beside": {}, "late": {}},
    }
    if edition.state not in EDITABLE:
        return unknown
    for_admin = visit.may(Role.ADMIN)
    again = calendar.again_path(visit, edition) if is_special(edition.key) else ""
    left = seen.problems(visit, edition, seen.left(visit, edition))
    changes = changes or visit.desk.app.editions.editorial_changes(edition.key)
    doubtful = doubts.problems(visit, edition, changes.texts)
    unknown["beside"] = beside_parts(doubtful)
    found = visit.desk.checks.of(edition, wait=wait)
    if found is None:
        last = visit.desk.checks.last(edition)
        if last is None:
            return unknown
        before = [*left, *doubtful, *problems(last, edition, visit.catalogue, for_admin=for_admin, again=again)]
        return {**unknown, "meter": _meter(last, edition), "before": before}
    checked = problems(found, edition, visit.catalogue, for_admin=for_admin, again=again)
    lines: Sequence[Problem] = [*left, *doubtful, *checked, *sources.problems(visit)]
    return {
        "problems": lines,
        "blocking": sum(line.level == "bad" for line in lines),
        "meter": _meter(found, edition),
        "is_checked": True,
        "before": (),
        "beside": beside_parts([*doubtful, *checked]),
        # For a page that is open: the others are on it already.
        "late": beside_parts(checked),
    }


def _meter(found: Checked, edition: Edition) -> Meter | None:
    if found.sizes is None:
        return None
    used = found.sizes.quoted_printable
    stories = max(1, sum(1 for _ in edition.stories()))
    # The frame of an email without stories takes about a third of a short one.
    each = max(1, used * 2 // 3 // stories)
    room = max(0, (CLIPPED - used) // each)
    left = [story for story in removable(edition) if not any(line.endswith(story.title) for line in found.left_out)]
    next_out = left[0].title if left and room <= _LITTLE_ROOM else ""
    return Meter(used, CLIPPED, min(100, round(100 * used / CLIPPED)), room, next_out)


def _moving(visit: Visit, edition: Edition, numbers: Counts | None) -> dict[str, Any]:
    """Return the numbers of a send that has begun."""
    if numbers is None or not numbers.frozen:
        return {"sending": None}
    everybody = max(1, numbers.frozen - numbers.excluded)
    shares = (numbers.accepted, numbers.unknown, numbers.rejected)
    accepted, unknown, rejected = (round(100 * share / everybody, 2) for share in shares)
    _, app = visit.catalogue.gettext, visit.desk.app
    acts = [
        (act.at, _("by itself") if act.via == "schedule" else act.who, name_of(act.what, visit.catalogue))
        for act in app.audit.newest(_ACTS, subject=edition.key)
    ]
    acts += [(at, _("by itself"), why) for at, why in stops(visit, edition)]
    recallable = sum(app.ledger.scheduled_recipients(edition.key, visit.desk.now()))
    moves = edition.state == EditionState.SENDING or in_flight_elsewhere(app.database, edition.key) > 0
    decisions = sorted(acts, reverse=True)
    return {"sending": SendNumbers(numbers, (accepted, unknown, rejected), decisions, recallable, moves)}


def compose(visit: Visit) -> Response:
    """Compose the next edition of the calendar from the collected articles. One that is being sent stays as it is."""
    _, app = visit.catalogue.gettext, visit.desk.app
    following = next(app.calendar.upcoming(visit.desk.now()), None)
    if following is None:
        return visit.problem(409, _("No edition yet"), _("None is planned within a year."))
    return visit.go(edition_path(app.composer.compose(following.key, fetch=False).edition.key))


def _empty(visit: Visit) -> Response:
    """Respond with the page when nothing is composed yet: it says when the next edition is due."""
    app, now = visit.desk.app, visit.desk.now()
    following = next(app.calendar.upcoming(now), None)
    composed = app.editions.get(following.key) if following else None
    overdue = following is not None and composed is None and following.compose_at < now - _COMPOSING_LASTS
    return visit.page("empty.html.j2", planned=following, composed=composed, overdue=overdue, now=now)
