"""The unit is hardened, the dashboard shows metrics that exist, and secrets are read from a file."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from digest.config.secrets import with_credentials
from digest.errors import ConfigurationError
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT

DEPLOY = ROOT / "deploy"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["digest.service", "digest-backup.service"])
def test_the_units_are_hardened(name: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(DEPLOY / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= 2.0


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["digest.service", "digest-backup.service", "digest-backup.timer"])
def test_systemd_understands_the_units(tmp_path: Path, name: str) -> None:
    """All of them are verified together; the program is only at its place on a server."""
    for unit in DEPLOY.glob("digest*.*"):
        text = unit.read_text(encoding="utf-8").replace("/opt/digest/venv/bin/digest", shutil.which("true") or "")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.slow
def test_the_backup_runs_by_hand_what_its_unit_says(tmp_path: Path) -> None:
    assert Newsroom(tmp_path).digest("init", "newsletter").code == 0
    newsroom = Newsroom(tmp_path / "newsletter")
    for name in ("digest.db.receipt-key", "digest.db.sending.lock", "digest.db.before-restore-2026-11-22-070000"):
        (newsroom.home / name).touch()
    unit = (DEPLOY / "digest-backup.service").read_text(encoding="utf-8")
    lines = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.replace("$$", "$").replace("%%", "%"))
        for place, here in (
            ("/opt/digest/venv/bin/digest", shlex.join(newsroom.command())),
            ("/var/lib/digest", str(newsroom.home)),
            ("/var/backups/digest", str(tmp_path)),
        ):
            words = [word.replace(place, here) for word in words]
        subprocess.run(words, cwd=newsroom.home, env=newsroom.env(), capture_output=True, timeout=60, check=True)
    [store] = tmp_path.glob("store-[1-7].db")
    [folder] = tmp_path.glob("folder-[1-7].tar.gz")
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    with tarfile.open(folder) as archive:
        names = archive.getnames()
    assert {"./digest.yaml", "./subscribers.yaml"} <= set(names)
    assert [name for name in names if name.startswith(("./digest.db", "./outbox"))] == ["./digest.db.receipt-key"]


def test_the_files_of_deploy_and_its_page_agree() -> None:
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    for name in re.findall(r"/opt/digest/src/(deploy/[\w.-]+)", page):
        assert (ROOT / name).is_file()
    script = DEPLOY / "digest"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", script], capture_output=True, check=False).returncode == 0
    # One file of secrets: the units', the script's and the page's.
    assert "CREDENTIALS_DIRECTORY=/etc/digest " in script.read_text(encoding="utf-8")
    for unit in DEPLOY.glob("*.service"):
        assert "LoadCredential=env:/etc/digest/env\n" in unit.read_text(encoding="utf-8")
    assert "install -o root -g digest -m 640 /dev/null /etc/digest/env\n" in page
    for name in ["COMPOSE_FILE", *re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))]:
        assert re.search(rf'^echo "{name}=.*" >>? \.env$', page, re.M)


def test_the_dashboard_shows_metrics_that_exist() -> None:
    source = (ROOT / "digest/web/health/metrics.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(digest_[a-z_]+)"', source))
    dashboard = (DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8")
    shown = {
        name
        for panel in json.loads(dashboard)["panels"]
        for target in panel["targets"]
        for name in re.findall(r"digest_[a-z_]+", target["expr"])
    }
    assert shown
    assert shown <= known


def credentials(folder: Path, text: str) -> dict[str, str]:
    (folder / "env").write_text(text, encoding="utf-8")
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def test_secrets_are_read_from_the_credential_and_variables_win(tmp_path: Path) -> None:
    environment = credentials(tmp_path, "# keys\n\nSENDGRID_API_KEY=SG.a=b\nOTHER='two words'\nSET=file\n")
    found = with_credentials({**environment, "SET": "variable"})
    assert (found["SENDGRID_API_KEY"], found["OTHER"], found["SET"]) == ("SG.a=b", "two words", "variable")
    assert with_credentials({"A": "b"}) == {"A": "b"}
    assert with_credentials({"CREDENTIALS_DIRECTORY": "/nowhere"}) == {"CREDENTIALS_DIRECTORY": "/nowhere"}


def test_a_wrong_line_is_named_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        with_credentials(credentials(tmp_path, "A=b\nexport KEY=hunter2\n"))
    [problem] = raised.value.problems
    assert problem.line == 2
    assert "hunter2" not in str(problem)
