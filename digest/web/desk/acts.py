"""Name the acts of the log in the editor's language. The store has them in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.render.blocks.rows import ROWS, kind_of
from digest.usecases.edit_edition import CAME_IN, KEPT, REPLACED
from digest.web.desk.sentences import translate_all

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.store.desk.audit import Act

# Acts whose subject is a name that people chose.
_NAMED = (
    "user added",
    "email",
    "role",
    "user removed",
    "sessions ended",
    "link made",
    "link used",
    "signed in",
    "signed out",
    "sign-in refused",
    "passkey added",
    "passkey removed",
    "token made",
    "token revoked",
    "segment saved",
    "segment dropped",
)
# An approval that ended with a change. Its detail is the name of the approver.
VOID = "approval void"
# Acts whose details are such a name, or an address.
_NAMED_DETAILS = ("test sent", VOID, "passkey added", "token revoked", "texts taken over", REPLACED, CAME_IN)
_BLOCKS = ("block left out", "block taken back", "block text")


# One for each language, and for each that was loaded again.
@lru_cache(maxsize=4)
def _names(catalogue: Catalogue) -> Mapping[str, str]:
    _ = catalogue.gettext
    return {
        # Stories.
        "pinned": _("Pinned"),
        "added": _("Added"),
        "unpinned": _("Unpinned"),
        "dropped": _("Removed"),
        CAME_IN: _("In its place"),
        "split off": _("Split off"),
        "merged": _("Merged"),
        "let in again": _("Let in again"),
        "moved": _("Moved"),
        "texts": _("Texts changed"),
        "story text": _("Story changed"),
        REPLACED: _("Text replaced that somebody saved meanwhile"),
        KEPT: _("The other text was kept"),
        "texts taken over": _("Texts of other editions taken over"),
        "refused summary taken": _("A model's refused summary taken"),
        "undone": _("Taken back"),
        "seen": _("Looked at"),
        "picture": _("Picture changed"),
        "block left out": _("Block left out"),
        "block taken back": _("Block taken back"),
        "block text": _("Block changed"),
        # Editions.
        "composed": _("Composed"),
        "composed again": _("Composed again"),
        "special composed": _("Special edition composed"),
        "approved": _("approved"),
        VOID: _("Approval void"),
        "paused": _("Held"),
        "resumed": _("Went on"),
        "reopened": _("Draft again"),
        "cancelled": _("stopped"),
        "skipped": _("Skipped"),
        "expired": _("Expired"),
        "sending began": _("Sending began"),
        "sent": _("sent"),
        "corrected": _("Corrected"),
        "test sent": _("Test sent"),
        "sent to newcomers": _("Sent to late subscribers"),
        # Subscribers.
        "subscriber added": _("Subscriber added"),
        "subscriber changed": _("Subscriber changed"),
        "subscriber removed": _("Subscriber taken off the list"),
        "subscriber's address changed": _("Subscriber's address changed"),
        "subscriber nominated somebody": _("Subscriber nominated somebody"),
        "subscriber paused": _("Subscriber paused"),
        "pause ended": _("Pause ended"),
        "suppressed": _("Gets no more mail"),
        "suppression lifted": _("may get mail again"),
        "subscriber erased": _("Subscriber erased"),
        "data given out": _("Data given out"),
        "subscribers imported": _("Subscribers imported"),
        "subscribers exported": _("Subscribers exported"),
        "import removed": _("Import removed"),
        "import undone": _("Import undone"),
        "many changed": _("Several subscribers changed"),
        "many paused": _("Several subscribers paused"),
        "many pauses ended": _("Pauses of several subscribers ended"),
        "many lifted": _("Several subscribers may get mail again"),
        "many suppressed": _("Several subscribers get no more mail"),
        "segment saved": _("Group saved"),
        "segment dropped": _("Group removed"),
        "breach": _("Message about a data breach"),
        # Sources and settings.
        "source added": _("Source added"),
        "source changed": _("Source changed"),
        "source paused": _("Source paused"),
        "source resumed": _("Source resumed"),
        "source removed": _("Source removed"),
        "setting changed": _("Setting changed"),
        "webhook again": _("Webhook sent again"),
        # Users.
        "user added": _("User added"),
        "email": _("User's email changed"),
        "role": _("Role changed"),
        "user removed": _("User removed"),
        "sessions ended": _("Sessions ended"),
        "link made": _("Sign-in link made"),
        "link used": _("Sign-in link used"),
        "signed in": _("Signed in"),
        "signed out": _("Signed out"),
        "sign-in refused": _("Sign-in refused"),
        "passkey added": _("Passkey added"),
        "passkey removed": _("Passkey removed"),
        "token made": _("Token made"),
        "token revoked": _("Token revoked"),
    }


def name_of(what: str, catalogue: Catalogue) -> str:
    """Return the name of an act; what the log has, if it is not in the table."""
    return _names(catalogue).get(what, what)


def subject_of(act: Act, catalogue: Catalogue) -> str:
    """Return to what an act was done, in the editor's language."""
    return act.subject if act.what in _NAMED else translate_all(act.subject, catalogue)


def detail_of(act: Act, catalogue: Catalogue) -> str:
    """Return the details of an act in the editor's language."""
    if act.what == KEPT:
        # Only the number of another act and the name of a field.
        return ""
    if act.what == "undone":
        return name_of(act.detail, catalogue)
    if act.what in _NAMED_DETAILS:
        return act.detail
    if act.what in _BLOCKS:
        name, _colon, text = act.detail.partition(":")
        row = ROWS.get(kind_of(name))
        return ": ".join(filter(None, (catalogue.gettext(row.title) if row else name, text.strip())))
    return translate_all(act.detail, catalogue, is_answer=False)


def via_of(via: str, catalogue: Catalogue) -> str:
    """Return by what way an act came: the desk, the API, a command, a link of an email, or the schedule."""
    _ = catalogue.gettext
    ways = {
        "desk": _("Desk"),
        "api": "API",
        "command": _("command"),
        "link": _("link of an email"),
        "schedule": _("by itself"),
    }
    return ways.get(via, via)


def named(text: str, catalogue: Catalogue) -> list[str]:
    """Return the acts, as the log has them, whose names contain a text."""
    return [what for what, name in _names(catalogue).items() if text and text.casefold() in name.casefold()]
