"""Lists of other tools are imported: detected formats, converted values, rejected rows."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import ConfigurationError
from digest.subscribers.imports.formats import escape_formula
from digest.subscribers.imports.reader import ListReading, read_list
from digest.subscribers.imports.rows import Incoming, unescape_formula
from tests.support.cpu import cpu_limit
from tests.support.profiles import examples
from tests.support.tables import each_row

TOPICS = ("देश", "खेल")
MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,TIMEZONE,"
    "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)


def reading(folder: Path, text: str | bytes, name: str = "list.csv", **options: Any) -> ListReading:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_list(path, topics=TOPICS, **options)


def read(folder: Path, text: str | bytes, name: str = "list.csv", **options: Any) -> tuple[list[Incoming], list[Any]]:
    refused: list[Any] = []
    rows = list(reading(folder, text, name, **options).rows(lambda *expected: refused.append(expected)))
    return rows, refused


def problem(folder: Path, text: str | bytes, **options: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, **options)
    return str(caught.value)


def test_mailchimp(tmp_path: Path) -> None:
    text = (
        f"{MAILCHIMP}\n"
        "asha@example.com,Asha,Sharma,2,2020-02-03 04:05:06,192.0.2.1,2020-02-03 04:06:00,192.0.2.2,Asia/Kolkata,"
        '2021-01-01 00:00:00,1,ab,,"""VIP"",""देश"""\n'
        "Ravi@Example.com,,,2,,,,,Mars/Olympus,,2,cd,,\n"
    )
    (asha, ravi), refused = read(tmp_path, text)
    assert refused == []
    assert asha == Incoming(
        2, "asha@example.com", "asha@example.com", "Asha Sharma", ["देश"], timezone="Asia/Kolkata",
        agreed_at=datetime(2020, 2, 3, 4, 6, tzinfo=UTC), detail="from 192.0.2.2",
    )  # fmt: skip
    assert (ravi.address, ravi.email, ravi.timezone) == ("ravi@example.com", "Ravi@Example.com", None)
    assert reading(tmp_path, text).format == "mailchimp"


@pytest.mark.parametrize(
    ("name", "heading", "value", "suppressed"),
    [
        ("list.csv", "UNSUB_TIME", "2024-01-01 00:00:00", "unsubscribed"),
        ("list.csv", "CLEAN_TIME", "2024-01-01 00:00:00", "bounced"),
        ("cleaned_email_audience_export_1.csv", "x", "", "bounced"),
        ("unsubscribed_email_audience_export_1.csv", "x", "", "unsubscribed"),
        ("subscribed_email_audience_export_1.csv", "UNSUB_TIME", "", None),
    ],
)
def test_mailchimp_reports_unsubscribes_in_other_files(
    tmp_path: Path, name: str, heading: str, value: str, suppressed: str | None
) -> None:
    (one,), _ = read(tmp_path, f"Email Address,LEID,EUID,{heading}\na@example.com,1,2,{value}\n", name)
    assert one.suppressed == suppressed


def test_ghost(tmp_path: Path) -> None:
    text = (
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,"
        "labels,tiers\r\n"
        '1,a@example.com,आशा,,true,false,,2018-12-25T20:43:22.178Z,,"VIP,खेल",\r\n'
        "2,b@example.com,,,false,false,,,,,\r\n3,c@example.com,,,,false,,,,,\r\n4,d@example.com,,,maybe,,,,,,\r\n"
    )
    (a, b, c), refused = read(tmp_path, text)
    assert (a.topics, a.agreed_at) == (["खेल"], datetime(2018, 12, 25, 20, 43, 22, 178000, UTC))
    assert (a.suppressed, b.suppressed, c.suppressed) == (None, "unsubscribed", None)
    assert refused == [(5, "d@example.com", "'subscribed_to_emails': expected true or false, found 'maybe'")]


def test_listmonk(tmp_path: Path) -> None:
    text = (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        '1,a@example.com,आशा,"{""topics"": [""देश"", ""x""]}",enabled,2022-02-02T02:02:02.5+05:30,\n'
        "2,b@example.com,,{},disabled,,\n3,c@example.com,,nonsense,blocklisted,,\n"
    )
    (a, b, c), _ = read(tmp_path, text)
    assert (a.topics, a.status, b.status, c.suppressed) == (["देश"], "active", "paused", "unsubscribed")


@pytest.mark.parametrize(
    ("word", "status", "suppressed"),
    [
        ("सदस्य", "active", None),
        ("सक्रिय", "active", None),
        ("विराम पर", "paused", None),
        ("रोकी हुई", "paused", None),
        ("सदस्यता छोड़ी", None, "unsubscribed"),
        ("सदस्यता समाप्त", None, "unsubscribed"),
        ("लौटा", None, "bounced"),
        ("शिकायत", None, "complained"),
    ],
)
def test_a_list_in_hindi_has_the_words_of_the_desk(
    tmp_path: Path, word: str, status: str | None, suppressed: str | None
) -> None:
    text = f"ईमेल पता,स्थिति,जुड़ने की तारीख\na@example.com,{word},2024-03-01\nb@example.com,लंबित,\n"
    (one,), refused = read(tmp_path, text)
    assert (one.status, one.suppressed, one.agreed_at) == (status, suppressed, datetime(2024, 3, 1, tzinfo=UTC))
    assert [(line, "has not consented" in reason) for line, _email, reason in refused] == [(3, True)]


@pytest.mark.parametrize(
    ("words", "hour"),
    [
        ("8 बजे", "08:00"),
        ("सुबह 8:30 बजे", "08:30"),
        ("शाम 6 बजे", "18:00"),
        ("शाम 6:30", "18:30"),
        ("6 pm", "18:00"),
        ("12 pm", "12:00"),
        ("12 am", "00:00"),
    ],
)
def test_an_hour_in_words(tmp_path: Path, words: str, hour: str) -> None:
    (one,), refused = read(tmp_path, f"email,hour\na@example.com,{words}\n")
    assert (one.hour, refused) == (hour, [])


def test_an_address_may_stand_as_other_programs_write_it(tmp_path: Path) -> None:
    text = (
        "email,name\nAsha <a@example.com>,\nB <b@example.com>,बीना\nmailto:C@example.com,\n'd@example.com';,\n"
        '\u200be@example.com\u200b,\n"""F, G"" <f@example.com>",\ng@example.com <g@example.com>,\n'
        "h<i>@example.com,\na@example.com; b@example.com,\n"
    )
    found, refused = read(tmp_path, text)
    assert [(each.email, each.name) for each in found] == [
        ("a@example.com", "Asha"), ("b@example.com", "बीना"), ("C@example.com", None), ("d@example.com", None),
        ("e@example.com", None), ("f@example.com", "F, G"), ("g@example.com", None),
    ]  # fmt: skip
    assert [line for line, _email, _reason in refused] == [9, 10]


