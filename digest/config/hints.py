"""Suggest the key or value that a person probably meant.

The tables contain words that people write; `MEANT` and `ADVICE` are tried before similar names. A table key is a single
word, or includes its section if it has another meaning there: `newsletter.url`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from digest.messages import Message
from digest.subscribers.frequency import DAILY_WORDS, DAY_OF_WORD, WEEKDAYS_WORDS

# Key → words that mean it.
_MEANT_ROWS = """
newsletter.name: title newsletter.heading newsletter.newsletter
newsletter.sender.email: from from_address from_email sender_email mail_from newsletter.email sender.address
newsletter.sender.name: from_name sender_name
newsletter.reply_to: reply replyto
newsletter.language: lang locale
newsletter.timezone: tz time_zone zone
newsletter.base_url: site website domain public_url newsletter.url web.url
newsletter.postal_address: newsletter.address
newsletter.tracking: open_tracking click_tracking track
sources: feeds feed rss source
sources[].name: sources.title sources.label
sources[].url: sources.feed sources.rss sources.link sources.href sources.feed_url
sources[].path: sources.file sources.folder sources.dir
sources[].section: sources.category sources.topic sources.sections
sources[].weight: sources.priority sources.rank
sources[].links: sources.selector sources.css
sources[].auth: sources.api_key sources.key sources.token sources.key_env
edition.max_stories: stories articles max_articles max_items edition.max edition.limit edition.count edition.top
edition.min_stories: min_articles edition.min
edition.sections: topics categories
edition.window: lookback max_age edition.age edition.hours edition.period
edition.block: blocklist blacklist block_words edition.exclude edition.ignore
edition.boost: keywords edition.prefer
delivery.transport: provider service delivery.engine delivery.via delivery.backend
delivery.threads: workers connections concurrency parallel
delivery.tries: retries retry attempts max_retries
delivery.rate: rate_limit throttle
username: smtp.user smtp.login
host: smtp.server smtp.hostname
security: smtp.ssl smtp.tls smtp.starttls smtp.encryption smtp.use_tls
schedule.send_at: send_time schedule.time schedule.at schedule.hour schedule.send
schedule.compose_at: compose_time prepare_at schedule.compose
schedule.days: frequency cron interval schedule.every schedule.day weekdays daily
schedule.holidays: holiday skip_days off_days closed
schedule.approval: approve review approval_required
schedule.approve_by: deadline approval_by
schedule.expires_after: expiry expires ttl
schedule.collect_every: fetch_every poll_every refresh
schedule.editions: times slots edition.editions
alerts: alert notify notifications
alerts.email: admin admins admin_email alerts.emails alerts.to alerts.recipients
web.host: web.listen web.bind web.address
web.signup: sign_up join subscribe_form
store.url: database db database_url store.path store.file store.dsn
store.keep: retention store.keep_days
theme.accent: color colour theme.primary
theme.name: template style theme.theme
blocks: weather market horoscope sponsor panchang quiz poll
"""
# Word → the key that it means.
MEANT = {
    word: path
    for path, _, words in (row.partition(": ") for row in _MEANT_ROWS.strip().splitlines())
    for word in words.split()
}

_WEEKLY = (
    "a weekly edition is an entry of 'schedule.editions', such as {slug: weekly, days: [sun], window: 7d, "
    'send_at: "09:00"}; a subscriber\'s own `frequency` is set in subscribers.yaml (docs/schedule.md)'
)
_KEYS_AND_PASSWORDS = (
    "keys and passwords are not settings: set the environment variable that the section's `…_env` key names, such as "
    "SENDGRID_API_KEY (docs/providers.md)"
)
_LIST = "subscribers are in subscribers.yaml, next to digest.yaml (docs/subscribers.md)"
# Word → advice, if it means no key.
ADVICE = {
    **dict.fromkeys(("weekly", "saptahik", "weekly_digest", "साप्ताहिक"), _WEEKLY),
    **dict.fromkeys(
        ("api_key", "apikey", "key", "token", "secret", "secret_key", "password", "pass"), _KEYS_AND_PASSWORDS
    ),
    **dict.fromkeys(("recipients", "emails", "list", "readers", "subscribers.list", "subscribers.file"), _LIST),
    **dict.fromkeys(
        ("subject", "preheader", "intro", "headline"),
        "it differs for each edition: `digest edition edit EDITION` sets it (docs/sending.md)",
    ),
    **dict.fromkeys(
        ("slack", "telegram"), "set 'alerts.webhook_format', and the URL in DIGEST_ALERTS__WEBHOOK (docs/alerts.md)"
    ),
    **dict.fromkeys(
        ("sources.type", "sources.kind", "sources.format"),
        "leave it out: `digest sources test URL` shows what the source is (docs/sources.md)",
    ),
    **dict.fromkeys(("include", "import"), "only subscribers.yaml can include files (docs/subscribers.md)"),
}

_DAY_WORDS = {
    **DAY_OF_WORD,
    **dict.fromkeys(DAILY_WORDS, "daily"),
    **dict.fromkeys(WEEKDAYS_WORDS, "weekdays"),
    **dict.fromkeys(("weekend", "weekends", "sat-sun"), "[sat, sun]"),
    "mon-sat": "[mon, tue, wed, thu, fri, sat]",
}
# The end of a key's path → value → the value that it means.
_VALUES = {
    "days": _DAY_WORDS,
    "approval": {
        **dict.fromkeys(("manual", "editor", "yes", "true", "on", "human", "review"), "required"),
        **dict.fromkeys(("automatic", "no", "false", "off", "none", "never"), "auto"),
    },
    "on_no_approval": dict.fromkeys(("cancel", "expire", "hold", "drop", "stop", "wait"), "skip"),
    "transport": {
        **dict.fromkeys(("aws", "amazon", "amazon ses", "amazonses"), "ses"),
        **dict.fromkeys(("sendinblue",), "brevo"),
        **dict.fromkeys(("gmail", "mailgun", "postmark", "postfix", "sendmail", "mail", "email", "zoho"), "smtp"),
        **dict.fromkeys(("file", "files", "none", "test", "dry", "eml", "local"), "outbox"),
        "api": "sendgrid",
    },
    "security": {"ssl": "tls", **dict.fromkeys(("yes", "true", "on", "auto"), "starttls"), "false": "none"},
    "language": {"hindi": "hi", "हिन्दी": "hi", "हिंदी": "hi", "english": "en", "marathi": "mr", "मराठी": "mr"},
    "thin": dict.fromkeys(("send", "extend", "fill"), "widen"),
    "on_error": {**dict.fromkeys(("last", "continue", "ignore", "warn"), "last_good"), "fail": "stop"},
    "archive": {**dict.fromkeys(("on", "true", "yes"), "public"), **dict.fromkeys(("false", "no", "private"), "off")},
    "engine": dict.fromkeys(("llm", "gpt", "chatgpt", "ai", "model", "ollama"), "openai"),
    "images": {**dict.fromkeys(("inline", "embed", "cid"), "attach"), **dict.fromkeys(("link", "remote"), "source")},
}  # fmt: skip
_WEEKLY_WORDS = frozenset({"weekly", "week", "साप्ताहिक", "saptahik", "monthly", "fortnightly"})
_WEEKLY_PLACES = frozenset({"schedule", "days", "edition", "editions", "window"})
# Keys of durations, besides those that end in `_after`, `_every`, `_silent` or `timeout`.
_DURATIONS = frozenset({"window", "memory", "lead", "within", "articles", "deliveries", "keep", "slow_send"})
# Key → unit of a number without one. Other keys count in hours.
_UNITS = {
    "timeout": "s",
    **dict.fromkeys(("collect_every", "report_after", "slow_send", "lead"), "m"),
    **dict.fromkeys(("memory", "source_silent", "keep", "articles", "deliveries"), "d"),
}
_DIGITS = str.maketrans("०१२३४५६७८९", "0123456789")
_TIME = re.compile(r"([0-9]{1,2})(?:[:.h ]?([0-5][0-9]))?\s*(am|pm|बजे)?\Z", re.I)
_LENGTH = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\Z", re.I)


def hint_for_key(section: tuple[Any, ...], word: str, root: type[BaseModel]) -> str:
    """Return the suggestion for an unknown key of a section, as the end of a message."""
    names = tuple(str(step) for step in section if not isinstance(step, int))
    model = model_at(section, root)
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    is_settings = "newsletter" in root.model_fields
    plain = word.casefold().replace("-", "_").replace(" ", "_")
    if plain in known:
        return _did_you_mean(f"'{plain}'")
    if is_settings and (meant := _in_table(names, plain, known)):
        return meant
    paths = [path for path, name in keys_of(root, "") if name == plain]
    # The same key of another section, such as `edition.send_at`.
    if 0 < len(paths) <= 3:
        return _did_you_mean(_either(paths))
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.6)
    if close:
        return _did_you_mean(f"'{close[0]}'")
    elsewhere = difflib.get_close_matches(plain, [name for _path, name in keys_of(root, "")], n=1, cutoff=0.8)
    if elsewhere:
        paths = [path for path, name in keys_of(root, "") if name == elsewhere[0]][:3]
        return _did_you_mean(_either(paths))
    return Message("; known: %(names)s", names=", ".join(known)) if known else ""


def _in_table(section: tuple[str, ...], word: str, known: list[str]) -> str:
    # `delivery.smtp.user` and `alerts.smtp.user` are the same.
    places = (".".join((*section, word)), ".".join((*section[-1:], word)))
    for place in (*places, word):
        if place in ADVICE:
            return f"; {ADVICE[place]}"
        if place in MEANT:
            path = MEANT[place]
            name = path.rpartition(".")[2]
            # Within its own section the name is enough.
            own = name in known and (path == name or path.replace("[]", "") == ".".join((*section, name)))
            return _did_you_mean(f"'{name if own else path}'")
        # A similar word in its own section is better than the same word in any.
        if place != word and difflib.get_close_matches(word, known, n=1, cutoff=0.85):
            return ""
    return ""


def hint_for_value(location: tuple[Any, ...], value: Any) -> str:
    """Return the suggestion for a wrong value, as the end of a message; '' if there is none."""
    name = next((step for step in reversed(location) if not isinstance(step, int)), "")
    words = value if isinstance(value, list | tuple) else [value]
    for word in words:
        if isinstance(word, bool):
            word = str(word).lower()
        # YAML reads 7.30 as the number 7.3.
        if isinstance(word, float):
            word = f"{word:g}" if word.is_integer() else f"{word:.2f}"
        if isinstance(word, int):
            word = str(word)
        meant = _suggestion(location, str(name), word.strip().casefold()) if isinstance(word, str) else ""
        # A valid word may be out of range.
        if meant and f"'{word}'" not in meant:
            return meant
    return ""


def _suggestion(location: tuple[Any, ...], name: str, word: str) -> str:
    if word in _WEEKLY_WORDS and name in _WEEKLY_PLACES and location[0] in ("schedule", "edition"):
        return f"; {_WEEKLY}"
    if (meant := _VALUES.get(name, {}).get(word)) and meant != word:
        # A list is written without quotes.
        return _did_you_mean(meant if meant.startswith("[") else f"'{meant}'")
    if name.endswith("_at") or name in ("approve_by", "quiet"):
        return _time(word)
    if name in _DURATIONS or name.endswith(("_after", "_every", "_silent", "timeout")):
        return _length(word, _UNITS.get(name, "h"))
    if name == "sources" and word.startswith(("http://", "https://")):
        return f"; write {{name: NAME, url: {word}}}" if len(word) < 100 else "; write {name: NAME, url: URL}"
    return ""


def _did_you_mean(meant: str) -> Message:
    return Message("; did you mean %(name)s?", name=meant)


def _time(word: str) -> str:
    """Return the time of day that `7 am`, `7.30` or `०७:००` means."""
    found = _TIME.match(word.translate(_DIGITS))
    if not found:
        return ""
    hour, minute = int(found[1]), found[2] or "00"
    half = (found[3] or "").lower()
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    return _did_you_mean(f'"{hour:02}:{minute}"') if hour < 24 else ""


def _length(word: str, usual: str) -> str:
    """Return the duration that `24`, `30 min` or `1 week` means. A bare number gets the `usual` unit."""
    found = _LENGTH.match(word.translate(_DIGITS))
    word_unit = found[2].lower() if found else "?"
    if not found or word_unit[:1] not in "smhdw" or word_unit.startswith("mo"):
        return ""
    # Weeks have no unit of their own.
    unit = word_unit[:1] or usual
    number = float(found[1]) * (7 if unit == "w" else 1)
    return _did_you_mean(f"'{number:g}{'d' if unit == 'w' else unit}'") if number else ""


def keys_of(model: type[BaseModel], path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the name of every key."""
    for name, field in model.model_fields.items():
        at = f"{path}{field.alias or name}"
        yield at, field.alias or name
        if part := _model_in(field.annotation):
            yield from keys_of(part, f"{at}[]." if "tuple" in str(field.annotation) else f"{at}.")


def model_at(location: tuple[Any, ...], root: type[BaseModel]) -> type[BaseModel] | None:
    """Return the model of a section, or None if there is none at that location."""
    model: type[BaseModel] | None = root
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(str(part)) if model else None
        model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _either(paths: list[str]) -> str:
    names = [f"'{path}'" for path in paths]
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
