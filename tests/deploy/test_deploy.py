"""The unit is hardened, the dashboard shows metrics that exist, and secrets are read from a file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from digest.config.credentials import with_credentials
from digest.errors import ConfigurationError
from tests.paths import ROOT

DEPLOY = ROOT / "deploy"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_hardened() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(DEPLOY / "digest.service")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= 2.0


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


def test_the_containers_have_no_rights_that_they_do_not_need() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["digest"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    containerfile = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", containerfile, re.M)
    assert re.search(r'^ENTRYPOINT \["digest"\]$', containerfile, re.M)
    for path in re.findall(r"^COPY (?!--from)(.*) \S+$", containerfile, re.M):
        assert all((ROOT / name).exists() for name in path.split())


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
