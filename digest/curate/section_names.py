"""What our sections are called in a letter of another language than Hindi. Data and a lookup; decides no section."""

from __future__ import annotations

from digest.messages import translator

IDS = {
    "देश": "Nation",
    "दुनिया": "World",
    "राजनीति": "Politics",
    "व्यापार": "Business",
    "विज्ञान": "Science",
    "खेल": "Sport",
    "मनोरंजन": "Entertainment",
    "स्वास्थ्य": "Health",
    "शिक्षा": "Education",
}
"""Section → message id."""


def called(language: str) -> dict[str, str]:
    """Section → its name in `language`; empty for Hindi, in which they are kept. Raises ConfigurationError."""
    if language == "hi":
        return {}
    words = translator(language)
    return {section: words.gettext(name) for section, name in IDS.items()}
