"""Compose an edition: curate the articles, apply the editors' changes, write the subject, store it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from digest.errors import ConfigurationError, DigestError
from digest.hindi.tokens import stems
from digest.messages import Message
from digest.models import EDITABLE_STATES, LETTERS_TO_SOME, Article, Edition, EditionState, Section, Source, split_key

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport
    from digest.config.calendar import Calendar, EditionSchedule
    from digest.curate.compose import ComposeContext, Curated
    from digest.curate.editorial import EditorialChanges, Selection
    from digest.curate.rules import Rules
    from digest.curate.summary.metered import ModelTasks
    from digest.curate.summary.types import Model, Summariser
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore, SentHistoryStore
    from digest.usecases.blocks import BlockReader
    from digest.usecases.fetch_fulltext import FulltextFetcher
    from digest.usecases.pictures import PicturePreparer

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
# How often composing starts again because an editor changed the edition meanwhile.
_MAX_TRIES = 5
# Few stories widen the window to at most this.
_WIDEST = timedelta(hours=48)
# Half-lives of stories are for a window of this length.
_USUAL_WINDOW = timedelta(hours=24)
# Articles collected up to this much after composing may have been used: with DIGEST_NOW, each process starts at the
# same time.
_CLOCK_SLACK = timedelta(minutes=1)
# A new edition must not repeat the subject of this many earlier ones, because mail programs thread emails with equal
# subjects.
RECENT_SUBJECTS = 60


@dataclass(frozen=True)
class ComposeResult:
    """A composed edition as stored, the runners-up of curation, and the report on its sources."""

    edition: Edition
    curated: Curated | None = None
    collected: CollectReport | None = None


def edition_key(day: date, slug: str = "") -> str:
    """Return the key of an edition: its date, or the slug of a special edition.

    Raises ConfigurationError for an unusable slug, such as one that starts with a date and would replace another day's
    edition.
    """
    if kept := next((each for each in LETTERS_TO_SOME if slug.startswith(each)), None):
        problem = (
            f"expected another name than {slug!r}: those that start with {kept!r} are for emails to some subscribers"
        )
        raise ConfigurationError.at("--slug", problem)
    if slug and (not _KEY.match(slug) or day_of(slug)):
        problem = f"expected a short name of a-z, 0-9 and '-' that does not start with a date, found {slug!r}"
        raise ConfigurationError.at("--slug", problem)
    return slug or day.isoformat()


def day_of(key: str) -> date | None:
    """Return the day of a key with a date; None for the slug of a special edition."""
    return split_key(key)[0]


@dataclass(frozen=True)
class _Choice:
    """The chosen stories, and the window with a note if it was widened because there were few stories."""

    curated: Curated
    window: timedelta | None = None
    note: str = ""


def _windows(window: timedelta, *, widen: bool) -> list[timedelta]:
    """Return the windows to try: the usual one, then two, three … times as long."""
    longer = [window * times for times in range(2, _WIDEST // window + 1)] if widen else []
    return [window, *longer]


def _kept_articles(stored: Edition | None, changes: EditorialChanges) -> frozenset[str]:
    """Return the articles of the stored stories that an editor worked on.

    They stay in the edition, even if they are older than its window by now.
    """
    wanted = set(changes.wanted)
    stories = stored.stories() if stored else ()
    found = [each for each in stories if wanted & {each.id, *each.article_ids, *each.articles}]
    return frozenset(id for story in found for id in story.article_ids)


@dataclass(frozen=True)
class Composer:
    """Composes editions from the stored articles, each by the rules of its place in the schedule."""

    sources: Sequence[Source]
    articles: ArticleStore
    editions: EditionStore
    sent_history: SentHistoryStore
    rules: Rules
    summariser: Summariser
    # The tasks and the budget per edition of a language model.
    model_tasks: ModelTasks
    fulltext: FulltextFetcher
    pictures: PicturePreparer
    blocks: BlockReader
    # Fetches every source, and calls the function for each one that is done.
    collect: Callable[[Callable[[SourceReport], None] | None], CollectReport]
    language: str
    zone: ZoneInfo
    calendar: Callable[[], Calendar]
    now: Callable[[], datetime]
    # Section → how much more or less its stories are clicked than others, from -1 to 1.
    interest: Callable[[], Mapping[str, float]] = dict

    def compose(
        self,
        key: str,
        *,
        # Collect first, and fetch the full texts of chosen stories.
        fetch: bool = True,
        # Called for each source when it is collected.
        on_source: Callable[[SourceReport], None] | None = None,
        # False only returns the edition as it would be composed now.
        store: bool = True,
        # Compose a draft as of when it was composed: later articles stay out, unless an editor asked for one, so that
        # an editor's change moves no other story.
        again: bool = False,
    ) -> ComposeResult:
        """Curate the articles of the window into a draft, or into a skipped edition with its reason.

        A draft is composed again and keeps the editors' changes. An edition in any later state, and one that corrects
        another, is returned unchanged. If an editor changes the edition meanwhile, composing starts again.
        """
        collected: CollectReport | None = None
        summariser: Summariser | None = None
        for _ in range(_MAX_TRIES):
            stored = self.editions.get(key)
            if stored and (stored.state not in EDITABLE_STATES or stored.corrects):
                return ComposeResult(stored)
            if fetch and collected is None:
                collected = self.collect(on_source)
            summariser = summariser or self.summariser_for(stored)
            changes = self.editions.editorial_changes(key)
            day = day_of(key) or (stored.day if stored else self.now().date())
            as_of = stored.composed_at if again and stored and stored.state == EditionState.DRAFT else None
            kept = _kept_articles(stored, changes)
            choice = self._curate(key, day, changes, summariser, kept=kept, fetch=fetch, as_of=as_of)
            edition = self._draft(key, day, choice, changes, summariser, as_of or self.now())
            if edition.state == EditionState.DRAFT:
                edition = self.pictures.prepare(self.blocks.add(edition, changes), stored)
            if not store:
                return ComposeResult(edition, choice.curated, collected)
            saved = self.editions.put(
                edition,
                over=EDITABLE_STATES,
                expected_changes=changes if stored else None,
                earlier=self.calendar().earlier_planned(key, self.now()),
                # Composing after an editor's change is part of that change.
                recomposed=not again,
            )
            if saved:
                return ComposeResult(saved, choice.curated, collected)
        raise DigestError(
            Message("Edition %(name)s was changed repeatedly while it was being composed. Try again.", name=key)
        )

    def curated(self, key: str) -> Curated:
        """Curate an edition as of when it was composed, also an approved one: to show the stories that it lacks."""
        stored = self.editions.get(key)
        changes = self.editions.editorial_changes(key)
        day = day_of(key) or (stored.day if stored else self.now().date())
        as_of = stored.composed_at if stored and stored.state != EditionState.SKIPPED else None
        kept = _kept_articles(stored, changes)
        summariser = self.summariser_for(stored)
        return self._curate(key, day, changes, summariser, kept=kept, fetch=False, as_of=as_of).curated

    def summariser_for(self, stored: Edition | None) -> Summariser:
        """Return the summariser for one edition.

        For an edition that was composed before, a model's earlier answers are reused and only the rest of the budget is
        left.
        """
        from digest.curate.summary.metered import Metered

        if not self.summariser.own_words:
            return self.summariser
        model = cast("Model", self.summariser)
        if stored is None:
            return Metered(model, self.model_tasks)
        return Metered(model, self.model_tasks, stored.model_use, stored.model_answers)

    def arrange(self, key: str, changes: EditorialChanges) -> Edition | None:
        """Apply changes to the stored draft that do not choose other stories: moves and texts.

        The result equals composing again. None if the edition is not a draft, or if the store has other changes by now.
        """
        stored = self.editions.get(key)
        if stored is None or stored.state != EditionState.DRAFT:
            return None
        from digest.curate import editorial

        # Only removing a picture works without composing again: another one has to be fetched.
        removed = {id: url for id, url in changes.pictures.items() if not url}
        edition = editorial.apply(stored, replace(changes, pictures=removed), self.rules.sections)
        if changes.intro is None:
            edition = replace(edition, intro=stored.intro)
        edition = self._with_lines(edition)
        return self.editions.put(
            edition,
            over=(EditionState.DRAFT,),
            expected_changes=changes,
            earlier=self.calendar().earlier_planned(key, self.now()),
        )

    def _curate(
        self,
        key: str,
        day: date,
        changes: EditorialChanges,
        summariser: Summariser,
        *,
        kept: Collection[str],
        fetch: bool,
        as_of: datetime | None,
    ) -> _Choice:
        """Choose the stories of the day, from a wider window if there are few and the settings say so.

        `kept` articles may be older than the window. If `fetch`, read the pages of chosen stories without full text,
        then choose again.
        """
        from digest.curate.compose import curate

        end_of_day = datetime.combine(day + timedelta(days=1), time(0), self.zone)
        until = min(as_of or self.now(), end_of_day)
        edition = self.calendar().of(key)
        schedule = edition.schedule if edition else None
        rules = self._rules(schedule)
        if changes.selection is not None:
            rules = replace(rules, window=timedelta(hours=changes.selection.hours), min_stories=1, min_score=0.0)
        widen = schedule is not None and schedule.thin == "widen"
        first: Curated | None = None
        context = replace(self.context(key, changes, until, rules, summariser), kept=kept)
        for window in _windows(rules.window, widen=widen):
            if window != rules.window:
                wider = replace(rules, window=window)
                context = replace(context, rules=wider, background=self._background(until, wider))
            articles = self._articles_in_window(until, window, schedule, as_of, changes, kept)
            curated = curate(articles, context)
            first = first or curated
            if curated.sections:
                break
        if not articles and changes.selection is not None:
            found = Message(
                "No article of the last %(num)s hours has the chosen words and sources.", num=changes.selection.hours
            )
            return _Choice(replace(curated, reason=found))
        if not curated.sections:
            return _Choice(first or curated)
        if fetch and self.fulltext.fetch(curated.sections, articles):
            again = self._articles_in_window(until, window, schedule, None, changes, kept)
            curated = curate(again, context)
        if first is None or first.sections:
            return _Choice(curated)
        note = Message("%(why)s The window is now %(num)s hours.", why=first.reason, num=window // timedelta(hours=1))
        return _Choice(curated, window, note)

    def _rules(self, schedule: EditionSchedule | None) -> Rules:
        """Return the rules of an edition of the schedule. For a special edition, they are those of the newsletter."""
        usual = replace(self.rules, clicked=self.interest())
        if schedule is None:
            return usual
        rules = replace(
            usual, window=schedule.window, min_stories=schedule.min_stories, max_stories=schedule.max_stories
        )
        if schedule.repeats_others:
            # Last week's edition must count as already sent, whatever the hour at which this one is composed.
            slower = max(1.0, schedule.window / _USUAL_WINDOW)
            rules = replace(rules, memory=max(rules.memory, 2 * schedule.window), slower=slower)
        if schedule.sections is not None:
            names = tuple(rules.called.get(name, name) for name in schedule.sections)
            rest = tuple(name for name in rules.sections if name not in names)
            rules = replace(
                rules,
                sections=(*names, *rest),
                only_sections=frozenset(names),
                default_section=rules.sections[0] if rules.sections else "",
                # Importance is for a general reader; those of one section want its soft stories too.
                min_score=0.0,
            )
        return rules

    def _articles_in_window(
        self,
        until: datetime,
        window: timedelta,
        schedule: EditionSchedule | None,
        seen_by: datetime | None,
        changes: EditorialChanges,
        kept: Collection[str],
    ) -> list[Article]:
        """Return the articles of the edition's sources in its window, collected by `seen_by`, and the `kept` ones.

        Of a special edition, only selected articles and those that an editor asked for. Samples are left out once their
        source delivers news: when it no longer has `replay`, or another source has its name.
        """
        names = {source.name for source in self.sources}
        if schedule is not None and schedule.sources is not None:
            names &= schedule.sources
        replayed = {source.name for source in self.sources if source.replay}
        seen_by = seen_by + _CLOCK_SLACK if seen_by else None
        found = self.articles.between(until - window, until, seen_by=seen_by, besides=changes.wanted)
        older = set(kept).difference(each.id for each in found)
        found += self.articles.by_ids(older).values()
        allowed = [each for each in found if each.source in names and (not each.sample or each.source in replayed)]
        if changes.selection is None:
            return allowed
        asked = {*changes.wanted, *kept}
        return [each for each in allowed if _is_selected(each, changes.selection) or {each.id, each.url} & asked]

    def context(
        self, key: str, changes: EditorialChanges, until: datetime, rules: Rules, summariser: Summariser | None = None
    ) -> ComposeContext:
        """Return everything that decides the content of an edition besides the articles. Its window ends at `until`.

        Without a `summariser`, stories consist of the articles' own sentences.
        """
        from digest.curate.compose import ComposeContext

        return ComposeContext(
            rules=rules,
            now=until,
            weights={source.name: source.weight for source in self.sources},
            changes=changes,
            background=self._background(until, rules),
            sent=[]
            if changes.selection
            else self.sent_history.sent(
                until - rules.memory, until, excluding=key, include=self.calendar().remembers(key)
            ),
            exempt={source.name for source in self.sources if source.replay},
            summariser=summariser,
        )

    def _background(self, until: datetime, rules: Rules) -> list[Article]:
        return self.sent_history.background(until - rules.background, until - rules.window, limit=rules.background_most)

    def _has_samples(self, sections: Sequence[Section]) -> bool:
        ids = [id for section in sections for story in section.stories for id in story.article_ids]
        return any(article.sample for article in self.articles.by_ids(ids).values())

    def _draft(
        self,
        key: str,
        day: date,
        choice: _Choice,
        changes: EditorialChanges,
        summariser: Summariser,
        composed_at: datetime,
    ) -> Edition:
        """Build the edition, with the editors' changes, a subject and a preheader. The store numbers it."""
        from digest.curate import editorial

        curated = choice.curated
        edition = Edition(
            key=key,
            day=day,
            number=0,
            state=EditionState.SKIPPED if curated.reason else EditionState.DRAFT,
            subject="",
            preheader="",
            sections=curated.sections,
            lead=curated.lead,
            reason=curated.reason or choice.note,
            composed_at=composed_at,
            widened_hours=choice.window // timedelta(hours=1) if choice.window else None,
            sample=self._has_samples(curated.sections),
            name=changes.selection.name if changes.selection else "",
        )
        if curated.reason:
            return with_model_use(edition, summariser)
        edition = editorial.apply(edition, changes, self.rules.sections)
        if changes.intro is None:
            edition = self._with_intro(edition, summariser)
        return self._with_lines(with_model_use(edition, summariser))

    def _with_lines(self, edition: Edition) -> Edition:
        """Return the edition with a subject and a preheader where the editor wrote none."""
        from digest.render import subject

        taken = self.editions.subjects(excluding=edition.key, limit=RECENT_SUBJECTS)
        line = edition.subject or subject.subject_line(edition, self.language, taken=taken)
        edition = replace(edition, subject=line)
        return replace(edition, preheader=edition.preheader or subject.preheader(edition, self.language, line))

    def _with_intro(self, edition: Edition, summariser: Summariser) -> Edition:
        """Return the edition with an intro by a model, if that is its task and the articles support the text."""
        from digest.curate.summary import write_intro

        stories = sorted(
            (story for story in edition.stories() if not story.recurring),
            key=lambda story: (story.id != edition.lead, -story.score),
        )
        articles = self.articles.by_ids([id for story in stories for id in story.article_ids])
        candidates = [(story, [articles[id] for id in story.article_ids if id in articles]) for story in stories]
        intro = write_intro(candidates, summariser)
        if intro.problem:
            why = Message("no intro: the model's was not used, because %(why)s", why=intro.problem)
            return replace(edition, warnings=(*edition.warnings, why))
        return replace(edition, intro=intro.text, intro_support=intro.support)


def _is_selected(article: Article, selection: Selection) -> bool:
    """Whether an article matches a selection: it has one of its sources, and all of its words in any inflected form."""
    if selection.sources and article.source not in selection.sources:
        return False
    return not selection.words or set(stems(selection.words)) <= set(stems(f"{article.title}\n{article.text}"))


def with_model_use(edition: Edition, summariser: Summariser) -> Edition:
    """Return the edition with the record of a model's work, if a model worked for it."""
    from digest.curate.summary.metered import Metered

    if not isinstance(summariser, Metered):
        return edition
    return replace(edition, model_use=summariser.use, model_answers=summariser.answers)
