"""The desk's pages for admins that `make webcheck` looks at."""

from __future__ import annotations

from urllib.parse import quote

from digest.app import App
from digest.models import Actor
from digest.store.people.directory import SubscriberFilter
from digest.store.people.preferences import PreferenceStore
from digest.usecases.transfer_subscribers import ListToImport


def admin_pages(app: App) -> dict[str, str]:
    """Return name → path."""
    suppressed, usual = "ravi@example.com", "asha@example.com"
    app.subscribers.suppress(suppressed, "bounced", now=app.now(), detail="550 5.1.1 no such user")
    # Somebody who came after the edition was sent.
    app.subscriber_editor.add("new.reader@example.com", {}, Actor("webcheck", "command"))
    app.segments.save("खेल वाले", SubscriberFilter(topic="खेल"), Actor("webcheck", "command"))
    preferences = PreferenceStore(app.database)
    ids = {email: held.id for email in (suppressed, usual) if (held := preferences.find(email))}
    people = {
        "desk-subscriber": f"/desk/subscriber/{ids[usual]}",
        "desk-subscriber-bounced": f"/desk/subscriber/{ids[suppressed]}",
        "desk-subscriber-erase": f"/desk/subscriber/{ids[usual]}/erase",
    }
    sent = app.directory.last_enqueued()
    file = app.home / "mela.csv"
    file.write_text("email\nmela@example.org\n", encoding="utf-8")
    imported = app.subscriber_transfer.import_list(ListToImport(file, "mela"), Actor("webcheck", "command")).done.act
    return {
        **people,
        "desk-subscribers": "/desk/subscribers",
        "desk-subscribers-found": "/desk/subscribers?q=asha&state=active&topic=x",
        "desk-subscribers-add": "/desk/subscribers/add",
        "desk-many": "/desk/subscribers/many?all=on&state=active",
        "desk-undo": f"/desk/import/{imported}/undo",
        "desk-log-found": "/desk/log?q=asha&who=webcheck",
        "desk-import": "/desk/subscribers/import",
        "desk-sources": "/desk/sources",
        "desk-source": f"/desk/sources/one?name={quote(app.sources[0].name)}",
        "desk-settings": "/desk/settings",
        "desk-reports": "/desk/reports",
        "desk-report": f"/desk/report/{sent}",
        "desk-late": f"/desk/report/{sent}/late",
        "desk-missed": f"/desk/report/{sent}/missed?kind=excluded",
    }
