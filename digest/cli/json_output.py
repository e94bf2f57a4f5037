"""The JSON documents that commands print. Their names are a contract: scripts depend on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from digest.models import Article, Edition
from digest.utils.text import pick

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from digest.collect.collector import CollectReport
    from digest.store.inspection import StoreSpace
    from digest.store.sending.decisions import OperatorDecision
    from digest.store.sending.status import Counts, UnknownBatch, Unreached
    from digest.store.workers import Worker
    from digest.usecases.process_feedback import FeedbackResult
    from digest.usecases.prune_store import PruneResult
    from digest.usecases.reconcile import Unsettled
    from digest.usecases.restore_store import RestoreResult


def counts_json(edition: Edition, counts: Counts) -> dict[str, Any]:
    """Return the JSON of `send` and `status`: the edition's totals. All counts are recipients."""
    return {
        "edition": edition.key,
        **pick(edition, "state reason"),
        **pick(counts, "frozen accepted rejected excluded pending unknown batches variants"),
    }


def worker_json(worker: Worker) -> dict[str, Any]:
    """Return the JSON of `status`: a worker of the last minutes."""
    seen_at = worker.seen_at.isoformat() if worker.seen_at else None
    return {**pick(worker, "host pid version state seats rate jobs"), "seen_at": seen_at}


def not_reached_json(missing: Iterable[Unreached]) -> list[dict[str, str]]:
    """Return the JSON of `send` and `status`: who did not get it, and why."""
    return [pick(row, "email state reason") for row in missing]


def unknown_batch_json(batch: UnknownBatch) -> dict[str, Any]:
    """Return the JSON of `status` and `reconcile`: a batch whose outcome is unknown."""
    return {"batch": batch.batch, "readers": batch.recipients, **pick(batch, "attempt transport")}


def unknown_recipient_json(each: Unsettled, zone: ZoneInfo) -> dict[str, Any]:
    """Return the JSON of `reconcile`: a recipient whose outcome is unknown."""
    found = each.recipient
    return {
        "email": found.email,
        "message_id": each.message_id,
        "time": found.started_at.astimezone(zone).isoformat(timespec="seconds"),
        "last_words": found.last_reply,
        **pick(found, "attempt transport host"),
    }


def decision_json(each: OperatorDecision) -> dict[str, Any]:
    """Return the JSON of `status`, `edition show` and `reconcile --history`: a decision of an editor or operator."""
    return {
        "at": each.at.isoformat(),
        "what": each.what,
        "why": each.reason,
        **pick(each, "batch email evidence"),
        "by": each.decided_by,
    }


def feedback_json(result: FeedbackResult) -> dict[str, Any]:
    """Return the JSON of `events handle`."""
    return {
        "posts": result.payloads,
        **pick(result, "events kept suppressed failed"),
        "settled": list(result.resolved_editions),
        "notes": list(result.notes),
    }


def restore_json(result: RestoreResult) -> dict[str, Any]:
    """Return the JSON of `store restore`."""
    return {
        "copied_at": result.copied_at.isoformat(),
        "kept": str(result.kept) if result.kept else None,
        "held": [asdict(held) for held in result.held],
        "doubtful": result.doubtful,
        "sent_since": [asdict(each) for each in result.sent] if result.sent is not None else None,
        "carried": asdict(result.carried) if result.carried else None,
        "left_behind": result.left_behind,
    }


def collect_json(report: CollectReport) -> dict[str, Any]:
    """Return the JSON of `collect`."""
    return {
        "sources": [
            {
                "name": source.name,
                "kind": source.kind or "",
                **pick(source, "fetched new updated lost warnings"),
                "error": source.error or "",
                "seconds": round(source.seconds, 3),
            }
            for source in report.sources
        ],
        "articles": report.articles,
    }


def article_json(article: Article, summary: str) -> dict[str, Any]:
    """Return one article of `sources test`. Blank lines separate the paragraphs and headings of `body`."""
    return {
        "url": article.url or "",
        **pick(article, "title kicker"),
        "published": article.published.isoformat(),
        "dated": article.dated,
        "updated": article.updated.isoformat() if article.updated else None,
        "author": article.author or "",
        "image": article.image.url if article.image else None,
        **pick(article, "categories language excerpt"),
        "body": "\n\n".join(block.text for block in article.body),
        "headings": [block.text for block in article.body if block.kind == "h"],
        "summary": summary,
        "warnings": list(article.warnings),
    }


def prune_json(done: PruneResult, before: StoreSpace, after: StoreSpace, *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON of `store prune`."""
    return {
        "dry_run": dry_run,
        "complete": not done.interrupted,
        **pick(done, "articles emptied images editions"),
        "recipients": done.deliveries,
        **pick(done, "events emails payloads bytes"),
        "store_bytes": after.total,
        "store_bytes_before": before.total,
        "free_bytes": after.free,
    }
