"""`python -m tests.releases VERSION`: make the folder and the store that this version leaves behind.

Run it once for a release, from its checkout, and commit the folder. The store has a sent edition, an approved one, and
one with a batch of unknown outcome; one subscriber unsubscribed, one bounced, one chose topics.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from digest.app import make_app
from digest.deliver.outcome import Unknown
from digest.store.people.consent import ConsentLog
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.suppressions import suppress
from tests.cli.newsroom import Newsroom

HERE = Path(__file__).parent
# The mornings of the editions.
DAYS = ("2026-11-23", "2026-11-24", "2026-11-25")
SETTINGS = """\
newsletter:
  name: नदीपुर समाचार
  sender: {name: Nadipur Samachar, email: news@nadipur.example}
  timezone: Asia/Kolkata
  base_url: https://nadipur.example
  postal_address: 12 प्रेस मार्ग, नदीपुर 000000
sources:
  - {name: डेस्क, path: articles}
edition: {max_stories: 5, min_stories: 1, window: 24h}
delivery: {transport: outbox, batch_size: 2}
schedule: {compose_at: "05:30", send_at: "07:00", approval: required}
"""
SUBSCRIBERS = """\
subscribers:
  - {email: asha@example.com, name: आशा वर्मा}
  - {email: ravi@example.com, format: text}
  - {email: meera@example.com, frequency: weekdays}
  - {email: imran@example.com, hour: "08:30"}
  - {email: gone@example.com}
  - {email: bounced@example.com}
"""
ARTICLES = {
    "2026-11-23": ("नहर में पानी आया", "किसानों ने सोमवार को खेतों की सिंचाई शुरू कर दी है। पानी बीस दिन तक चलेगा।"),
    "2026-11-24": ("पुल की मरम्मत पूरी हुई", "नदीपुर का पुराना पुल मंगलवार से फिर खुल गया है। काम तीन महीने चला।"),
    "2026-11-25": ("मेले में उमड़ी भीड़", "बुधवार को मेले के पहले दिन हज़ारों लोग पहुंचे। मेला सात दिन चलेगा।"),
}


def main(version: str) -> None:
    folder = HERE / version
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "articles").mkdir(parents=True)
    (folder / "digest.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    newsroom = Newsroom(folder)
    for day in DAYS:
        title, text = ARTICLES[day]
        article = f"---\ntitle: {title}\ndate: {day} 05:00\n---\n{text}\n"
        (folder / "articles" / f"{day}.md").write_text(article, encoding="utf-8")
        now = f"{day}T07:00+05:30"
        newsroom.json("compose", DIGEST_NOW=now)
        newsroom.digest("edition", "approve", day, DIGEST_NOW=now)
        if day == DAYS[0]:
            newsroom.json("send", DIGEST_NOW=now)
            _people(folder, datetime.fromisoformat(now))
        elif day == DAYS[1]:
            _unknown(folder, day, now)
    with closing(sqlite3.connect(folder / "digest.db")) as store:
        dump = "\n".join(store.iterdump())
    (folder / "digest.sql").write_text(f"{dump}\n", encoding="utf-8")
    shutil.rmtree(folder / "outbox")
    for left in folder.glob("digest.db*"):
        left.unlink()


def _people(folder: Path, now: datetime) -> None:
    """What subscribers and the provider did after the first edition."""
    with make_app(folder) as app:
        choices = PreferenceStore(app.database)
        ids = {record.address: choices.find(record.address) for record in app.subscriber_admin.subscribers()}
        page = ConsentContext("web:preferences", "सहेजें")
        if (gone := ids["gone@example.com"]) and (meera := ids["meera@example.com"]):
            choices.unsubscribe(gone.id, ConsentContext("web:unsubscribe"), now=now + timedelta(hours=1))
            choices.set(meera.id, {"format": "text"}, page, now=now + timedelta(hours=2))
        with app.database.write() as connection:
            suppress(connection, "bounced@example.com", "bounced", at=now, detail="550 5.1.1 no such mailbox")
        ConsentLog(app.database).record("asha@example.com", "agreed", now, "paper form", wording="हाँ, भेजिए")


def _unknown(folder: Path, day: str, now: str) -> None:
    """Enqueue an edition, and lose the outcome of its first batch."""
    os.environ["DIGEST_NOW"] = now
    with make_app(folder) as app:
        edition = app.editions.get(day)
        assert edition is not None
        app.enqueuer.enqueue(edition)
        first, second = app.ledger.claim(2, day, "smtp", app.now(), 5)
        for claim in (first, second):
            app.ledger.settle(claim.attempt, Unknown("connection reset after the last byte"), app.now())


if __name__ == "__main__":
    main(sys.argv[1])
