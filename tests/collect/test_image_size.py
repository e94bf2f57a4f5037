"""Headers of images: three formats are measured, everything else is refused without an exception."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.images import MAX_SIDE, Header, read_header
from tests.collect.drawn import gif, jpeg, png

KINDS = {"image/png": png, "image/gif": gif, "image/jpeg": jpeg}
SIDES = st.integers(1, MAX_SIDE)


@given(SIDES, SIDES, st.sampled_from(["image/gif", "image/jpeg"]))
def test_sides_are_read(width: int, height: int, kind: str) -> None:
    assert read_header(KINDS[kind](width, height)) == Header(kind, width, height)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1088, 612), (3, 900)])
def test_sides_of_a_png_are_read(width: int, height: int) -> None:
    assert read_header(png(width, height)) == Header("image/png", width, height)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_header_cut_anywhere_is_no_image_or_the_same(kind: str) -> None:
    whole = KINDS[kind]()
    for length in range(len(whole)):
        assert read_header(whole[:length]) in (None, Header(kind, 40, 30))


@pytest.mark.parametrize(
    "data", [gif(0, 9), gif(9, 0), gif(60_000, 9), png(40, 30).replace(struct.pack(">I", 40), b"\xff" * 4)]
)
def test_extreme_dimensions_are_refused(data: bytes) -> None:
    assert read_header(data) is None


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe1\x00\x00"]),
)
def test_any_bytes_are_accepted(data: bytes, start: bytes) -> None:
    found = read_header(start + data)
    assert found is None or (0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE)
