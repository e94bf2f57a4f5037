"""Articles and the health of their sources in both kinds of store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event

from digest.collect.collector import collect
from digest.collect.http.fetch import Fetcher, FetchLimits
from digest.collect.source_reader import CollectContext
from digest.collect.types import SaveCounts, SourceState, Validators
from digest.models import Article, Image, Source, SourceHealth, TextBlock
from digest.store.content.articles import ArticleStore
from digest.store.database import Database
from tests.collect.notebook import source
from tests.collect.server import Handler, serving

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def an_article(number: int, text: str = "नहर में पानी आया।") -> Article:
    return Article(
        id=f"a{number}",
        source="ग्राम दर्पण",
        title=f"खबर {number}",
        published=NOW - timedelta(minutes=number),
        url=f"https://gram.example/{number}",
        image=Image("https://gram.example/i.jpg", 10, 20, "नहर"),
        categories=("गांव",),
        body=(TextBlock("p", text),),
        content_hash=f"hash of {text}",
    )


def test_new_articles_are_added_and_changed_ones_updated(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    first = [an_article(number) for number in range(1200)]
    assert store.save([*first, first[0]]) == SaveCounts(1200, 0)
    assert store.save(first) == SaveCounts(0, 0)
    changed = [replace(an_article(n, "नई बात।"), published=NOW, title="और") for n in range(3)]
    assert store.save([*changed, an_article(5), an_article(2000)]) == SaveCounts(1, 3)
    held = store.by_ids(["a0", "a5", "a2000", "unknown"])
    assert sorted(held) == ["a0", "a2000", "a5"]
    assert held["a5"] == an_article(5)
    assert held["a0"] == replace(changed[0], published=an_article(0).published)  # its first date stays
    assert len(store.by_ids([article.id for article in first])) == 1200
    assert [item.id for item in store.between(NOW - timedelta(minutes=2), NOW)] == ["a2", "a1", "a0"]
    assert store.by_ids([]) == {}


def test_an_article_follows_its_source_to_another_name_and_section(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    store.save([an_article(1), an_article(2)])
    renamed = replace(an_article(1), source="नया दर्पण", section="गाँव")
    assert store.save([renamed], listed={"ग्राम दर्पण", "नया दर्पण"}) == SaveCounts(0, 0)
    assert store.by_ids(["a1"])["a1"].source == "ग्राम दर्पण", "two that are listed do not take turns"
    stolen = replace(renamed, title="झूठी खबर", content_hash="other")
    assert store.save([stolen], listed={"ग्राम दर्पण", "नया दर्पण"}) == SaveCounts(0, 0)
    assert store.by_ids(["a1"])["a1"].title == "खबर 1", "nobody puts words under another paper's address"
    assert store.save([renamed], listed={"नया दर्पण"}) == SaveCounts(0, 0)
    assert store.by_ids(["a1"])["a1"] == renamed
    moved = replace(an_article(2), section="खेत")
    assert store.save([moved], listed={"ग्राम दर्पण"}) == SaveCounts(0, 0)
    assert store.by_ids(["a2"])["a2"].section == "खेत"


def test_saving_needs_few_statements(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    store.save([an_article(number) for number in range(100)])
    about = [statement for statement in asked if "article" in statement and "advisory" not in statement]
    assert len(about) == 2


def test_the_state_of_a_source_is_stored_completely(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    assert store.load_states() == {}
    health = SourceHealth(
        "ग्राम", "https://gram.example/feed", NOW, NOW - timedelta(days=1), 2, "क्यों", NOW, "https://x/"
    )
    known = SourceState(health, Validators('"v1"', "Mon", "hash"), NOW)
    store.save_state(known)
    store.save_state(SourceState(SourceHealth("other", "desk")))
    assert store.load_states() == {"ग्राम": known, "other": SourceState(SourceHealth("other", "desk"))}
    later = replace(known, health=replace(health, failures=0, last_error=None, not_before=None, moved_to=None))
    store.save_state(later)
    assert store.load_states()["ग्राम"] == later


def test_health_belongs_to_the_address_of_a_source(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    feeds = [Source(name, f"https://{name}.example/feed") for name in ("same", "moved", "sample")]
    health = {source.name: SourceHealth(source.name, source.url, failures=4) for source in feeds}
    for each in health.values():
        store.save_state(SourceState(each))
    same, moved, sample = feeds
    now = [same, replace(moved, url="https://new.example/feed"), replace(sample, replay=True), Source("new", path="a")]
    assert store.health_of(now) == {"same": health["same"]}


def test_an_article_gets_its_own_date_when_the_clock_is_right_again(database: Database, tmp_path: Path) -> None:
    """The clock was two days behind during one collection, and the feed has not changed since."""
    fetcher = Fetcher(FetchLimits(connect=5, read=5, total=5, body=1_000_000))
    now = [NOW - timedelta(days=2)]
    store = ArticleStore(database, lambda: now[0])

    def published() -> list[datetime]:
        return [item.published for item in store.between(NOW - timedelta(days=9), NOW)]

    with serving() as site:
        sources = [source("गाँव समाचार", f"{site}/feed")]

        def collect_now() -> None:
            collect(sources, CollectContext(fetcher, now[0], tmp_path, article_store=store), store)

        collect_now()
        assert published() == [NOW - timedelta(days=2)]
        now[0] = NOW
        collect_now()
        # As in the feed: 09:00 in India.
        assert published() == [datetime(2026, 11, 23, 3, 30, tzinfo=UTC)]
        # The feed is not read again as long as it does not change.
        now[0] = NOW + timedelta(minutes=20)
        collect_now()
        assert "if-none-match" in Handler.seen[-1][1]


def test_a_date_that_was_never_in_the_future_stays(database: Database) -> None:
    store = ArticleStore(database, lambda: NOW)
    store.save([an_article(1)])
    store.save([replace(an_article(1), published=NOW)])
    assert store.by_ids(["a1"])["a1"].published == NOW - timedelta(minutes=1)
