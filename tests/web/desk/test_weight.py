"""How many bytes a browser transfers for the first view of each page, with everything that the page loads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.models import Role
from tests.mailcheck.requirements import require_tools
from tests.support.profiles import only_thorough
from tests.web.desk.browser import TESTER, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk_of_all_sources
from tests.web.desk.photographs import put_pictures
from tests.web.site import Site

HERE = Path(__file__).resolve().parents[3] / "tools/mail"
SETTINGS = {"DIGEST_EDITION__MAX_STORIES": "12", "DIGEST_EDITION__MIN_SCORE": "0", "DIGEST_WEB__ARCHIVE": "public"}
MOST = 112_000
# Pages that a phone and a laptop load alike.
OTHERS = (
    *("calendar", "subscribers", "subscribers/add", "subscribers/import", "sources", "reports", f"report/{KEY}"),
    *("log", "settings", "users", "webhooks", "passkeys", f"edition/{KEY}/pool"),
)


# On a phone the page of the day loads less than half of it.
WIDTH = "1280"


# test_compression.py and test_picture.py test what makes them small.
@only_thorough
@pytest.mark.slow
def test_the_first_view_of_each_page_is_small(tmp_path: Path) -> None:
    require_tools()
    for desk in open_desk_of_all_sources(tmp_path / "newsletter", **SETTINGS):
        put_pictures(desk)
        stories = list(edition_of(desk).stories())
        assert len(stories) == 12
        cookie = set_up(desk, "asha", Role.ADMIN).cookies["desk"]
        paths = ["/desk/", f"/desk/edition/{KEY}/email", f"/desk/edition/{KEY}/story/{stories[0].id}"]
        seen = weigh(desk, cookie, *paths, *(f"/desk/{each}" for each in OTHERS))
        assert seen["/desk/"]["pictures"] == 12
        desk.app.approver.approve(edition_of(desk), how="a test", by=TESTER)
        pipeline.send(desk.app, KEY)
        readers = ("/", "/archive", f"/archive/{KEY}", f"/story/{edition_of(desk).lead}", "/privacy")
        seen |= weigh(desk, "", *readers)
        assert {path: found for path, found in seen.items() if not 5_000 < found["bytes"] <= MOST} == {}


def weigh(desk: Site, cookie: str, *paths: str) -> dict[str, dict[str, Any]]:
    command = ["node", "weight.mjs", desk.base, cookie, WIDTH, *paths]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found
