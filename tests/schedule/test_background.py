"""The jobs beside the editions."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from digest.app import make_app
from digest.scheduler.guard import BackgroundJob, BackgroundJobs, JobGuard
from digest.scheduler.notices import Notices
from tests.support.folders import newsletter_folder


def test_a_clock_that_was_set_back_does_not_stop_them(tmp_path: Path) -> None:
    newsletter_folder(tmp_path / "n", all_sources=False)
    ran, early = threading.Event(), threading.Event()
    soon, hour = timedelta(seconds=30), timedelta(hours=1)
    with make_app(tmp_path / "n", environment={}) as app:
        notices = Notices(lambda: app, print, print)
        # The first is planned as if the clock had been set back by half an hour. The second waits for its hour.
        jobs = (BackgroundJob(ran.set, "a", soon, hour / 2), BackgroundJob(early.set, "b", hour, hour / 2))
        background = BackgroundJobs(JobGuard(notices, print, threading.Event()), jobs)
        # Before they run.
        background.catch_up()
        with background.running():
            assert not ran.wait(0.2)
            background.catch_up()
            assert ran.wait(30)
            assert not early.is_set()
