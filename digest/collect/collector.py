"""Collect all sources of a newsletter: read them in threads, and save their articles in the caller's thread.

A failure of one source becomes a value in its report and never stops the others. Only errors of the store end the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime

from digest.collect import health
from digest.collect.http.connect import FetchError
from digest.collect.source_reader import CollectContext, SourceReader, SourceResult
from digest.collect.types import FROM_THE_FUTURE, CollectStore, SaveCounts, SourceState, Validators
from digest.errors import DigestError
from digest.messages import Message, joined, message_of
from digest.models import Article, Source, SourceHealth
from digest.utils import redact
from digest.utils.heartbeat import beat
from digest.utils.telemetry import report_error, span, within_span

# Sources fetched at once. Waiting costs only a thread's stack; parsing is limited separately
# (source_reader.ParseLimiter).
THREADS = 200

# Advice for a source with a private address.
ALLOW_PRIVATE = Message("If you trust it, set `allow_private: true` at this source in digest.yaml.")

# Pages that a preview fetches: enough to judge a source.
PREVIEW_PAGES = 10


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The result of one source."""

    name: str
    kind: str | None = None
    fetched: int = 0
    new: int = 0
    updated: int = 0
    lost: int = 0
    warnings: tuple[str, ...] = ()
    # Why the source could not be read.
    error: str | None = None
    # Time for fetching and parsing.
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CollectReport:
    """Reports in the order of the sources, and the number of articles from all of them."""

    sources: tuple[SourceReport, ...]
    articles: int


@dataclass(frozen=True, slots=True)
class SourcePreview:
    """The content of a source at a URL or path, read to show it and not stored."""

    kind: str | None
    warnings: tuple[str, ...] = ()
    articles: tuple[Article, ...] = ()
    error: str | None = None
    # The feed's own title; it may be an empty text.
    title: str = ""
    # A better address to store: the feed that the page names, or the permanent redirect's target.
    url: str | None = None
    # Whether its host has an address that `allow_private` would permit.
    private: bool = False
    # Why no edition could have any of its articles; None if it could have one.
    unusable: str | None = None


def collect(
    sources: Sequence[Source],
    context: CollectContext,
    store: CollectStore,
    *,
    listed: Collection[str] = (),
    threads: int = THREADS,
    progress: Callable[[SourceReport], None] | None = None,
    patient: bool = False,
) -> CollectReport:
    """Read every source and save its articles. Only errors of `store` and `progress` are raised.

    `listed` names all sources of the newsletter, if these are only a part of them.

    `progress` is called for each source when it is done. `patient` skips sources that keep failing until their back-off
    is over; use it for runs that nobody waits for.
    """
    _import_parsers()
    reader = SourceReader(context)
    stored = store.load_states()
    states = [health.initial_state(source, stored.get(source.name)) for source in sources]
    reports: dict[int, SourceReport] = {}

    def finish(index: int, report: SourceReport) -> None:
        reports[index] = report
        if progress is not None:
            progress(report)

    now = context.now
    known = frozenset(listed or (source.name for source in sources))
    due = []
    for index, source in enumerate(sources):
        skipped = health.skip_reason(states[index], now, patient=patient) if source.url and not source.replay else None
        if skipped:
            warnings = health.health_warnings(states[index].health, now)
            finish(index, SourceReport(source.name, warnings=warnings, error=skipped))
        else:
            due.append(index)
    size = max(1, min(threads, THREADS, len(due)))
    with span("collect", sources=len(due)), ThreadPoolExecutor(size, thread_name_prefix="collect") as pool:
        jobs = {pool.submit(within_span(_read, reader, sources[index], states[index])): index for index in due}
        try:
            for job in as_completed(jobs):
                beat()
                # Popped, so that its articles can be freed.
                index = jobs.pop(job)
                finish(index, _save(sources[index], states[index], job.result(), store, now, context.language, known))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    ordered = tuple(reports[index] for index in range(len(sources)))
    return CollectReport(ordered, sum(report.fetched for report in ordered))


