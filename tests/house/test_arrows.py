"""The arrows of the house: no stage imports another, what stands below imports nothing above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "digest"
STAGES = {"collect", "curate", "render", "subscribers", "deliver", "events"}
GROUND = {
    "bulk",
    "garbage",
    "models",
    "errors",
    "hindi",
    "messages",
    "marked_yaml",
    "marked_values",
    "plain_rows",
    "listed_yaml",
    "listed_flow",
    "files",
    "resources",
    "verp",
    "local_time",
}
TOP = {
    "cli",
    "preview",
    "preflight",
    "completing",
    "source_list",
    "schemas",
    "schedule",
    "pipeline",
    "app",
    "freezing",
    "forgetting",
    "hearing",
    "pulling",
    "rehearsal",
    "building",
    "examples",
    "withdrawing",
    "settling",
    "doctor",
    "dkim_verdict",
}
TOP |= {"composing", "web", "work"}
TOP |= {"settings", "settings_file", "settings_sources", "settings_transports", "settings_values", "settings_web"}


def imports(path: Path) -> set[str]:
    """The parts of our package (`collect`, `models`, …) that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module] if node.module != "digest" else [f"digest.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("digest.")}
    return found


def files(part: str) -> list[Path]:
    folder = PACKAGE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{part}.py"]


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_stands_on_the_ground_alone(stage: str) -> None:
    assert files(stage)
    for path in files(stage):
        beyond = imports(path) - GROUND - {stage, "__version__"}
        assert not beyond, f"{path.relative_to(ROOT)} imports {beyond}"


@pytest.mark.parametrize("part", sorted(GROUND))
def test_the_ground_knows_no_stage(part: str) -> None:
    for path in files(part):
        above = imports(path) & (STAGES | TOP | {"store"})
        assert not above, f"{path.relative_to(ROOT)} imports {above}"


def test_the_store_knows_stages_but_nothing_on_top() -> None:
    for path in files("store"):
        assert not imports(path) & TOP, path


@pytest.mark.parametrize(
    "part", ["app", "settings", "settings_file", "freezing", "preflight", "composing", "pipeline", "schedule"]
)
def test_nobody_below_the_command_line_imports_it(part: str) -> None:
    assert "cli" not in imports(PACKAGE / f"{part}.py")


def test_only_the_composition_root_chooses_implementations() -> None:
    """Stages and store are put together in app and pipeline; the table of transports is read by `building` alone."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "transports.load" in path.read_text(encoding="utf-8"):
            assert path.name == "building.py", path


def test_every_part_is_placed() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__"} <= STAGES | GROUND | TOP | {"store"}
