"""Health of sources: how a fetch changes it, whether to skip a source for now, and what to warn about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest import __version__
from digest.collect.types import SourceState, Validators
from digest.messages import Message
from digest.models import Article, Source, SourceHealth
from digest.utils.redact import redact

# Time without a new article after which a source gets a warning; even weekly ones publish in that time.
SILENT = timedelta(days=7)

# Fewer failures in a row are not worth a warning.
FAILING = 3

_FIRST_PAUSE, _MAX_PAUSE = timedelta(minutes=30), timedelta(hours=6)

# The scheduler starts some seconds early or late.
_TOLERANCE = timedelta(seconds=30)
_MAX_ERROR_LENGTH = 500


def place_of(source: Source) -> str:
    """Return the source's URL or path as stored, without secrets."""
    return redact(source.url or source.path)


def initial_state(source: Source, stored: SourceState | None) -> SourceState:
    """Return the parts of the stored state that are still valid.

    Another URL keeps only the times of the last articles, and other settings make the validators invalid.
    """
    place = place_of(source)
    if stored is None:
        return SourceState(SourceHealth(source.name, place))
    health = stored.health
    if health.url != place:
        return SourceState(SourceHealth(source.name, place, last_good=health.last_good, last_new=health.last_new))
    body_hash = stored.validators.body_hash
    if body_hash is None or not body_hash.startswith(f"{_settings_version(source)}:"):
        return replace(stored, validators=Validators())
    return stored


def versioned_hash(source: Source, body_hash: str) -> str:
    """Return the hash of a body with a prefix for the settings, so that other settings make it count as changed."""
    return f"{_settings_version(source)}:{body_hash}"


def skip_reason(state: SourceState, now: datetime, *, patient: bool) -> str | None:
    """Return why the source must not be fetched yet, or None. Only `patient` runs apply our own back-off."""
    health = state.health
    if health.not_before is not None and now < health.not_before:
        return f"Skipped: the server asked us to wait until {format_time(health.not_before, now)}."
    if not patient or health.failures < FAILING or state.asked_at is None:
        return None
    retry_at = state.asked_at + min(_FIRST_PAUSE * 2 ** min(health.failures - FAILING, 10), _MAX_PAUSE)
    if now >= retry_at - _TOLERANCE:
        return None
    return (
        f"Skipped until {format_time(retry_at, now)}: it has failed {health.failures} times in a row. "
        f"{health.last_error}"
    )


def after_success(
    state: SourceState,
    now: datetime,
    *,
    new: int,
    validators: Validators | None,
    moved_to: str | None,
    seconds: float | None,
) -> SourceState:
    """Return the state after a successful fetch. `validators` is None if nothing had changed."""
    health = replace(
        state.health,
        last_good=now,
        last_new=now if new else state.health.last_new,
        failures=0,
        last_error=None,
        not_before=None,
        moved_to=moved_to,
        seconds=seconds,
    )
    return SourceState(health, state.validators if validators is None else validators, now)


def after_failure(
    state: SourceState, now: datetime, error: str, retry_after: float | None, *, fetched: bool = False
) -> SourceState:
    """Return the state after a failure with this message, which has no secrets. `retry_after` is in seconds.

    `fetched`: a document came but could not be used.
    """
    health = replace(
        state.health,
        failures=state.health.failures + 1,
        last_error=error if len(error) <= _MAX_ERROR_LENGTH else error[:_MAX_ERROR_LENGTH],
        not_before=now + timedelta(seconds=retry_after) if retry_after else None,
        moved_to=None if fetched else state.health.moved_to,
    )
    return SourceState(health, state.validators, now)


def health_warnings(health: SourceHealth, now: datetime) -> tuple[str, ...]:
    """Return warnings for the operator about a source, besides the result of its last fetch."""
    if health.failures >= FAILING:
        good = health.last_good
        since = f"last read on {good.astimezone(now.tzinfo):%Y-%m-%d at %H:%M}" if good else "never read so far"
        return (f"it has failed {health.failures} times in a row; {since}",)
    is_read = health.last_good is not None and health.failures == 0
    # An empty folder of files waits for its first article.
    if is_read and health.last_new is None and "://" in (health.url or ""):
        return ("no edition could have any of its articles so far: all were too old or in another language",)
    if is_read and health.last_new is not None and now - health.last_new > SILENT:
        return (f"it has had no new article since {health.last_new.astimezone(now.tzinfo):%Y-%m-%d}",)
    return ()


def is_usable(article: Article, language: str, now: datetime) -> bool:
    """Whether an edition could have this article now or could have had it in the last days."""
    return article.language == language and (not article.dated or now - article.published <= SILENT)


def why_unusable(articles: Sequence[Article], language: str, now: datetime) -> str | None:
    """Say why no edition could have any of these articles; None if it could have one, or if there are none."""
    if not articles or any(is_usable(each, language, now) for each in articles):
        return None
    foreign = sum(each.language != language for each in articles)
    parts = (
        (foreign, Message("not in %(name)s", name=language)),
        (len(articles) - foreign, Message("older than %(num)s days", num=SILENT.days)),
    )
    found = tuple(Message("%(num)s %(why)s", num=number, why=what) for number, what in parts if number)
    return Message("no edition could have any of its %(num)s articles: %(measures)s", num=len(articles), measures=found)


def format_time(moment: datetime, now: datetime) -> str:
    """Return a time in the newsletter's zone, with the date unless it is today."""
    local = moment.astimezone(now.tzinfo)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


def _settings_version(source: Source) -> str:
    """Return eight hex digits for the settings that affect what is read from a body, and for our own version."""
    names = ("section", "fulltext", "replay", "links", "mapping")
    settings = repr([(name, getattr(source, name)) for name in names]) + __version__
    return hashlib.blake2b(settings.encode(), digest_size=4).hexdigest()
