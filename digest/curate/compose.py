"""Turn a day's articles into the sections of an edition: window, cluster, filter, rank, build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.curate.already_sent import SentHistory, articles_of
from digest.curate.candidates import check_already_sent, filter_candidates, regroup, rejected_as_sent
from digest.curate.daily_columns import divide, write_columns
from digest.curate.editorial import EditorialChanges
from digest.curate.filtering import remove_blocked
from digest.curate.importance.evidence import tells_mass_deaths
from digest.curate.importance.places import is_abroad
from digest.curate.outcomes import Outcomes, outcomes_before, outcomes_of, outcomes_of_columns
from digest.curate.ranking import RankContext, Ranked, is_weak, rank_candidates, select
from digest.curate.recurring import find_series
from digest.curate.repeated_text import remove_repeated_text
from digest.curate.rules import Rules
from digest.curate.sent_story import SentStory
from digest.curate.similarity.clustering import Pairs, merge_pairs
from digest.curate.similarity.headlines import comments, is_local_crime
from digest.curate.similarity.score import extract_features, in_fixed_order
from digest.curate.summary import write_story
from digest.curate.summary.types import Summariser
from digest.hindi.title_tails import hides_news
from digest.hindi.tokens import tokens
from digest.messages import Message
from digest.models import Article, Section, Story
from digest.utils.memory import gc_paused

# How far in the future a date may be. Feeds' clocks are not exact, but a date of tomorrow is an error.
FUTURE = timedelta(hours=1)
# The most runners-up that are reported.
RUNNERS_UP = 10
# A lead should say something, and matter to everybody here: for the lead alone, a story without a summary has these
# points less, about four hours of freshness, and a crime in one town, a headline that hides its news, asks or comments,
# and a story from abroad these, unless a great many people died there.
NO_SUMMARY, LOCAL_CRIME, HIDES_NEWS, ABROAD = 0.1, 0.5, 0.5, 0.5


@dataclass(frozen=True, slots=True)
class ComposeContext:
    """Everything that decides the content of an edition, besides the articles."""

    rules: Rules
    # An aware time; the window ends here.
    now: datetime
    # Source -> weight; 1.0 where missing.
    weights: Mapping[str, float] = field(default_factory=dict)
    # Which stories editors pinned or dropped, by story id, article id or URL.
    changes: EditorialChanges = field(default_factory=EditorialChanges)
    # Articles, by id, that are in the edition even if they are older than the window.
    kept: Collection[str] = ()
    # Older articles. They only show how common words are and what a source repeats.
    background: Sequence[Article] = ()
    # Stories sent in the past days; they stay out unless they moved on.
    sent: Sequence[SentStory] = ()
    # Sources whose stories count as never sent, such as replayed samples.
    exempt: Collection[str] = ()
    # None uses sentences of the articles.
    summariser: Summariser | None = None


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A story that scored less than the chosen ones. Its score is from before diversity and quotas."""

    id: str
    # The id of its first article.
    article: str
    title: str
    section: str
    sources: tuple[str, ...]
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """The content of an edition."""

    # Empty if there is too little to send.
    sections: tuple[Section, ...]
    # The id of the lead story.
    lead: str
    # The number of articles in the window and language, and of the stories that they form.
    considered: int
    clusters: int
    # Rejected articles: one English line per reason, with the number of articles.
    left_out: tuple[str, ...] = ()
    # Why there is too little to send, as an English sentence; '' otherwise.
    reason: str = ""
    # The best stories that were not chosen, for editors to pin.
    runners_up: tuple[RunnerUp, ...] = ()
    # The number of stories that were not chosen because they score less than `rules.min_score`.
    too_weak: int = 0
    # What became of each article of the window, by its id.
    outcomes: Outcomes = field(default_factory=dict)


