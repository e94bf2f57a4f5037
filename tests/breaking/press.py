"""Newspapers with feeds on a local server, and a newsletter that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from digest.app import make_app
from digest.models import Article
from digest.scheduler import Scheduler, watch_settings
from tests.cli.newsroom import Newsroom
from tests.curate.sample import BRIDGE, OTHERS
from tests.support.folders import newsletter_folder
from tests.support.http_server import HttpServer

NOON = datetime.fromisoformat("2026-11-23T12:00+05:30")
PAPERS = ("alok", "prabhakar", "setu", "kiran")
ALERT = "2026-11-23-breaking-1"

_SETTINGS = """\
newsletter:
  name: नमूना समाचार
  sender: {{name: Namuna, email: news@example.com}}
  base_url: https://news.example.com
edition: {{min_stories: 1}}
breaking: {{enabled: true}}
sources:
{sources}
"""


@dataclass
class Press:
    """The newsroom, its clock, and the papers that it reads."""

    site: HttpServer
    newsroom: Newsroom
    now: list[datetime]
    log: list[str] = field(default_factory=list)

    def publish(self, paper: str, *articles: Article, minutes: float = 10) -> None:
        """Put articles into a paper's feed. They appeared `minutes` ago, at addresses of the paper."""
        at = format_datetime(self.now[0] - timedelta(minutes=minutes))
        items = "".join(
            f"<item><title>{escape(article.title)}</title><link>https://www.{paper}.example/{article.id}</link>"
            f"<pubDate>{at}</pubDate><author>{escape(article.author or '')}</author>"
            f"<description>{escape(article.text)}</description></item>"
            for article in articles
        )
        feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{paper}</title>{items}</channel></rss>'
        self.site.route(f"/{paper}.xml", feed.encode())

    def publish_bridge(self) -> None:
        """Three papers report the new bridge, each in their own words."""
        for paper, article in zip(PAPERS, BRIDGE, strict=False):
            self.publish(paper, article)

    def later(self, **time: float) -> None:
        self.now[0] += timedelta(**time)
        self.newsroom.environment["DIGEST_NOW"] = self.now[0].isoformat()

    @contextmanager
    def scheduler(self, **environment: str) -> Iterator[Scheduler]:
        """A `digest run` whose jobs and clock the test controls. It reports to `log`."""
        with make_app(
            self.newsroom.home, environment=self.newsroom.environment | environment, clock=lambda: self.now[0]
        ) as app:
            yield Scheduler(watch_settings(app), self.log.append)

    def collect(self, **environment: str) -> None:
        """`digest run` starts, collects once and ends."""
        with self.scheduler(**environment) as scheduler:
            scheduler.collect()

    def proposals(self, **environment: str) -> Mapping[str, str]:
        """Map the key of each alert edition to its state."""
        found = self.newsroom.json("breaking", "list", **environment)["editions"]
        return {each["edition"]: each["state"] for each in found}


@contextmanager
def press(home: Path) -> Iterator[Press]:
    """A newsletter with breaking news, and papers that report nothing special."""
    newsletter_folder(home, all_sources=False)
    with HttpServer() as site:
        sources = "\n".join(
            f"  - {{name: {paper}, url: '{site.url(f'/{paper}.xml')}', allow_private: true, fulltext: false}}"
            for paper in PAPERS
        )
        (home / "digest.yaml").write_text(_SETTINGS.format(sources=sources), encoding="utf-8")
        newsroom = Newsroom(home, {"DIGEST_NOW": NOON.isoformat()})
        found = Press(site, newsroom, [NOON])
        newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com")
        for paper in PAPERS:
            found.publish(paper, OTHERS[0] if paper == "alok" else OTHERS[1])
        yield found
