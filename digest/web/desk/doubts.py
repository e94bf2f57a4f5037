"""What an editor should look at before approving: a lead without a summary, and two stories that may be one."""

from __future__ import annotations

from itertools import combinations

from digest.models import Edition
from digest.web.desk.checks import Problem
from digest.web.desk.visit import Visit, edition_path


def problems(visit: Visit, edition: Edition) -> list[Problem]:
    """Return a line for each. None of them blocks the approval."""
    _ = visit.catalogue.gettext
    found = []
    stories = list(edition.stories())
    lead = next((story for story in stories if story.id == edition.lead), None)
    if lead and not lead.summary:
        place = visit.path(f"{edition_path(edition.key)}/story/{lead.id}")
        found.append(Problem("warn", _("The top story has no summary"), lead.title, place, _("Write one"), own=True))
    for one, other in combinations(stories, 2):
        if set(one.alike) & set(other.article_ids) or set(other.alike) & set(one.article_ids):
            place = visit.path(f"{edition_path(edition.key)}/story/{one.id}") + "#regroup"
            titles = f"“{one.title}” · “{other.title}”"
            found.append(Problem("warn", _("These two may be one story"), titles, place, _("Look"), own=True))
    return found