def test_rows_that_look_like_placeholders_are_refused_with_their_line(tmp_path: Path) -> None:
    text = (
        "email,name\na@example.com,आशा\n-DGX_LEAVE-@example.com,\nb@example.com,{{unsubscribe}}\n%name%@example.com,\n"
    )
    (a,), refused = read(tmp_path, text)
    assert a.address == "a@example.com"
    assert [line for line, _email, _reason in refused] == [3, 4, 5]
    assert all("looks like a placeholder, which email services replace" in reason for _, _, reason in refused)


def test_substack(tmp_path: Path) -> None:
    text = (
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        "a@example.com,false,,other,false,2021-03-04T05:06:07.000Z,\nb@example.com,true,,yearly,true,,\n"
    )
    (a, b), _ = read(tmp_path, text)
    assert (a.suppressed, b.suppressed) == (None, "unsubscribed")
    assert a.agreed_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_our_own_columns_are_strict(tmp_path: Path) -> None:
    text = (
        "email,name,topics,frequency,timezone,hour,format,status\n"
        'a@example.com,आशा,"देश, खेल",weekly:sun,Europe/London,7:05,text,paused\n'
        "b@example.com,,,,,,,\nc@example.com,,देस,,,,,\nd@example.com,,,,Asia/Kolkatta,,,\n"
        "e@example.com,,,,,०७:००,,\nf@example.com,,,,,,,gone fishing\ng@example.com,,,,,,,unconfirmed\n"
        "h@example.com,,,daliy,,,,\n"
    )
    (a, b, c, e), refused = read(tmp_path, text)
    assert a == Incoming(
        2,
        "a@example.com",
        "a@example.com",
        "आशा",
        ["देश", "खेल"],
        "weekly:sun",
        "Europe/London",
        "07:05",
        "text",
        "paused",
    )
    assert b == Incoming(3, "b@example.com", "b@example.com")
    reasons = {email[0]: reason for _line, email, reason in refused}
    assert c == Incoming(4, "c@example.com", "c@example.com"), "an unknown topic does not keep anybody out"
    assert "did you mean 'Asia/Kolkata'?" in reasons["d"]
    assert e.hour == "07:00"
    assert "found 'gone fishing'" in reasons["f"]
    assert reasons["g"] == "has not consented to mail (status unconfirmed)"
    assert "did you mean 'daily'?" in reasons["h"]


