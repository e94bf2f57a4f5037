"""MIME encoding: all text round-trips, all lines are short, and no text can start a header."""

from __future__ import annotations

import email.policy
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail import headers, mime
from digest.mail.message import Sender, recipient, substitute, without_controls
from tests.deliver.emails import EMAIL, NOW, SENDER, TEXT_ONLY, legacy, outgoing, part, read, token
from tests.paths import ROOT
from tests.support.tables import each_row

HINDI = st.text(
    alphabet=st.characters(min_codepoint=0x900, max_codepoint=0x97F)
    | st.sampled_from(list(" ,:-'\"?=_\u200d\u200c😀aZ9")),
    max_size=200,
)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120)
_WORD = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=")


def headers_of(data: bytes) -> list[str]:
    """The lines before the first empty one."""
    return data.split(b"\r\n\r\n", 1)[0].decode("ascii").split("\r\n")


@given(HINDI)
def test_a_subject_round_trips_in_short_lines_of_short_words(text: str) -> None:
    header = headers.encode_header("Subject", text)
    data = header.encode("ascii") + b"\r\n\r\n"
    assert legacy(data, "Subject").strip() == without_controls(text)
    assert read(data)["Subject"].strip() == without_controls(text)
    assert all(len(line) <= 78 for line in header.split("\r\n"))
    words = _WORD.findall(header)
    assert words or text.isascii()
    assert all(len(word) <= 75 for word in words)


@given(ANY)
def test_no_text_breaks_out_of_its_header(text: str) -> None:
    header = headers.encode_header("Subject", text)
    first, *others = header.split("\r\n")
    assert first.startswith("Subject: ")
    assert all(line.startswith(" =?UTF-8?B?") for line in others)
    assert not re.search(r"\r(?!\n)|(?<!\r)\n|[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", header)
    assert max(map(len, [first, *others])) <= 78


@each_row("text", ["x" * 70, "word " * 60, "y" * 2000, "=?UTF-8?B?4KSG?=", "a =?utf-8?q?b?= c", ""])
def test_long_or_misleading_ascii_reads_back_as_it_was(text: str) -> None:
    data = (headers.encode_header("Subject", text) + "\r\n\r\n").encode()
    assert legacy(data, "Subject") == text.strip() == read(data)["Subject"]
    assert max(map(len, headers_of(data))) <= 78


@given(
    HINDI.filter(lambda text: without_controls(text)), st.sampled_from(["news@example.com", "a" * 60 + "@example.com"])
)
def test_a_sender_round_trips(name: str, address: str) -> None:
    batch = outgoing("asha@example.com", sender=Sender(name, address, None, name, None))
    data = mime.build(batch, batch.recipients[0], date=NOW)
    (sender,) = read(data)["From"].addresses
    assert sender.addr_spec == address
    # Python before 3.13 shows a space between two words of a name (gh-92081); a name of one word is whole.
    assert sender.display_name.replace(" ", "") == without_controls(name).replace(" ", "")
    if len(without_controls(name).encode()) <= 45:
        assert sender.display_name.split() == without_controls(name).split()
    if not name.isascii():
        assert legacy(data, "From").startswith(without_controls(name) + " ")
    lines = headers_of(data)
    folded = lines[: next(n for n, line in enumerate(lines) if line.startswith("To:"))]
    assert all(len(line) <= 78 for line in folded)


@each_row("name", ['Asha "the desk" \\ News', "News, Desk; <x>", "n" * 300, "Desk " * 60, "=?utf-8?q?x?="])
def test_an_ascii_name_is_quoted_or_encoded(name: str) -> None:
    batch = outgoing("asha@example.com", sender=replace(SENDER, name=name))
    data = mime.build(batch, batch.recipients[0], date=NOW)
    (sender,) = read(data)["From"].addresses
    assert sender.addr_spec == SENDER.email
    assert sender.display_name.replace(" ", "") == name.replace(" ", "")
    if len(name) > 50:
        assert legacy(data, "From") == f"{name.strip()} <{SENDER.email}>"
    assert max(map(len, headers_of(data))) <= 78


