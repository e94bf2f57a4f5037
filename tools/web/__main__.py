"""`make webcheck`: every reader page in Chromium, in both languages; exit 1 on a finding. Needs `make mailtools`.

axe with every rule, sideways scroll at 320 px, scripts, requests to other hosts, targets lower than 44 px;
screenshots at 1000 and 360 px, light and dark, in build/webcheck.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.store.people.signups import SignupStore
from digest.web.server import run_server

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-11-23"
NOW = f"{DAY}T07:00+05:30"
Step = dict[str, object]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.web", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/webcheck")
    parser.add_argument("--theme", default="newspaper")
    parser.add_argument("--language", default="", help="hi or en alone")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "letter"
        make_folder(home)
        environment = {"DIGEST_NOW": NOW, "DIGEST_THEME__NAME": given.theme}
        with make_app(home, environment=environment) as app:
            pipeline.send(app, DAY)
            with run_server(app, port=0) as base:
                return judge(base, given.out, steps(app, given.language))


def judge(base: str, out: Path, pages: list[Step]) -> int:
    """Runs the judge; prints a line for each page, and what was found."""
    command = ["node", "pages.mjs", base, str(out.resolve())]
    here = ROOT / "tools/mail"
    done = subprocess.run(command, cwd=here, input=json.dumps(pages).encode(), stdout=subprocess.PIPE, check=False)
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    bad = 0
    for row in rows:
        faults = [*row["axe"], *row["foreign"], *row["small"]]
        faults += [f"{row['sideways']} px of sideways scroll"] if row["sideways"] else []
        faults += [f"{row['scripts']} scripts"] if row["scripts"] else []
        bad += len(faults)
        sys.stdout.write(f"{'well' if not faults else 'BAD '}  {row['name']}: {row['title']}\n")
        sys.stdout.writelines(f"      {fault}\n" for fault in faults)
    sys.stdout.write(f"{len(rows)} of {len(pages)} pages judged, {bad} findings\n")
    return int(bool(bad) or done.returncode != 0 or len(rows) != len(pages))


def steps(app: App, language: str = "") -> list[Step]:
    """Every page in every state, in an order in which one leads to the next; in both languages unless one is named."""
    sign = app.signer.sign
    asha, ravi = (f"{sign('leave', id)}" for id in (1, 2))
    wishes = f"/preferences/{sign('preferences', 3)}"
    form = {"frequency": "daily", "format": "html", "hour": ""}
    some: list[Step] = [
        {"name": "join", "path": "/join"},
        {"name": "join-wrong", "path": "/join", "form": {"email": "nobody"}},
        {"name": "asked", "path": "/join", "form": {"email": "neha@example.org"}},
        {"name": "leave", "path": f"/leave/{asha}"},
        {"name": "left", "path": f"/leave/{asha}", "form": {"List-Unsubscribe": "One-Click"}},
        {"name": "why", "path": f"/leave/{asha}/why", "form": {"why": "too much"}},
        {"name": "back", "path": f"/leave/{asha}/back", "form": {}},
        {"name": "pause", "path": f"/leave/{ravi}/pause", "form": {"weeks": "2"}},
        {"name": "leave-nobody", "path": f"/leave/{sign('leave', 0)}"},
        {"name": "broken", "path": "/leave/x"},
        {"name": "wishes", "path": wishes},
        {"name": "wishes-wrong", "path": wishes, "form": form},
        {"name": "wishes-saved", "path": wishes, "form": {**form, "topics": app.topics[0]}},
        {"name": "wishes-paused", "path": f"{wishes}/pause", "form": {"weeks": "4"}},
        {"name": "wishes-again", "path": f"{wishes}/again", "form": {}},
        {"name": "view", "path": f"/view/{DAY}/{sign('view', 1)}"},
        {"name": "archive", "path": "/archive"},
        {"name": "edition", "path": f"/archive/{DAY}"},
        {"name": "nothing", "path": "/nowhere"},
    ]
    number = _signup(app)
    some += [
        {"name": "confirm", "path": f"/confirm/{sign('confirm', number)}"},
        {"name": "confirmed", "path": f"/confirm/{sign('confirm', number)}", "form": {}},
        {"name": "late", "path": f"/confirm/{sign('confirm', 1)}"},
    ]
    english: list[Step] = [{**at, "name": f"{at['name']}-en", "path": f"{at['path']}?lang=en"} for at in some]
    return {"hi": some, "en": english}.get(language, [*some, *english])


def _signup(app: App) -> int:
    """A sign-up that waits for its confirmation."""
    address = "kavita@example.org"
    return SignupStore(app.database).request(address, address, wording="", detail="", now=app.now())


if __name__ == "__main__":
    sys.exit(main())
