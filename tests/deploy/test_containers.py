"""Containers have few rights, and each starts with the command and the environment that its file gives it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support.profiles import only_thorough
from tests.workers.running import PATIENCE, WorkerProcess, until

DEPLOY = ROOT / "deploy"
# What Kubernetes sets in every pod.
IN_EVERY_POD = {
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
    "KUBERNETES_PORT": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
}
# What it also sets for the Service, unless `enableServiceLinks` is false.
LINKS = {"DIGEST_WEB_SERVICE_HOST": "10.96.0.9", "DIGEST_WEB_PORT": "tcp://10.96.0.9:80"}


@dataclass(frozen=True)
class Container:
    """`arguments` of `digest`. A probe is a command of Python, or a path of the pages."""

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    probes: list[str]
    grace: int


def compose() -> dict[str, dict[str, Any]]:
    """The services of both files. A worker extends `digest` as the Compose specification says."""
    base: dict[str, dict[str, Any]] = loaded("compose.yaml")[0]["services"]
    added: dict[str, dict[str, Any]] = loaded("compose.workers.yaml")[0]["services"]
    worker = added["worker"]
    assert worker["extends"] == {"file": "compose.yaml", "service": "digest"}
    return {**base, "worker": {**base["digest"], **worker}}


def loaded(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def containers_of_compose() -> list[Container]:
    services = compose()
    [command] = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), re.M)
    return [
        Container(
            f"compose {name}",
            services[name].get("command") or yaml.safe_load(command),
            # The proxies are those of its own network. It listens on all addresses, which a test must not.
            {**services[name]["environment"], "DIGEST_WEB__HOST": "127.0.0.1"},
            [python_of(services[name]["healthcheck"]["test"][1])],
            int(services[name]["stop_grace_period"].removesuffix("s")),
        )
        for name in ("digest", "worker")
    ]


def python_of(line: str) -> str:
    """The program of a health check that the shell runs."""
    [program] = re.findall(r'^python -c "(.*)"$', line)
    return str(program)


def pods() -> list[tuple[str, dict[str, Any]]]:
    found = [each for name in ("kubernetes.setup.yaml", "kubernetes.yaml") for each in loaded(name)]
    return [
        (each["metadata"]["name"], each["spec"] if each["kind"] == "Pod" else each["spec"]["template"]["spec"])
        for each in found
        if each["kind"] in ("Pod", "Deployment")
    ]


def containers_of_kubernetes() -> list[Container]:
    found = []
    for name, pod in pods():
        [container] = pod["containers"]
        if "args" not in container:
            continue
        probes = [container[key] for key in ("livenessProbe", "readinessProbe")]
        environment = {
            **IN_EVERY_POD,
            **(LINKS if pod.get("enableServiceLinks", True) else {}),
            **{each["name"]: each["value"] for each in container.get("env", [])},
        }
        probes = [each["exec"]["command"][2] if "exec" in each else each["httpGet"]["path"] for each in probes]
        grace = pod.get("terminationGracePeriodSeconds", 30)
        arguments = [re.sub(r"^0\.0\.0\.0$", "127.0.0.1", word) for word in container["args"]]
        found.append(Container(f"pod {name}", arguments, environment, probes, grace))
    return found


def free_port() -> str:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return str(bound.getsockname()[1])


# tests/cli/test_logs.py starts and ends `digest run`, and tests/web/test_health.py asks what the probes ask.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize(
    "container", [*containers_of_kubernetes(), *containers_of_compose()], ids=lambda each: each.name
)
def test_each_container_starts_answers_its_probes_and_ends(
    container: Container, newsroom: Newsroom, tmp_path: Path, postgres_url: str
) -> None:
    ports = {"9464": free_port(), "8000": free_port()}
    given = dict(container.environment)
    # Compose has the secrets in a file, Kubernetes in variables.
    if "CREDENTIALS_DIRECTORY" in given:
        given["CREDENTIALS_DIRECTORY"] = str(tmp_path)
        (tmp_path / "env").write_text(f"DIGEST_STORE__URL={postgres_url}\n", encoding="utf-8")
    else:
        given["DIGEST_STORE__URL"] = postgres_url
    # At night no edition is due.
    environment = {**given, "DIGEST_WEB__PORT": ports["8000"], "DIGEST_NOW": "2026-11-23T01:00+05:30"}
    log = tmp_path / "log"
    arguments = [ports.get(word, word) for word in container.arguments]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            newsroom.command(*arguments), env=newsroom.env(environment), cwd=newsroom.home, stderr=errors
        )
    started = WorkerProcess(process, log)
    try:
        until(lambda: started.says("Stop with Ctrl-C") or process.poll() is not None, "the start")
        assert process.poll() is None, log.read_text(encoding="utf-8")
        for probe in container.probes:
            assert_answers(probe, ports)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def assert_answers(probe: str, ports: Mapping[str, str]) -> None:
    """As the kubelet asks: a command in the container, or a request to the address of the pod."""
    if probe.startswith("/"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{ports['8000']}{probe}", headers={"Host": "10.244.1.7:8000"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 200
        return
    program = probe.replace("9464", ports["9464"]).replace("timeout=5", "timeout=30")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_container_gets_the_time_that_it_needs_to_end() -> None:
    graces = {each.name: each.grace for each in [*containers_of_compose(), *containers_of_kubernetes()]}
    assert {name: grace > 30 for name, grace in graces.items() if "worker" in name} == {
        "compose worker": True,
        "pod digest-worker": True,
    }
    assert graces["compose digest"] > 20


def test_alerts_of_workers_have_links_for_approval() -> None:
    """They are left out if no pages are served, see `alerts.approval_links`."""
    workers = [each for each in [*containers_of_compose(), *containers_of_kubernetes()] if "worker" in each.name]
    assert [each.environment.get("DIGEST_WEB__ENABLED") for each in workers] == ["true", "true"]


def test_the_image_runs_as_a_user_and_ends_on_sigterm() -> None:
    containerfile = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", containerfile, re.M)
    # The kernel drops a SIGTERM to process 1 that has no handler yet.
    assert re.search(r'^ENTRYPOINT \["tini", "--", "digest"\]$', containerfile, re.M)
    assert re.search(r"apt-get install .* tini ", containerfile)
    for path in re.findall(r"^COPY (?!--from)(.*) \S+$", containerfile, re.M):
        assert all((ROOT / name).exists() for name in path.split())


def test_compose_gives_no_rights_that_are_not_needed() -> None:
    services = compose()
    for service in (services["digest"], services["worker"]):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        # One image, so that an upgrade replaces both.
        assert service["image"] == "hindi-digest"
    assert services["worker"]["deploy"]["replicas"] == 3


def test_pods_are_restricted() -> None:
    """As the Pod Security Standard "restricted" asks, and with a root file system that nobody can write."""
    found = dict(pods())
    assert set(found) == {"setup", "digest-worker", "digest-web"}
    for pod in found.values():
        [container] = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"] == found["digest-worker"]["securityContext"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"] == found["setup"]["containers"][0]["image"]
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}
    [claim] = [each for each in loaded("kubernetes.setup.yaml") if each["kind"] == "PersistentVolumeClaim"]
    for pod in found.values():
        assert {"name": "newsletter", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} in pod[
            "volumes"
        ]


def test_deployments_select_their_pods_and_probe_them() -> None:
    deployments = {
        each["metadata"]["name"]: each["spec"] for each in loaded("kubernetes.yaml") if each["kind"] == "Deployment"
    }
    assert deployments["digest-worker"]["replicas"] == 3
    for spec in deployments.values():
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"] == labels
        [container] = spec["template"]["spec"]["containers"]
        # An unavailable store must not restart a process in the middle of a send.
        assert "/healthz" in str(container["livenessProbe"])
        assert "/readyz" in str(container["readinessProbe"])
    [service] = [each["spec"] for each in loaded("kubernetes.yaml") if each["kind"] == "Service"]
    web = deployments["digest-web"]["template"]
    assert service["selector"] == web["metadata"]["labels"]
    assert service["ports"][0]["targetPort"] in {each["name"] for each in web["spec"]["containers"][0]["ports"]}
