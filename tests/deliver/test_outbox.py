"""The outbox: one file for each recipient and edition, replaced as a whole, inside its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.deliver.outbox import Outbox
from digest.deliver.outcome import Accepted, NotSent
from tests.deliver.emails import RecordingLog, many, outgoing, read
from tests.deliver.transports import clock


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_handing_a_batch_over_again_changes_nothing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    for _ in range(2):
        assert outbox.submit(outgoing("asha@example.com", "Ravi+x@example.com"), RecordingLog()) == Accepted()
    assert names(tmp_path) == ["2026-11-23/00000001-asha@example.com.eml", "2026-11-23/00000002-Ravi+x@example.com.eml"]
    assert read((tmp_path / names(tmp_path)[0]).read_bytes())["To"] == "asha@example.com"


def test_editions_have_folders_of_their_own(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    for edition in ("2026-11-23", "2026-11-24", "बजट विशेष", "खेल विशेष", "a.b"):
        outbox.submit(outgoing("asha@example.com", edition=edition), RecordingLog())
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert len(names(tmp_path)) == len(folders) == 5
    assert {"2026-11-23", "2026-11-24", "a.b"} < set(folders)


@pytest.mark.parametrize("edition", ["../../evil", "..", ".", "/etc", "a/b", ""])
@pytest.mark.parametrize("address", ["../../evil@example.com", "/etc/passwd@example.com", "a/b\\c@example.com"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, edition: str, address: str) -> None:
    folder = tmp_path / "deep" / "outbox"
    assert Outbox(folder, clock).submit(outgoing(address, edition=edition), RecordingLog()) == Accepted()
    (found,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found.parent.parent == folder


def test_addresses_that_look_alike_as_file_names_do_not_meet(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    outbox.submit(
        outgoing("a!b@example.com", "a#b@example.com", "x" * 200 + "@example.com", "x" * 199 + "@example.com"),
        RecordingLog(),
    )
    assert len(names(tmp_path)) == 4
    assert all(len(name) < 150 for name in names(tmp_path))


def test_a_folder_without_write_access_is_a_permanent_failure(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way")
    outbox = Outbox(tmp_path / "outbox", clock)
    outcome = outbox.submit(outgoing(*many(3)), RecordingLog())
    assert isinstance(outcome, NotSent)
    assert outcome.permanent
    assert "outbox" in str(outbox.probe())


def test_nothing_half_written_is_left_behind(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, clock)
    (tmp_path / "2026-11-23").mkdir()
    (tmp_path / "2026-11-23" / "00000002-subscriber2@example.com.eml").mkdir()
    outcome = outbox.submit(outgoing(*many(3)), RecordingLog())
    assert isinstance(outcome, NotSent)
    assert names(tmp_path) == ["2026-11-23/00000001-subscriber1@example.com.eml"]
    assert outbox.probe() is None
    assert len(names(tmp_path)) == 1
