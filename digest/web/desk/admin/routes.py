"""Routes of the pages for admins, and of the reports that everybody may look at."""

from __future__ import annotations

from digest.models import Role
from digest.web.desk.route import Route

_ONE = "/subscriber/{id}"

ADMIN_ROUTES = (
    Route("GET", "/subscribers", Role.ADMIN, "admin.subscribers.page", "Search and list subscribers"),
    Route("POST", "/subscribers/segment", Role.ADMIN, "admin.subscribers.save_segment", "Save a filter under a name"),
    Route("POST", "/subscribers/segment/drop", Role.ADMIN, "admin.subscribers.drop_segment", "Forget a saved filter"),
    Route("GET", "/subscribers/add", Role.ADMIN, "admin.subscribers.add_form", "The form to add a subscriber"),
    Route("POST", "/subscribers/add", Role.ADMIN, "admin.subscribers.add", "Add a subscriber"),
    Route("GET", "/subscribers/import", Role.ADMIN, "admin.imports.page", "Import and export"),
    Route("POST", "/subscribers/import", Role.ADMIN, "admin.imports.preview", "Preview an import", uploads=True),
    Route("POST", "/subscribers/import/{id}", Role.ADMIN, "admin.imports.run", "Import what the preview showed"),
    Route("GET", "/subscribers/import/{id}/rejected", Role.ADMIN, "admin.imports.rejected", "The rejected rows as CSV"),
    Route("POST", "/subscribers/export", Role.ADMIN, "admin.imports.export", "Export subscribers as a file"),
    Route("GET", _ONE, Role.ADMIN, "admin.subscriber.page", "One subscriber and their story"),
    Route("POST", _ONE, Role.ADMIN, "admin.subscriber.save", "Change a subscriber"),
    Route("POST", f"{_ONE}/pause", Role.ADMIN, "admin.subscriber.pause", "Pause, or end a pause"),
    Route("POST", f"{_ONE}/suppress", Role.ADMIN, "admin.subscriber.suppress", "Mail an address no more"),
    Route("POST", f"{_ONE}/lift", Role.ADMIN, "admin.subscriber.lift", "Mail a suppressed address again"),
    Route("POST", f"{_ONE}/remove", Role.ADMIN, "admin.subscriber.remove", "Take a subscriber off the list"),
    Route("GET", f"{_ONE}/erase", Role.ADMIN, "admin.subscriber.ask_erase", "Ask before erasing a person"),
    Route("POST", f"{_ONE}/erase", Role.ADMIN, "admin.subscriber.erase", "Erase a person"),
    Route("GET", "/sources", Role.EDITOR, "admin.sources.page", "Sources and their health"),
    Route("GET", "/sources/one", Role.EDITOR, "admin.sources.one", "One source and its newest titles"),
    Route("POST", "/sources/preview", Role.ADMIN, "admin.sources.preview", "Look at a new source"),
    Route("POST", "/sources/add", Role.ADMIN, "admin.sources.add", "Add a source"),
    Route("POST", "/sources/change", Role.ADMIN, "admin.sources.change", "Change a source's weight or section"),
    Route("POST", "/sources/pause", Role.ADMIN, "admin.sources.pause", "Pause a source, or collect it again"),
    Route("POST", "/sources/remove", Role.ADMIN, "admin.sources.remove", "Remove a source"),
    Route("GET", "/reports", Role.VIEWER, "admin.reports.page", "Recent editions, growth, what came back"),
    Route("GET", "/reports/editions.csv", Role.VIEWER, "admin.reports.recent_table", "Recent editions as CSV"),
    Route("GET", "/reports/failures.csv", Role.VIEWER, "admin.reports.failures_table", "What came back as CSV"),
    Route("GET", "/report/{key}", Role.VIEWER, "admin.reports.edition", "What became of an edition"),
    Route("GET", "/report/{key}/table.csv", Role.VIEWER, "admin.reports.table", "The same as CSV"),
    Route("GET", "/report/{key}/late", Role.SENDER, "admin.late.ask", "Ask before sending it to who did not get it"),
    Route("POST", "/report/{key}/late", Role.SENDER, "admin.late.send", "Send it to who is due and did not get it"),
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
    Route("POST", f"{_ONE}/data", Role.ADMIN, "admin.subscriber.data", "All data about a person, as a file"),
)
