"""Words that a newsroom would write instead of ours lead to the right key, value or page."""

from __future__ import annotations

import re

import pytest

from digest.config import hints, loader
from digest.config.settings import Settings
from digest.errors import ConfigurationError
from digest.yamlio import reader
from tests.paths import ROOT
from tests.support.tables import each_row

GOOD = "newsletter:\n  name: सुबह\n  sender: {email: news@example.com}\n"
WEEKLY = "a weekly edition is an entry of 'schedule.editions', such as {slug: weekly, days: [sun], window: 7d"

# Settings → the unknown key, and what the answer says.
KEYS = {
    "schedule: {weekly: true}": ("schedule.weekly", WEEKLY),
    "weekly: {send_at: '09:00'}": ("weekly", WEEKLY),
    "edition: {weekly: sun}": ("edition.weekly", WEEKLY),
    "frequency: weekly": ("frequency", "did you mean 'schedule.days'?"),
    "schedule: {frequency: weekly}": ("schedule.frequency", "did you mean 'days'?"),
    "schedule: {time: '7:00'}": ("schedule.time", "did you mean 'send_at'?"),
    "send_at: '07:00'": ("send_at", "did you mean 'schedule.send_at' or 'schedule.editions[].send_at'?"),
    "edition: {send_at: '07:00'}": ("edition.send_at", "did you mean 'schedule.send_at' or"),
    "schedule: {Days: daily}": ("schedule.Days", "did you mean 'days'?"),
    "schedule: {send-at: '07:00'}": ("schedule.send-at", "did you mean 'send_at'?"),
    "schedule: {cron: 0 7 * * *}": ("schedule.cron", "did you mean 'days'?"),
    "schedule: {max_stories: 6}": ("schedule.max_stories", "did you mean 'edition.max_stories' or"),
    "schedule: {approve: manual}": ("schedule.approve", "did you mean 'approval'?"),
    "feeds: [https://a.example/rss]": ("feeds", "did you mean 'sources'?"),
    "sources: [{name: क, feed: 'https://a.example/rss'}]": ("sources[1].feed", "did you mean 'url'?"),
    "sources: [{name: क, url: 'https://a.example', category: खेल}]": ("sources[1].category", "did you mean 'section'?"),
    "sources: [{name: क, url: 'https://a.example', type: rss}]": ("sources[1].type", "`digest sources test URL` shows"),
    "transport: smtp": ("transport", "did you mean 'delivery.transport' or 'alerts.transport'?"),
    "provider: sendgrid": ("provider", "did you mean 'delivery.transport'?"),
    "smtp: {host: mail.example.com}": ("smtp", "did you mean 'delivery.smtp' or 'alerts.smtp'?"),
    "sender: news@example.com": ("sender", "did you mean 'newsletter.sender'?"),
    "timezone: Asia/Kolkata": ("timezone", "did you mean 'newsletter.timezone'?"),
    "base_url: https://news.example.com": ("base_url", "did you mean 'newsletter.base_url' or 'desk.base_url'?"),
    "delivery: {smtp: {password: x}}": ("delivery.smtp.password", "set the environment variable"),
    "delivery: {sendgrid: {api_key: x}}": ("delivery.sendgrid.api_key", "set the environment variable"),
    "delivery: {smtp: {user: x}}": ("delivery.smtp.user", "did you mean 'username'?"),
    "delivery: {smtp: {server: x}}": ("delivery.smtp.server", "did you mean 'host'?"),
    "recipients: [a@example.com]": ("recipients", "subscribers are in subscribers.yaml"),
    "edition: {limit: 10}": ("edition.limit", "did you mean 'max_stories'?"),
    "edition: {subject: नमस्ते}": ("edition.subject", "`digest edition edit EDITION` sets it"),
    "alerts: {emails: [a@example.com]}": ("alerts.emails", "did you mean 'email'?"),
    "alerts: {slack: 'https://a.example'}": ("alerts.slack", "set 'alerts.webhook_format'"),
    "store: {path: a.db}": ("store.path", "did you mean 'url'?"),
    "database: postgresql://a/b": ("database", "did you mean 'store.url'?"),
    "theme: {color: '#aa0000'}": ("theme.color", "did you mean 'accent'?"),
    "weather: {}": ("weather", "did you mean 'blocks'?"),
}
# Settings → what the answer says of the value.
VALUES = {
    "schedule: weekly": WEEKLY,
    "schedule: {days: weekly}": WEEKLY,
    "edition: {window: week}": WEEKLY,
    "schedule: {days: sunday}": "found 'sunday'; did you mean 'sun'?",
    "schedule: {days: [Monday, thu]}": "found 'Monday'; did you mean 'mon'?",
    "schedule: {days: रविवार}": "found 'रविवार'; did you mean 'sun'?",
    "schedule: {days: weekend}": "found 'weekend'; did you mean [sat, sun]?",
    "schedule: {days: everyday}": "found 'everyday'; did you mean 'daily'?",
    "schedule: {days: [mon, mon]}": "found 'mon' twice",
    "schedule: {send_at: 7 am}": "found '7 am'; did you mean \"07:00\"?",
    "schedule: {send_at: 7}": 'found 7; did you mean "07:00"?',
    "schedule: {send_at: 7.30}": 'found 7.3; did you mean "07:30"?',
    "schedule: {send_at: 6.30 pm}": "found '6.30 pm'; did you mean \"18:30\"?",
    "schedule: {send_at: '०७:००'}": "found '०७:००'; did you mean \"07:00\"?",
    "schedule: {approval: manual}": "found 'manual'; did you mean 'required'?",
    "schedule: {approval: true}": "found true; did you mean 'required'?",
    "schedule: {on_no_approval: cancel}": "found 'cancel'; did you mean 'skip'?",
    "schedule: {expires_after: 4}": "found 4; did you mean '4h'?",
    "schedule: {collect_every: 15}": "found 15; did you mean '15m'?",
    "delivery: {smtp: {timeout: 30}}": "found 30; did you mean '30s'?",
    "edition: {memory: 7}": "found 7; did you mean '7d'?",
    "edition: {window: 24 hours}": "found '24 hours'; did you mean '24h'?",
    "edition: {window: 1 week}": "found '1 week'; did you mean '7d'?",
    "newsletter: {name: क, sender: {email: a@example.com}, language: hindi}": "found 'hindi'; did you mean 'hi'?",
    "newsletter: {name: क, sender: {email: a@example.com}, tracking: true}": "found true; did you mean 'on'?",
    "delivery: {transport: mailgun}": "found 'mailgun'; did you mean 'smtp'?",
    "delivery: {transport: amazon}": "found 'amazon'; did you mean 'ses'?",
    "delivery: {smtp: {security: ssl}}": "found 'ssl'; did you mean 'tls'?",
    "subscribers: {on_error: continue}": "found 'continue'; did you mean 'last_good'?",
    "sources: https://a.example/rss": "write {name: NAME, url: https://a.example/rss}",
    "sources: [https://a.example/rss]": "write {name: NAME, url: https://a.example/rss}",
    "sources: {name: क, path: p}": "found keys and values; begin each entry with '- '",
}


