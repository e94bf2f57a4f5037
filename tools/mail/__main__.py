"""`make mailcheck`: run every check on every email and print a table; exit 1 if a check finds something."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from digest.models import Variant
from digest.render.variants import variant_for
from tools.mail import runner
from tools.mail.editions import IMAGES, ROOT, composed, every_block, every_part, real, samples, with_images
from tools.mail.emails import CheckedEmail, make, read
from tools.mail.report import report

CHECKS = (*runner.IN_PYTHON, *runner.IN_NODE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mail", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="emails to check (.eml, .html) instead of our own")
    parser.add_argument("--only", default="", help=f"checks, separated by commas: {', '.join(CHECKS)}")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="a folder with feeds/<set>/*.xml")
    parser.add_argument("--out", type=Path, default=ROOT / "build/mailcheck")
    parser.add_argument("--accept-clients", action="store_true", help="make today's caniemail findings the baseline")
    args = parser.parse_args()
    checks = [name for name in args.only.split(",") if name] or list(CHECKS)
    if unknown := [name for name in checks if name not in CHECKS]:
        parser.error(f"no check is named {', '.join(unknown)}")
    if missing := runner.missing():
        sys.stderr.write(f"{missing}\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    emails = [read(args.out, file) for file in args.files] or list(our_emails(args.out, args.data))
    if args.accept_clients:
        return runner.accept_clients(emails)
    rows, code = runner.check(emails, checks)
    with (args.out / "rows.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    sys.stdout.write(report(rows))
    return code or int(any(row.ok is False for row in rows))


def our_emails(out: Path, data: Path) -> Iterator[CheckedEmail]:
    """Yield emails of the samples in both languages, with all topics and one, and of real feeds if there are any."""
    everything = Variant("html")
    with composed("samples-hi", samples()) as hindi:
        edition = hindi.edition
        yield make(out, hindi, "samples-hi", edition, everything)
        yield make(out, hindi, "samples-hi-images", with_images(edition, IMAGES), everything)
        names = [section.name for section in edition.sections]
        topic = variant_for(edition, names[-1:], "html", choosable=names)
        yield make(out, hindi, "samples-hi-one-topic", edition, topic)
        yield make(out, hindi, "every-part", every_part(edition), everything)
        yield make(out, hindi, "every-block", with_images(every_block(edition), IMAGES), everything)
        with composed("samples-en", samples(), edition=edition, language="en") as english:
            yield make(out, english, "samples-en", with_images(english.edition, IMAGES), everything)
        for look in ("modern", "plain"):
            with composed(look, samples(), edition=edition, theme=look) as other:
                yield make(out, other, f"every-part-{look}", every_part(edition), everything)
                yield make(out, other, f"every-block-{look}", with_images(every_block(edition), IMAGES), everything)
    feeds = real(data)
    if not feeds:
        sys.stderr.write(f"{data}: no feeds; only the samples are checked\n")
        return
    with composed("real", feeds) as found:
        yield make(out, found, "real", with_images(found.edition, 0), everything)
        pictured = with_images(found.edition, IMAGES)
        yield make(out, found, "real-images", pictured, everything)
        for look in ("modern", "plain"):
            with composed(look, feeds, edition=pictured, theme=look) as other:
                yield make(out, other, f"real-images-{look}", pictured, everything)


if __name__ == "__main__":
    sys.exit(main())
