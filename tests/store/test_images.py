"""Images in the store: stored once by content, loaded by Content-ID."""

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
    images = some(3)
    store.save(images)
    assert store.load([images[2].cid, images[0].cid, "unknown@digest"]) == {
        images[0].cid: images[0],
        images[2].cid: images[2],
    }
    assert store.load([]) == {}


def test_a_stored_image_never_changes(database: Database) -> None:
    store = ImageStore(database)
    (first,) = some(1)
    store.save([first, first])
    store.save([InlineImage(first.cid, "image/gif", b"other", 1, 1)])
    assert store.load([first.cid]) == {first.cid: first}


def test_more_images_than_fit_into_one_statement(database: Database) -> None:
    images = some(1201)
    ArticleStore(database, lambda: datetime.now(UTC)).save_images(images)
    assert len(ImageStore(database).load([image.cid for image in images])) == 1201