@given(ANY, ANY)
def test_both_parts_round_trip_in_lines_that_every_server_takes(text: str, html: str) -> None:
    batch = outgoing("asha@example.com", email=replace(EMAIL, text=text + ".\n.\n", html="<p>" + html))
    data = mime.build(batch, batch.recipients[0], date=NOW)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
    for kind, meant in (("plain", text + ".\n.\n"), ("html", "<p>" + html)):
        body = read(data).get_body((kind,))
        assert body is not None
        whole = substitute(meant, batch.recipients[0].values)
        assert body.get_payload(decode=True) == whole.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def test_a_text_email_has_one_part() -> None:
    batch = outgoing("asha@example.com", email=TEXT_ONLY)
    message = read(mime.build(batch, batch.recipients[0], date=NOW))
    assert message.get_content_type() == "text/plain"
    assert not message.is_multipart()
    assert message.defects == []


def test_the_whole_is_free_of_defects_and_dated() -> None:
    batch = outgoing("asha@example.com")
    data = mime.build(batch, batch.recipients[0], date=NOW)
    message = read(data)
    assert [inner.get_content_type() for inner in message.iter_parts()] == ["text/plain", "text/html"]
    assert [inner.defects for inner in message.walk()] == [[], [], []]
    assert message["Date"].datetime == NOW
    assert data.endswith(b"--\r\n")
    assert part(data, "html").startswith("<html lang='hi'>")


def test_the_message_id_is_the_same_for_every_attempt_and_unique_to_a_recipient() -> None:
    def ids(**given: str) -> list[str]:
        batch = outgoing("asha@example.com", "ravi@example.com", **given)  # type: ignore[arg-type]
        return [mime.message_id(replace(batch, attempt="other"), one) for one in batch.recipients]

    assert ids() == ids()
    assert len({*ids(), *ids(edition="2026-11-24")}) == 4
    assert all(re.fullmatch(r"[0-9a-f]{32}@digest\.example\.com", name) for name in ids())


def test_values_are_filled_in_one_pass() -> None:
    asha = recipient(1, "-DGX_LEAVE-@example.com", SENDER, token)
    assert substitute("-DGX_EMAIL_T- -DGX_LEAVE-", asha.values) == "-DGX_LEAVE-@example.com leave-1-x_Y"
    assert recipient(1, "a&b@example.com", SENDER, token).values["-DGX_EMAIL_H-"] == "a&amp;b@example.com"


def test_the_mailto_of_an_unusual_address_is_a_uri() -> None:
    asha = recipient(1, "asha@example.com", replace(SENDER, reply_to="a&b?c%d@example.com"), token)
    assert asha.unsubscribe_uris[-1] == "mailto:a%26b%3Fc%25d@example.com?subject=unsubscribe%20leave-1-x_Y"


PROGRAM = """
import email, email.policy, sys
sys.path.insert(0, sys.argv[1])
from email.header import decode_header, make_header
from digest.mail import headers
for text in (sys.argv[2], "क" * 300, "अ आ " * 40, "a" * 70 + " क", "कख" * 7 + " " * 9 + "ग" * 40):
    data = (headers.encode_header("Subject", text) + "\\r\\n\\r\\n").encode("ascii")
    now = email.message_from_bytes(data, policy=email.policy.default)["Subject"]
    old = str(make_header(decode_header(email.message_from_bytes(data)["Subject"])))
    assert now.strip() == old.strip() == text.strip(), (text, now, old)
print("good")
"""


def test_newer_pythons_read_and_write_the_same_headers() -> None:
    python = shutil.which("python3.13", path="/usr/bin:/usr/local/bin") or shutil.which("python3.13")
    if python is None or sys.version_info[:2] >= (3, 13):
        pytest.skip("no other Python here that is 3.13")
    command = [python, "-I", "-W", "error", "-c", PROGRAM, str(ROOT), EMAIL.subject]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if "No module named" in done.stderr or "pyenv" in done.stderr:
        pytest.skip(f"that Python can't load it: {done.stderr.strip().splitlines()[-1]}")
    assert (done.returncode, done.stdout) == (0, "good\n"), done.stderr


def test_the_legacy_policy_reads_the_whole_mail() -> None:
    batch = outgoing("asha@example.com")
    data = mime.build(batch, batch.recipients[0], date=NOW)
    assert (
        email.message_from_bytes(data, policy=email.policy.compat32).as_bytes(
            policy=email.policy.compat32.clone(linesep="\r\n")
        )
        == data
    )
