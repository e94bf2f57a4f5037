"""Decompressing bodies while they are received: all encodings, and no bomb."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.http.decode import BodyTooLarge, DecompressError, accept_encoding, decompress
from tests.support.cpu import is_linear

TEXT = "नहर में पानी आया। ".encode() * 500


def _brotli(data: bytes) -> bytes:
    brotli = pytest.importorskip("brotli", reason="the extra `compression` is not installed")
    packed: bytes = brotli.compress(data, quality=5)
    return packed


def _zstd(data: bytes) -> bytes:
    zstandard = pytest.importorskip("zstandard", reason="the extra `compression` is not installed")
    packed: bytes = zstandard.ZstdCompressor().compress(data)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": _brotli,
    "zstd": _zstd,
}
ENCODINGS = pytest.mark.parametrize("encoding", sorted(PACKERS))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@ENCODINGS
@pytest.mark.parametrize("size", [1, 7, 65536])
def test_compressed_bodies_are_decompressed(encoding: str, size: int) -> None:
    packed = PACKERS[encoding](TEXT)
    assert b"".join(decompress(pieces(packed, size), encoding, limit=len(TEXT))) == TEXT


@pytest.mark.slow
@ENCODINGS
def test_a_bomb_stops_at_the_limit(encoding: str) -> None:
    packed = PACKERS[encoding](bytes(30_000_000))
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        for _ in decompress(pieces(packed, 65536), encoding, limit=1_000_000):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


@ENCODINGS
@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_body_that_ended_too_early_is_damaged(encoding: str, cut: int) -> None:
    with pytest.raises(DecompressError):
        list(decompress([PACKERS[encoding](TEXT)[:-cut]], encoding, limit=len(TEXT)))


@ENCODINGS
@given(junk=st.binary(min_size=1, max_size=300))
def test_junk_gives_an_error_or_little_output(encoding: str, junk: bytes) -> None:
    # Skips if the decoder is not installed.
    PACKERS[encoding](b"")
    try:
        assert sum(map(len, decompress([junk], encoding, limit=10_000))) <= 10_000
    except (DecompressError, BodyTooLarge):
        return


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_several_members_are_one_body(encoding: str) -> None:
    pack = PACKERS[encoding]
    assert b"".join(decompress([pack(b"one ") + pack(b"two")], encoding, limit=100)) == b"one two"


def test_many_empty_members_take_linear_time() -> None:
    def unpack(data: bytes) -> None:
        assert b"".join(decompress([data], "gzip", limit=1_000)) == b""

    assert is_linear(unpack, lambda size: gzip.compress(b"") * (size // 20), 2_000_000, floor=0.1)


def test_only_supported_encodings_are_requested() -> None:
    assert "gzip" in accept_encoding()
    with pytest.raises(DecompressError, match="not asked for"):
        list(decompress([b"x"], "compress", limit=10))
    with pytest.raises(DecompressError, match="not asked for"):
        list(decompress([b"x"], "gzip, br", limit=10))
    for encoding in accept_encoding().split(", "):
        assert list(decompress([PACKERS[encoding](b"x")], f" {encoding.upper()} ", limit=10))
