"""Find doubts that an editor should look at before approving."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from digest.curate.editorial import StoryText
from digest.curate.importance.numbers import missing_numbers
from digest.hindi import cut
from digest.hindi.tokens import written_tokens
from digest.models import Edition, Story
from digest.render.intro import unknown_markup
from digest.render.lint import MAX_SUBJECT
from digest.web.desk.checks import Problem
from digest.web.desk.visit import Visit, edition_path

# The part of a subject that phones show, in grapheme clusters.
SUBJECT_LENGTH = 45


def problems(visit: Visit, edition: Edition, written: Mapping[str, StoryText]) -> list[Problem]:
    """Return a line for each. None of them blocks the approval. `written` has the editors' texts."""
    _ = visit.catalogue.gettext
    found = []
    stories = list(edition.stories())
    lead = edition.story(edition.lead)
    if lead and not lead.summary:
        place = visit.path(f"{edition_path(edition.key)}/story/{lead.id}")
        found.append(Problem("warn", _("The top story has no summary"), lead.title, place, _("Write one"), own=True))
    if marks := unknown_markup(edition.intro):
        found.append(
            Problem(
                "warn",
                _("The intro has marks that the email shows as typed"),
                " ".join(marks),
                "#intro",
                _("Change it"),
                beside={"intro": f"{_('Shown as typed')}: {' '.join(marks)}"},
            )
        )
    # Subjects that no mail program shows whole are among the findings of the checks.
    if SUBJECT_LENGTH < (length := cut.length(edition.subject)) <= MAX_SUBJECT:
        long = _("Phones show about %(most)s characters of it; it has %(num)s.")
        detail = long % {"most": SUBJECT_LENGTH, "num": length}
        beside = {"subject": detail}
        found.append(Problem("warn", _("The subject is long"), detail, "#subject", _("Change it"), beside=beside))
    for one, other in combinations(stories, 2):
        if set(one.alike) & set(other.article_ids) or set(other.alike) & set(one.article_ids):
            place = visit.path(f"{edition_path(edition.key)}/story/{one.id}") + "#regroup"
            titles = f"“{one.title}” · “{other.title}”"
            same = _("Perhaps the same story")
            beside = {one.id: f"{same}: “{other.title}”", other.id: f"{same}: “{one.title}”"}
            title = _("These two may be one story")
            found.append(Problem("warn", title, titles, place, _("Look"), own=True, beside=beside))
    for story in stories:
        if numbers := own_numbers(visit, written, story):
            place = visit.path(f"{edition_path(edition.key)}/story/{story.id}")
            detail = f"{', '.join(numbers)}: {story.title}"
            title = _("A number that no source has")
            beside = {story.id: f"{title}: {', '.join(numbers)}"}
            found.append(Problem("warn", title, detail, place, _("Look"), own=True, beside=beside))
    return found


def own_numbers(visit: Visit, written: Mapping[str, StoryText], story: Story) -> list[str]:
    """Return the numbers in an editor's text of a story that none of its articles has, as they are written.

    `written` has the editors' texts, by the id of a story or of an article.
    """
    if written.keys().isdisjoint((story.id, *story.article_ids)):
        return []
    articles = visit.desk.app.articles.by_ids(story.article_ids).values()
    known = [token for each in articles for token in written_tokens(f"{each.title}\n{each.text}\n{each.excerpt}")]
    return missing_numbers(written_tokens(f"{story.title}\n{story.summary}"), known) if known else []
