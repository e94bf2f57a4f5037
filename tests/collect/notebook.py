"""An in-memory store for collecting, and a source on this machine."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from digest.collect.types import SaveCounts, SourceState
from digest.models import Article, InlineImage, Source


class InMemoryStore:
    """Keeps everything in dictionaries and records the calling threads. Articles may be read from any thread."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.states: dict[str, SourceState] = {}
        self.images: dict[str, InlineImage] = {}
        self.threads: set[int] = set()

    def load_states(self) -> Mapping[str, SourceState]:
        self.threads.add(threading.get_ident())
        return dict(self.states)

    def save_state(self, state: SourceState) -> None:
        self.threads.add(threading.get_ident())
        self.states[state.health.name] = state

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
        self.threads.add(threading.get_ident())
        new = [article for article in articles if article.id not in self.articles]
        changed = [a for a in articles if a not in new and self.articles[a.id].content_hash != a.content_hash]
        self.articles.update({article.id: article for article in articles})
        return SaveCounts(len(new), len(changed))

    def save_images(self, images: Sequence[InlineImage]) -> None:
        self.threads.add(threading.get_ident())
        self.images.update({image.cid: image for image in images})

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        return {one: self.articles[one] for one in ids if one in self.articles}


def source(name: str, url: str, **more: object) -> Source:
    return Source(name, url=url, allow_private=True, **more)  # type: ignore[arg-type]