def preview_source(target: str, context: CollectContext, *, source: Source | None = None) -> SourcePreview:
    """Read a source at this URL or path without storing it. Fetches up to PREVIEW_PAGES pages of cut articles."""
    target = target.strip()
    # The URL need not be in the settings, so its secrets are not known yet.
    redact.protect(redact.secrets_of_url(target))
    scheme = target.partition("://")[0].lower() if "://" in target else ""
    if scheme == "file" or target.lower().startswith("file:"):
        return SourcePreview(None, error="file: URLs are not supported; give the path itself.")
    if scheme and scheme not in ("http", "https"):
        return SourcePreview(None, error=f"{scheme}: is not supported; only http, https and paths are.")
    settings = source or Source(name=target)
    source = replace(settings, url=target if scheme else "", path="" if scheme else target)
    reader = SourceReader(context, max_pages=PREVIEW_PAGES, preview=True)
    result = _read(reader, source, SourceState(SourceHealth(source.name)))
    if isinstance(result, _Failure):
        return SourcePreview(None, error=result.message, private=result.private)
    parsed = result.parsed
    url = parsed.feed_url or result.moved_to
    unusable = health.why_unusable(parsed.articles, context.language, context.now)
    return SourcePreview(
        parsed.kind, parsed.warnings, parsed.articles, parsed.error, parsed.title, url, unusable=unusable
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a source could not be read."""

    message: str
    retry_after: float | None = None
    private: bool = False


def _read(reader: SourceReader, source: Source, state: SourceState) -> SourceResult | _Failure:
    """Read one source in a worker thread, without using the store. The result's texts contain no secrets."""
    with span("source", source=source.name) as measured:
        result = _read_source(reader, source, state)
        if isinstance(result, _Failure):
            measured.fail(result.message)
        else:
            measured.set(articles=len(result.parsed.articles))
        return result


def _read_source(reader: SourceReader, source: Source, state: SourceState) -> SourceResult | _Failure:
    try:
        result = reader.read(source, state)
    except FetchError as error:
        retry_after = error.retry_after if error.status in (429, 503) else None
        return _Failure(redact.redact(message_of(error)), retry_after, error.private)
    except DigestError as error:
        return _Failure(redact.redact(message_of(error)))
    except Exception as error:
        # A bug that one source triggers must not lose the others' articles.
        report_error(error)
        return _Failure(f"An unexpected {type(error).__name__}: {redact.redact(str(error))[:300]}")
    parsed = result.parsed
    warnings = tuple(redact.redact(warning) for warning in parsed.warnings)
    parsed = replace(parsed, error=redact.redact(parsed.error) if parsed.error else None, warnings=warnings)
    return replace(result, parsed=parsed, moved_to=redact.unless_secret(result.moved_to))


def _import_parsers() -> None:
    """Import parsers before the threads start: two threads that import one package can meet it half initialised."""
    import feedparser  # noqa: F401
    import lxml.html  # noqa: F401


def _validators(result: SourceResult) -> Validators | None:
    """Return the validators for the next fetch; empty if it must read the document again even if nothing has changed.

    An article from the future gets its own date once that has come.
    """
    ahead = any(FROM_THE_FUTURE in article.warnings for article in result.parsed.articles)
    return Validators() if ahead else result.validators


def _save(
    source: Source,
    state: SourceState,
    result: SourceResult | _Failure,
    store: CollectStore,
    now: datetime,
    language: str,
    listed: frozenset[str],
) -> SourceReport:
    """Save the articles first and the state after them; in the other order a crash between them would lose articles."""
    if isinstance(result, _Failure):
        message = joined(" ", result.message, ALLOW_PRIVATE) if result.private else result.message
        after = health.after_failure(state, now, message, result.retry_after)
        report = SourceReport(source.name, error=message)
    else:
        parsed = result.parsed
        if parsed.images:
            store.save_images(parsed.images)
        saved = store.save(parsed.articles, listed=listed) if parsed.articles else SaveCounts(0, 0)
        if parsed.error:
            after = health.after_failure(state, now, parsed.error, None, fetched=True)
        else:
            after = health.after_success(
                state,
                now,
                new=saved.new if any(health.is_usable(each, language, now) for each in parsed.articles) else 0,
                validators=_validators(result),
                moved_to=result.moved_to,
                seconds=round(result.seconds, 3),
            )
        report = SourceReport(
            source.name,
            parsed.kind,
            len(parsed.articles),
            saved.new,
            saved.updated,
            parsed.lost,
            parsed.warnings,
            parsed.error,
            round(result.seconds, 3),
        )
    # A recorded sample has no health, and is read again in every run.
    if not source.replay:
        store.save_state(after)
        report = replace(report, warnings=report.warnings + health.health_warnings(after.health, now))
    return report
