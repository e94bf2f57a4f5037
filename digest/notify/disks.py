"""Alerts about disks. `digest status` makes them itself: with a full disk no alert can be stored."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from digest.notify.alert import Alert, AlertKind


def free_bytes(folders: Collection[Path]) -> dict[str, int]:
    """Return folder → free bytes on its disk."""
    return {str(folder): shutil.disk_usage(folder).free for folder in folders}


def disk_alerts(disks: Mapping[str, int], enough: int, now: datetime) -> Iterator[Alert]:
    """Yield an alert for each folder with less than `enough` bytes free. `disks` is folder → free bytes."""
    for folder, free in disks.items():
        if free < enough:
            yield Alert(
                AlertKind.DISK_LOW,
                folder,
                f"Only {free // 1_000_000} MB are free on the disk",
                f"Less than {enough // 1_000_000} MB are free in {folder}. "
                "Without space nothing can be recorded, and then nothing is sent.",
                f"Free space: `du -sh {folder}/*` shows what is large. Old .eml files in outbox/ can be deleted.",
                now,
            )
