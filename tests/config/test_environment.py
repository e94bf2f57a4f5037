"""`DIGEST_A__B=…` overrides the file; errors name the variable."""

from __future__ import annotations

import os

import pytest

from digest.config import loader
from digest.config.settings import Settings
from digest.errors import ConfigurationError
from digest.yamlio import reader
from tests.support.tables import each_row

FILE = """\
newsletter:
  name: सुबह
  sender: {email: news@example.com}
delivery: {threads: 2}
sources:
  - {name: क, path: a}
"""


def read(environment: dict[str, str], text: str = FILE) -> Settings:
    return loader.from_data(reader.read_text(text, "digest.yaml"), environment)


def problems_of(environment: dict[str, str], text: str = FILE) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(environment, text)
    return [str(problem) for problem in caught.value.problems]


def test_the_environment_overrides_the_file_and_the_file_the_default() -> None:
    settings = read({"DIGEST_STORE__URL": "postgresql://u:p@h/db", "DIGEST_DELIVERY__TRIES": "7"})
    assert settings.store.url == "postgresql://u:p@h/db"
    assert (settings.delivery.tries, settings.delivery.threads) == (7, 2)
    assert read({"DIGEST_DELIVERY__THREADS": "9"}).delivery.threads == 9


def test_lists_and_sections_are_flow_yaml() -> None:
    settings = read(
        {
            "DIGEST_EDITION__SECTIONS": "[देश, खेल]",
            "DIGEST_SOURCES": '[{name: ख, url: "https://a.example/rss"}]',
            "DIGEST_DELIVERY__SMTP": "{host: mail.example.com, port: 587}",
        }
    )
    assert settings.edition.sections == ("देश", "खेल")
    assert [source.url for source in settings.sources] == ["https://a.example/rss"]
    assert (settings.delivery.smtp.host, settings.delivery.smtp.port) == ("mail.example.com", 587)


@each_row(
    ("variable", "value", "found"),
    [
        # An id that looks like a number.
        ("DIGEST_ALERTS__TELEGRAM_CHAT", "-1001234567890", lambda s: s.alerts.telegram_chat),
        ("DIGEST_THEME__ACCENT", "#0a5c36", lambda s: s.theme.accent),
        ("DIGEST_DELIVERY__SMTP__USERNAME", "@bot: 1", lambda s: s.delivery.smtp.username),
        ("DIGEST_NEWSLETTER__NAME", "दिन: रात # यहाँ", lambda s: s.newsletter.name),
        ("DIGEST_NEWSLETTER__POSTAL_ADDRESS", '"07:00"', lambda s: f'"{s.newsletter.postal_address}"'),
        ("DIGEST_NEWSLETTER__REPLY_TO", "", lambda s: s.newsletter.reply_to),
    ],
)
def test_text_is_taken_literally(variable: str, value: str, found) -> None:  # type: ignore[no-untyped-def]
    assert found(read({variable: value})) == value


def test_a_variable_that_the_settings_name_for_a_secret_is_no_misspelt_key() -> None:
    smtp = "alerts: {smtp: {host: mail.example.com, username: a%s}}\n"
    read({"DIGEST_ALERTS_SMTP_PASSWORD": "x"}, FILE + smtp % "")
    # Its line in the file of secrets may outlive the server of alerts.
    read({"DIGEST_ALERTS_SMTP_PASSWORD": "x"})
    read({"DIGEST_STORE_AND_MORE": "x"}, FILE + smtp % ", password_env: DIGEST_STORE_AND_MORE")
    read(
        {
            "DIGEST_STORE_AND_MORE": "x",
            "DIGEST_ALERTS__SMTP": "{host: a.example.com, password_env: DIGEST_STORE_AND_MORE}",
        }
    )
    [problem] = problems_of({"DIGEST_STORE_AND_MORE": "x"})
    assert problem == "DIGEST_STORE_AND_MORE: has no effect; did you mean DIGEST_STORE__AND_MORE?"


def test_a_section_can_come_from_the_environment_alone() -> None:
    whole = {"DIGEST_NEWSLETTER__NAME": "सुबह", "DIGEST_NEWSLETTER__SENDER__EMAIL": "news@example.com"}
    assert read(whole, "").newsletter.sender.email == "news@example.com"


@each_row(
    ("variable", "value", "expected"),
    [
        ("DIGEST_DELIVERY__THREADS", "many", "'delivery.threads': expected a whole number, found 'many'"),
        ("DIGEST_DELIVERY__TREADS", "4", "unknown key 'delivery.treads'; did you mean 'threads'?"),
        ("DIGEST_STOR__URL", "x", "unknown key 'stor.url'; did you mean 'store'?"),
        ("DIGEST_STORE__", "x", "unknown key 'store.'"),
        ("DIGEST_SOURCES", "[{name: x}", "invalid YAML"),
        ("DIGEST_SOURCES", "[{name: x}]", "'sources[1]': expected exactly one of url and path"),
        ("DIGEST_SOURCES__0__URL", "https://a.example", "'sources' is a list, which has no keys"),
        ("DIGEST_DELIVERY__THREADS__X", "1", "'delivery.threads' is 2, which has no keys"),
        ("DIGEST_NEWSLETTER__NAME", "\udcff", "'newsletter.name': expected"),
        ("DIGEST_EDITION__SECTIONS", "[\udcff]", "is not UTF-8 text"),
    ],
)
def test_an_error_names_its_variable(variable: str, value: str, expected: str) -> None:
    (problem,) = problems_of({variable: value})
    assert problem.startswith(f"{variable}: ") or problem.startswith(f"{variable}:1: ")
    assert expected in problem


def test_errors_of_file_and_environment_have_their_own_places() -> None:
    expected = problems_of({"DIGEST_STORE__URI": "x"}, FILE.replace("threads: 2", "threads: x"))
    assert [problem.partition(": ")[0] for problem in expected] == ["DIGEST_STORE__URI", "digest.yaml:4"]


def test_other_variables_are_ignored() -> None:
    others = {"DIGEST_NOW": "2026-11-23T07:00+05:30", "DIGEST_SECRET_KEY": "k" * 20, "PATH": os.defpath, "STORE": "x"}
    assert read(others) == read({})
