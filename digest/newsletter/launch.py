"""`digest check --launch`: the checklist for the first real send."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.errors import DigestError
from digest.store import meta
from digest.utils.findings import Level
from digest.utils.text import plural
from digest.utils.urls import is_example

if TYPE_CHECKING:
    from digest.app import App
    from digest.newsletter.diagnosis import DiagnosisOptions

# The address in the settings that `digest init` writes.
SAMPLE_ADDRESS = "12 प्रेस मार्ग, नदीपुर 000000"
# Name of the value in the store: the channels of alerts that `digest alerts test` reached.
_TESTED_ALERTS = "tested alerts"
# Older tests and backups do not count.
_RECENT = timedelta(days=7)
# Enough for every edition of today.
_RECENT_EDITIONS = 20


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    name: str
    # None if digest cannot find out. It does not block the launch.
    ok: bool | None
    message: str
    fix: str = ""


def checklist(app: App, options: DiagnosisOptions, seeds: Sequence[str]) -> list[ChecklistItem]:
    """Go through the list. An item that cannot be checked is not ready, and says why."""
    items: list[tuple[str, Callable[[], ChecklistItem | list[ChecklistItem]]]] = [
        ("provider", lambda: _provider(app)),
        ("sender", lambda: _sender(app)),
        ("DNS", lambda: _dns(app, options)),
        ("sources", lambda: _sources(app)),
        ("postal address", lambda: _postal_address(app)),
        ("join page", lambda: _join_page(app, options)),
        ("seed addresses", lambda: _seeds(app, seeds)),
        ("test email", lambda: _test_email(app)),
        ("alerts", lambda: _alerts(app)),
        ("heartbeat", lambda: _heartbeat(app)),
        ("backup", lambda: _backup(app)),
    ]
    return [item for name, check in items for item in _run_guarded(name, check)]


def _run_guarded(name: str, check: Callable[[], ChecklistItem | list[ChecklistItem]]) -> list[ChecklistItem]:
    try:
        found = check()
    except DigestError as problem:
        return [ChecklistItem(name, False, str(problem), "run `digest check`")]
    return found if isinstance(found, list) else [found]


def _provider(app: App) -> ChecklistItem:
    from digest.newsletter.diagnosis import probe, probe_remedy

    chosen = app.settings.delivery.transport
    if chosen[0] == "outbox":
        fix = "set delivery.transport to smtp, sendgrid, resend, brevo or ses (docs/providers.md)"
        return ChecklistItem("provider", False, "delivery.transport is outbox: no email leaves this machine", fix)
    if reason := probe(app, app.transports[0]):
        return ChecklistItem("provider", False, reason, probe_remedy(app, chosen[0], reason))
    return ChecklistItem("provider", True, f"{chosen[0]} is ready to send")


def _sender(app: App) -> ChecklistItem:
    email = app.settings.newsletter.sender.email
    if is_example(email.rpartition("@")[2]):
        fix = "set newsletter.sender.email to an address of your domain"
        return ChecklistItem("sender", False, f"{email} is of an example domain", fix)
    return ChecklistItem("sender", True, f"{app.settings.newsletter.sender.name} <{email}>")


def _dns(app: App, options: DiagnosisOptions) -> ChecklistItem | list[ChecklistItem]:
    """Return one item, or one for each fault."""
    from digest.newsletter.diagnosis import check_dns

    found = check_dns(app, options)
    if bad := [finding for finding in found if finding.level in (Level.ERROR, Level.UNKNOWN)]:
        return [ChecklistItem("DNS", False, f"{finding.check}: {finding.message}", finding.fix) for finding in bad]
    if example := [finding for finding in found if finding.check == "sender"]:
        return ChecklistItem("DNS", False, example[0].message, example[0].fix)
    if app.settings.delivery.transport == ("outbox",):
        return ChecklistItem(
            "DNS", False, "only DMARC was checked: no provider is chosen", "set delivery.transport first"
        )
    return ChecklistItem("DNS", True, "SPF, DKIM, DMARC and alignment are in order; `digest doctor` shows them")


def _sources(app: App) -> ChecklistItem:
    if not app.sources:
        return ChecklistItem("sources", False, "there is no source", "run `digest sources add URL`")
    if samples := [source.name for source in app.sources if source.replay]:
        fix = "remove them (`digest sources remove --samples`), and add your own with `digest sources add URL`"
        return ChecklistItem("sources", False, f"samples with moved dates: {', '.join(samples)}", fix)
    recent = app.editions.all(limit=_RECENT_EDITIONS)
    if made := [edition.key for edition in recent if edition.sample and edition.day >= app.now().date()]:
        fix = "; ".join(f"digest edition discard {key}" for key in made)
        return ChecklistItem(
            "sources", False, f"made of samples before you removed them: edition {', '.join(made)}", fix
        )
    return ChecklistItem("sources", True, f"{plural(len(app.sources), 'source')} of your own")


def _postal_address(app: App) -> ChecklistItem:
    address = app.settings.newsletter.postal_address
    if not address or address == SAMPLE_ADDRESS:
        what = "is the sample's" if address else "is empty"
        fix = "set newsletter.postal_address: many countries require it in bulk email"
        return ChecklistItem("postal address", False, f"newsletter.postal_address {what}", fix)
    return ChecklistItem("postal address", True, address)


def _join_page(app: App, options: DiagnosisOptions) -> ChecklistItem:
    """Check that the form is live and shows what subscribers agree to."""
    from digest.usecases.check_setup import WebUnreachable, request, unreachable
    from digest.web.consent import consent_wording

    name, newsletter = "join page", app.settings.newsletter
    base = newsletter.base_url.rstrip("/")
    if not base or is_example(urlsplit(base).hostname or ""):
        what = f"newsletter.base_url is an example address ({base})" if base else "newsletter.base_url is empty"
        fix = "serve the pages with `digest web` and set newsletter.base_url (docs/reader-pages.md)"
        return ChecklistItem(name, False, f"{what}: nobody can join or unsubscribe with one click", fix)
    if not app.settings.web.signup:
        return ChecklistItem(
            name, True, "sign-up is switched off (web.signup); keep the consents of your list yourself"
        )
    url = f"{base}/join"
    try:
        answer = request("GET", url)
    except WebUnreachable as problem:
        found = unreachable("pages", url, problem, options.lookup)
        return ChecklistItem(name, False, found.message, found.fix)
    if answer.status != 200:
        fix = "start `digest web` (or `digest run` with web.enabled), and let the proxy pass this address to it"
        return ChecklistItem(name, False, f"{url} is answered with {answer.status}; expected 200", fix)
    wording = consent_wording(newsletter.language, newsletter.name, app.settings.privacy.minimum_age)
    if wording not in unescape(answer.body):
        return ChecklistItem(
            name, False, f"{url} does not show the consent text «{wording}»",
            "restart `digest web` with the settings of this folder, or correct templates/pages/join.html.j2",
        )  # fmt: skip
    return ChecklistItem(name, True, f"{url} answers and shows the consent text «{wording}»")


def _seeds(app: App, seeds: Sequence[str]) -> ChecklistItem:
    """Check the addresses of the newsroom at large providers, which get every edition."""
    from digest.subscribers.address import normalise

    name = "seed addresses"
    if not seeds:
        fix = (
            "put addresses of yours at Gmail, Yahoo and Outlook on the list, and name them: "
            "digest check --launch --seed NAME@gmail.com"
        )
        return ChecklistItem(
            name, False, "none is named: nobody sees whether editions land in the inbox or in spam", fix
        )
    app.subscriber_list.sync()
    wanted = {normalise(seed): seed for seed in seeds}
    missing = [seed for address, seed in wanted.items() if address not in app.subscribers.eligible_among(wanted)]
    if missing:
        commands = "; ".join(f"digest subscribers add {seed}" for seed in missing)
        return ChecklistItem(name, False, f"not on the list, paused or suppressed: {', '.join(missing)}", commands)
    return ChecklistItem(name, True, f"on the list: {', '.join(wanted.values())}")


def _test_email(app: App) -> ChecklistItem:
    from digest.store.meta import last_test_send

    name, fix = "test email", "digest send --to you@your-domain, then look at it on a phone and in a browser"
    test = last_test_send(app.database)
    if test is None:
        return ChecklistItem(name, False, "no test was sent", fix)
    when = f"{test.at.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
    message = f"sent to {test.recipients} by {test.transport} at {when}"
    if test.transport != app.settings.delivery.transport[0]:
        return ChecklistItem(
            name, False, f"{message}, and delivery.transport is {app.settings.delivery.transport[0]} now", fix
        )
    if app.now() - test.at > _RECENT:
        return ChecklistItem(name, False, f"{message}, more than {_RECENT.days} days ago", fix)
    return ChecklistItem(name, True, f"{message}; did a person look at it?")


def _alerts(app: App) -> ChecklistItem:
    alerts = app.settings.alerts
    if not alerts.email and not alerts.webhook:
        fix = "set alerts.email or alerts.webhook in digest.yaml, then run `digest alerts test`"
        return ChecklistItem("alerts", False, "no alert goes out when something goes wrong", fix)
    if problems := app.alert_problems():
        return ChecklistItem(
            "alerts", False, "; ".join(map(str, problems)), "correct it, then run `digest alerts test`"
        )
    names = [channel.name for channel in app.alerts.channels]
    message = f"go to {', '.join([*alerts.email, *(['the webhook'] if alerts.webhook else [])])}"
    if not set(names) <= set(json.loads(meta.get(app.database, _TESTED_ALERTS) or "[]")):
        fix = "run `digest alerts test`, and see that it arrives"
        return ChecklistItem("alerts", False, f"{message}; no test was sent to all of them", fix)
    return ChecklistItem("alerts", True, f"{message}; a test was sent")


def _heartbeat(app: App) -> ChecklistItem:
    from digest.newsletter.process_down import ping

    if not app.settings.alerts.heartbeat_url:
        fix = "set alerts.heartbeat_url (docs/alerts.md), unless something else watches the machine"
        return ChecklistItem(
            "heartbeat", None, "digest cannot tell you that its machine is down, or that it is frozen", fix
        )
    if problem := ping(app):
        return ChecklistItem("heartbeat", False, problem, "correct alerts.heartbeat_url")
    return ChecklistItem("heartbeat", True, "a service outside gets a sign of life every minute")


def save_alerts_test(app: App) -> None:
    """Remember that a test went to the admins' addresses and webhook."""
    meta.set(app.database, _TESTED_ALERTS, json.dumps([channel.name for channel in app.alerts.channels]))


def _backup(app: App) -> ChecklistItem:
    from digest.store.meta import last_backup

    if not app.database.sqlite:
        fix = "`digest store backup FILE` prints the command; run it every night (docs/deploy.md)"
        return ChecklistItem("backup", None, "PostgreSQL's own tools make it, and digest does not see them", fix)
    at, fix = last_backup(app.database), "run `digest store backup FILE` every night (docs/deploy.md has a timer)"
    if at is None:
        return ChecklistItem("backup", False, "no backup of the store was made", fix)
    when = f"{at.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
    if app.now() - at > _RECENT:
        return ChecklistItem("backup", False, f"the last one is of {when}, more than {_RECENT.days} days ago", fix)
    return ChecklistItem("backup", True, f"made at {when}")
