"""What became of each article of the window: its story's section and score, and why the edition lacks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest.curate.candidates import StoryCandidate, rejection_of
from digest.curate.editorial import EditorialChanges
from digest.curate.filtering import blocked_by
from digest.curate.ranking import ChosenStories, Ranked, is_weak
from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Cluster
from digest.messages import Message
from digest.models import Article


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the story of an article. `why_not` is '' if it was chosen."""

    # The id of its first article; '' for an article that forms no story.
    first: str
    # '' and None if it was not ranked.
    section: str
    score: float | None
    # The sources of the story.
    sources: tuple[str, ...]
    why_not: str


def outcomes_of(
    candidates: Sequence[StoryCandidate],
    selection: ChosenStories,
    changes: EditorialChanges,
    rules: Rules,
) -> dict[str, Outcome]:
    """Return article id → what became of it, for all articles that form stories."""
    found: dict[str, Outcome] = {}
    for each in candidates:
        if why := rejection_of(each, changes, rules):
            outcome = Outcome(each.cluster.first.id, "", None, _sources(each.cluster), _said(each, why))
            found |= dict.fromkeys(_ids(each.cluster), outcome)
    for ranked in selection.stories:
        found |= dict.fromkeys(_ids(ranked.cluster), _outcome(ranked, ""))
    for ranked, why in _not_picked(selection, rules):
        found |= dict.fromkeys(_ids(ranked.cluster), _outcome(ranked, why))
    return found


def outcomes_before(articles: Iterable[Article], rules: Rules) -> dict[str, Outcome]:
    """Return article id → why it forms no story of the edition: its language, or a blocked word."""
    found = {}
    for article in articles:
        if article.language != rules.language:
            why = Message("It is in another language")
        elif word := blocked_by(article, rules.block):
            why = Message("It has the blocked word %(name)s", name=word)
        else:
            continue
        found[article.id] = Outcome("", "", None, (article.source,), why)
    return found


def outcomes_of_columns(articles: Iterable[Article]) -> dict[str, Outcome]:
    return {each.id: Outcome("", "", None, (each.source,), Message("It is a daily column")) for each in articles}


def _said(candidate: StoryCandidate, why: str) -> str:
    """Return a reason for one story. That of the counts is about several."""
    if why == "dropped by the desk":
        return Message("An editor removed it")
    if why.startswith("already sent") and candidate.already_sent:
        return Message("It was in edition %(names)s already", names=", ".join(candidate.already_sent.editions))
    return Message("It is a daily column")


def _not_picked(selection: ChosenStories, rules: Rules) -> Iterator[tuple[Ranked, str]]:
    chosen = selection.stories
    sections = Counter(each.section for each in chosen)
    subjects = {each.subject for each in chosen if each.subject}
    kinds = {each.series_kind for each in chosen if each.series_kind}
    tallies = {tally for each in chosen for tally in each.tallies}
    alike = {id for each in chosen for id in each.alike}
    least = min((each.score for each in chosen), default=0.0)
    for story in selection.not_picked:
        most = rules.max_in_section(story.section, rules.per_section_max)
        if is_weak(story, rules):
            why = Message(
                "It is too weak: %(num)s points, and %(later_num)s are the least",
                num=f"{story.score:.2f}",
                later_num=f"{rules.min_score:g}",
            )
        elif not most:
            why = Message("This edition has no stories of its section")
        elif story.series_kind in kinds or not tallies.isdisjoint(story.tallies):
            why = Message("The edition has one of this kind already")
        elif story.subject in subjects or not alike.isdisjoint(_ids(story.cluster)):
            why = Message("The edition has a story about the same subject")
        elif sections[story.section] >= most:
            why = Message("Its section has %(num)s stories already, the most that it may have", num=most)
        elif story.score < least:
            why = Message(
                "It has %(num)s points, and the weakest of the edition %(later_num)s",
                num=f"{story.score:.2f}",
                later_num=f"{least:.2f}",
            )
        else:
            why = Message("Stories of other sections and sources went first")
        yield story, why


def _outcome(story: Ranked, why: str) -> Outcome:
    return Outcome(story.cluster.first.id, story.section, round(story.score, 4), _sources(story.cluster), why)


def _ids(cluster: Cluster) -> list[str]:
    return [article.id for article in cluster.articles]


def _sources(cluster: Cluster) -> tuple[str, ...]:
    return tuple(dict.fromkeys(article.source for article in cluster.articles))


Outcomes = Mapping[str, Outcome]
