"""subscribers.yaml gives all subscribers, or all errors with their lines."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from digest.errors import ConfigurationError
from digest.models import Subscriber
from digest.subscribers.list_file import read_list

TOPICS = ("देश", "खेल", "विज्ञान")

FAULTY = """\
defaults: {timezone: Asia/Kolkatta, frequency: daily, email: x@example.com}
readers: []
subscribers:
  - email: asha@example.com
    topics: [देश, खेले]
  - asha@example.com
  - email: Asha@Example.COM
  - email: ravi@bücher.example
  - email: ravi@XN--BCHER-KVA.example
    frequency: weekly:sunday
  - name: कोई
  - email: not an address
  - email: meena@example.com
    timezone: India/Delhi
    hour: "०७:००"
    status: activ
    format: plain
    nmae: मीना
  - email: farah@example.com
    hour: 7
    topics: {देश: 1}
    name: [फ़राह]
  - 5
  - email: kabir@-example.com
  - email: आशा@example.com
  - email: "joseph@example.com\\nBcc: x@example.com"
  - email:
  - email: "{{unsubscribe}}@example.com"
  - {email: zoya@example.com, name: "-DGX_LEAVE-"}
"""

EXPECTED = [
    "1: 'timezone': unknown time zone 'Asia/Kolkatta'; did you mean 'Asia/Kolkata'?",
    "1: unknown key 'email'; known: timezone, frequency, hour, topics, format",
    "2: unknown key 'readers'",
    "5: 'topics': unknown topic 'खेले'; did you mean 'खेल'?",
    "6: expected `- email: asha@example.com`, found `- asha@example.com`",
    "7: Asha@Example.COM is listed twice; the first is on line 4",
    "9: ravi@XN--BCHER-KVA.example is listed twice; the first is on line 8",
    "10: 'frequency': expected daily, weekdays, weekly:mon … weekly:sun, or several days such as weekly:mon,wed,fri, "
    "found 'weekly:sunday'; did you mean 'weekly:sun'?",
    "11: this subscriber has no email",
    "12: 'email': 'not an address' is not a valid email address: ",
    "14: 'timezone': unknown time zone 'India/Delhi'; use a name such as Asia/Kolkata",
    "15: 'hour': expected a time of day such as \"07:00\", found '०७:००'; did you mean '07:00'?",
    "16: 'status': expected active or paused, found 'activ'; did you mean 'active'?",
    "17: 'format': expected html or text, found 'plain'",
    "18: unknown key 'nmae'; did you mean 'name'?",
    "20: 'hour': expected a time such as \"08:30\" in quotes, found the number 7",
    "21: 'topics': expected a list such as [देश, खेल], found {",
    "22: 'name': expected text, found ['फ़राह']",
    "23: expected a subscriber such as `- email: asha@example.com`, found 5",
    "24: 'email': 'kabir@-example.com' is not a valid email address: ",
    "25: 'email': 'आशा@example.com' is not a valid email address: the part before @ must be",
    "26: 'email': expected one line of text",
    "27: 'email': expected text, found nothing",
    "28: 'email': '{{unsubscribe}}@exam' looks like a placeholder, which email services replace; write it without",
    "29: 'name': '-DGX_LEAVE-' looks like a placeholder",
]


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "subscribers.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems_of(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_list(write(folder, text), topics=TOPICS)
    return [str(problem) for problem in caught.value.problems]


def test_all_errors_are_reported_with_their_line(tmp_path: Path) -> None:
    expected = problems_of(tmp_path, FAULTY)
    assert len(expected) == len(EXPECTED), "\n".join(expected)
    for problem, start in zip(expected, EXPECTED, strict=True):
        assert problem.startswith(f"subscribers.yaml:{start}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "subscribers.yaml: is empty; expected a list under `subscribers:`"),
        ("# nobody\n", "subscribers.yaml: is empty"),
        ("- email: asha@example.com\n", "subscribers.yaml:1: has no keys; expected a list under `subscribers:`"),
        ("\nsubscribers:\n", "subscribers.yaml:2: the list has no subscribers"),
        ("subscribers: []\n", "subscribers.yaml:1: the list has no subscribers"),
        ("subscribers: {email: a}\n", "subscribers.yaml:1: the list has no subscribers"),
        ("defaults: {}\n", "subscribers.yaml:1: the list has no subscribers"),
        ("defaults: 5\nsubscribers: [{email: a@example.com}]\n", "subscribers.yaml:1: 'defaults': expected keys"),
        ("subscribers:\n\t- email: asha@example.com\n", "subscribers.yaml:2: invalid YAML: this line is"),
        (
            "subscribers:\n  - email: a@example.com\n    email: b@example.com\n",
            "subscribers.yaml:3: duplicate key",
        ),
        (b"subscribers:\n  - name: \xe9\n", "subscribers.yaml:2: is not UTF-8 text"),
        ("asha@example.com,आशा\nravi@example.com,रवि\n", "subscribers.yaml:1: this looks like CSV"),
        ('name;email\nआशा;"asha@example.com"\n', "subscribers.yaml:2: this looks like CSV"),
        ("email,note\nasha@example.com,id: 4\n", "subscribers.yaml:2: this looks like CSV"),
        ("subscribers:\n  asha@example.com\tआशा\n", "subscribers.yaml:2: this looks like CSV"),
        ("subscribers:\n  - email: a@example.com\nasha@example.com,आशा\n", "subscribers.yaml:3: this looks like CSV"),
    ],
)
def test_a_file_that_is_not_a_list(tmp_path: Path, text: str | bytes, expected: str) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert problem.startswith(expected)


def test_a_linked_list_is_named_as_the_admin_knows_it(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    write(tmp_path / "shared", "subscribers:\n  - email: asha\n").rename(tmp_path / "shared/readers.yaml")
    home = tmp_path / "newsletter"
    home.mkdir()
    (home / "subscribers.yaml").symlink_to(tmp_path / "shared/readers.yaml")
    with pytest.raises(ConfigurationError, match=r"^subscribers\.yaml:2: "):
        read_list(home / "subscribers.yaml", topics=None)


def test_a_missing_file_suggests_digest_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"subscribers\.yaml: file not found; .*digest init"):
        read_list(tmp_path / "subscribers.yaml", topics=None)


def test_subscribers_come_in_order_with_defaults_and_lines(tmp_path: Path) -> None:
    text = """\