def test_words_of_people_are_understood(tmp_path: Path) -> None:
    text = (
        "पता,कितनी बार,किस समय,स्थिति,ईमेल का प्रारूप,विषय\n"
        "a@example.com,रोज़,8 बजे,सक्रिय,सिर्फ़ टेक्स्ट,सब विषय\n"
        'b@example.com,"सोमवार, गुरुवार",सुबह ७:३० बजे,,,खेल\n'
        "c@example.com,सोम और शुक्र,,छोड़ गए,पूरे डिज़ाइन में,\nd@example.com,Monday to Friday,8.15,,,\n"
        "e@example.com,कभी-कभी,,,,\nf@example.com,,25:00,,,\ng@example.com,साप्ताहिक,,,,\nh@example.com,,दिन में 6 बजे,,,\n"
    )
    # As some keyboards type it: a letter with its nukta as one character.
    rows, refused = read(tmp_path, text.replace("ज\u093c", "\u095b"))
    assert [(row.frequency, row.hour, row.format, row.topics, row.suppressed) for row in rows] == [
        ("daily", "08:00", "text", None, None),
        ("weekly:mon,thu", "07:30", None, ["खेल"], None),
        ("weekly:mon,fri", None, "html", None, "unsubscribed"),
        ("weekdays", "08:15", None, None, None),
    ]
    assert [email[0] for _line, email, _reason in refused] == ["e", "f", "g", "h"]


def test_the_end_of_a_pause(tmp_path: Path) -> None:
    text = (
        "email,status,paused_until\na@example.com,paused,2026-12-07T01:30:00Z\nb@example.com,paused,\n"
        "c@example.com,paused,soon\nd@example.com,unsubscribed,2026-12-07T01:30:00Z\n"
        "e@example.com,active,2026-12-07T07:00:00+05:30\nf@example.com,paused,2026-12-07\n"
    )
    (a, b, d, e, f), refused = read(tmp_path, text)
    assert (a.status, a.paused_until, a.detail) == (
        "active", datetime(2026, 12, 7, 1, 30, tzinfo=UTC), "paused until 2026-12-07",
    )  # fmt: skip
    assert (b.status, b.paused_until) == ("paused", None)
    assert (d.suppressed, d.paused_until) == ("unsubscribed", None)
    assert (e.status, e.paused_until) == ("active", None)
    assert f.paused_until == datetime(2026, 12, 7, tzinfo=UTC)
    assert refused == [
        (4, "c@example.com", "'paused_until': expected a time such as 2026-12-01T00:00:00+05:30, found 'soon'")
    ]


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+05:30"])
def test_a_placeholder_for_no_date_is_no_date(tmp_path: Path, never: str) -> None:
    text = f"email,status,paused_until,agreed\na@example.com,paused,{never},{never}\n"
    (a,), refused = read(tmp_path, text)
    assert refused == []
    assert (a.status, a.paused_until, a.agreed_at) == ("paused", None, None)
    assert a.detail == f"time as given in the list: {never}"


