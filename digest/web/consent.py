"""What a subscriber agrees to. Needs no web framework, so that `digest check --launch` can show it."""

from __future__ import annotations

from digest.i18n import translator

CONSENT_VERSION = 2
"""The version of the sentence, which the consent log records beside it. Raise it when the words change."""


def consent_wording(language: str, name: str) -> str:
    """The sentence that the sign-up form shows and the consent log records, for the newsletter `name`."""
    wording = translator(language).gettext(
        "I want to get %(name)s by email. I can unsubscribe at any time with one click."
    )
    return wording % {"name": name}
