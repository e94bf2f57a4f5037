"""10,000 tokens that we did not sign for this purpose, by HTTP: none is accepted and nothing changes."""

from __future__ import annotations

import base64
import http.client
import random
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from digest.subscribers.tokens import Signer
from tests.web.site import Site

MANY = 10_000


def false_tokens(pages: Site) -> Iterator[str]:
    """Forged, cut, changed, prolonged, of another purpose, of another newsletter, random."""
    draw = random.Random(20261123)
    theirs = Signer([b"a key of somebody else"])
    signer = pages.app.signer
    while True:
        good = signer.sign("leave", draw.randint(1, 2))
        raw = bytearray(base64.urlsafe_b64decode(good + "=="))
        yield theirs.sign("leave", draw.randint(1, 2))
        yield good[: draw.randrange(1, len(good))]
        raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        yield base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
        yield good + draw.choice(["A", "=", "%00", "%20", "."])
        yield signer.sign(draw.choice(["preferences", "view", "confirm"]), draw.randint(0, 2))
        yield quote(draw.randbytes(draw.randrange(1, 40)).decode("latin-1"), safe="")


def test_ten_thousand_false_tokens_open_nothing(pages: Site) -> None:
    place = urlsplit(pages.base)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    accepted, tokens = [], false_tokens(pages)
    for _ in range(MANY):
        token = next(tokens)
        connection.request("POST", f"/leave/{token}")
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (404, 405):
            accepted.append((token, answer.status))
    connection.close()
    assert accepted == []
    assert pages.app.readers.suppressed() == {}
    assert pages.consent("asha@example.com") == pages.consent("ravi@example.com") == []


def test_a_token_opens_its_own_door_alone(pages: Site) -> None:
    doors = {
        "leave": "/leave/{}",
        "preferences": "/preferences/{}",
        "view": "/view/2026-11-23/{}",
        "confirm": "/confirm/{}",
    }
    for purpose in doors:
        token = pages.app.signer.sign(purpose, 1)
        for other, door in doors.items():
            if other != purpose:
                assert pages.get(door.format(token)).status == 404, (purpose, other)
