"""What composing has counted as bytes, for the next process; and back. Says nothing of where the bytes are kept.

A short head, a table as JSON, and arrays of numbers, never anything that could run. Stems stand in the table once and
in the arrays by their place in it. Bytes of another version of the code, of another machine or damaged ones give
nothing, and everything is counted anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain
from zlib import crc32

from digest.curate.tfidf import Document, is_number

Key = tuple[str, str]
"""An article's id and what tells its versions apart."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a memo holds: documents and furniture's pieces by article, sections by text; the articles by which stems
    were weighted, and in how many of them each stood; the articles that were compared, with the lengths of their leads'
    vectors, and pairs of these (by place) with their scores.
    """

    documents: Mapping[Key, Document]
    pieces: Mapping[Key, Sequence[int]]
    spoken: Mapping[str, tuple[str, tuple[str, ...]]]
    ruled: tuple[float, timedelta]
    base: Collection[Key]
    counts: Mapping[str, int]
    size: int
    compared: Sequence[Key]
    norms: Sequence[float]
    links: Sequence[tuple[int, int, float]]


def packed(kept: Kept) -> bytes:
    """The bytes for `unpacked`."""
    places = _Places({stem: at for at, stem in enumerate(kept.counts)})
    ids, lengths = array("I"), array("I")
    for document in kept.documents.values():
        spelt = document.spelt
        for stems in (spelt.title, spelt.opening, spelt.rest):
            ids.extend(map(places.__getitem__, stems))
        lengths.extend((len(spelt.title), len(spelt.opening), len(spelt.rest), spelt.joined))
    numbers = {key: number for number, key in enumerate(kept.documents)}
    one, other, scores = zip(*kept.links, strict=True) if kept.links else ((), (), ())
    arrays = (
        ids,
        lengths,
        array("I", kept.counts.values()),
        array("I", (numbers[key] for key in kept.compared)),
        array("I", one),
        array("I", other),
        array("d", scores),
        array("d", kept.norms),
        array("I", map(len, kept.pieces.values())),
        array("q", chain.from_iterable(kept.pieces.values())),
    )
    table = {
        "stems": list(places),
        "documents": list(kept.documents),
        "pieces": list(kept.pieces),
        "spoken": kept.spoken,
        "base": sorted(kept.base),
        "ruled": [kept.ruled[0], kept.ruled[1].total_seconds()],
        "size": kept.size,
        "lengths": [len(each) * each.itemsize for each in arrays],
    }
    text = json.dumps(table, ensure_ascii=False).encode()
    body = b"".join((len(text).to_bytes(8, "big"), text, *(each.tobytes() for each in arrays)))
    return _head() + crc32(body).to_bytes(4, "big") + body


class _Places(dict[str, int]):
    """Stem → its place in the table; a new one gets the next place. A third of the time of `setdefault`."""

    def __missing__(self, stem: str) -> int:
        place = self[stem] = len(self)
        return place


def unpacked(data: bytes) -> Kept | None:
    """What was packed; None for anything else."""
    head = _head()
    body = data[len(head) + 4 :]
    if not data.startswith(head) or data[len(head) : len(head) + 4] != crc32(body).to_bytes(4, "big"):
        return None
    end = 8 + int.from_bytes(body[:8], "big")
    table = json.loads(body[8:end])
    arrays = [array(kind) for kind in ("I", "I", "I", "I", "I", "I", "d", "d", "I", "q")]
    for each, length in zip(arrays, table["lengths"], strict=True):
        each.frombytes(body[end : end + length])
        end += length
    ids, lengths, counts, compared, one, other, scores, norms, runs, pieces = arrays
    stems, keys = table["stems"], _keys(table["documents"])
    related, span = table["ruled"]
    return Kept(
        documents=dict(zip(keys, _documents(stems, ids, lengths), strict=True)),
        pieces=dict(zip(_keys(table["pieces"]), _runs(pieces, runs), strict=True)),
        spoken={mark: (section, tuple(hits)) for mark, (section, hits) in table["spoken"].items()},
        ruled=(related, timedelta(seconds=span)),
        base=_keys(table["base"]),
        counts=dict(zip(stems, counts, strict=False)),  # stems that were not counted stand behind
        size=table["size"],
        compared=[keys[number] for number in compared],
        norms=norms,
        links=list(zip(one, other, scores, strict=True)),
    )


def _keys(listed: Sequence[Sequence[str]]) -> list[Key]:
    return [(name, version) for name, version in listed]


@dataclass(frozen=True, slots=True)
class _Stems:
    """The table, and which of its stems are numbers, by place."""

    named: Sequence[str]
    numbers: frozenset[int]


class _Packed:
    """An article's stems as places in the table, read when they are asked for (`tfidf.Spelt`)."""

    def __init__(self, stems: _Stems, ids: array[int], title: int, opening: int, *, joined: bool) -> None:
        self._stems, self._ids = stems, ids
        self._title, self._rest = title, title + opening
        self.joined = joined

    def _read(self, ids: array[int]) -> tuple[str, ...]:
        return tuple(map(self._stems.named.__getitem__, ids))

    @cached_property
    def title(self) -> tuple[str, ...]:
        return self._read(self._ids[: self._title])

    @cached_property
    def opening(self) -> tuple[str, ...]:
        return self._read(self._ids[self._title : self._rest])

    @property
    def rest(self) -> tuple[str, ...]:
        return self._read(self._ids[self._rest :])

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset(map(self._stems.named.__getitem__, self._stems.numbers.intersection(self._ids)))


def _documents(named: Sequence[str], ids: array[int], lengths: array[int]) -> Iterator[Document]:
    stems, at = _Stems(named, frozenset(place for place, stem in enumerate(named) if is_number(stem))), 0
    quarters = iter(lengths)
    for title, opening, rest, joined in zip(quarters, quarters, quarters, quarters, strict=True):
        start, at = at, at + title + opening + rest
        yield Document(_Packed(stems, ids[start:at], title, opening, joined=bool(joined)))


def _runs(pieces: array[int], lengths: array[int]) -> Iterator[array[int]]:
    at = 0
    for length in lengths:
        yield pieces[at : at + length]
        at += length


@cache
def _head() -> bytes:
    """What bytes begin with that this code has made on such a machine: everything that is counted hangs on the code
    and the tables of these two folders."""
    told = hashlib.sha256(sys.byteorder.encode())
    for folder in ("digest.curate", "digest.hindi"):
        for file in sorted(resources.files(folder).iterdir(), key=_name):
            if file.name.endswith((".py", ".txt")):
                told.update(f"{file.name}\n".encode() + file.read_bytes())
    return b"digest counted " + told.digest()


def _name(file: Traversable) -> str:
    return file.name
