"""Run the day's jobs at their times, and catch up after a restart. `scheduler.py` is where to start reading."""

from digest.scheduler.scheduler import RECONCILE_EVERY, REENGAGE_EVERY, Scheduler, sole_scheduler, watch_settings

__all__ = ["RECONCILE_EVERY", "REENGAGE_EVERY", "Scheduler", "sole_scheduler", "watch_settings"]
