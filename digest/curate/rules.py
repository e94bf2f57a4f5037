"""The numbers that control curation, each with its origin.

"Measured" means on public corpora of Hindi news with same-story labels (985 disaster reports; 579 stories of papers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from digest.curate.recurring_kinds import RecurringPolicy, Series

# In reading order. A story without any evidence goes into the first.
SECTIONS = ("देश", "दुनिया", "राजनीति", "व्यापार", "विज्ञान", "खेल", "मनोरंजन", "स्वास्थ्य", "शिक्षा")

# Section -> hours after which freshness counts half. A match result ages sooner than health advice.
HALF_LIVES: Mapping[str, float] = {"खेल": 6.0, "व्यापार": 12.0, "विज्ञान": 36.0, "स्वास्थ्य": 36.0, "शिक्षा": 36.0}


# An edition is composed several times in one process: in a wider window, with the full texts of its stories, after each
# change of an editor, with new articles. Pure functions of one article keep their results for this many articles, the
# latest used ones.
REMEMBERED = 10_000
# And functions of two articles for this many pairs: 5,000 articles have 7,000 or more that are compared.
PAIRS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Rules:
    """How an edition is put together. The defaults suit a general daily of 12 stories."""

    max_stories: int = 12
    min_stories: int = 3
    window: timedelta = timedelta(hours=24)
    # Stories that score less only fill an edition up to `enough` stories, or `min_stories` if that is more.
    min_score: float = 0.0
    enough: int = 6

    # Two groups of articles are one story from this mean score on. Measured: precision 1.0 and .9, recall .75 and .8. A
    # false merge hides a story; a missed one only repeats it.
    merge: float = 0.51
    # From this score on, two articles are reported as related, but not merged.
    related: float = 0.34
    # From this score on, two stories may be the same one: the desk tells the editor, and the second story scores less.
    # In editions of an epidemic's month, these pairs had one event or two stages of it. Below it, they only had a
    # subject in common.
    alike: float = 0.42
    # Two items of one source need this score to be one story: below it is a sidebar, not an update.
    same_source: float = 0.65
    # Two articles that give different weekdays or clock times need this score to be one story.
    contradicting: float = 0.6
    # Articles further apart in time are never one story.
    span: timedelta = timedelta(hours=48)

    sections: tuple[str, ...] = SECTIONS
    # The only sections of the edition; None: all.
    only_sections: frozenset[str] | None = None
    # The section of a story without any evidence; '': the first.
    default_section: str = ""
    # Section -> its name in the newsletter's language, if that is another one.
    called: Mapping[str, str] = field(default_factory=dict)
    # The most stories of one section, unless no story of another section scores `min_score`.
    # Measured on labelled headlines (ADR 14): with 4, even perfect labels fill only three quarters of an edition with
    # what matters, because most news is about the country.
    per_section_max: int = 7
    # A section whose best story scores above this gets at least one place. On the scale of importance, 3 means "could
    # be in"; freshness and the place in the feed add a quarter of a point to most stories.
    section_floor: float = 3.25
    # One source leads at most `top_per_source` of the first `top` stories.
    top: int = 5
    top_per_source: int = 2

    # Row of `importance.rows` -> its weight, where it differs from the table's.
    importance: Mapping[str, float] = field(default_factory=dict)
    # Hours; for sections that HALF_LIVES does not have.
    half_life: float = 11.0
    # Half-lives are this many times longer, because the best of a week is not the best of its last day.
    slower: float = 1.0
    # Subtracted for each story already chosen from the same section, and once if one has the same subject or is alike.
    penalty_section: float = 0.1
    # Further stories of a section cost nothing more: a section that is full of news must not give way to trifles.
    penalised_most: int = 3
    penalty_subject: float = 0.5

    # Section -> -1..1, the editors' preference.
    preferences: Mapping[str, float] = field(default_factory=dict)
    # Displayed section name -> -1..1, how much more or less than others its stories are clicked.
    clicked: Mapping[str, float] = field(default_factory=dict)
    language: str = "hi"
    # The days of this zone separate the pages of a series.
    timezone: str = "Asia/Kolkata"

    # Words or phrases; an article with one in its title, kicker or categories is rejected.
    block: tuple[str, ...] = ()
    # Word or phrase -> points for a story that has it in a title or lead.
    boost: Mapping[str, float] = field(default_factory=dict)
    # Kind of recurring page -> policy, where it differs from the table in `recurring_kinds`; in reading order.
    recurring: Mapping[str, RecurringPolicy] = field(default_factory=dict)
    # Section -> the most stories of it; 0 excludes the section. Others have `per_section_max`.
    quotas: Mapping[str, int] = field(default_factory=dict)

    # How far back, and how many, articles are sampled to learn how common words are. A fair sample of a week is enough.
    background: timedelta = timedelta(days=7)
    background_most: int = 2000
    # How long a sent story stays out, unless it has moved on.
    memory: timedelta = timedelta(days=7)
    # A story has moved on with at least this many new items of whose rare stems this share is new, or with a new number
    # next to a word such as मौत or गिरफ्तार.
    update_items: int = 3
    update_unseen: float = 0.3

    def policy_of(self, series: Series) -> RecurringPolicy:
        """Return the policy for pages of a series. By default they are news, or dropped."""
        return self.recurring.get(series.name) or (RecurringPolicy.DROP if series.excluded else RecurringPolicy.NEWS)

    def max_in_section(self, section: str, default: int) -> int:
        """Return the most stories of a section; `default` where no quota is set."""
        if self.only_sections is not None and section not in self.only_sections:
            return 0
        return self.quotas.get(section, default)
