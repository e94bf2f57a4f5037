"""Find the changes of an edition after a page was opened, and their authors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from digest.models import EditionState
from digest.store.desk.audit import Act, ActKind
from digest.web.desk.acts import detail_of, name_of
from digest.web.desk.visit import Visit

# The most acts that are looked at for the end of an approval.
_MOST = 30
# Records that change nothing themselves.
_NO_CHANGES = (ActKind.TEST_SENT, ActKind.NEWER_TEXT_KEPT, ActKind.CAME_IN)
# Acts that change only what their author typed.
_TYPED = (ActKind.TEXTS, ActKind.STORY_TEXT, ActKind.APPROVAL_VOID)


def newest(visit: Visit, key: str) -> int:
    """Return the number of the newest act on an edition, for a page to keep; 0 if there is none."""
    return next((act.id for act in visit.desk.app.audit.newest(1, subject=key)), 0)


def acts(visit: Visit, key: str, number: int) -> list[Act]:
    """Return the acts that changed an edition after the one with this number, newest first."""
    found = visit.desk.app.audit.newest(None, subject=key, after=number)
    return [act for act in found if act.what not in _NO_CHANGES]


def is_own_text(visit: Visit, key: str, number: int) -> bool:
    """Whether an edition changed after this act, and only by texts that the user typed."""
    found = acts(visit, key, number)
    return bool(found) and all(act.who == visit.user.name and act.what in _TYPED for act in found)


def change_lines(visit: Visit, found: Sequence[Act], *, most: int = 60) -> list[str]:
    """Return who did what to which story, newest first. An approval that ended with a change comes first.

    Headlines are cut to `most` characters.
    """
    # An approval that was given again is not void.
    since_approval = takewhile(lambda act: act.what != EditionState.APPROVED, found)
    void = [
        f"{act.who}: {_describe_ended_approval(visit, act)}"
        for act in since_approval
        if act.what == ActKind.APPROVAL_VOID and act.detail
    ]
    done = [f"{act.who}: {_what(visit, act, most)}" for act in found if act.what != ActKind.APPROVAL_VOID]
    return [*void[:1], *dict.fromkeys(done)]


def void_line(visit: Visit, key: str) -> str:
    """Say whose approval the user's change ended."""
    found = (act for act in visit.desk.app.audit.newest(_MOST, subject=key) if act.what == ActKind.APPROVAL_VOID)
    return _describe_ended_approval(visit, next(found, None))


def _describe_ended_approval(visit: Visit, act: Act | None) -> str:
    """Say whose approval ended with a change."""
    _ = visit.catalogue.gettext
    if act is None or not act.detail:
        return _("The approval is void, because the edition was changed.")
    if act.detail == visit.user.name:
        return _("Your approval is void, because the edition was changed.")
    return _("The approval by %(who)s is void, because the edition was changed.") % {"who": act.detail}


def _what(visit: Visit, act: Act, most: int) -> str:
    # A page that shows the present texts does not repeat the replaced one.
    what, detail = act.what, detail_of(act, visit.catalogue)
    if what == ActKind.NEWER_TEXT_REPLACED:
        what, detail = ActKind.STORY_TEXT, detail.rpartition("”; ")[2]
    # Where a story went stays.
    title, arrow, place = detail.rpartition(" → ")
    if not arrow:
        title, place = place, ""
    short = title if len(title) <= most else f"{title[:most].rstrip()}…"
    detail = f"{short}{arrow}{place}"
    return ": ".join(filter(None, (name_of(what, visit.catalogue), detail)))
