"""Messages: English sentences that keep their id and values, also in the store and in copies."""

from __future__ import annotations

import copy
import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from digest.i18n import translator
from digest.messages import Message, decode, encode, joined, message_of
from digest.web.desk.sentences import translate

STORIES = Message("%(num)s stories", num=3)
NESTED = Message("block left out: %(why)s", why=joined("; ", STORIES, "100 % पक्का"))


@given(st.text(max_size=40) | st.text(max_size=20).map('{{"msgid": {}'.format))
def test_the_store_gives_back_each_text(text: str) -> None:
    assert decode(encode(text)) == text
    message = Message("%(text)s और %(more)s", text=text, more=(text, STORIES))
    again = decode(encode(message))
    assert isinstance(again, Message)
    assert (again, again.msgid, again.values) == (message, message.msgid, message.values)


def test_a_plain_text_stays_plain_in_the_store() -> None:
    assert encode("550 no such user") == "550 no such user"
    assert not isinstance(decode("550 no such user"), Message)


def test_a_message_is_its_english_text_for_programs() -> None:
    assert NESTED == "block left out: 3 stories; 100 % पक्का"
    assert json.dumps(STORIES) == '"3 stories"'
    assert message_of(ValueError(STORIES)) is STORIES
    assert message_of(ValueError("पुल", 3)) == "('पुल', 3)"


def test_a_message_in_a_message_is_translated_too() -> None:
    hindi = translator("hi")
    assert translate(NESTED, hindi) == f"बॉक्स नहीं दिखेगा: {translate(STORIES, hindi)}; 100 % पक्का"


def test_copies_are_messages() -> None:
    for again in (copy.deepcopy(NESTED), pickle.loads(pickle.dumps(NESTED))):
        assert isinstance(again, Message)
        assert encode(again) == encode(NESTED)
