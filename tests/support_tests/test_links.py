"""Links between namespaces: packets arrive, get lost by the seed, or vanish while the link is cut."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.killing import serving
from tests.support.links import CENTRE, inside, star, why_not

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
]

_GET = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).read()"


def reaches(namespace: str, url: str, seconds: float) -> bool:
    command = [*inside(namespace), sys.executable, "-c", _GET, url, str(seconds)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False, timeout=60).returncode == 0


def test_nodes_reach_the_server_until_their_link_is_cut() -> None:
    with (
        star(2, seed=1) as (centre, nodes, links),
        serving("tests.support.sendgrid_server", "--host", "0.0.0.0", prefix=inside(centre)) as url,
    ):
        state = f"http://{CENTRE}:{url.rpartition(':')[2]}/_test/state"
        assert [reaches(node, state, 30) for node in nodes] == [True, True]
        links[0].is_cut = True
        assert not reaches(nodes[0], state, 0.3)
        assert reaches(nodes[1], state, 30)
        links[0].is_cut = False
        # TCP repeats what is lost.
        links[0].loss = 0.2
        assert reaches(nodes[0], state, 30)
    assert subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.count(centre) == 0
