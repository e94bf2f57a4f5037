"""The steps of the schedule as jobs: a table of their work and intervals.

Every worker has the table, and the first one queues a step for its moment. A step that is due again while it runs waits
for the running one to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.app import App
from digest.scheduler import RECONCILE_EVERY, REENGAGE_EVERY, Scheduler
from digest.workers.port import Job, Queue

TASK = "step"
# Seconds.
_HALF_MINUTE, _MINUTE, _HOUR = 30.0, 60.0, 3600.0
# The number of sources per job, and the most jobs of one collection. This leaves threads for other steps.
_GROUP, _MAX_GROUPS = 50, 4


@dataclass(frozen=True)
class ScheduledStep:
    """A step of the schedule. `subjects` returns one subject per job, such as an edition; `run` gets one of them."""

    run: Callable[[Scheduler, str], object]
    every: Callable[[App], float] = lambda _app: _MINUTE
    subjects: Callable[[Scheduler], Iterable[str]] = lambda _scheduler: ("",)
    # Higher ones begin first.
    priority: int = 0


def _check_edition(scheduler: Scheduler, key: str) -> None:
    if scheduler.guard.run(scheduler.follow_list):
        scheduler.editions.send_to_repaired()
    scheduler.editions.check_one(key)


def _groups(scheduler: Scheduler) -> list[str]:
    """Return the parts of the sources, such as `1 of 4`."""
    groups = min(_MAX_GROUPS, -(-len(scheduler.app.sources) // _GROUP))
    return [f"{number} of {groups}" for number in range(1, groups + 1)]


def _collect_group(scheduler: Scheduler, group: str) -> None:
    number, _, groups = group.partition(" of ")
    scheduler.collect((int(number) - 1, int(groups)))


STEPS: Mapping[str, ScheduledStep] = {
    "edition": ScheduledStep(_check_edition, subjects=lambda scheduler: scheduler.editions.keys(), priority=2),
    "watch": ScheduledStep(lambda scheduler, _: scheduler.watch(), lambda _app: _HALF_MINUTE, priority=2),
    "feedback": ScheduledStep(lambda scheduler, _: scheduler.process_feedback(), priority=2),
    "cancellations": ScheduledStep(lambda scheduler, _: scheduler.editions.resume_cancellations(), priority=2),
    "collect": ScheduledStep(
        _collect_group, lambda app: app.settings.schedule.collect_every.total_seconds(), subjects=_groups
    ),
    "suppressions": ScheduledStep(lambda scheduler, _: scheduler.sync_suppressions(), lambda _app: _HOUR),
    "reconcile": ScheduledStep(
        lambda scheduler, key: scheduler.reconcile(key),
        lambda _app: RECONCILE_EVERY.total_seconds(),
        subjects=lambda scheduler: scheduler.app.reconciler.editions_to_look_up(),
    ),
    "reengage": ScheduledStep(lambda scheduler, _: scheduler.reengage(), lambda _app: REENGAGE_EVERY.total_seconds()),
    "prune": ScheduledStep(lambda scheduler, _: scheduler.prune(), lambda _app: _HOUR),
}


def due(app: App, now: datetime, before: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the steps that became due since `before`, each with its moment as a unique key."""
    found = {}
    for name, step in STEPS.items():
        every = step.every(app)
        slot = datetime.fromtimestamp(now.timestamp() // every * every, UTC)
        if before.get(name) != slot:
            found[name] = slot
    return found


def jobs(scheduler: Scheduler, name: str) -> list[Job]:
    step = STEPS[name]
    return [
        Job(
            TASK,
            Queue.STEPS,
            lock=title(name, subject),
            arguments={"name": name, "subject": subject},
            priority=step.priority,
        )
        for subject in step.subjects(scheduler)
    ]


def title(name: str, subject: str) -> str:
    return f"{name} {subject}".strip()
