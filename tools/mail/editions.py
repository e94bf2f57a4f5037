"""Editions to check: the samples in both languages, every part of the template, and real feeds if there are any.

The product's own code collects, composes and renders them in a temporary folder.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from digest import pipeline
from digest.app import App, make_app
from digest.models import Edition, Image, Section, Story

NOW = "2026-11-23T07:00+05:30"
STORIES = 20
IMAGES = 5
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Composed:
    """An edition in its newsletter. `words` are those of its articles; a cut text must end in one of them."""

    name: str
    app: App
    edition: Edition
    words: frozenset[str]


@contextmanager
def composed(
    name: str,
    sources: list[Path],
    *,
    edition: Edition | None = None,
    language: str = "hi",
    theme: str = "newspaper",
) -> Iterator[Composed]:
    """Compose an edition of at most STORIES from recorded feeds and folders, in a temporary newsletter folder.

    Another newsletter's `edition`, if given, is rendered with this one's settings instead.
    """
    settings = {
        "newsletter": {
            "name": "सुबह की ख़बरें" if language == "hi" else "Morning News",
            "sender": {"name": "सुबह की ख़बरें" if language == "hi" else "Morning News", "email": "news@example.com"},
            "reply_to": "editors@example.com",
            "language": language,
            "base_url": "https://news.example.com",
            "postal_address": "12 प्रेस मार्ग, नदीपुर 000000" if language == "hi" else "12 Press Road, Nadipur 000000",
        },
        "sources": [{"name": path.stem.replace("_", " "), "path": str(path), "replay": True} for path in sources],
        "theme": {"name": theme},
        # css-inline inlines the kept rules too, so its email is larger. No summary may be cut to make it fit.
        "edition": {"max_stories": STORIES, "per_section": STORIES, "window": "366d", "max_bytes": 90_000},
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "digest.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
            if edition:
                pipeline.collect(app)
                edition = replace(edition, subject="", preheader="")
            else:
                edition = pipeline.compose(app, app.now().date().isoformat()).edition
            if edition.state == "skipped":
                raise SystemExit(f"{name}: there is nothing to check, the edition is skipped: {edition.reason}")
            yield Composed(name, app, edition, _words(app))


def samples() -> list[Path]:
    """Return the sources of the repository's samples."""
    return [*sorted(path for path in (ROOT / "samples/feeds").iterdir() if path.is_file()), ROOT / "samples/articles"]


def real(data: Path) -> list[Path]:
    """Return the feeds of a data folder with `feeds/<set>/*.xml`, none if it does not exist."""
    return sorted((data / "feeds").glob("*/*.xml"))


def with_images(edition: Edition, count: int) -> Edition:
    """Return the edition with images on its first `count` stories only: their own, or one from an invented address."""
    shown = {story.id for _, story in zip(range(count), edition.stories(), strict=False)}

    def change(story: Story) -> Story:
        own = story.image if story.image and story.image.url.startswith("https://") else None
        invented = Image(f"https://img.example.com/2026/11/23/{story.id}.jpg", 1200, 800, story.title)
        return replace(story, image=(own or invented) if story.id in shown else None)

    return edition.map_stories(change)


def every_part(edition: Edition) -> Edition:
    """Return the edition with every optional part of a template.

    It has an intro, a label, briefs, images with and without alt text and of unknown size, and stories in English,
    without a link, without a date, and with a word that is wider than a phone's column.
    """
    from digest.render.sample_edition import sample_edition

    invented = sample_edition(datetime.fromisoformat(NOW))
    lead = next(invented.stories())
    brief = tuple(replace(story, id=f"brief-{story.id}", summary="") for story in invented.stories())
    no_alt = replace(lead, id="no-alt", image=Image("https://img.example.com/no-alt.jpg", None, None, ""))
    long = replace(lead, id="long", title="नए नियम nadipurnagarnigamjalkarvibhag.example.com पर पढ़ें")
    first, *others = edition.sections
    stories = (lead, *first.stories, *list(invented.stories())[1:], no_alt, long)
    sections = (Section(first.name, stories), *others, Section("संक्षेप में", brief))
    return replace(edition, sections=sections, lead=lead.id, intro=invented.intro, number=214)


def every_block(edition: Edition) -> Edition:
    """Return the best stories of the edition, with every block."""
    from digest.render.context import LONG
    from digest.render.sample_edition import sample_blocks

    best = sorted(edition.stories(), key=lambda story: (story.id != edition.lead, -story.score))[:LONG]
    ids = {story.id for story in best}
    kept = (Section(part.name, tuple(each for each in part.stories if each.id in ids)) for part in edition.sections)
    sections = tuple(part for part in kept if part.stories)
    return replace(edition, sections=sections, blocks=sample_blocks(answered=True))


def _words(app: App) -> frozenset[str]:
    start = datetime(1, 1, 2, tzinfo=UTC)
    articles = app.articles.between(start, app.now() + timedelta(days=1))
    return frozenset(
        word for article in articles for word in split(f"{article.title} {article.text} {article.excerpt}")
    )


def split(text: str) -> list[str]:
    """Return the words without punctuation around them."""
    return [word.strip(_MARKS) for word in re.split(r"\s+", text) if word.strip(_MARKS)]


_MARKS = "।॥.,;:!?…'\"‘’“”()[]{}-–—|/\u00a0"
