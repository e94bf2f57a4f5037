"""How each kind of alert is provoked: a function causes the condition, and returns since when it is true."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from digest.notify.alert import AlertKind
from tests.alerts.scene import AFTERNOON, BEFORE_COMPOSING, BEFORE_SENDING, DAY, Scene
from tests.support.sendgrid_events import PATH, Webhook, body, of
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

_RSS = """<rss version="2.0"><channel><title>सवेरा</title><item><title>शहर में नई बस सेवा शुरू</title>
<link>{url}</link><pubDate>{date}</pubDate><description>आज शहर में नई बस सेवा शुरू हुई और लोगों ने इसका स्वागत किया।
</description></item></channel></rss>"""
_TOO_MANY = {"DIGEST_EDITION__MIN_STORIES": "90", "DIGEST_EDITION__MAX_STORIES": "99"}
# A module that Python imports at its start: it moves the clock of the process while a file exists.
_CLOCK = """import os, time
_real = time.time
time.time = lambda: _real() + (3600 if os.path.exists(os.environ["MOVED_CLOCK"]) else 0)
"""


@dataclass(frozen=True)
class Provocation:
    """`run` causes the condition and returns its start, by time.monotonic()."""

    kind: AlertKind
    how: str
    run: Callable[[Scene], float]


PROVOCATIONS: list[Provocation] = []


def _provokes(kind: AlertKind, how: str) -> Callable[[Callable[[Scene], float]], Callable[[Scene], float]]:
    def add(run: Callable[[Scene], float]) -> Callable[[Scene], float]:
        PROVOCATIONS.append(Provocation(kind, how, run))
        return run

    return add


@_provokes(AlertKind.SOURCE_DEAD, "its feed answers 500 (after one failure)")
def _dead_source(scene: Scene) -> float:
    site = scene.site()
    scene.add_source(site.route("/feed.xml", "", status=500))
    scene.start(AFTERNOON, DIGEST_ALERTS__SOURCE_FAILURES="1")
    return scene.wait_for(lambda: next((hit.at for hit in site.hits("/feed.xml")), None), "request", 60)


@_provokes(AlertKind.SOURCE_SILENT, "no new article for 20 seconds (instead of 7 days)")
def _silent_source(scene: Scene) -> float:
    site = scene.site()
    scene.add_source(
        site.route("/feed.xml", _RSS.format(url=site.url("/1"), date=f"Mon, 23 Nov {DAY[:4]} 14:00:00 +0530"))
    )
    scene.start(AFTERNOON, DIGEST_ALERTS__SOURCE_SILENT="20s")
    return scene.wait_for(lambda: next((hit.at for hit in site.hits("/feed.xml")), None), "request", 60) + 20


@_provokes(AlertKind.EDITION_SKIPPED, "fewer stories than edition.min_stories")
def _skipped(scene: Scene) -> float:
    scene.start(BEFORE_COMPOSING, **_TOO_MANY)
    return scene.logged("is skipped")


@_provokes(AlertKind.EDITION_THIN, "fewer stories than alerts.thin_edition")
def _thin(scene: Scene) -> float:
    scene.start(BEFORE_COMPOSING, DIGEST_ALERTS__THIN_EDITION="90", DIGEST_EDITION__MAX_STORIES="99")
    return scene.logged("Composed edition")


@_provokes(AlertKind.EDITION_WAITING, "a draft with schedule.approval: required")
def _waiting(scene: Scene) -> float:
    scene.start(BEFORE_COMPOSING, DIGEST_SCHEDULE__APPROVAL="required")
    return scene.logged("Composed edition")


@_provokes(AlertKind.EDITION_EXPIRED, "nobody approves it until schedule.approve_by")
def _expired(scene: Scene) -> float:
    schedule = {"DIGEST_SCHEDULE__APPROVAL": "required", "DIGEST_SCHEDULE__APPROVE_BY": "07:00"}
    scene.environment |= schedule
    scene.digest("compose", at=f"{DAY}T06:30:00+05:30")
    return _at_the_hour(scene.start(BEFORE_SENDING))


@_provokes(AlertKind.EDITION_MISSED, "`digest run` starts after schedule.expires_after")
def _missed(scene: Scene) -> float:
    scene.digest("compose", at="2026-11-22T05:30:00+05:30")
    return scene.start(AFTERNOON)


@_provokes(AlertKind.BREAKING_PROPOSED, "`digest breaking propose`")
def _breaking(scene: Scene) -> float:
    scene.environment |= {"DIGEST_BREAKING__ENABLED": "true"}
    scene.digest("collect", at="2026-11-23T14:50:00+05:30")
    scene.start(AFTERNOON)
    url = _newest_article(scene)
    asked = time.monotonic()
    scene.digest("breaking", "propose", url, at="2026-11-23T15:00:30+05:30")
    return asked


@_provokes(AlertKind.RECIPIENTS_EXPIRED, "the server defers everybody for longer than schedule.expires_after")
def _recipients_expired(scene: Scene) -> float:
    scene.list(3)
    scene.smtp(defer=[f"subscriber{number}@example.com" for number in range(3)])
    started = scene.start(BEFORE_SENDING, DIGEST_SCHEDULE__EXPIRES_AFTER="30s", DIGEST_DELIVERY__TRIES="2")
    return _at_the_hour(started) + 30


@_provokes(AlertKind.SENDING_STOPPED, "the server rejects the first recipients")
def _stopped(scene: Scene) -> float:
    scene.list(60)
    scene.smtp(reject=[f"subscriber{number}@example.com" for number in range(60)])
    scene.start(BEFORE_SENDING, DIGEST_DELIVERY__THREADS="1", DIGEST_DELIVERY__BATCH_SIZE="10")
    return scene.logged("paused automatically")


@_provokes(AlertKind.SENDING_SLOW, "delivery.rate lets 5 of 20 go, and alerts.slow_send is 20 seconds")
def _slow(scene: Scene) -> float:
    scene.list(20)
    limits = {"DIGEST_DELIVERY__RATE__PER_HOUR": "5", "DIGEST_ALERTS__SLOW_SEND": "20s"}
    return _at_the_hour(scene.start(BEFORE_SENDING, **limits)) + 20


@_provokes(AlertKind.OUTCOME_UNKNOWN, "the server closes the connection after the last byte")
def _unknown(scene: Scene) -> float:
    scene.list(3)
    scene.smtp(after_dot=["accept_then_close"])
    scene.start(BEFORE_SENDING, DIGEST_DELIVERY__ON_UNKNOWN="hold")
    return scene.logged("outcome unknown")


@_provokes(AlertKind.PROVIDER_DOWN, "the server refuses every connection")
def _down(scene: Scene) -> float:
    scene.use_smtp(_free_port())
    return scene.start(AFTERNOON)


@_provokes(AlertKind.KEY_REFUSED, "the server refuses the password")
def _key(scene: Scene) -> float:
    scene.smtp(login=("asha", "right"))
    return scene.start(AFTERNOON, DIGEST_DELIVERY__SMTP__USERNAME="asha", DIGEST_SMTP_PASSWORD="wrong")


@_provokes(AlertKind.CERTIFICATE_INVALID, "the server signs its own certificate")
def _certificate(scene: Scene) -> float:
    scene.smtp(starttls=True)
    return scene.start(AFTERNOON, DIGEST_DELIVERY__SMTP__SECURITY="starttls")


@_provokes(AlertKind.BOUNCE_RATE, "6 of 100 bounce, by SendGrid's webhook")
def _bounces(scene: Scene) -> float:
    return _events(scene, lambda all: [_bounced(each, "550 5.1.1 no") for each in all[:6]])


@_provokes(AlertKind.COMPLAINT_RATE, "4 of 100 complain, by SendGrid's webhook")
def _complaints(scene: Scene) -> float:
    return _events(scene, lambda all: [of(each, "spamreport") for each in all[:4]])


@_provokes(AlertKind.BLOCK_RATE, "25 of 100 are blocked, by SendGrid's webhook")
def _blocks(scene: Scene) -> float:
    return _events(scene, lambda all: [of(each, "bounce", type="blocked", reason="554 no") for each in all[:25]])


@_provokes(AlertKind.RECEIVER_POLICY, "Gmail names SPF and DKIM four times, by SendGrid's webhook")
def _policy(scene: Scene) -> float:
    answer = "550-5.7.26 Your email has been blocked because the sender is unauthenticated. gsmtp"
    return _events(scene, lambda all: [of(each, "bounce", type="blocked", reason=answer) for each in all[:4]])


@_provokes(AlertKind.WEBHOOK_SILENT, "no event within 20 seconds of a send (instead of an hour)")
def _no_events(scene: Scene) -> float:
    _sendgrid(scene)
    started = scene.start(BEFORE_SENDING, DIGEST_ALERTS__WEBHOOK_SILENT="20s")
    return max(_at_the_hour(started), scene.logged(f"Edition {DAY}, done")) + 20


@_provokes(AlertKind.FEEDBACK_FAILED, "a signed payload that is no list of events")
def _unreadable(scene: Scene) -> float:
    return _post(scene, lambda _all: b"{}")


@_provokes(AlertKind.DISK_LOW, "alerts.disk_free_mb is raised above what is free")
def _disk(scene: Scene) -> float:
    scene.start(AFTERNOON)
    return _edit(scene, "newsletter:\n", "alerts: {disk_free_mb: 99000000}\nnewsletter:\n")


@_provokes(AlertKind.BACKUP_OLD, "the last backup is four days old (instead of three)")
def _backup(scene: Scene) -> float:
    scene.digest("store", "backup", str(scene.home / "copy.db"), at="2026-11-19T03:00:00+05:30")
    return scene.start(AFTERNOON)


@_provokes(AlertKind.STORE_UNUSABLE, "another program keeps the store locked when an edition is due")
def _store(scene: Scene) -> float:
    started = scene.start(BEFORE_SENDING)
    other = sqlite3.connect(scene.home / "digest.db", isolation_level=None, check_same_thread=False)
    scene.servers.callback(other.close)
    other.execute("BEGIN EXCLUSIVE")
    return max(time.monotonic(), _at_the_hour(started) - 5)


@_provokes(AlertKind.CLOCK_JUMP, "the clock of the process is moved by an hour")
def _clock(scene: Scene) -> float:
    code, moved = scene.home / "clock", scene.home / "moved"
    code.mkdir()
    (code / "sitecustomize.py").write_text(_CLOCK, encoding="utf-8")
    scene.start(AFTERNOON, PYTHONPATH=f"{code}", MOVED_CLOCK=f"{moved}")
    # Its first check must be over.
    time.sleep(8)
    moved.touch()
    return time.monotonic()


@_provokes(AlertKind.STOOD_STILL, "SIGSTOP, and SIGCONT 130 seconds later")
def _standstill(scene: Scene) -> float:
    scene.start(AFTERNOON)
    # By then the thread that notices it has begun, however busy the machine is.
    scene.logged("Next edition")
    scene.signal(signal.SIGSTOP)
    time.sleep(130)
    scene.signal(signal.SIGCONT)
    return time.monotonic()


@_provokes(AlertKind.JOB_FAILED, "the key of the summary engine is missing")
def _job(scene: Scene) -> float:
    engine = {"ENGINE": "openai", "URL": "http://127.0.0.1:9/v1", "MODEL": "m", "KEY_ENV": "NO_SUCH_KEY"}
    started = scene.start(BEFORE_COMPOSING, **{f"DIGEST_SUMMARY__{name}": value for name, value in engine.items()})
    return max(started, scene.logged("failed"))


@_provokes(AlertKind.LIST_FAULTY, "a typo in subscribers.yaml")
def _list(scene: Scene) -> float:
    scene.start(AFTERNOON)
    path = scene.home / "subscribers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("asha@example.com", "asha"), encoding="utf-8")
    return time.monotonic()


@_provokes(AlertKind.SETTINGS_FAULTY, "a typo in digest.yaml")
def _settings(scene: Scene) -> float:
    scene.start(AFTERNOON)
    return _edit(scene, "compose_at:", "compose_att:")


@_provokes(AlertKind.RESTART_NEEDED, "store.url is edited")
def _restart(scene: Scene) -> float:
    scene.start(AFTERNOON)
    return _edit(scene, "newsletter:\n", "store: {url: 'sqlite:///other.db'}\nnewsletter:\n")


def _at_the_hour(started: float) -> float:
    """Return when it is 07:00 for a process that started ten seconds earlier."""
    return started + 10


def _edit(scene: Scene, old: str, new: str) -> float:
    scene.newsroom.edit_settings(old, new)
    return time.monotonic()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _newest_article(scene: Scene) -> str:
    with sqlite3.connect(scene.home / "digest.db") as store:
        found: str = store.execute("SELECT url FROM article ORDER BY published DESC LIMIT 1").fetchone()[0]
    return found


def _sendgrid(scene: Scene) -> tuple[SendGridServer, Webhook]:
    """Make a local SendGrid the transport of a list of 100."""
    scene.list(100)
    server, webhook = scene.servers.enter_context(SendGridServer()), Webhook()
    scene.environment |= {
        **sendgrid_environment(server.url),
        "DIGEST_DELIVERY__ON_UNKNOWN": "hold",
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
        "SENDGRID_WEBHOOK_KEYS": webhook.public,
    }
    return server, webhook


def _bounced(acceptance: object, reason: str) -> dict[str, object]:
    return of(acceptance, "bounce", type="bounce", status="5.1.1", reason=reason)  # type: ignore[arg-type]


def _events(scene: Scene, choose: Callable[[list[object]], list[dict[str, object]]]) -> float:
    """Send an edition, then post the chosen events to the pages' webhook, as SendGrid does. Returns when."""
    return _post(scene, lambda all: body(choose(all)))


