"""Find the stories that were already sent, and decide whether they have moved on since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from digest.curate.rules import Rules
from digest.curate.sent_story import SentStory
from digest.curate.similarity.clustering import CANDIDATE_COSINE
from digest.curate.similarity.score import Corpus, Features, is_duplicate, names_apart, score, times_contradict
from digest.curate.similarity.tfidf import COMMON_STEMS, Frequencies, lead_text
from digest.hindi.sentences import split
from digest.hindi.text import fold, words
from digest.hindi.tokens import stem_of, stems, tokens
from digest.models import Article

# How many words may be between a number and the word that makes it news.
NEAR = 4
# Stems next to which a new number is news.
CLASS_WORDS = frozenset(
    stem
    for word in words(
        "गिरफ्तार गिरफ्तारी मौत मौतें मृतक मृतकों मारे मरने घायल घायलों लापता बरामद फैसला सजा दोषी नतीजा नतीजे परिणाम जीत जीता"
    )
    for stem in stems(word)
)
# Numbers in words, which count as digits do.
COUNT_WORDS = frozenset(fold(word) for word in words("तीन चार पांच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह बीस"))


@dataclass(frozen=True, slots=True)
class AlreadySent:
    """The earlier editions of a story, and how it has moved on since."""

    editions: tuple[str, ...]
    # Its articles since.
    new_articles: tuple[Article, ...] = ()
    # Why the new articles are news to somebody who got the story; None if they are not.
    update_reason: str | None = None
    # All text of the story that was sent.
    known_text: str = ""


def articles_of(sent: Sequence[SentStory]) -> list[Article]:
    """Return the articles that stand for sent stories in comparisons, each once."""
    return list({article.id: article for each in sent for article in each.known_articles()}.values())


class SentHistory:
    """The stories sent in the past days, indexed for comparing. The corpus must have their articles."""

    def __init__(self, sent: Sequence[SentStory], corpus: Corpus, rules: Rules) -> None:
        self._sent = tuple(sorted(sent, key=lambda each: (each.at, each.edition, each.story.id)))
        self._known = [each.known_articles() for each in self._sent]
        self._features = [[corpus.features[article.id] for article in known] for known in self._known]
        self._frequencies, self._rules = corpus.frequencies, rules
        # Article id or URL -> the positions of its stories.
        self._by_name: defaultdict[str, set[int]] = defaultdict(set)
        for position, each in enumerate(self._sent):
            for name in (*each.story.article_ids, *each.story.articles):
                self._by_name[name].add(position)
        # Stem -> (story, its article, weight).
        self._postings: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)
        for position, features in enumerate(self._features):
            for at, one in enumerate(features):
                for stem, weight in one.lead_weights(one.text.lead_counts.stems).items():
                    self._postings[stem].append((position, at, weight))

    def find(self, articles: Sequence[Article], features: Sequence[Features], *, is_series: bool) -> AlreadySent | None:
        """Return the earlier editions of a story with these articles; None if it was never sent."""
        found = {
            position for each in articles for name in (each.id, each.url) for position in self._positions_named(name)
        }
        if not is_series:
            found |= self._similar(features)
        if not found:
            return None
        stories = [self._sent[position] for position in sorted(found)]
        editions = tuple(dict.fromkeys(each.edition for each in stories))
        if is_series:
            return AlreadySent(editions)
        latest = max(each.at for each in stories)
        names = {name for each in stories for name in (*each.story.article_ids, *each.story.articles)}
        new = tuple(
            each
            for each in articles
            if (each.updated and each.updated > latest)
            or (each.published > latest and each.id not in names and each.url not in names)
        )
        known = [f"{article.title}\n{article.text}" for position in sorted(found) for article in self._known[position]]
        known_text = "\n".join([*known, *(each.story.summary for each in stories)])
        reason = update_reason(new, known_text, self._frequencies, self._rules) if new else None
        return AlreadySent(editions, new, reason, known_text)

    def _positions_named(self, name: str | None) -> Collection[int]:
        return self._by_name.get(name, ()) if name else ()

    def _similar(self, features: Sequence[Features]) -> set[int]:
        """Return the sent stories that are similar enough to these articles, on average, to be the same story."""
        totals: defaultdict[int, float] = defaultdict(float)
        for mine in features:
            partial: defaultdict[tuple[int, int], float] = defaultdict(float)
            for stem, weight in mine.lead_weights(self._postings).items():
                for position, at, other_weight in self._postings[stem]:
                    partial[position, at] += weight * other_weight
            best: defaultdict[int, float] = defaultdict(float)
            for (position, at), cosine in partial.items():
                other = self._features[position][at]
                if cosine >= CANDIDATE_COSINE:
                    best[position] = max(best[position], self._same_event(mine, other))
            for position, value in best.items():
                totals[position] += value
        return {position for position, total in totals.items() if total / len(features) >= self._rules.merge}

    def _same_event(self, mine: Features, other: Features) -> float:
        """Return the similarity of an article to a sent one; 0 if they cannot report one event.

        The rules that keep two articles of one day apart apply here too. Otherwise a team's next match, or a crash of
        the next day, would continue the story of the first one.
        """
        if is_duplicate(mine, other) or names_apart(mine, other):
            return 0.0
        value = score(mine, other, trust=self._frequencies.trust)
        return 0.0 if value < self._rules.contradicting and times_contradict(mine, other) else value


def update_reason(
    new_articles: Sequence[Article], known_text: str, frequencies: Frequencies, rules: Rules
) -> str | None:
    """Return why these articles are news to somebody who has read the known text; None if they are not."""
    read = set(stems(known_text))
    leads = "\n".join(lead_text(each) for each in new_articles)
    rare = {stem for stem in stems(leads) if len(stem) > 1 and not stem[0].isdigit()}
    rare &= frequencies.rare_stems if frequencies.is_large else rare - COMMON_STEMS
    unseen = len(rare - read) / len(rare) if rare else 0.0
    if len(new_articles) >= rules.update_items and unseen >= rules.update_unseen:
        return f"{len(new_articles)} new items, {unseen:.0%} of their rare stems unseen"
    known = set(tokens(known_text))
    for line in leads.split("\n"):
        for sentence in split(line):
            if found := _new_number(sentence, known):
                return f"new number: {found}"
    return None


def _new_number(sentence: str, known: set[str]) -> str | None:
    """Return a number near a word such as मौत that subscribers do not know yet."""
    found = tokens(sentence)
    for at, token in enumerate(found):
        if not (token[0].isdigit() or token in COUNT_WORDS) or token in known:
            continue
        for other in found[max(0, at - NEAR) : at + NEAR + 1]:
            if stem_of(other) in CLASS_WORDS:
                return f"{token} ({other})"
    return None
