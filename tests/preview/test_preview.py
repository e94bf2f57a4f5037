"""The browser preview shows the edition, follows changes, and is private."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from digest.hindi import cut
from digest.preview import content_security_policy
from digest.usecases.shown_email import in_scheme
from tests.cli.newsroom import Newsroom
from tests.preview.conftest import KEY, Viewer
from tests.support.profiles import only_thorough

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow


def test_the_state_holds_what_a_recipient_would_see(viewer: Viewer, newsroom: Newsroom) -> None:
    state = viewer.state()
    composed = newsroom.json("edition", "show", KEY)
    assert (state["edition"], state["state"], state["error"]) == (KEY, "draft", "")
    assert state["preheader"] == composed["preheader"]
    first = state["variants"][0]
    assert first["subject"] == composed["subject"]
    assert cut.length(first["phone_subject"]) <= 38
    assert first["sizes"]["decoded"] < first["sizes"]["base64"] < first["sizes"]["quoted_printable"]
    assert first["level"] == "ok"
    assert composed["sections"][0]["stories"][0]["title"][:20] in first["text"]
    assert "DGX" not in first["text"]


def test_subscribers_topics_give_variants(viewer: Viewer, newsroom: Newsroom) -> None:
    newsroom.set_subscribers(
        "email: a@example.com, topics: [खेल]", "email: b@example.com, format: text", "email: c@example.com"
    )
    variants = {variant["key"]: variant for variant in viewer.state()["variants"]}
    assert len(variants) == 3
    assert variants["html"]["topics"] == ""
    assert not variants["text"]["html"]
    other = next(variant for key, variant in variants.items() if key.startswith("html-"))
    assert other["topics"] == "खेल"
    assert viewer.get(f"/letter.html?variant={other['key']}")[0] == 200
    assert viewer.get("/letter.html?variant=text")[0] == 404


def test_a_changed_template_or_setting_is_shown(viewer: Viewer, newsroom: Newsroom) -> None:
    before = viewer.state()["version"]
    assert viewer.state()["version"] == before
    own = newsroom.home / "templates" / "letter.html.j2"
    own.write_text('{% extends "house/letter.html.j2" %}{% block intro %}<tr><td>नमस्ते</td></tr>{% endblock %}')
    assert viewer.state()["version"] != before
    assert "नमस्ते" in viewer.get("/letter.html")[2]
    newsroom.edit_settings("  name: सुबह की ख़बरें", "  name: शाम की ख़बरें")
    assert viewer.state()["name"] == "शाम की ख़बरें"


def test_the_newsroom_s_edits_are_shown(viewer: Viewer, newsroom: Newsroom) -> None:
    before = viewer.state()["version"]
    assert newsroom.digest("edition", "edit", KEY, "--subject", "आज की सुबह").code == 0
    state = viewer.state()
    assert state["version"] != before
    assert state["variants"][0]["subject"] == "आज की सुबह"


def test_an_error_is_shown_beside_the_last_good_email(viewer: Viewer, newsroom: Newsroom) -> None:
    good = viewer.state()
    own = newsroom.home / "templates" / "letter.html.j2"
    own.write_text("<!DOCTYPE html>\n{{ naem }}")
    broken = viewer.state()
    assert "letter.html.j2:2" in broken["error"]
    assert broken["version"] != good["version"]
    assert broken["variants"] == good["variants"]
    own.unlink()
    fixed = viewer.state()
    assert fixed["error"] == ""
    assert fixed["version"] == good["version"]
    (newsroom.home / "digest.yaml").write_text("newsletter: {nmae: x}\n")
    assert "digest.yaml:1" in viewer.state()["error"]


def test_frames_run_no_scripts_and_load_images_only_on_request(viewer: Viewer) -> None:
    _, headers, html = viewer.get("/letter.html?scheme=dark&images=0")
    assert headers["content-security-policy"] == content_security_policy(images=False)
    assert "script-src" not in headers["content-security-policy"]
    assert "img-src 'none'" in headers["content-security-policy"]
    assert "@media all{" in html
    assert "prefers-color-scheme" not in html
    assert 'src="data:image/png;base64,' in html
    assert "cid:" not in html
    light = viewer.get("/letter.html?scheme=light")
    assert "img-src https:" in light[1]["content-security-policy"]
    assert "@media not all{" in light[2]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example:1"])
def test_requests_under_another_host_name_are_rejected(viewer: Viewer, host: str) -> None:
    status, _, body = viewer.get("/state.json", host=host or " ")
    assert status == 403
    assert KEY not in body


@pytest.mark.parametrize("path", ["/", "/viewer.js", "/viewer.css"])
def test_the_viewer_loads_nothing_from_other_hosts(viewer: Viewer, path: str) -> None:
    status, headers, body = viewer.get(path)
    assert status == 200
    assert headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"https?://", body)


def test_other_paths_are_not_found(viewer: Viewer) -> None:
    assert viewer.get("/../../digest.yaml")[0] == 404
    assert viewer.get("/viewer.js/../../server.py")[0] == 404


def test_light_and_dark_rules_are_switched() -> None:
    rules = "@media (prefers-color-scheme:dark){a{}}@media ( prefers-color-scheme : light ){b{}}"
    html = f"<head><style>{rules}</style></head>"
    assert "@media not all{a{}}@media all{b{}}" in in_scheme(html, "light")
    assert "@media all{a{}}@media not all{b{}}" in in_scheme(html, "dark")


# The test below starts and stops it too.
@only_thorough
@pytest.mark.parametrize(
    ("signum", "background"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGTERM, True)],
)
def test_the_command_serves_until_it_is_stopped(newsroom: Newsroom, signum: int, background: bool) -> None:
    """A process started by a background shell inherits SIGINT as ignored."""
    inherited = signal.signal(signal.SIGINT, signal.SIG_IGN if background else signal.default_int_handler)
    try:
        process = subprocess.Popen(
            newsroom.command("preview", KEY, "--open", "--no-browser"),
            cwd=newsroom.home,
            env=newsroom.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, inherited)
    with process:
        try:
            output = ""
            assert process.stderr is not None
            while "http://127.0.0.1:" not in output:
                line = process.stderr.readline()
                assert line, output
                output += line
            os.kill(process.pid, signum)
            _, rest = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, output + rest
    assert "Stopped." in rest


def test_by_ssh_the_tunnel_is_named_and_no_browser_starts(newsroom: Newsroom, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n", encoding="utf-8")
    browser.chmod(0o755)
    remote = {"SSH_CONNECTION": "192.0.2.2 50000 192.0.2.1 22", "BROWSER": str(browser)}
    environment = {name: value for name, value in newsroom.env(remote).items() if "DISPLAY" not in name}
    command = newsroom.command("preview", KEY, "--open")
    with subprocess.Popen(command, cwd=newsroom.home, env=environment, stderr=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stderr or ():
            lines.append(line)
            if "Showing edition" in line:
                process.terminate()
    assert process.returncode == 0
    text = "".join(lines)
    port = re.search(r"at http://127\.0\.0\.1:([0-9]+)", text)
    assert port
    assert f"run `ssh -N -L {port[1]}:127.0.0.1:{port[1]} THIS-SERVER` there" in text
    assert not (tmp_path / "started").exists()


def test_a_port_in_use_is_one_sentence(viewer: Viewer, newsroom: Newsroom) -> None:
    port = viewer.server.server_address[1]
    run = newsroom.digest("preview", KEY, "--open", "--no-browser", "--port", str(port))
    assert run.code == 1
    assert f"Cannot listen on port {port}" in run.err


def test_a_browser_that_disconnects_leaves_no_traceback(viewer: Viewer, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        with socket.create_connection(viewer.server.server_address[:2]) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n")
    assert viewer.get("/")[0] == 200
    viewer.server.shutdown()
    assert "Traceback" not in capfd.readouterr().err
