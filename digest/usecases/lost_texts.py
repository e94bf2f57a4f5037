"""Texts that somebody saved while somebody else worked on them, and the texts that were replaced by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from digest.models import Edition
from digest.store.desk.audit import ActKind
from digest.usecases.edit_edition import newer_text_kept, quoted

if TYPE_CHECKING:
    from digest.store.desk.audit import Act, AuditLog

# How many of an edition's newest changes are looked at.
_CHANGES = 60
_TEXTS, _STORY_TEXTS = ("subject", "preheader", "intro"), ("title", "summary")
# A story's id, '' for the edition, and a field.
_Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LostText:
    """A text that somebody replaced. `story` is '' for a text of the edition. `who` wrote the `present` text.

    `act` is the number of the act that replaced it.
    """

    story: str
    field: str
    text: str
    who: str
    present: str
    act: int


@dataclass(frozen=True, slots=True)
class NewerText:
    """A text that `who` saved after somebody opened a page. `story` is '' for a text of the edition."""

    story: str
    field: str
    text: str
    who: str


def newer_texts(log: AuditLog, edition: Edition, after: int) -> list[NewerText]:
    """Return the texts of an edition that were changed after an act of the log, as they are now."""
    present, found = _present_texts(edition), dict[_Place, NewerText]()
    for act in log.changes(edition.key, limit=_CHANGES):
        old, new = _texts(act.before), _texts(act.after)
        for place, text in present.items():
            if act.id > after and old.get(place, "") != new.get(place, ""):
                found.setdefault(place, NewerText(*place, text, act.who))
    return list(found.values())


def lost_texts(log: AuditLog, edition: Edition, user: str) -> list[LostText]:
    """Return the user's texts that others replaced in an edition, without having seen them or by an older text.

    Leaves out texts that the user has written again or given up, or that are in the edition again.
    """
    if not log.is_done_by_others(edition.key, ActKind.NEWER_TEXT_REPLACED, user):
        return []
    acts = [(act, _texts(act.before), _texts(act.after)) for act in log.changes(edition.key, limit=_CHANGES)]
    let_go = log.details(edition.key, ActKind.NEWER_TEXT_KEPT, user)
    found = []
    for place, present in _present_texts(edition).items():
        # Newest first, with the text that each act left.
        history = [(act, new.get(place, "")) for act, old, new in acts if old.get(place) != new.get(place)]
        mine = next((at for at, (act, _text) in enumerate(history) if act.who == user), 0)
        if mine == 0:
            continue
        text, (replacing, _new) = history[mine][1], history[mine - 1]
        is_lost = replacing.what == ActKind.NEWER_TEXT_REPLACED and quoted(text) in replacing.detail
        is_let_go = newer_text_kept(replacing.id, place[1]) in let_go
        if text and text != present and is_lost and not is_let_go:
            found.append(LostText(*place, text, history[0][0].who, present, replacing.id))
    return found


def writer_of_replaced(log: AuditLog, edition: str, replacing: Act) -> str:
    """Return who saved the text that an act replaced unseen; '' if the newest changes do not have it."""
    for act in log.changes(edition, limit=_CHANGES):
        old, new = _texts(act.before), _texts(act.after)
        changed = (text for place, text in new.items() if text and text != old.get(place))
        if act.id < replacing.id and any(quoted(text) in replacing.detail for text in changed):
            return act.who
    return ""


def _present_texts(edition: Edition) -> dict[_Place, str]:
    found = {("", name): getattr(edition, name) for name in _TEXTS}
    return found | {(story.id, name): getattr(story, name) for story in edition.stories() for name in _STORY_TEXTS}


def _texts(changes: Mapping[str, Any] | None) -> dict[_Place, str]:
    """Return the texts that stored editorial changes have."""
    changes = changes or {}
    found = {("", name): changes.get(name) or "" for name in _TEXTS}
    written = changes.get("texts") or {}
    return found | {(story, name): text.get(name) or "" for story, text in written.items() for name in _STORY_TEXTS}
