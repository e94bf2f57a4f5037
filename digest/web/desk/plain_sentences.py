"""The forms of sentences that the store keeps as plain English. The desk translates a sentence by its form.

The name in `%(…)s` tells what may be in its place; see `sentences.py`. A sentence of another form stays in English.
"""

from __future__ import annotations

# Statements in SQL write and search the columns of the consent log and of suppressions, for a whole list at once.
_CONSENT_LOG = (
    "at the person's request",
    "on the list again",
    # What subscribers did on their own pages, in which language, and from where.
    "web:join",
    "web:leave",
    "web:preferences",
    "web:stay",
    "web:address",
    "web:nominee",
    "web:undo",
    "hi, from %(address)s",
    "en, from %(address)s",
    "text %(name)s, hi",
    "text %(name)s, en",
    "asked at %(moment)s from %(address)s",
    "confirmed at %(moment)s from %(address)s",
    "confirmed at both addresses",
    "not verified",
    "too much",
    "not interesting",
    "never asked",
    "hard to read",
    # Where a change came from.
    "the desk, by %(who)s",
    "the API, by %(who)s",
    "digest subscribers %(command)s, by %(who)s",
    "import %(name)s of %(file)s",
    "import %(name)s undone",
    # What was changed.
    "with the topic %(topic)s",
    "without the topic %(topic)s",
    "paused until %(day)s",
    "pause for %(num)s weeks",
    "pause ended",
    "unsubscribed: %(why)s",
    "bounced: %(why)s",
    "blocked: %(why)s",
    "before: %(why)s",
    "was suppressed before: %(why)s",
    "topics: %(values)s",
    "frequency: %(value)s",
    "frequency as before",
    "timezone: %(value)s",
    "hour: %(value)s",
    "format: %(value)s",
    "status: %(value)s",
    "editions: %(values)s",
)
# The log of acts uses these names to find other acts on the same thing.
_SUBJECTS = (
    "import %(name)s",
    "subscriber %(num)s",
    "source %(name)s",
    "%(num)s subscribers",
)
# How the articles of a story were found to belong together: up to a dozen terms for each pair, which every reader of an
# edition would decode one by one.
_COMPARISONS = (
    "section %(name)s: %(num)s of the other articles",
    "same story: %(names)s = %(measures)s",
    "related: %(names)s = %(measures)s",
    "shared: %(words)s",
    "lead %(num)s",
    "full %(num)s",
    "headline %(num)s",
    "titles %(num)s",
    "%(num)s rare stems",
    "%(num)s numbers",
    "weekday %(match)s",
    "clock %(match)s",
    "place %(match)s",
    "stage %(match)s",
    "toll %(match)s",
    "events of one kind %(num)s",
    "same",
    "near",
    "conflict",
    "kept apart: %(why)s",
    "two items of one source below %(num)s",
    "different days or times below %(num)s",
    "more than %(num)s hours apart",
    "series (%(name)s) of two days",
    "one form, filled in on two days",
    "series of two kinds (%(name)s, %(other)s)",
    "series (%(name)s) of two subjects",
    "titles that name different towns",
    "a list of news or satire, and a report",
    "titles that name different states or countries",
    "titles that give different results of a match",
    "headlines without a text that give different death tolls",
    "headlines without a text, of a kind that is worded alike every day",
    "headlines without a text that share no name",
    "headlines without a text that share too few names, events and numbers",
)
# The library `email_validator` says these.
_ADDRESSES = (
    "an email address must have an @-sign",
    "there must be something before the @-sign",
    "there must be something after the @-sign",
    "the part after the @-sign is not valid. It should have a period",
    "the part after the @-sign contains invalid characters: %(name)s",
    "the email address contains invalid characters before the @-sign: %(name)s",
    "an email address cannot have two periods in a row",
    "an email address cannot start with a period",
    "an email address cannot end with a period",
    "an email address cannot have a period immediately before the @-sign",
    "a display name and angle brackets around the email address are not permitted here",
    "an email address cannot have a hyphen immediately after the @-sign",
    "the email address is too long after the @-sign (%(words)s)",
    "a bracketed IP address after the @-sign is not allowed here",
)

PLAIN = (*_CONSENT_LOG, *_SUBJECTS, *_COMPARISONS, *_ADDRESSES)
