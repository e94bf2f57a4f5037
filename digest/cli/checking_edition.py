"""The part of `digest check` that looks an edition's letters over, as a send would, and more closely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digest.cli.editions import key_of, looked_at
from digest.cli.output import note

if TYPE_CHECKING:
    from digest.app import App
    from digest.usecases.preflight import PreflightResult


def check_edition(app: App, named: str, *, links: bool) -> dict[str, Any]:
    """What is found in the letters of an edition, composed if need be: `errors`, `warnings`, `left_out`, and the
    `letters` with their sizes in bytes. `links`: every address is asked for. Raises DigestError for none such."""
    from digest.usecases.preflight import spam_score, unreachable_links

    key = key_of(app, named)
    edition = looked_at(app, key)
    if edition.state == "skipped":
        return {"edition": key, "state": edition.state, "reason": edition.reason, "errors": [], "warnings": []}
    found = app.preflight.check_edition(edition, app.enqueuer.variants_in_use(edition))
    more = spam_score(_mail(app, key, found)) if found.emails else []
    if links:
        note("asking every address in the letters …")
        more += unreachable_links(found.emails, app.fetcher, app.sources)
    return {
        "edition": key,
        "state": edition.state,
        "errors": [*found.errors, *(one.message for one in more if one.level == "error")],
        "warnings": [*found.warnings, *(one.message for one in more if one.level == "warning")],
        "left_out": list(found.left_out),
        "letters": [_sizes(letter) for letter in found.emails],
    }


def _sizes(letter: Any) -> dict[str, Any]:
    from digest.render.fit import measure

    sizes = measure(letter)
    return {
        "variant": letter.variant,
        "subject": letter.subject,
        "decoded": sizes.decoded,
        "base64": sizes.base64,
        "quoted_printable": sizes.quoted_printable,
    }


def _mail(app: App, key: str, found: PreflightResult) -> bytes:
    from digest.deliver.message import Outgoing, carried, cids, recipient
    from digest.deliver.mime import build

    reader = recipient(0, "asha@example.com", app.sender, app.signer.letters)
    letter = found.emails[0]
    pictures = carried(letter, app.articles.pictures.held(cids([letter])))
    outgoing = Outgoing(key, "check", "check", letter, app.sender, (reader,), pictures)
    return build(outgoing, reader, date=app.now())
