"""Every route of the desk and who may use it. Nothing else grants access. The docs print it, and a test walks it."""

from __future__ import annotations

from digest.models import Role
from digest.web.desk.admin.routes import ADMIN_ROUTES
from digest.web.desk.route import Route

_KEY = "/edition/{key}"

ROUTES = (
    Route("GET", "/login", None, "login.form", "The form to sign in"),
    Route("POST", "/login", None, "login.sign_in", "Sign in"),
    Route("POST", "/login/passkey", None, "passkeys.sign_in", "Sign in with a passkey"),
    Route("GET", "/oidc", None, "oidc.begin", "Go to the provider of OpenID Connect"),
    Route("GET", "/oidc/done", None, "oidc.finish", "Sign in by OpenID Connect"),
    Route("GET", "/link/{token}", None, "login.link_form", "The form behind a one-time link"),
    Route("POST", "/link/{token}", None, "login.use_link", "Choose a password and an authenticator app"),
    Route("GET", "/static/{version}/{name}", None, "files.file", "Style sheets, scripts and icons"),
    Route("POST", "/language", None, "login.language", "Switch between Hindi and English"),
    Route("POST", "/logout", Role.VIEWER, "login.sign_out", "Sign out"),
    Route("GET", "/passkeys", Role.VIEWER, "passkeys.page", "One's own passkeys"),
    Route("POST", "/passkeys", Role.VIEWER, "passkeys.add", "Add a passkey"),
    Route("POST", "/passkeys/remove", Role.VIEWER, "passkeys.remove", "Remove one's own passkey"),
    Route("GET", "/", Role.VIEWER, "today.today", "The edition of today"),
    Route("GET", "/calendar", Role.VIEWER, "calendar.page", "Editions of a month, with holidays and specials"),
    Route("POST", "/calendar", Role.EDITOR, "calendar.compose", "Compose a special edition"),
    Route("GET", _KEY, Role.VIEWER, "today.edition", "An edition"),
    Route("GET", "/picture/{cid}", Role.VIEWER, "files.picture", "A picture of a story"),
    Route("GET", f"{_KEY}/state", Role.VIEWER, "today.state", "The line of state, for polling"),
    Route("GET", f"{_KEY}/changes", Role.VIEWER, "changes.stream", "Events whenever an edition changes"),
    Route("GET", f"{_KEY}/checks", Role.VIEWER, "today.checks", "What blocks the edition"),
    Route("GET", f"{_KEY}/next", Role.VIEWER, "pool.runners_up", "The next best stories"),
    Route("GET", f"{_KEY}/pool", Role.VIEWER, "pool.search", "Search all articles"),
    Route("GET", f"{_KEY}/email", Role.VIEWER, "letter.page", "The email on a page of its own"),
    Route("GET", f"{_KEY}/letter", Role.VIEWER, "letter.frame", "The email in its frame"),
    Route("GET", _KEY + "/story/{story}", Role.VIEWER, "story.page", "A story beside its sources"),
    Route("POST", _KEY + "/story/{story}", Role.EDITOR, "story.save", "Change a story's headline and summary"),
    Route("POST", _KEY + "/story/{story}/picture", Role.EDITOR, "story.picture", "Change or remove a story's picture"),
    Route("POST", _KEY + "/seen", Role.EDITOR, "seen.mark", "Say that one has looked at what a model wrote"),
    Route("POST", f"{_KEY}/move", Role.EDITOR, "edit.move", "Move a story"),
    Route("POST", f"{_KEY}/pin", Role.EDITOR, "edit.pin", "Pin a story, or add one"),
    Route("POST", f"{_KEY}/unpin", Role.EDITOR, "edit.unpin", "Unpin a story"),
    Route("POST", f"{_KEY}/drop", Role.EDITOR, "edit.drop", "Remove a story"),
    Route("POST", f"{_KEY}/split", Role.EDITOR, "edit.split", "Take an article out of a story"),
    Route("POST", f"{_KEY}/merge", Role.EDITOR, "edit.merge", "Merge another story into a story"),
    Route("POST", f"{_KEY}/restore", Role.EDITOR, "edit.restore", "Let a removed story in again"),
    Route("POST", f"{_KEY}/undo", Role.EDITOR, "edit.undo", "Take back the last change"),
    Route("POST", f"{_KEY}/texts", Role.EDITOR, "edit.texts", "Set subject, preheader and intro"),
    Route("POST", f"{_KEY}/block", Role.EDITOR, "blocks.change", "Leave a block out, take it back, or write it"),
    Route("POST", f"{_KEY}/refresh", Role.EDITOR, "edit.refresh", "Compose again with new articles"),
    Route("POST", f"{_KEY}/test", Role.EDITOR, "trial.send", "Send a test to oneself or to a group"),
    Route("GET", _KEY + "/decide/{token}", Role.SENDER, "decide.page", "The page behind a link of a test email"),
    Route("POST", _KEY + "/decide/{token}", Role.SENDER, "decide.act", "Approve or hold by a link of a test email"),
    Route("GET", _KEY + "/correct/{story}", Role.SENDER, "correct.form", "The form to correct a story of a begun send"),
    Route("POST", _KEY + "/correct/{story}", Role.SENDER, "correct.save", "Correct a story while it is being sent"),
    Route("POST", f"{_KEY}/approve", Role.SENDER, "sending.approve", "Approve what the page showed"),
    Route("POST", f"{_KEY}/reopen", Role.SENDER, "sending.reopen", "Withdraw the approval"),
    Route("POST", f"{_KEY}/pause", Role.SENDER, "sending.pause", "Pause, also while it is being sent"),
    Route("POST", f"{_KEY}/resume", Role.SENDER, "sending.resume", "Go on after a pause"),
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
    *ADMIN_ROUTES,
)


def table_of_docs() -> str:
    """Return the routes as docs/desk.md prints them: those that need the least first."""
    roles = [None, *Role]
    rows = sorted(ROUTES, key=lambda route: roles.index(route.role))
    lines = ["| route | least role | what it does |", "| --- | --- | --- |"]
    lines += [f"| `{row.method} {row.path}` | {row.role or 'nobody'} | {row.summary} |" for row in rows]
    return "\n".join(lines) + "\n"
