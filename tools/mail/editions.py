"""Editions to judge: the samples in both languages of the frame, every part of the template, and real feeds where
they are. All is collected, composed and rendered by the product's own code in a temporary folder.

Judges nothing and writes nothing that stays.
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
PICTURES = 5
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Composed:
    """An edition in its newsletter. `words` are those of the articles behind it: a text may end in no other."""

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
    """An edition of at most STORIES from recorded feeds and folders, in a newsletter folder that is gone afterwards.

    Another newsletter's `edition`, if given, is set in this one's frame instead.
    """
    settings = {
        "newsletter": {
            "name": "सुबह की ख़बरें" if language == "hi" else "Morning News",
            "sender": {"name": "Subah Ki Khabar", "email": "news@example.com"},
            "reply_to": "desk@example.com",
            "language": language,
            "base_url": "https://news.example.com",
            "postal_address": "12 प्रेस मार्ग, नदीपुर 000000" if language == "hi" else "12 Press Road, Nadipur 000000",
        },
        "sources": [{"name": path.stem.replace("_", " "), "path": str(path), "replay": True} for path in sources],
        "theme": {"name": theme},
        "edition": {"max_stories": STORIES, "per_section": STORIES, "window": "366d"},
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
                raise SystemExit(f"{name}: nothing to judge, the edition is skipped: {edition.reason}")
            yield Composed(name, app, edition, _words(app))


def samples() -> list[Path]:
    """The repository's own sources."""
    return [*sorted(path for path in (ROOT / "samples/feeds").iterdir() if path.is_file()), ROOT / "samples/articles"]


def real(data: Path) -> list[Path]:
    """The feeds of a data folder laid out as `feeds/<set>/*.xml`; none where it is not there."""
    return sorted((data / "feeds").glob("*/*.xml"))


def pictured(edition: Edition, count: int) -> Edition:
    """The edition with exactly `count` pictures, on its first stories: their own, else one from an invented address."""
    shown = {story.id for _, story in zip(range(count), edition.stories(), strict=False)}

    def one(story: Story) -> Story:
        kept = story.image if story.image and story.image.url.startswith("https://") else None
        made = Image(f"https://img.example.com/2026/11/23/{story.id}.jpg", 1200, 800, story.title)
        return replace(story, image=(kept or made) if story.id in shown else None)

    sections = (replace(part, stories=tuple(map(one, part.stories))) for part in edition.sections)
    return replace(edition, sections=tuple(sections))


def every_part(edition: Edition) -> Edition:
    """The edition with what a template prints only now and then: an intro, a label, briefs, pictures with and without
    alt and of unknown size, a story in English, one without a link, one without a date, one with a word wider than a
    phone's column."""
    from digest.render.sample_edition import sample_edition

    invented = sample_edition(datetime.fromisoformat(NOW))
    lead = next(invented.stories())
    brief = tuple(replace(story, id=f"brief-{story.id}", summary="") for story in invented.stories())
    mute = replace(lead, id="mute", image=Image("https://img.example.com/mute.jpg", None, None, ""))
    long = replace(lead, id="long", title="नए नियम nadipurnagarnigamjalkarvibhag.example.com पर पढ़ें")
    first, *others = edition.sections
    stories = (lead, *first.stories, *list(invented.stories())[1:], mute, long)
    sections = (Section(first.name, stories), *others, Section("संक्षेप में", brief))
    return replace(edition, sections=sections, lead=lead.id, intro=invented.intro, number=214)


def _words(app: App) -> frozenset[str]:
    begun = datetime(1, 1, 2, tzinfo=UTC)
    articles = app.articles.between(begun, app.now() + timedelta(days=1))
    return frozenset(
        word for article in articles for word in split(f"{article.title} {article.text} {article.excerpt}")
    )


def split(text: str) -> list[str]:
    """Words without the marks around them."""
    return [word.strip(_MARKS) for word in re.split(r"\s+", text) if word.strip(_MARKS)]


_MARKS = "।॥.,;:!?…'\"‘’“”()[]{}-–—|/\u00a0"
