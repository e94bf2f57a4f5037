"""The wording that a subscriber agrees to. Needs no web framework, so that `digest check --launch` can show it."""

from __future__ import annotations

from digest.i18n import translator

CONSENT_VERSION = 5
"""The version of the sentences, which the consent log records beside them. Raise it when the words change."""


def consent_wording(language: str, name: str, minimum_age: int = 18) -> str:
    """Return the sentences that the sign-up form shows and the consent log records, for the newsletter `name`.

    The subscriber states to be at least `minimum_age` years old; 0 leaves this sentence out.
    """
    catalogue = translator(language)
    wording = catalogue.gettext("I want to get %(name)s by email. I can unsubscribe at any time, from any email.")
    age = catalogue.gettext("I am %(age)s or older.") % {"age": minimum_age} if minimum_age else ""
    return " ".join(filter(None, (wording % {"name": name}, age)))
