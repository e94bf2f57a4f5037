"""Errors in digest.yaml name the line, the full key, what was expected, and the most similar key."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from digest.config import loader
from digest.config.settings import Settings
from digest.config.types import parse_clock, parse_duration
from digest.errors import ConfigurationError
from digest.yamlio import reader
from tests.support.tables import each_row

GOOD = "newsletter:\n  name: सुबह\n  sender: {email: news@example.com}\n"


def read(text: str) -> Settings:
    return loader.from_data(reader.read_text(text, "digest.yaml"), {})


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


CASES = {
    "edition: {max_storys: 3}": "4: unknown key 'edition.max_storys'; did you mean 'max_stories'?",
    "delivery:\n  smtp:\n    prt: 25": "6: unknown key 'delivery.smtp.prt'; did you mean 'port'?",
    "shedule: {}": "4: unknown key 'shedule'; did you mean 'schedule'?",
    "edition: {zzz: 1}": "4: unknown key 'edition.zzz'; known: max_stories, min_stories, min_score",
    "sources:\n  - {name: क, url: 'https://a.example'}\n  - {nam: ख, path: p}": "6: unknown key 'sources[2].nam'",
    "delivery: {transport: sendgird}": "4: 'delivery.transport': expected outbox, smtp, sendgrid, resend, "
    "brevo or ses, found 'sendgird'; did you mean 'sendgrid'?",
    "delivery: {threads: viele}": "4: 'delivery.threads': expected a whole number, found 'viele'",
    "delivery: {threads: 1.5}": "4: 'delivery.threads': expected a whole number, found 1.5",
    "delivery: {threads: 65}": "4: 'delivery.threads': expected a number of at most 64, found 65",
    "delivery: {threads: 0}": "4: 'delivery.threads': expected a number of at least 1, found 0",
    "edition: {merge: 0}": "4: 'edition.merge': expected a number above 0, found 0",
    "edition: {merge: nan}": "4: 'edition.merge': expected a number",
    "edition: {merge: much}": "4: 'edition.merge': expected a number, found 'much'",
    "edition: {importance: {outbrake: 0}}": "4: 'edition.importance': unknown row 'outbrake'; did you mean 'outbreak'?",
    "edition: {importance: {zzz: 0}}": "4: 'edition.importance': unknown row 'zzz'; docs/curation.md lists all",
    "edition: {recurring: {mausm: section}}": "4: 'edition.recurring': unknown kind 'mausm'; did you mean 'mausam'?",
    "edition: {recurring: {quiz: x}}": "4: 'edition.recurring.quiz': expected section, news or drop, found 'x'",
    "summary: {words: 5}": "4: 'summary.words': expected a number of at least 15, found 5",
    "edition: {importance: {war: 9}}": "4: 'edition.importance.war': expected a number of at most 5, found 9",
    "edition: [1]": "4: 'edition': expected keys and values, found a list",
    "edition: {sections: देश}": "4: 'edition.sections': expected a list, found 'देश'",
    "edition: {window: soon}": "4: 'edition.window': expected a duration such as 90s, 15m, 24h or 7d, found 'soon'",
    "edition: {window: 0h}": "4: 'edition.window': expected a duration of more than 0 and at most 366d, found '0h'",
    "edition: {window: 999999999d}": "4: 'edition.window': expected a duration of more than 0 and at most 366d",
    "schedule:\n  send_at: 25:00": "5: 'schedule.send_at': expected a time of day such as \"07:00\", found '25:00'",
    "schedule: {send_at: ०७:००}": "4: 'schedule.send_at': expected a time of day",
    "delivery: {transport: [sendgrid, sendgird]}": "4: 'delivery.transport[2]': expected outbox, smtp, sendgrid, "
    "resend, brevo or ses, found 'sendgird'; did you mean 'sendgrid'?",
    "delivery: {transport: []}": "4: 'delivery': expected one or more different transports; found none",
    "delivery: {transport: [smtp, smtp]}": "4: 'delivery': expected one or more different transports; found smtp, smtp",
    "delivery: {smtp: {bounces: nobody}}": "4: 'delivery.smtp.bounces': expected an email address",
    "delivery: {smtp: {bounces: a-very-long-name-for-bounces@example.com}}": "4: 'delivery.smtp': expected bounces to "
    "have at most 19 characters before the @",
    "delivery: {smtp: {dkim: {domain: example.com, selector: s1}}}": "4: 'delivery.smtp.dkim': expected exactly one of "
    "key_file and key_env",
    "delivery: {smtp: {dkim: {domain: other.example, selector: s1, key_env: K}}}": "4: 'delivery.smtp.dkim.domain': "
    "expected the sender's domain example.com or a parent of it, found other.example",
    "delivery: {smtp: {dkim: {domain: 'a b', selector: s1, key_env: K}}}": "4: 'delivery.smtp.dkim.domain': expected a "
    "domain such as example.com, found 'a b'",
    "delivery: {brevo: {timeout: 60s}}": "4: 'delivery.brevo.timeout': expected at most 40s, found '60s'",
    "delivery: {ses: {region: Mumbai}}": "4: 'delivery.ses.region': expected an AWS region such as ap-south-1, found",
    "delivery: {ses: {configuration_set: a b}}": "4: 'delivery.ses.configuration_set': expected at most 64 characters",
    "web: {webhooks: {ses: {topic_arn: digest}}}": "4: 'web.webhooks.ses.topic_arn': expected the ARN of an SNS topic",
    "web: {metrics: {addresses: [10.0.0.5, x]}}": "4: 'web.metrics.addresses[2]': expected an address or a network "
    "such as 10.0.0.5 or 10.0.0.0/8, found 'x'",
    "theme: {accent: red}": "4: 'theme.accent': expected a colour such as #9c1c1c, found 'red'",
    "sources:\n  - {name: क}": "5: 'sources[1]': expected exactly one of url and path, found neither",
    "sources:\n  - {name: क, url: u, path: p}": "5: 'sources[1]': expected exactly one of url and path, found both",
    "sources:\n  - {name: क, url: 'ftp://a'}": "5: 'sources[1]': expected url to start with https:// or http://",
    "sources:\n  - {name: क, url: 'http://[::1].evil.example'}": "5: 'sources[1]': expected a URL with one clear host",
    "sources:\n  - {name: क, url: 'http://127.0.0.1:1@evil.example'}": "5: 'sources[1]': expected a URL with one "
    "clear host; the host of this one can be read in two ways, because of the text before the @",
    "alerts: {webhook: 'https://[::1].evil.example/secret'}": "4: 'alerts.webhook': expected a URL with one clear host",
    "sources:\n  - {name: '', path: p}": "5: 'sources[1].name': expected some text, found ''",
    "sources:\n  - {name: क, path: p, replay: maybe}": "5: 'sources[1].replay': expected true or false, found 'maybe'",
    "store: {url: 5}": "4: 'store.url': expected text, found 5",
    "sources:\n  - {name: क, path: a}\n  - {name: क, path: b}": "6: 'sources[2].name': expected a different name for "
    "each source, found 'क', the name of sources[1] too",
}


@each_row(("extra", "expected"), CASES.items())
def test_an_error_names_line_key_and_expected_value(extra: str, expected: str) -> None:
    assert any(problem.startswith("digest.yaml:" + expected) for problem in problems_of(GOOD + extra + "\n")), (
        problems_of(GOOD + extra)
    )


NEWSLETTER = {
    "sender: {email: news}": "expected an email address such as news@example.com, found 'news'",
    "sender: {email: news@paper}": "expected an email address with a whole domain",
    "sender: {email: news@example..com}": "expected an email address",
    "sender: {email: 'news@example.com>'}": "expected an email address",
    "sender: {email: news@समाचार.भारत}": "write a Hindi domain in its ASCII form",
    'sender: {email: news@example.com, name: "a\\nb"}': "expected one line of text",
    "timezone: Asia/Calcuta": "expected an IANA time zone such as Asia/Calcutta",
    # The operating system has a file of this name.
    "timezone: localtime": "expected an IANA time zone such as Asia/Kolkata",
    "base_url: 'https://127.0.0.1:1@evil.example'": "expected a URL with one clear host",
    "base_url: news.example.com": "expected a URL such as https://news.example.com",
    "reply_to: desk": "expected an email address",
    "language: hindi!": "expected the code of a language such as hi, mr or hi-IN, found 'hindi!'",
}


@each_row(("line", "expected"), NEWSLETTER.items())
def test_the_newsletter_section_is_validated(line: str, expected: str) -> None:
    base = "newsletter:\n  name: सुबह\n" + ("" if "sender" in line else "  sender: {email: news@example.com}\n")
    (problem,) = problems_of(base + f"  {line}\n")
    key = "newsletter." + ("sender." if "sender" in line else "")
    assert problem.startswith(f"digest.yaml:{base.count(chr(10)) + 1}: '{key}")
    assert expected in problem


def test_all_errors_are_reported_in_order_of_lines() -> None:
    found = problems_of("theme: {accent: x}\nnewsletter:\n  name: ''\ndelivery:\n  threads: 0\n  tries: x\n")
    assert [problem.split(" ")[0] for problem in found] == [
        "digest.yaml:1:", "digest.yaml:2:", "digest.yaml:3:", "digest.yaml:5:", "digest.yaml:6:",
    ]  # fmt: skip
    assert "'newsletter.sender' is required" in found[1]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_lacks_the_newsletter(text: str) -> None:
    assert problems_of(text) == ["digest.yaml: 'newsletter' is required"]


@pytest.mark.parametrize("text", ["- a\n", "hello\n", "5\n"])
def test_a_file_without_keys_is_an_error(text: str) -> None:
    assert problems_of(text)[0].startswith("digest.yaml:1: expected keys such as newsletter:, found ")


def test_a_missing_file_suggests_digest_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"digest\.yaml: file not found, .*digest init DIR"):
        loader.load(tmp_path, {})


def test_settings_have_defaults_and_are_immutable() -> None:
    settings = read(GOOD + "edition: {window: 36h}\nschedule: {send_at: '6:05', collect_every: 90s}\n")
    assert settings.edition.window == timedelta(hours=36)
    assert settings.schedule.send_at == time(6, 5)
    assert (settings.delivery.transport, settings.delivery.batch_size) == (("outbox",), 1000)
    with pytest.raises(ValueError, match="frozen"):
        settings.store.url = "other"


@each_row(("text", "seconds"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("7d", 604800), (" 2 h ", 7200)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@each_row("text", ["", "5", "h", "-5m", "5w", "१५m", "9" * 400 + "d", "1e5s", "0s", None, ["5m"]])
def test_invalid_durations(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@each_row("text", ["", "7", "24:00", "07:60", "७:0५", "1०:00", "07:00:00", None, 420])
def test_invalid_times_of_day(text: object) -> None:
    with pytest.raises(ValueError, match="expected a time of day"):
        parse_clock(text)
    assert parse_clock("7:05") == time(7, 5)


def test_a_hint_repeats_no_line_break() -> None:
    found = problems_of(GOOD + 'edition: {sections: "a\\nb"}\n')
    assert found == ["digest.yaml:4: 'edition.sections': expected a list, found 'a\\nb'"]
