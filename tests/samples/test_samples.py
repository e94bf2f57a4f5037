"""The samples are fiction: nothing in them leads to a real host, and each picture belongs to one article."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from tests.paths import ROOT

SAMPLES = ROOT / "samples"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".png")
IMAGES = sorted(SAMPLES.rglob("*.png"))
NAMESPACES = {"www.w3.org", "purl.org", "wellformedweb.org", "jsonfeed.org", "ogp.me"}


def test_each_image_is_small_has_a_drawing_and_is_used_once_with_alt_text() -> None:
    texts = "\n".join(html.unescape(path.read_text("utf-8")) for path in FILES if path.suffix != ".svg")
    assert {path.stem for path in IMAGES} == {path.stem for path in (SAMPLES / "drawings").glob("*.svg")}
    assert len(IMAGES) == 8
    for path in IMAGES:
        assert path.stat().st_size <= 15_000
        named = rf"src=\"(?:pictures/)?{path.name}\"[^>]* alt=\"[ऀ-ॿ]|image: {path.name}\nimage_alt: [ऀ-ॿ]"
        assert len(re.findall(named, texts)) == 1, path.name


def test_every_address_is_reserved_for_examples() -> None:
    for path in FILES:
        found = re.findall(r"https?://[^\s\"'<>)\]]+", path.read_text("utf-8"))
        hosts = {urlsplit(url).hostname or "" for url in found}
        strange = {host for host in hosts - NAMESPACES if not host.endswith((".example", ".example.com"))}
        assert not strange, f"{path.name}: {strange}"
