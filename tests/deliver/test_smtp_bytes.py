"""Large and unusual emails over SMTP: every byte arrives, and a broken connection within one leaves nothing unknown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.http_client import ConnectionRegistry
from digest.deliver.smtp.connection import Envelope, SmtpConnection, SmtpServer, TryLater, connect
from tests.deliver.raw_smtp import RawSmtp
from tests.support.profiles import examples
from tests.support.tls import Identity

TO = Envelope("news@example.com", "asha@example.com")
LINE = b"x" * 76 + b"\r\n"


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    found = Identity()
    yield found
    found.close()


def connected(server: RawSmtp, *, security: str = "none", timeout: float = 5.0) -> SmtpConnection:
    to = SmtpServer("127.0.0.1", server.port, security, timeout=timeout)
    return connect(to, ConnectionRegistry(), name="here.example")


def unstuffed(email: bytes) -> bytes:
    """The email that the receiver reads from these bytes (RFC 5321 section 4.5.2)."""
    return b"".join(line[1:] if line.startswith(b".") else line for line in email.splitlines(keepends=True))


ODD = {
    "a few megabytes": LINE * 50_000,
    "a dot at the very beginning": b".\r\n..\r\n.x\r\n",
    "dots at the borders of 64 kB": b"".join(b"y" * (65_536 - 2 - more) + b"\r\n" + b"." * more for more in range(5)),
    "a dot behind many harmless ones": b"a.b.c." * 100 + b"\r\n" + LINE * 900 + b".\r\n..x\r\n",
    "a dot behind megabytes": LINE * 40_000 + b".\r\n" + LINE,
    "lines of 998 and longer": (b"z" * 998 + b"\r\n") * 100 + b"." + b"z" * 5_000 + b"\r\n",
    "no line end at its end": LINE + b"the last line",
    "nothing": b"",
    "line ends only": b"\r\n" * 3,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("security", ["none", "tls"])
def test_every_byte_arrives(name: str, security: str, identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.certificate))
    mail = ODD[name]
    with RawSmtp(tls=identity if security == "tls" else None) as server:
        with closing(connected(server, security=security)) as connection:
            connection.send(TO, mail, following=TO)
            connection.send(TO, LINE, following=None)
        first, second = server.emails
    assert unstuffed(first) == (mail if mail.endswith(b"\r\n") else mail + b"\r\n")
    assert second == LINE


@settings(deadline=None, max_examples=examples(80))
@given(st.lists(st.sampled_from([b".", b"..", b"\r\n", b"a", b"a.", LINE, b"b." * 150]), max_size=30).map(b"".join))
def test_no_email_ends_early(mail: bytes) -> None:
    with RawSmtp() as server:
        with closing(connected(server)) as connection:
            connection.send(TO, mail, following=None)
        (email,) = server.emails
    assert unstuffed(email) == (mail if mail.endswith(b"\r\n") else mail + b"\r\n")


@pytest.mark.slow
@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_reads_slowly_has_time_while_it_reads(
    security: str, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.certificate))
    mail = os.urandom(1_250_000).hex().encode() + b"\r\n"
    # TLS is read in records of 16 kB.
    pause = 0.06 if security == "none" else 0.015
    with RawSmtp(pause=pause, tls=identity if security == "tls" else None) as server:
        with closing(connected(server, security=security, timeout=1.0)) as connection:
            connection.send(TO, mail, following=None)
        assert server.emails == [mail]
        # In all it took longer than the timeout, which is counted from the last byte the server read.
        assert server.pauses * pause > 1.5


@pytest.mark.slow
@pytest.mark.parametrize("security", ["none", "tls"])
@pytest.mark.parametrize("cut", [1, 3_000_000])
def test_a_connection_that_breaks_within_an_email_leaves_nothing_unknown(
    cut: int, security: str, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.certificate))
    with RawSmtp(cut=cut, tls=identity if security == "tls" else None) as server:
        with closing(connected(server, security=security)) as connection, pytest.raises(TryLater, match="within"):
            connection.send(TO, LINE * 250_000, following=None)
        assert server.emails == []