def test_json_lines(tmp_path: Path) -> None:
    text = (
        '{"email": "a@example.com", "topics": ["देश"], "subscribed": true}\n\n'
        '{"Email": "b@example.com", "status": null}\n[1]\n{"email": 5}\n'
        '{"email": "c@example.com", "name": {"x": 1}}\n{\n'
    )
    rows, refused = read(tmp_path, text, "list.jsonl")
    assert [(row.line, row.address, row.topics) for row in rows] == [
        (1, "a@example.com", ["देश"]), (3, "b@example.com", None),
    ]  # fmt: skip
    assert [line for line, _email, _reason in refused] == [4, 5, 6, 7]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("email,name\nasha@example.com,आशा\n".encode("utf-8-sig"), "utf-8-sig"),
        ("email,name\nasha@example.com,आशा\n".encode("utf-16"), "utf-16"),
        ("email;name\nasha@example.com;Zoë\n".encode("cp1252"), "cp1252"),
        (b"email\tname\rasha@example.com\tZo\xeb\r", "cp1252"),
        ("Name|E-Mail\nआशा|asha@example.com\n".encode(), "utf-8-sig"),
        (b"asha@example.com\n", "utf-8-sig"),
        ("आशा,asha@example.com\n".encode(), "utf-8-sig"),
        ('"email","name"\n"asha@example.com","शर्मा, ""आशा"""\n'.encode(), "utf-8-sig"),
        ('\n\nemail,name\nasha@example.com,"दो\nपंक्ति"\n'.encode(), "utf-8-sig"),
    ],
)
def test_encodings_delimiters_and_shapes(tmp_path: Path, data: bytes, encoding: str) -> None:
    found = reading(tmp_path, data)
    (one,) = found.rows(lambda *expected: pytest.fail(str(expected)))
    assert (one.address, found.file.encoding) == ("asha@example.com", encoding)


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    text = "Adresse,Wer,email\nasha@example.com,आशा,nonsense\n"
    (one,), _ = read(tmp_path, text, mapping={"email": "adresse", "name": "Wer"})
    assert (one.address, one.name) == ("asha@example.com", "आशा")
    assert "can't tell which column has the address; columns: a, b" in problem(tmp_path, "a,b\n1,2\n")
    assert "no column 'Adress'; did you mean 'adresse'?" in problem(tmp_path, text, mapping={"email": "Adress"})
    assert "unknown field 'mail'; did you mean 'email'?" in problem(tmp_path, text, mapping={"mail": "Wer"})


