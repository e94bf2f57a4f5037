"""Pictures in the store: kept once by what they hold, handed back by name, on each kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from digest.models import InlineImage
from digest.store.content.articles import ArticleStore, ImageStore
from digest.store.database import Database


def some(count: int) -> Sequence[InlineImage]:
    return [
        InlineImage(f"{n:040x}@digest", "image/png", bytes(range(256)) + bytes([n % 256]), n + 1, 7)
        for n in range(count)
    ]


def test_images_are_stored_byte_for_byte(database: Database) -> None:
    store = ImageStore(database)
    pictures = some(3)
    store.save(pictures)
    assert store.load([pictures[2].cid, pictures[0].cid, "unknown@digest"]) == {
        pictures[0].cid: pictures[0],
        pictures[2].cid: pictures[2],
    }
    assert store.load([]) == {}


def test_a_stored_image_never_changes(database: Database) -> None:
    store = ImageStore(database)
    (first,) = some(1)
    store.save([first, first])
    store.save([InlineImage(first.cid, "image/gif", b"other", 1, 1)])
    assert store.load([first.cid]) == {first.cid: first}


def test_more_images_than_fit_into_one_statement(database: Database) -> None:
    pictures = some(1201)
    ArticleStore(database, lambda: datetime.now(UTC)).save_images(pictures)
    assert len(ImageStore(database).load([picture.cid for picture in pictures])) == 1201
