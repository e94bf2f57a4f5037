"""Write the chosen stories, and an intro. A model's words are checked; the articles' own words are the fallback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from digest.curate.independence import count_origins
from digest.curate.ranking import Ranked
from digest.curate.similarity.clustering import Pairs, explain_cluster
from digest.curate.summary.checks import check, check_headline, check_intro
from digest.curate.summary.death_tolls import mixes_tolls, tolls_sentence
from digest.curate.summary.metered import Metered
from digest.curate.summary.sentences import Extractive
from digest.curate.summary.support import Verdict
from digest.curate.summary.types import Summariser, SummaryError
from digest.hindi.text import fold
from digest.hindi.tokens import stems
from digest.hindi.typography import typeset
from digest.messages import Message
from digest.models import Article, Image, RefusedSummary, Story, Support

# Name in the settings -> `module:class`.
SUMMARISERS: dict[str, str] = {
    "extractive": "digest.curate.summary.sentences:Extractive",
    "openai": "digest.curate.summary.openai:OpenAI",
}


def load(name: str) -> Any:
    """Return the class for a name of the table."""
    module, _, attribute = SUMMARISERS[name].partition(":")
    return getattr(import_module(module), attribute)


# Pixels. An email can show an image of this width across its column without enlarging it.
WIDE_ENOUGH = 380
# The most links of a story to articles of other stories.
RELATED = 3
# The number of stories that an intro may mention.
INTRO_STORIES = 5
# How often a model is asked for a summary.
_TRIES = 2


def write_story(
    ranked: Ranked, pairs: Pairs, summariser: Summariser | None, *, is_pinned: bool, keeps_title: bool = False
) -> Story:
    """Write a chosen story: its headline, summary, links, image and the reasons for choosing it.

    A model rewrites the headline only if that is its task, and not if `keeps_title`.
    """
    candidate = ranked.candidate
    cluster = explain_cluster(candidate.cluster, pairs, most_related=RELATED)
    articles, first = cluster.articles, cluster.first
    image = _image(articles)
    new = candidate.new_articles
    text = " ".join(f"{article.title} {article.text}" for article in new)
    summary = write_summary(
        new,
        title=first.title,
        summariser=summariser,
        background={stem: pairs.corpus.frequencies.idf(stem) for stem in stems(text)},
        known=candidate.known_text,
        language=pairs.rules.language,
    )
    headline = (
        Headline(first.title)
        if keeps_title
        else write_headline(new, title=first.title, summary=summary.text, summariser=summariser)
    )
    tolls = tolls_sentence(new, pairs.rules.language)
    by_id = {article.id: article for article in pairs.articles}
    links = tuple(f"same story: {by_id[link.a].source} + {by_id[link.b].source} {link}" for link in cluster.links)
    neighbours = [(by_id[link.b if by_id[link.a] in articles else link.a], link) for link in cluster.related]
    related = tuple(f"related: {article.title} ({article.source}) {link}" for article, link in neighbours)
    return Story(
        id=cluster.story_id,
        title=typeset(headline.text, pairs.rules.language),
        summary=_join(summary.text, tolls),
        url=first.url or next((article.url for article in articles if article.url), ""),
        published=first.published,
        dated=first.dated,
        sources=tuple(dict.fromkeys(article.source for article in articles)),
        articles=tuple(dict.fromkeys(article.url for article in articles if article.url)),
        article_ids=tuple(article.id for article in articles),
        section=ranked.section,
        image=image,
        score=round(ranked.score, 4),
        reasons=(
            *(("pinned by the desk",) if is_pinned else ()),
            *ranked.reasons,
            *headline.reasons,
            *summary.reasons,
            *links,
            *related,
        ),
        label="update" if candidate.is_update else "",
        language=first.language,
        support=summary.support,
        title_support=headline.support,
        origins=min(max(1, count_origins(articles)), len({article.source for article in articles})),
        alike=tuple(
            article.id for article, link in neighbours if link.score >= pairs.rules.alike and not link.kept_apart
        ),
        refused=summary.refused and replace(summary.refused, text=_join(summary.refused.text, tolls)),
    )


def _join(summary: str, tolls: str) -> str:
    return " ".join(text for text in (summary, tolls) if text)


def _image(articles: Sequence[Article]) -> Image | None:
    """Return the first image that suits an email: embedded or over https, and wide enough.

    If none does, the first one.
    """
    found = [article.image for article in articles if article.image]
    suitable = (
        one for one in found if one.url.startswith(("https:", "cid:")) and (one.width or WIDE_ENOUGH) >= WIDE_ENOUGH
    )
    return next(suitable, found[0] if found else None)


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary and its origin. The summary is '' if the articles have no usable sentence."""

    text: str
    reasons: tuple[str, ...] = ()
    # One entry per sentence, if a model wrote it.
    support: tuple[Support, ...] = ()
    # The model's text, if a check refused it.
    refused: RefusedSummary | None = None


