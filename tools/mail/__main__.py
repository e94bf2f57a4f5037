"""`make mailcheck`: every judge on every letter, one table; exit 1 when one of them finds something."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from digest.models import Variant
from digest.render.variants import variant_for
from tools.mail import running
from tools.mail.editions import PICTURES, ROOT, composed, every_part, pictured, real, samples
from tools.mail.letters import Made, make, read
from tools.mail.report import report

JUDGES = (*running.IN_PYTHON, *running.IN_NODE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mail", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="letters to judge (.eml, .html) instead of our own")
    parser.add_argument("--only", default="", help=f"judges, comma between: {', '.join(JUDGES)}")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="a folder with feeds/<set>/*.xml")
    parser.add_argument("--out", type=Path, default=ROOT / "build/mailcheck")
    parser.add_argument("--accept-clients", action="store_true", help="make today's caniemail findings the baseline")
    given = parser.parse_args()
    judges = [name for name in given.only.split(",") if name] or list(JUDGES)
    if unknown := [name for name in judges if name not in JUDGES]:
        parser.error(f"no judge is named {', '.join(unknown)}")
    if sentence := running.missing():
        sys.stderr.write(f"{sentence}\n")
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    made = [read(given.out, file) for file in given.files] or list(letters(given.out, given.data))
    if given.accept_clients:
        return running.accept_clients(made)
    rows, ended = running.judge(made, judges)
    with (given.out / "rows.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    sys.stdout.write(report(rows))
    return ended or int(any(row.ok is False for row in rows))


def letters(out: Path, data: Path) -> Iterator[Made]:
    """Our own letters: samples in both languages, all topics and one, and real feeds where they are."""
    everything = Variant("html")
    with composed("samples-hi", samples()) as hindi:
        edition = hindi.edition
        yield make(out, hindi, "samples-hi", edition, everything)
        yield make(out, hindi, "samples-hi-pictures", pictured(edition, PICTURES), everything)
        topic = variant_for(edition, [edition.sections[-1].name], "html")
        yield make(out, hindi, "samples-hi-one-topic", edition, topic)
        yield make(out, hindi, "every-part", every_part(edition), everything)
        with composed("samples-en", samples(), edition=edition, language="en") as english:
            yield make(out, english, "samples-en", pictured(english.edition, PICTURES), everything)
        for look in ("modern", "plain"):
            with composed(look, samples(), edition=edition, theme=look) as other:
                yield make(out, other, f"every-part-{look}", every_part(edition), everything)
    feeds = real(data)
    if not feeds:
        sys.stderr.write(f"{data}: no feeds; only the samples are judged\n")
        return
    with composed("real", feeds) as found:
        yield make(out, found, "real", pictured(found.edition, 0), everything)
        yield make(out, found, "real-pictures", pictured(found.edition, PICTURES), everything)


if __name__ == "__main__":
    sys.exit(main())
