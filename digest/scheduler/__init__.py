"""Run the day's jobs at their times, and catch up after a restart. `scheduler.py` is where to start reading."""

from digest.scheduler.scheduler import Scheduler, watch_settings
from digest.scheduler.stand_by import sole_scheduler

__all__ = ["Scheduler", "sole_scheduler", "watch_settings"]
