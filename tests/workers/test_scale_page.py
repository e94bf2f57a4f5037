"""The worker of docs/scale.md for Celery or cron."""

from __future__ import annotations

import re

import pytest

from digest import pipeline
from digest.app import make_app
from digest.store.sending.status import counts
from tests.cli.newsroom import NOW, Newsroom
from tests.paths import ROOT

# It sends an edition.
pytestmark = pytest.mark.slow


def test_the_worker_of_the_page_delivers_what_was_enqueued(
    newsroom: Newsroom, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_STORE__URL", postgres_url)
    monkeypatch.setenv("DIGEST_NOW", NOW)
    with make_app(newsroom.home) as app:
        pipeline.send(app, "2026-11-23", deliver=False)
        assert counts(app.database, "2026-11-23").accepted == 0
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/scale.md").read_text(encoding="utf-8"), re.S)
    assert len(code.splitlines()) <= 10
    exec(code.replace('"/newsletter"', repr(str(newsroom.home))), {})
    assert len(newsroom.outbox()) == 6
