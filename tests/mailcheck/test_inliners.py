"""Inlining is not seen: our letter, the page before inlining and css-inline's are the same pixels."""

from __future__ import annotations

from pathlib import Path

from digest.models import Variant
from tests.mailcheck.requirements import needed
from tools.mail import running
from tools.mail.editions import composed, every_part, samples
from tools.mail.letters import make


def test_three_inlinings_are_the_same_pixels(tmp_path: Path) -> None:
    needed("css_inline")
    with composed("samples", samples()) as found:
        made = make(tmp_path, found, "every-part", every_part(found.edition), Variant("html"))
    rows, ended = running.judge([made], ["pixels"])
    assert ended == 0
    assert [(row.value, row.detail) for row in rows] == [(0, ()), (0, ())]