def messages(extra: str) -> str:
    text = extra if extra.startswith("newsletter") else GOOD + extra
    with pytest.raises(ConfigurationError) as caught:
        loader.from_data(reader.read_text(text + "\n", "digest.yaml"), {})
    return "\n".join(problem.message for problem in caught.value.problems)


@each_row("extra", KEYS)
def test_a_wrong_key_leads_to_the_right_one(extra: str) -> None:
    key, expected = KEYS[extra]
    found = messages(extra)
    assert f"unknown key '{key}'; {expected}" in found or (f"unknown key '{key}'; " in found and expected in found), (
        found
    )


@each_row("extra", VALUES)
def test_a_wrong_value_leads_to_the_right_one(extra: str) -> None:
    assert VALUES[extra] in messages(extra)


def test_a_valid_word_out_of_range_is_not_suggested_again() -> None:
    assert messages("store: {keep: {deliveries: 2d}}") == "'store.keep.deliveries': expected at least 30d, found '2d'"


def test_what_the_tables_name_exists() -> None:
    known = {path for path, _name in hints.keys_of(Settings, "")} | {
        name for _path, name in hints.keys_of(Settings, "")
    }
    assert set(hints.MEANT.values()) <= known
    for advice in hints.ADVICE.values():
        for page in re.findall(r"docs/[\w-]+\.md", advice):
            assert (ROOT / page).is_file()
        for key in re.findall(r"'([a-z_]+\.[a-z_.]+)'", advice):
            assert key in known