def _post(scene: Scene, payload: Callable[[list[object]], bytes]) -> float:
    server, webhook = _sendgrid(scene)
    port = _free_port()
    started = datetime.now(UTC)
    scene.start(BEFORE_SENDING, DIGEST_WEB__ENABLED="true", DIGEST_WEB__PORT=str(port))
    scene.logged(f"Edition {DAY}, done")
    events = payload(list(server.provider.acceptances()))
    # The process compares the time of the signature with its own clock.
    now = datetime.fromisoformat(BEFORE_SENDING) + (datetime.now(UTC) - started) - timedelta(seconds=2)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{PATH}", events, webhook.headers(events, now.timestamp()), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204, answer.status
    return time.monotonic()


@_provokes(AlertKind.REENGAGE_PLANNED, "reengage.weekday is tomorrow, and most of the list is silent")
def _reengage(scene: Scene) -> float:
    scene.list(3)
    scene.digest("subscribers", "check", at="2026-04-01T15:00:00+05:30")
    scene.digest("subscribers", "reengage", at="2026-04-01T15:00:00+05:30")
    scene.start(AFTERNOON, DIGEST_REENGAGE__ENABLED="true", DIGEST_REENGAGE__WEEKDAY="tue", DIGEST_REENGAGE__AT="14:30")
    return scene.logged("asks nobody", 90)
