"""Taking a person's words out of what others wrote: reasons and notes, and what providers posted.

Owns how a word is found and what stands in its place. Which columns and rows it may be in is `erasing`'s.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterator
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.sql.schema import Column

from digest.store.schema import webhook

NOBODY = "(erased)"
"""What stands where the address stood."""


def scrub(connection: Connection, column: Column[Any], rows: ColumnElement[bool], words: Collection[str]) -> int:
    """Puts NOBODY in the place of `words` in a column of text, in any case; answers how many texts held one."""
    if not words:
        return 0
    pattern = _pattern(words)
    near = or_(*(func.lower(column).contains(word.lower(), autoescape=True) for word in words))
    texts = connection.execute(select(column).where(and_(rows, near)).distinct()).scalars().all()
    for text in texts:
        own = and_(rows, column == text)
        connection.execute(update(column.table).where(own).values({column.name: pattern.sub(NOBODY, text)}))
    return len(texts)


def scrub_posts(connection: Connection, words: Collection[str]) -> int:
    """Takes the events of an address out of the posts that are kept, and its words wherever else they stand; answers
    how many posts held one. A post that waits to be handled keeps its events without the address."""
    written = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    pattern = re.compile("|".join(re.escape(form) for form in _longest(written)).encode(), re.I)
    changed = 0
    for id, handled, packed in _posts(connection):
        body = zlib.decompress(packed)
        if not pattern.search(body):
            continue
        if handled:
            body = _without(body, pattern)
        body = pattern.sub(NOBODY.encode(), body)
        connection.execute(update(webhook).where(webhook.c.id == id).values(body=zlib.compress(body, 1)))
        changed += 1
    return changed


def _posts(connection: Connection) -> Iterator[tuple[int, bool, bytes]]:
    """Each post, read when it is asked for: a week of a large list is gigabytes."""
    for id in connection.execute(select(webhook.c.id)).scalars().all():
        row = connection.execute(select(webhook.c.handled_at, webhook.c.body).where(webhook.c.id == id)).one()
        yield id, row.handled_at is not None, row.body


def _without(body: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """A list of events without those that hold a word: time, network and browser of a person go with them."""
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(events, list):
        return body
    return orjson.dumps([each for each in events if not pattern.search(orjson.dumps(each))])


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in _longest(words)), re.I)


def _longest(words: Collection[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)