def write_summary(
    articles: Sequence[Article],
    *,
    title: str,
    summariser: Summariser | None,
    background: Mapping[str, float],
    known: str = "",
    language: str = "hi",
) -> Summary:
    """Summarise the articles. A model's own words are used only if an article supports each clause of them."""
    reasons: tuple[str, ...] = ()
    refused: RefusedSummary | None = None
    if isinstance(summariser, Metered):
        text, verdict = _from_model(articles, title, summariser, background, known)
        if not verdict.problem:
            why = Message("summary: in the words of a model, each sentence supported by a source")
            return Summary(text, (why,), verdict.support)
        reasons = (Message("summary: extractive, because %(why)s", why=verdict.problem),)
        refused = RefusedSummary(text, verdict.problem) if text else None
    plain = summariser if summariser is not None and not summariser.own_words else Extractive(language)
    text = plain(articles, title=title, background=background, known=known)
    if mixes_tolls(text, title, articles):
        text = plain(articles[:1], title=title, background=background, known=known)
    return Summary(text, reasons, refused=refused)


def _from_model(
    articles: Sequence[Article], title: str, model: Metered, background: Mapping[str, float], known: str
) -> tuple[str, Verdict]:
    """Return the model's summary and its verdict. After a refusal the model is asked once more, with the reason."""
    text, verdict = "", Verdict()
    refused: RefusedSummary | None = None
    for _ in range(_TRIES):
        try:
            text = model(articles, title=title, background=background, known=known, refused=refused)
        except SummaryError as error:
            if not refused:
                return "", Verdict(problem=error.message)
            # Without a second answer, the first one stays refused.
            break
        verdict = check(text, articles, title)
        if not verdict.problem and mixes_tolls(text, title, articles):
            verdict = Verdict(problem=Message("it gives two numbers of dead, and the articles disagree on the number"))
        if not verdict.problem or not text:
            break
        refused = RefusedSummary(text, verdict.problem)
    model.record_verdict(accepted=not verdict.problem)
    return text, verdict


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline of a story and, if a model wrote it, the sentence that supports it."""

    text: str
    support: Support | None = None
    reasons: tuple[str, ...] = ()


def write_headline(articles: Sequence[Article], *, title: str, summary: str, summariser: Summariser | None) -> Headline:
    """Return a model's headline if that is its task and an article supports each clause, else the paper's `title`.

    A model's headline must also fit the summary.
    """
    if not isinstance(summariser, Metered) or not summariser.tasks.headlines:
        return Headline(title)
    try:
        answer = summariser.headline(articles, title=title)
    except SummaryError as error:
        return Headline(title, reasons=(Message("headline: the paper's, because %(why)s", why=error.message),))
    # Checked before typesetting, which joins lines: a response of several lines is not a headline.
    text = answer if "\n" in answer else typeset(answer.rstrip("।. "), articles[0].language)
    if fold(text) == fold(title):
        summariser.record_verdict(accepted=True)
        return Headline(title)
    verdict = check_headline(text, articles, title, summary)
    summariser.record_verdict(accepted=not verdict.problem)
    if verdict.problem:
        return Headline(
            title, reasons=(Message("headline: the paper's, because of the model's: %(why)s", why=verdict.problem),)
        )
    return Headline(
        text, verdict.support[0], (Message("headline: in the words of a model; the paper's: “%(title)s”", title=title),)
    )


@dataclass(frozen=True, slots=True)
class Intro:
    """A model's intro with the support of its sentences. If it was refused, the intro is '' and `problem` says why."""

    text: str = ""
    support: tuple[Support, ...] = ()
    problem: str = ""


def write_intro(stories: Sequence[tuple[Story, Sequence[Article]]], summariser: Summariser) -> Intro:
    """Return a model's intro about the first stories, if that is its task. Each story comes with its articles."""
    if not isinstance(summariser, Metered) or not summariser.tasks.intro or not stories:
        return Intro()
    mentioned = stories[:INTRO_STORIES]
    try:
        answer = summariser.intro([(story.title, story.summary) for story, _ in mentioned])
    except SummaryError as error:
        return Intro(problem=error.message)
    text = typeset(answer, mentioned[0][0].language)
    verdict = check_intro(text, [(story.title, articles) for story, articles in mentioned])
    summariser.record_verdict(accepted=not verdict.problem)
    return Intro(problem=verdict.problem) if verdict.problem else Intro(text, verdict.support)
