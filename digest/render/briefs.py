"""Which stories of a letter are told in brief: as headlines in a short list at its end. Pure; must hold no markup."""

from __future__ import annotations

from digest.models import Edition, Story

FROM = 8
"""Stories of a letter from which a short list is worth its heading."""

PINNED = "pinned by the desk"
"""The reason of a story that an editor wants seen."""


def told_in_brief(edition: Edition, most: int) -> set[str]:
    """The ids of the stories that have no summary, and of the `most` that weigh least.

    At most a third of the letter, never the lead and never what the desk has pinned.
    """
    stories = [story for story in edition.stories() if story.id != edition.lead]
    brief = {story.id for story in stories if not story.summary}
    room = min(most, (len(stories) + 1) // 3) if len(stories) + 1 >= FROM else 0
    light = sorted((story for story in stories if story.summary and PINNED not in story.reasons), key=_weight)
    return brief | {story.id for story in light[: max(room - len(brief), 0)]}


def _weight(story: Story) -> tuple[float, str]:
    return story.score, story.id
