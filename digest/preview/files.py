"""Write an edition's email to files, as a recipient called asha@example.com would get it."""

from __future__ import annotations

from pathlib import Path

from digest.app import App
from digest.errors import DigestError
from digest.models import Edition, Variant


def write_preview(app: App, edition: Edition, out: Path) -> tuple[list[Path], dict[str, int]]:
    """Write `EDITION.html`, `EDITION.txt` and `EDITION.eml` to `out`; returns the files and the email's sizes in bytes.

    A frozen edition is shown as it was sent. The .html file contains the attached images. Raises DigestError if a
    file cannot be written.
    """
    from digest.deliver.message import Outgoing, content_ids, inline_images, recipient, substitute
    from digest.deliver.mime import build
    from digest.preview.state import with_images
    from digest.render.size_budget import measure

    frozen = app.editions.letters(edition.key)
    email = frozen.get("html") or app.renderer.render(edition, Variant("html"), now=app.now())
    if email is None:
        raise DigestError(f"edition {edition.key} has no story to show")
    reader = recipient(0, "asha@example.com", app.sender, app.signer.sign_letter)
    images = inline_images(email, app.articles.pictures.held(content_ids([email])))
    outgoing = Outgoing(edition.key, "preview", "preview", email, app.sender, (reader,), images)
    sizes = measure(email)
    parts = {
        "html": with_images(substitute(email.html, reader.values), images).encode(),
        "txt": substitute(email.text, reader.values).encode(),
        "eml": build(outgoing, reader, date=app.now()),
    }
    files = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for suffix, data in parts.items():
            file = out / f"{edition.key}.{suffix}"
            file.write_bytes(data)
            files.append(file)
    except OSError as error:
        raise DigestError(f"{out}: cannot be written: {error.strerror}") from error
    return files, {"decoded": sizes.decoded, "base64": sizes.base64, "quoted_printable": sizes.quoted_printable}
