"""What the pages say about a topic, beside how often it has news."""

from __future__ import annotations

from collections.abc import Mapping

from digest.curate.section_names import translated_sections
from digest.i18n import translator


def describe_topics(own: Mapping[str, str], newsletter: str, language: str) -> dict[str, str]:
    """Return topic → its description in the language of a page.

    `own` has the newsroom's, `newsletter` is its language.
    """
    _ = translator(language).gettext
    built_in = {
        "देश": _("States, cities, what governments decide"),
        "दुनिया": _("The big news from other countries"),
        "राजनीति": _("Parties, parliament, elections"),
        "व्यापार": _("Markets, jobs, prices"),
        "विज्ञान": _("Discoveries, technology, space"),
        "खेल": _("Matches, players, results"),
        "मनोरंजन": _("Cinema, music, books"),
        "स्वास्थ्य": _("Diseases, treatment, prevention"),
        "शिक्षा": _("Exams, schools, scholarships"),
    }
    names = translated_sections(newsletter)
    return {**{names.get(section, section): about for section, about in built_in.items()}, **own}