@gc_paused()
def curate(articles: Sequence[Article], context: ComposeContext) -> Curated:
    """Choose the stories of an edition from articles of any age and language, in any order.

    Sections follow the order of the rules. Pinned stories come first, then the lead, then by score. Daily columns
    are the last section.
    """
    rules = context.rules
    window = select_window(articles, context)
    everything = (*window.articles, *window.background)
    corpus = extract_features(everything)
    series = find_series(everything, rules.timezone)
    asked = (*context.changes.pinned, *context.changes.added)
    divided = divide(window.articles, series, rules, asked)
    pairs = Pairs(divided.news, corpus, series, rules)
    clusters = regroup(merge_pairs(pairs, context.weights), context.changes, context.weights)
    history = SentHistory([each for each in window.sent if not each.story.recurring], corpus, rules)
    candidates = check_already_sent(clusters, pairs, history, exempt=context.exempt, weights=context.weights)
    remaining, rejected = filter_candidates(candidates, context.changes, rules)
    rank_context = RankContext(rules, context.weights, context.now, pairs)
    ranked = rank_candidates(remaining, clusters, rank_context)
    selection = select(ranked, rules, context.changes.pinned, context.changes.kept)
    weak = [each for each in selection.not_picked if is_weak(each, rules)]
    too_weak, not_picked = (sum(len(each.cluster.articles) for each in some) for some in (weak, selection.not_picked))
    rejected_counts = window.rejected + rejected
    all_counts = rejected_counts + Counter(
        {
            "of less weight than what was chosen": not_picked - too_weak,
            f"too weak (a score below {rules.min_score:g})": too_weak,
        }
    )
    left_out = (*(f"{count} {why}" for why, count in all_counts.items()), *window.removals)
    outcomes = {
        **outcomes_before(articles, rules),
        **outcomes_of_columns(divided.columns),
        **outcomes_of(candidates, selection, context.changes, rules),
    }
    if len(selection.stories) < max(1, rules.min_stories):
        reason = _too_few(len(selection.stories), rules, rejected_counts)
        return Curated((), "", window.considered, len(clusters), left_out, reason, outcomes=outcomes)
    stories = [
        write_story(each, pairs, context.summariser, is_pinned=each in selection.pinned) for each in selection.stories
    ]
    if not selection.pinned:
        stories = _lead_first(stories)
    columns = write_columns(
        Pairs(divided.columns, corpus, series, rules),
        changes=context.changes,
        sent=window.sent,
        weights=context.weights,
        summariser=context.summariser,
    )
    return Curated(
        sections=(*_sections(stories, rules), *([columns] if columns else [])),
        lead=stories[0].id,
        considered=window.considered,
        clusters=len(clusters),
        left_out=left_out,
        runners_up=tuple(_runner_up(each) for each in selection.not_picked[:RUNNERS_UP]),
        too_weak=len(weak),
        outcomes=outcomes,
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The articles that an edition may use, without repeated text and blocked articles."""

    articles: tuple[Article, ...]
    # All other articles in the language, also those of sent stories. They only show how common words are.
    background: tuple[Article, ...]
    # The stories sent before now.
    sent: tuple[SentStory, ...]
    # The number of articles in the window, including blocked ones.
    considered: int
    # Reason -> number of articles.
    rejected: Counter[str]
    # Removed repeated text: one line per source.
    removals: tuple[str, ...]


def select_window(articles: Sequence[Article], context: ComposeContext) -> Window:
    """Select the articles of the language within `rules.window` before now, and the kept ones. Remove repeated text."""
    rules, now = context.rules, context.now
    in_language = [article for article in articles if article.language == rules.language]
    # A kept article is among the older ones too. Its own text is not a repetition.
    given = {article.id for article in articles}
    older = [each for each in context.background if each.language == rules.language and each.id not in given]
    cleaned = remove_repeated_text([*in_language, *older], now)
    current = cleaned[: len(in_language)]
    oldest, kept = now - rules.window, set(context.kept)
    inside = [each for each in current if oldest < each.published <= now + FUTURE or each.id in kept]
    allowed, blocked = remove_blocked(inside, rules.block)
    sent = tuple(each for each in context.sent if each.at < now)
    ids = {article.id for article in allowed}
    others = {article.id: article for article in (*cleaned, *articles_of(sent)) if article.id not in ids}
    rejected = Counter[str](
        {
            Message("not in %(name)s", name=rules.language): len(articles) - len(in_language),
            Message("outside the last %(num)s hours", num=_hours(rules.window)): len(in_language) - len(inside),
        }
    )
    removals = Counter(new.source for old, new in zip(in_language, current, strict=True) if old is not new)
    return Window(
        articles=in_fixed_order(allowed),
        background=tuple(others.values()),
        sent=sent,
        considered=len(inside),
        rejected=rejected + blocked,
        removals=tuple(
            f"repeated sentences of {source} in {count} of its articles" for source, count in sorted(removals.items())
        ),
    )


def _sections(stories: Sequence[Story], rules: Rules) -> tuple[Section, ...]:
    by_name: dict[str, list[Story]] = {}
    for story in stories:
        by_name.setdefault(story.section, []).append(story)
    position = {name: number for number, name in enumerate(rules.sections)}
    ordered = sorted(by_name, key=lambda name: (position.get(name, len(position)), name))
    return tuple(Section(name, tuple(by_name[name])) for name in ordered)


def _lead_first(stories: Sequence[Story]) -> list[Story]:
    """Put the story that leads first. Stories that are about equal decide it by more than their scores."""

    def value(story: Story) -> float:
        less = LOCAL_CRIME * is_local_crime(story.title)
        less += HIDES_NEWS * (hides_news(story.title) or comments(story.title))
        less += ABROAD * (is_abroad(story.title, tokens(story.title)) and not tells_mass_deaths(story.title))
        return story.score - NO_SUMMARY * (not story.summary) - less

    lead = max(stories, key=value)
    return [lead, *(story for story in stories if story is not lead)]


def _runner_up(ranked: Ranked) -> RunnerUp:
    first, articles = ranked.cluster.first, ranked.cluster.articles
    sources = tuple(dict.fromkeys(article.source for article in articles))
    score = round(ranked.score, 4)
    return RunnerUp(ranked.cluster.story_id, first.id, first.title, ranked.section, sources, score, ranked.reasons)


def _too_few(count: int, rules: Rules, rejected: Mapping[str, int]) -> str:
    why = tuple(Message("%(num)s %(why)s", num=number, why=why) for why, number in rejected.items())
    values = {"num": count, "later_num": rules.min_stories, "hours": _hours(rules.window), "measures": why}
    if rejected_as_sent(rejected):
        return Message(
            "Too few stories: %(num)s of the %(later_num)s that an edition needs, of the last %(hours)s hours, "
            "without those sent before. Articles left out: %(measures)s.",
            **values,
        )
    if why:
        return Message(
            "Too few stories: %(num)s of the %(later_num)s that an edition needs, of the last %(hours)s hours. "
            "Articles left out: %(measures)s.",
            **values,
        )
    return Message(
        "Too few stories: %(num)s of the %(later_num)s that an edition needs, of the last %(hours)s hours.", **values
    )


def _hours(window: timedelta) -> str:
    return f"{window.total_seconds() / 3600:g}"
