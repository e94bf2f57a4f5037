"""Inlining changes no pixels: our email, the page before inlining and the one of css-inline look the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.models import Variant
from tests.mailcheck.requirements import require_tools
from tests.support.profiles import only_thorough
from tools.mail import runner
from tools.mail.editions import composed, every_part, samples
from tools.mail.emails import make


# `make mailcheck` compares all emails in the same way.
@only_thorough
@pytest.mark.slow
def test_three_ways_of_inlining_give_the_same_pixels(tmp_path: Path) -> None:
    require_tools("css_inline")
    with composed("samples", samples()) as found:
        email = make(tmp_path, found, "every-part", every_part(found.edition), Variant("html"))
    rows, code = runner.check([email], ["pixels"])
    assert code == 0
    assert [(row.value, row.detail) for row in rows] == [(0, ()), (0, ())]
