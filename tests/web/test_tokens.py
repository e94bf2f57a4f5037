"""Forged tokens over HTTP: none is accepted and nothing changes."""

from __future__ import annotations

import base64
import http.client
import random
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from digest.subscribers.tokens import Signer
from tests.support.profiles import examples
from tests.web.site import Site

MANY = examples(2_000, dev=200)


def forged_tokens(pages: Site) -> Iterator[str]:
    """Tokens with a foreign key, cut off, modified, extended, for another purpose, and random ones."""
    dice = random.Random(20261123)
    foreign = Signer([b"a key of somebody else"])
    signer = pages.app.signer
    while True:
        good = signer.sign("leave", dice.randint(1, 2))
        raw = bytearray(base64.urlsafe_b64decode(good + "=="))
        yield foreign.sign("leave", dice.randint(1, 2))
        yield good[: dice.randrange(1, len(good))]
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        yield base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
        yield good + dice.choice(["A", "=", "%00", "%20", "."])
        yield signer.sign(dice.choice(["preferences", "view", "confirm"]), dice.randint(0, 2))
        yield quote(dice.randbytes(dice.randrange(1, 40)).decode("latin-1"), safe="")


def test_forged_tokens_are_rejected(pages: Site) -> None:
    place = urlsplit(pages.base)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    accepted, tokens = [], forged_tokens(pages)
    for _ in range(MANY):
        token = next(tokens)
        connection.request("POST", f"/leave/{token}")
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (404, 405):
            accepted.append((token, answer.status))
    connection.close()
    assert accepted == []
    assert pages.app.subscribers.suppressed() == {}
    assert pages.consent("asha@example.com") == pages.consent("ravi@example.com") == []


def test_a_token_is_valid_for_one_purpose(pages: Site) -> None:
    paths = {
        "leave": "/leave/{}",
        "preferences": "/preferences/{}",
        "view": "/view/2026-11-23/{}",
        "confirm": "/confirm/{}",
    }
    for purpose in paths:
        token = pages.app.signer.sign(purpose, 1)
        for other, path in paths.items():
            if other != purpose:
                assert pages.get(path.format(token)).status == 404, (purpose, other)
