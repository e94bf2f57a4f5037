"""Writes an edition's letter to files, as a reader called asha@example.com would get it."""

from __future__ import annotations

from pathlib import Path

from digest.app import App
from digest.errors import DigestError
from digest.models import Edition, Variant


def write_preview(app: App, edition: Edition, out: Path) -> tuple[list[Path], dict[str, int]]:
    """`EDITION.html`, `EDITION.txt` and `EDITION.eml` in `out`, and the letter's sizes in bytes. A frozen edition is
    shown as its readers got it; the pictures of a mail stand in the .html itself. Raises DigestError when it can't be
    written."""
    from digest.deliver.message import Outgoing, carried, cids, fill, recipient
    from digest.deliver.mime import build
    from digest.preview.frames import with_pictures
    from digest.render.size import measure

    kept = app.editions.letters(edition.key)
    letter = kept.get("html") or app.renderer.render(edition, Variant("html"), now=app.now())
    if letter is None:
        raise DigestError(f"edition {edition.key} has no story to show")
    reader = recipient(0, "asha@example.com", app.sender, app.signer.letters)
    pictures = carried(letter, app.articles.pictures.held(cids([letter])))
    outgoing = Outgoing(edition.key, "preview", "preview", letter, app.sender, (reader,), pictures)
    sizes = measure(letter)
    parts = {
        "html": with_pictures(fill(letter.html, reader.values), pictures).encode(),
        "txt": fill(letter.text, reader.values).encode(),
        "eml": build(outgoing, reader, date=app.now()),
    }
    files = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for ending, data in parts.items():
            file = out / f"{edition.key}.{ending}"
            file.write_bytes(data)
            files.append(file)
    except OSError as error:
        raise DigestError(f"{out}: can't be written: {error.strerror}") from error
    return files, {"decoded": sizes.decoded, "base64": sizes.base64, "quoted_printable": sizes.quoted_printable}