defaults: {timezone: Europe/London, frequency: weekdays, hour: "06:30", topics: खेल, format: text}
subscribers:
  - email: asha@example.com
  - {email: Ravi+news@Example.com, name: रवि, topics: [देश, देश], frequency: weekly:sun, hour: "7:05", status: paused}
  - email: meena@example.com
    topics:
    hour:
    format: html
    timezone: Asia/Kolkata
"""
    asha, ravi, meena = read_list(write(tmp_path, text), topics=TOPICS)
    assert asha == Subscriber("asha@example.com", "", ("खेल",), "weekdays", "Europe/London", time(6, 30), format="text")
    assert ravi == Subscriber(
        "Ravi+news@Example.com", "रवि", ("देश",), "weekly:sun", "Europe/London", time(7, 5), "paused", "text"
    )
    assert (meena.topics, meena.hour, meena.format, meena.timezone) == (("खेल",), time(6, 30), "html", "Asia/Kolkata")
    assert [one.line for one in (asha, ravi, meena)] == [3, 4, 5]


def test_a_hindi_domain_is_converted_to_ascii(tmp_path: Path) -> None:
    """It is used in headers, envelopes and the provider's JSON, which take nothing else."""
    (subscriber,) = read_list(write(tmp_path, "subscribers:\n  - email: asha@डाटामेल.भारत\n"), topics=None)
    assert subscriber.email == "asha@xn--c2bd4bq1db8d.xn--h2brj9c"


def test_any_topic_is_allowed_if_topics_is_none(tmp_path: Path) -> None:
    (subscriber,) = read_list(write(tmp_path, "subscribers: [{email: a@example.com, topics: [कुछ भी]}]\n"), topics=None)
    assert subscriber.topics == ("कुछ भी",)


def test_topics_may_be_separated_by_commas(tmp_path: Path) -> None:
    text = "subscribers:\n  - email: asha@example.com\n    topics: देश, खेल\n"
    (subscriber,) = read_list(write(tmp_path, text), topics=["देश", "खेल"])
    assert subscriber.topics == ("देश", "खेल")


def test_crlf_and_a_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    text = "\ufeffsubscribers:\r\n  - email: asha@example.com\r\n  - email: ravi@example.com\r\n"
    assert [one.line for one in read_list(write(tmp_path, text), topics=None)] == [2, 3]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("०७:३०", "07:30"),
        ("7.30", "07:30"),
        ("8", "08:00"),
        ("৭:০৫", "07:05"),
        ("७ः३०", "07:30"),
        ("“7:30”", "07:30"),
        ("25:00", ""),
        ("सात", ""),
    ],
)
def test_suggestions_for_a_mistyped_hour(tmp_path: Path, written: str, meant: str) -> None:
    (expected,) = problems_of(tmp_path, f'subscribers:\n  - email: a@example.com\n    hour: "{written}"\n')
    assert expected.endswith(f"; did you mean '{meant}'?") if meant else "did you mean" not in expected


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ("weekly", "; add the day, such as weekly:sun"),
        ("Sunday", "; did you mean 'weekly:sun'?"),
        ("weekly-sun", "; did you mean 'weekly:sun'?"),
        ("weekly:monday", "; did you mean 'weekly:mon'?"),
        ("रविवार", "; did you mean 'weekly:sun'?"),
        ("every day", "; did you mean 'daily'?"),
        ("mon-fri", "; did you mean 'weekdays'?"),
        ("weekend", "; choose weekly:sat, weekly:sun or weekly:sat,sun"),
        ("dayly", "; did you mean 'daily'?"),
    ],
)
def test_a_wrong_frequency_leads_to_the_right_one(tmp_path: Path, frequency: str, expected: str) -> None:
    [problem] = problems_of(tmp_path, f"subscribers:\n  - {{email: asha@example.com, frequency: '{frequency}'}}\n")
    assert problem.endswith(expected)
