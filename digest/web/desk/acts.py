"""Name the acts of the log in the editor's language. The store has them in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.models import EditionState
from digest.render.blocks.rows import ROWS, kind_of
from digest.store.desk.audit import ActKind
from digest.usecases.edit_subscribers import number_of
from digest.web.desk.sentences import translate_all

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.store.desk.audit import Act

# Acts whose subject is a name that people chose.
_NAMED = (
    ActKind.USER_ADDED,
    ActKind.USER_EMAIL,
    ActKind.USER_ROLE,
    ActKind.USER_REMOVED,
    ActKind.SESSIONS_ENDED,
    ActKind.LINK_MADE,
    ActKind.LINK_USED,
    ActKind.SIGNED_IN,
    ActKind.SIGNED_OUT,
    ActKind.SIGN_IN_REFUSED,
    ActKind.PASSKEY_ADDED,
    ActKind.PASSKEY_REMOVED,
    ActKind.TOKEN_MADE,
    ActKind.TOKEN_REVOKED,
    ActKind.SEGMENT_SAVED,
    ActKind.SEGMENT_DROPPED,
)
# Acts whose details are such a name, or an address.
_NAMED_DETAILS = (
    ActKind.TEST_SENT,
    ActKind.APPROVAL_VOID,
    ActKind.PASSKEY_ADDED,
    ActKind.TOKEN_REVOKED,
    ActKind.TEXTS_TAKEN_OVER,
    ActKind.NEWER_TEXT_REPLACED,
    ActKind.CAME_IN,
)
# Acts for several whose subject may be one person.
_OF_ONE = {ActKind.MANY_SUPPRESSED: ActKind.SUPPRESSED, ActKind.MANY_CHANGED: ActKind.SUBSCRIBER_CHANGED}
_BLOCKS = (ActKind.BLOCK_LEFT_OUT, ActKind.BLOCK_TAKEN_BACK, ActKind.BLOCK_TEXT)


# One for each language, and for each that was loaded again.
@lru_cache(maxsize=4)
def _names(catalogue: Catalogue) -> Mapping[str, str]:
    _ = catalogue.gettext
    return {
        # Stories.
        ActKind.PINNED: _("Pinned"),
        ActKind.ADDED: _("Added"),
        ActKind.UNPINNED: _("Unpinned"),
        ActKind.DROPPED: _("Removed"),
        ActKind.CAME_IN: _("In its place"),
        ActKind.SPLIT_OFF: _("Split off"),
        ActKind.MERGED: _("Merged"),
        ActKind.LET_IN_AGAIN: _("Let in again"),
        ActKind.MOVED: _("Moved"),
        ActKind.TEXTS: _("Texts changed"),
        ActKind.STORY_TEXT: _("Story changed"),
        ActKind.NEWER_TEXT_REPLACED: _("Text replaced that somebody saved meanwhile"),
        ActKind.NEWER_TEXT_KEPT: _("The other text was kept"),
        ActKind.TEXTS_TAKEN_OVER: _("Texts of other editions taken over"),
        ActKind.REFUSED_SUMMARY_TAKEN: _("A model's refused summary taken"),
        ActKind.UNDONE: _("Taken back"),
        ActKind.SEEN: _("Looked at"),
        ActKind.PICTURE: _("Picture changed"),
        ActKind.BLOCK_LEFT_OUT: _("Block left out"),
        ActKind.BLOCK_TAKEN_BACK: _("Block taken back"),
        ActKind.BLOCK_TEXT: _("Block changed"),
        # Editions.
        ActKind.COMPOSED: _("Composed"),
        ActKind.COMPOSED_AGAIN: _("Composed again"),
        ActKind.SPECIAL_COMPOSED: _("Special edition composed"),
        EditionState.APPROVED: _("approved"),
        ActKind.APPROVAL_VOID: _("Approval void"),
        EditionState.PAUSED: _("Held"),
        ActKind.RESUMED: _("Went on"),
        ActKind.REOPENED: _("Draft again"),
        EditionState.CANCELLED: _("stopped"),
        EditionState.SKIPPED: _("Skipped"),
        EditionState.EXPIRED: _("Expired"),
        ActKind.SENDING_BEGAN: _("Sending began"),
        ActKind.SENT: _("sent"),
        ActKind.CORRECTED: _("Corrected"),
        ActKind.TEST_SENT: _("Test sent"),
        ActKind.SENT_TO_NEWCOMERS: _("Sent to late subscribers"),
        # Subscribers.
        ActKind.SUBSCRIBER_ADDED: _("Subscriber added"),
        ActKind.SUBSCRIBER_CHANGED: _("Subscriber changed"),
        ActKind.SUBSCRIBER_REMOVED: _("Subscriber taken off the list"),
        ActKind.ADDRESS_CHANGED: _("Subscriber's address changed"),
        ActKind.NOMINATED: _("Subscriber nominated somebody"),
        ActKind.SUBSCRIBER_PAUSED: _("Subscriber paused"),
        ActKind.PAUSE_ENDED: _("Pause ended"),
        ActKind.SUPPRESSED: _("Gets no more mail"),
        ActKind.SUPPRESSION_LIFTED: _("may get mail again"),
        ActKind.SUBSCRIBER_ERASED: _("Subscriber erased"),
        ActKind.DATA_GIVEN_OUT: _("Data given out"),
        ActKind.SUBSCRIBERS_IMPORTED: _("Subscribers imported"),
        ActKind.SUBSCRIBERS_EXPORTED: _("Subscribers exported"),
        ActKind.IMPORT_REMOVED: _("Import removed"),
        ActKind.IMPORT_UNDONE: _("Import undone"),
        ActKind.MANY_CHANGED: _("Several subscribers changed"),
        ActKind.MANY_PAUSED: _("Several subscribers paused"),
        ActKind.MANY_PAUSES_ENDED: _("Pauses of several subscribers ended"),
        ActKind.MANY_LIFTED: _("Several subscribers may get mail again"),
        ActKind.MANY_SUPPRESSED: _("Several subscribers get no more mail"),
        ActKind.SEGMENT_SAVED: _("Group saved"),
        ActKind.SEGMENT_DROPPED: _("Group removed"),
        ActKind.BREACH_LETTER: _("Message about a data breach"),
        # Sources and settings.
        ActKind.SOURCE_ADDED: _("Source added"),
        ActKind.SOURCE_CHANGED: _("Source changed"),
        ActKind.SOURCE_PAUSED: _("Source paused"),
        ActKind.SOURCE_RESUMED: _("Source resumed"),
        ActKind.SOURCE_REMOVED: _("Source removed"),
        ActKind.SETTING_CHANGED: _("Setting changed"),
        ActKind.WEBHOOK_AGAIN: _("Webhook sent again"),
        # Users.
        ActKind.USER_ADDED: _("User added"),
        ActKind.USER_EMAIL: _("User's email changed"),
        ActKind.USER_ROLE: _("Role changed"),
        ActKind.USER_REMOVED: _("User removed"),
        ActKind.SESSIONS_ENDED: _("Sessions ended"),
        ActKind.LINK_MADE: _("Sign-in link made"),
        ActKind.LINK_USED: _("Sign-in link used"),
        ActKind.SIGNED_IN: _("Signed in"),
        ActKind.SIGNED_OUT: _("Signed out"),
        ActKind.SIGN_IN_REFUSED: _("Sign-in refused"),
        ActKind.PASSKEY_ADDED: _("Passkey added"),
        ActKind.PASSKEY_REMOVED: _("Passkey removed"),
        ActKind.TOKEN_MADE: _("Token made"),
        ActKind.TOKEN_REVOKED: _("Token revoked"),
    }


def name_of(what: str, catalogue: Catalogue, subject: str = "") -> str:
    """Return the name of an act. If the table lacks it, return the word of the log."""
    if what in _OF_ONE and number_of(subject) is not None:
        what = _OF_ONE[ActKind(what)]
    return _names(catalogue).get(what, what)


def subject_of(act: Act, catalogue: Catalogue) -> str:
    """Return the subject of an act in the editor's language."""
    return act.subject if act.what in _NAMED else translate_all(act.subject, catalogue)


def detail_of(act: Act, catalogue: Catalogue) -> str:
    """Return the details of an act in the editor's language."""
    if act.what == ActKind.NEWER_TEXT_KEPT:
        # Only the number of another act and the name of a field.
        return ""
    if act.what == ActKind.UNDONE:
        return name_of(act.detail, catalogue)
    if act.what in _NAMED_DETAILS:
        return act.detail
    if act.what in _BLOCKS:
        name, _colon, text = act.detail.partition(":")
        row = ROWS.get(kind_of(name))
        return ": ".join(filter(None, (catalogue.gettext(row.title) if row else name, text.strip())))
    return translate_all(act.detail, catalogue, is_answer=False)


def via_of(via: str, catalogue: Catalogue) -> str:
    """Return the way of an act: the desk, the API, a command, a link of an email, or the schedule."""
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
    """Return the acts, by their words in the log, whose names contain a text."""
    return [what for what, name in _names(catalogue).items() if text and text.casefold() in name.casefold()]