def test_defaults_fill_empty_fields(tmp_path: Path) -> None:
    text = "email,hour\na@example.com,\nb@example.com,09:00\n"
    defaults = {"hour": "08:00", "topics": "देश", "status": "unsubscribed"}
    (a, b), _ = read(tmp_path, text, defaults=defaults)
    assert (a.hour, b.hour, a.topics, a.suppressed) == ("08:00", "09:00", ["देश"], "unsubscribed")
    expected = problem(tmp_path, text, defaults={"hour": "8", "colour": "red"})
    assert "'hour': expected a time of day" in expected
    assert "'colour': unknown field" in expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"PK\x03\x04xxxx", "is a ZIP archive or an Excel sheet"),
        (b"email\0name\n", "is a binary file, not text"),
        (b"email\n\x81\xff\n", "is neither UTF-8 nor Windows-1252"),
        (b'email,name\na@example.com,"open\nb@example.com,x\n', "list.csv:2: a quotation mark in this row is never"),
        (b'email,name\na@example.com,"' + b"x\n" * 99 + b'"\n', "list.csv:2: a quotation mark in this row is never"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_list(tmp_path: Path, data: bytes, expected: str) -> None:
    assert expected in problem(tmp_path, data)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_list(tmp_path / "none.csv", topics=None)


def test_invalid_rows_are_reported_with_their_line(tmp_path: Path) -> None:
    text = 'email,name\na@example.com,"x"y\nb@example.com,x,y\n\nc@example.com,x,\n,z\nx,z\nd@example.com,a\x07b\n'
    rows, refused = read(tmp_path, text)
    assert [(row.line, row.address) for row in rows] == [(5, "c@example.com")]
    assert [line for line, _email, _reason in refused] == [2, 3, 6, 7, 8]
    assert refused[1][2] == "has 3 columns instead of 2; put text with ',' in quotes"


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_other_errors(tmp_path: Path, data: bytes) -> None:
    for head in (b"", b"email,name\n", b'{"email": "a@example.com"}\n'):
        try:
            rows, refused = read(tmp_path, head + data)
        except ConfigurationError:
            continue
        assert all(row.address.isascii() for row in rows)
        assert all(reason for _line, _email, reason in refused)


@each_row("text", ["=1+1", "\t=1+1", "\r\n@x", " +1", "-1"])
def test_formulas_are_escaped_and_unescaped(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    assert unescape_formula(escape_formula(text)) == text


@pytest.mark.parametrize("text", ["आशा", "'टिक", "a=b", ""])
def test_other_text_is_unchanged(text: str) -> None:
    assert escape_formula(text) == text
    assert unescape_formula(text) == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("email,name\na@example.com,x\n".encode("utf-16") + b"a", "is truncated or damaged UTF-16 text"),
        ("email,name\na@example.com,x\n".encode("utf-16") + b"\x00\xd8a\0", "is truncated or damaged UTF-16 text"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\0", "is truncated or damaged UTF-16 text"),
        ("email\na@example.com\n".encode("utf-32"), "is UTF-32 text; save it as UTF-8"),
        ("email\na@example.com\n".encode("utf-16-le"), "is a binary file, not text"),
        (b"email,name " + b"x@example.com,n " * 2_000_000, "characters in its first row"),
        (b"email," + b"h" * 5_000_000 + b"\na@example.com,x\n", "characters in its first row"),
        (b"email\n" + b'"' * 5_000_001, "never closed"),
        (b"email\n" + b"a" * 5_000_000 + b"@example.com\n", "field"),
    ],
)
def test_hostile_lists_are_rejected_quickly_in_one_sentence(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with cpu_limit(5), pytest.raises(ConfigurationError) as raised:
        list(read_list(path, topics=None).rows(lambda *_row: None))
    (problem_found,) = raised.value.problems
    assert expected in str(problem_found)
    assert len(str(problem_found)) < 300
    assert str(problem_found).isprintable()


def test_two_byte_order_marks_are_ignored(tmp_path: Path) -> None:
    (one,), refused = read(tmp_path, "\ufeff\ufeffemail,name\na@example.com,x\n")
    assert (one.email, refused) == ("a@example.com", [])


def test_a_file_of_json_lines_without_a_readable_row_says_why(tmp_path: Path) -> None:
    assert ":1: is not JSON: Expecting ',' delimiter" in problem(tmp_path, '{"email": "a@example.com"')


def test_hostile_json_lines_are_rejected_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    rows = [
        '{"email": "a@example.com"}', '{"email": "b@example.com", "name": "\\ud800"}',
        '{"email": "' + "c" * 5_000_000 + '"}', '{"email": ' + "[" * 100_000,
        '{"email": "d@example.com", "name": "a\\u0000b"}',
        '{"email": "e@example.com", "name": "\\ud83d\\ude00"}',
    ]  # fmt: skip
    path.write_text("\n".join(rows), encoding="utf-8")
    refused: list[tuple[int, str, str]] = []
    taken = list(read_list(path, topics=None).rows(lambda *row: refused.append(row)))
    assert [one.email for one in taken] == ["a@example.com", "e@example.com"]
    assert [line for line, _email, _reason in refused] == [2, 3, 4, 5]
    assert all(len(email) + len(reason) < 700 for _line, email, reason in refused)
