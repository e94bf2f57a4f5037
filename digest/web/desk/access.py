"""Every route of the desk, with the role that it needs.

Nothing else grants access. The docs show the table, and a test checks every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digest.models import Role
from digest.render.pictures import MAX_BYTES

# Bytes of a form with a list of subscribers, and with a picture. A picture with more than MAX_BYTES gets a sentence.
_MAX_LIST, MAX_PICTURE = 200 << 20, 3 * MAX_BYTES


@dataclass(frozen=True, slots=True)
class Route:
    """A route, and the lowest role that may use it; None: everybody, without signing in.

    `page` names the handler: module and function in this package. `max_upload`: the bytes of
    its form, if that may have a file.
    """

    method: Literal["GET", "POST"]
    path: str
    role: Role | None
    page: str
    summary: str
    max_upload: int | None = None


_KEY = "/edition/{key}"
_SUBSCRIBER = "/subscriber/{id}"

ROUTES = (
    Route("GET", "/login", None, "login.form", "The form to sign in"),
    Route("POST", "/login", None, "login.sign_in", "Sign in"),
    Route("POST", "/login/passkey", None, "login.sign_in_with_passkey", "Sign in with a passkey"),
    Route("GET", "/oidc", None, "login.begin_oidc", "Go to the provider of OpenID Connect"),
    Route("GET", "/oidc/done", None, "login.finish_oidc", "Sign in by OpenID Connect"),
    Route("GET", "/link/{token}", None, "login.link_form", "The form behind a one-time link"),
    Route("POST", "/link/{token}", None, "login.use_link", "Choose a password and an authenticator app"),
    Route("GET", "/static/{version}/{name}", None, "files.file", "Style sheets, scripts and icons"),
    Route("POST", "/language", None, "login.language", "Switch between Hindi and English"),
    Route("POST", "/logout", Role.VIEWER, "login.sign_out", "Sign out"),
    Route("POST", "/again", Role.VIEWER, "again.save", "Save what was typed before signing in again"),
    Route("GET", "/passkeys", Role.VIEWER, "passkeys.page", "One's own passkeys"),
    Route("POST", "/passkeys", Role.VIEWER, "passkeys.add", "Add a passkey"),
    Route("POST", "/passkeys/remove", Role.VIEWER, "passkeys.remove", "Remove one's own passkey"),
    Route("GET", "/", Role.VIEWER, "today.today", "The edition of today"),
    Route("POST", "/compose", Role.EDITOR, "today.compose", "Compose the next edition before its time"),
    Route("GET", "/calendar", Role.VIEWER, "calendar.page", "Editions of a month, with holidays and specials"),
    Route("POST", "/calendar", Role.EDITOR, "calendar.compose", "Compose a special edition"),
    Route("GET", _KEY, Role.VIEWER, "today.edition", "An edition"),
    Route("GET", "/picture/{cid}", Role.VIEWER, "files.picture", "A picture of a story"),
    Route("GET", f"{_KEY}/state", Role.VIEWER, "today.state", "The state line, for polling"),
    Route("GET", f"{_KEY}/changes", Role.VIEWER, "today.changes", "Events whenever an edition changes"),
    Route("GET", f"{_KEY}/checks", Role.VIEWER, "today.checks", "Problems of the edition"),
    Route("GET", f"{_KEY}/next", Role.VIEWER, "pool.runners_up", "The next best stories"),
    Route("GET", f"{_KEY}/pool", Role.VIEWER, "pool.search", "Search all articles"),
    Route("GET", f"{_KEY}/email", Role.VIEWER, "today.letter", "The email on a page of its own"),
    Route("GET", f"{_KEY}/letter", Role.VIEWER, "letter.frame", "The email in its frame"),
    Route("GET", _KEY + "/story/{story}", Role.VIEWER, "story.page", "A story next to its sources"),
    Route("POST", _KEY + "/story/{story}", Role.EDITOR, "story.save", "Change a story's headline and summary"),
    Route("POST", _KEY + "/story/{story}/take", Role.EDITOR, "story.take", "Take a model's summary that was refused"),
    Route("POST", _KEY + "/story/{story}/picture", Role.EDITOR, "story.picture", "Change or remove a story's picture"),
    Route(
        "POST",
        "/picture/{key}/{story}",
        Role.EDITOR,
        "story.upload",
        "Give a story a picture of one's own",
        max_upload=MAX_PICTURE,
    ),
    Route("POST", _KEY + "/seen", Role.EDITOR, "seen.mark", "Mark a model's text as seen"),
    Route("POST", f"{_KEY}/move", Role.EDITOR, "edit.move", "Move a story"),
    Route("POST", f"{_KEY}/pin", Role.EDITOR, "edit.pin", "Pin a story on top"),
    Route("POST", f"{_KEY}/add", Role.EDITOR, "edit.add", "Add a story that the edition lacks"),
    Route("POST", f"{_KEY}/unpin", Role.EDITOR, "edit.unpin", "Unpin a story"),
    Route("POST", f"{_KEY}/drop", Role.EDITOR, "edit.drop", "Remove a story"),
    Route("POST", f"{_KEY}/split", Role.EDITOR, "edit.split", "Take an article out of a story"),
    Route("POST", f"{_KEY}/merge", Role.EDITOR, "edit.merge", "Merge another story into a story"),
    Route("POST", f"{_KEY}/restore", Role.EDITOR, "edit.restore", "Restore a removed story"),
    Route("POST", f"{_KEY}/undo", Role.EDITOR, "edit.undo", "Undo the last change"),
    Route("POST", f"{_KEY}/texts", Role.EDITOR, "edit.texts", "Set subject, preheader and intro"),
    Route("POST", f"{_KEY}/settle", Role.EDITOR, "edit.settle", "Put back a text that somebody replaced, or let it be"),
    Route("GET", _KEY + "/block/{name}", Role.VIEWER, "blocks.page", "The form of a block"),
    Route("POST", f"{_KEY}/block", Role.EDITOR, "blocks.change", "Leave a block out, put it back, or write it"),
    Route("POST", f"{_KEY}/refresh", Role.EDITOR, "edit.refresh", "Compose again with new articles"),
    Route("POST", f"{_KEY}/test", Role.EDITOR, "sending.send_test", "Send a test to oneself or to a group"),
    Route("GET", _KEY + "/decide/{token}", Role.SENDER, "decide.page", "The page behind a link of a test email"),
    Route("POST", _KEY + "/decide/{token}", Role.SENDER, "decide.act", "Approve or hold by a link of a test email"),
    Route("GET", _KEY + "/correct/{story}", Role.SENDER, "correct.form", "The form to correct a story of a begun send"),
    Route("POST", _KEY + "/correct/{story}", Role.SENDER, "correct.save", "Correct a story while it is being sent"),
    Route(
        "GET", "/shown/{name}", Role.SENDER, "letter.shown", "The email of a correction before it goes, in its frame"
    ),
    Route("POST", f"{_KEY}/approve", Role.SENDER, "sending.approve", "Approve what the page showed"),
    Route("POST", f"{_KEY}/reopen", Role.SENDER, "sending.reopen", "Withdraw the approval"),
    Route("POST", f"{_KEY}/pause", Role.SENDER, "sending.pause", "Pause, also while it is being sent"),
    Route("POST", f"{_KEY}/resume", Role.SENDER, "sending.resume", "Resume after a pause"),
    Route("GET", f"{_KEY}/cancel", Role.SENDER, "sending.ask_cancel", "Ask before stopping for good"),
    Route("POST", f"{_KEY}/cancel", Role.SENDER, "sending.cancel", "Stop for good"),
    Route("GET", "/log", Role.ADMIN, "log.page", "Who did what"),
    Route("GET", "/users", Role.ADMIN, "users.page", "Users, roles and sessions"),
    Route("POST", "/users", Role.ADMIN, "users.add", "Add a user"),
    Route("POST", "/users/{name}/role", Role.ADMIN, "users.role", "Change a role"),
    Route("POST", "/users/{name}/email", Role.ADMIN, "users.email", "Set the address for OpenID Connect"),
    Route("POST", "/users/{name}/link", Role.ADMIN, "users.link", "Make a one-time link"),
    Route("POST", "/users/{name}/end", Role.ADMIN, "users.end_sessions", "End a user's sessions"),
    Route("POST", "/users/{name}/remove", Role.ADMIN, "users.remove", "Remove a user"),
    Route("GET", "/subscribers", Role.ADMIN, "admin.subscribers.page", "Search and list subscribers"),
    Route("POST", "/subscribers/segment", Role.ADMIN, "admin.subscribers.save_segment", "Save a filter under a name"),
    Route("POST", "/subscribers/segment/drop", Role.ADMIN, "admin.subscribers.drop_segment", "Delete a saved filter"),
    Route("GET", "/subscribers/add", Role.ADMIN, "admin.subscribers.add_form", "The form to add a subscriber"),
    Route("POST", "/subscribers/add", Role.ADMIN, "admin.subscribers.add", "Add a subscriber"),
    Route("GET", "/subscribers/import", Role.ADMIN, "admin.imports.page", "Import and export"),
    Route(
        "POST", "/subscribers/import", Role.ADMIN, "admin.imports.preview", "Preview an import", max_upload=_MAX_LIST
    ),
    Route("POST", "/subscribers/import/{id}", Role.ADMIN, "admin.imports.run", "Import what the preview showed"),
    Route("GET", "/subscribers/import/{id}/rejected", Role.ADMIN, "admin.imports.rejected", "The rejected rows as CSV"),
    Route("GET", "/import/{act}/undo", Role.ADMIN, "admin.imports.ask_undo", "Ask before undoing an import"),
    Route("POST", "/import/{act}/undo", Role.ADMIN, "admin.imports.undo", "Undo an import"),
    Route("GET", "/subscribers/many", Role.ADMIN, "admin.many.page", "Choose an act for several subscribers"),
    Route("POST", "/subscribers/many", Role.ADMIN, "admin.many.run", "Show what an act changes, and do it"),
    Route("POST", "/subscribers/export", Role.ADMIN, "admin.imports.export", "Export subscribers as a file"),
    Route("GET", _SUBSCRIBER, Role.ADMIN, "admin.subscriber.page", "One subscriber with their history"),
    Route("POST", _SUBSCRIBER, Role.ADMIN, "admin.subscriber.save", "Change a subscriber"),
    Route("POST", f"{_SUBSCRIBER}/pause", Role.ADMIN, "admin.subscriber.pause", "Pause, or end a pause"),
    Route("POST", f"{_SUBSCRIBER}/suppress", Role.ADMIN, "admin.subscriber.suppress", "Suppress an address"),
    Route("POST", f"{_SUBSCRIBER}/lift", Role.ADMIN, "admin.subscriber.unsuppress", "End a suppression"),
    Route("POST", f"{_SUBSCRIBER}/remove", Role.ADMIN, "admin.subscriber.remove", "Take a subscriber off the list"),
    Route("GET", f"{_SUBSCRIBER}/erase", Role.ADMIN, "admin.subscriber.ask_erase", "Ask before erasing a person"),
    Route("POST", f"{_SUBSCRIBER}/erase", Role.ADMIN, "admin.subscriber.erase", "Erase a person"),
    Route("GET", "/sources", Role.EDITOR, "admin.sources.page", "Sources and their health"),
    Route("GET", "/sources/one", Role.EDITOR, "admin.sources.one", "One source and its newest titles"),
    Route("POST", "/sources/preview", Role.ADMIN, "admin.sources.preview", "Preview a new source"),
    Route("POST", "/sources/add", Role.ADMIN, "admin.sources.add", "Add a source"),
    Route("POST", "/sources/change", Role.ADMIN, "admin.sources.change", "Change a source's weight or section"),
    Route("POST", "/sources/pause", Role.ADMIN, "admin.sources.pause", "Pause a source, or collect it again"),
    Route("POST", "/sources/remove", Role.ADMIN, "admin.sources.remove", "Remove a source"),
    Route("GET", "/reports", Role.VIEWER, "admin.reports.page", "Recent editions, growth, failures"),
    Route("GET", "/reports/editions.csv", Role.VIEWER, "admin.reports.recent_table", "Recent editions as CSV"),
    Route("GET", "/reports/failures.csv", Role.VIEWER, "admin.reports.failures_table", "Failures as CSV"),
    Route("GET", "/report/{key}", Role.VIEWER, "admin.reports.edition", "The report on an edition"),
    Route("GET", "/report/{key}/table.csv", Role.VIEWER, "admin.reports.table", "The same as CSV"),
    Route("GET", "/report/{key}/course.csv", Role.VIEWER, "admin.reports.course_table", "The send over time as CSV"),
    Route("GET", "/report/{key}/late", Role.SENDER, "admin.late.ask", "Ask before sending it to late subscribers"),
    Route("POST", "/report/{key}/late", Role.SENDER, "admin.late.send", "Send it to late subscribers"),
    Route("GET", "/report/{key}/missed", Role.ADMIN, "admin.reports.missed", "Who did not get an edition, and why"),
    Route("GET", "/report/{key}/missed.csv", Role.ADMIN, "admin.reports.missed_table", "The same as CSV"),
    Route("GET", "/settings", Role.ADMIN, "admin.settings.page", "Settings that a newsroom changes weekly"),
    Route("POST", "/settings", Role.ADMIN, "admin.settings.save", "Change them in digest.yaml"),
    Route("POST", "/settings/show", Role.ADMIN, "admin.settings.show", "Look at the email in a theme before saving it"),
    Route("GET", "/settings/letter", Role.ADMIN, "admin.settings.letter", "The newest edition in a theme"),
    Route("POST", "/users/{name}/token", Role.ADMIN, "users.make_token", "Make a token of the API"),
    Route("POST", "/users/{name}/token/revoke", Role.ADMIN, "users.revoke_token", "Revoke a token of the API"),
    Route("GET", "/webhooks", Role.ADMIN, "admin.webhooks.page", "Outgoing webhooks and their failures"),
    Route("POST", "/webhooks/{id}/again", Role.ADMIN, "admin.webhooks.again", "Try a failed webhook again"),
    Route("POST", f"{_SUBSCRIBER}/data", Role.ADMIN, "admin.subscriber.data", "All data about a person, as a file"),
)


def table_of_docs() -> str:
    """Return the routes as docs/desk.md prints them, lowest role first."""
    roles = [None, *Role]
    rows = sorted(ROUTES, key=lambda route: roles.index(route.role))
    lines = ["| route | least role | what it does |", "| --- | --- | --- |"]
    lines += [f"| `{row.method} {row.path}` | {row.role or 'nobody'} | {row.summary} |" for row in rows]
    return "\n".join(lines) + "\n"
