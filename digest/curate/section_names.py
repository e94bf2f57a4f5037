"""The names of sections, in Hindi and in other languages."""

from __future__ import annotations

from digest.i18n import translator

# The section of recurring pages that the newsroom wants (`daily_columns`).
DAILY_COLUMNS = "दैनिक स्तंभ"

# Section -> message id of its name in other languages. Hindi names are used as they are.
MESSAGE_IDS = {
    "देश": "Nation",
    "दुनिया": "World",
    "राजनीति": "Politics",
    "व्यापार": "Business",
    "विज्ञान": "Science",
    "खेल": "Sport",
    "मनोरंजन": "Entertainment",
    "स्वास्थ्य": "Health",
    "शिक्षा": "Education",
    DAILY_COLUMNS: "Daily columns",
}


def translated_sections(language: str) -> dict[str, str]:
    """Map each section to its name in the language; empty for Hindi. Raises ConfigurationError."""
    if language == "hi":
        return {}
    catalogue = translator(language)
    return {section: catalogue.gettext(name) for section, name in MESSAGE_IDS.items()}
