"""`digest receipt`: a signed statement of how many people got an edition, for auditors and advertisers."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.find_edition import existing
from digest.cli.opening import app_despite_faults
from digest.cli.output import answer, emit, json_option, note, plural, printable, write_file
from digest.errors import ConfigurationError, DigestError


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the receipt as JSON to this file.")
@click.option(
    "--emails",
    "emails",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the emails as sent, without anybody's name, to this folder: their SHA-256 are in the receipt.",
)
@click.option(
    "--verify", "file", type=click.Path(dir_okay=False, path_type=Path), help="Check the receipt in this file."
)
@click.option("--signed-by", metavar="KEY", default="", help="With --verify: the issuer's public key (default: ours).")
@click.option("--public-key", "public", is_flag=True, help="Print the public key, which verifies our receipts.")
@json_option
@click.pass_obj
def receipt(
    home: Path,
    edition: str,
    out: Path | None,
    emails: Path | None,
    file: Path | None,
    signed_by: str,
    public: bool,
    as_json: bool,
) -> int:
    """Issue a signed receipt of EDITION: how many were mailed, how many not, and in which batches.

    It contains no address. Ends with 1 if the edition is not done, which the receipt says too.
    """
    if (bool(edition), file is not None, public).count(True) != 1:
        raise click.UsageError("name an EDITION, or use --verify FILE or --public-key")
    if (out or emails) and not edition:
        raise click.UsageError("--out and --emails go with an EDITION")
    if signed_by and file is None:
        raise click.UsageError("--signed-by goes with --verify")
    if file is not None:
        _verify(home, file, signed_by, as_json=as_json)
        return 0
    if public:
        _show_key(home, as_json=as_json)
        return 0
    return _issue(home, edition, out, emails, as_json=as_json)


def _issue(home: Path, key: str, out: Path | None, emails: Path | None, *, as_json: bool) -> int:
    from digest.receipt import Receipt, as_text, in_lines

    with app_despite_faults(home) as app:
        found = existing(app, key)
        document = app.receipt_issuer.issue(found, app.receipt_key())
        if emails:
            for email in app.editions.emails(key).values():
                for ending, text in (("html", email.html), ("txt", email.text)):
                    if text:
                        write_file(emails / f"{key}-{email.variant}.{ending}", text.encode())
    if out:
        write_file(out, in_lines(document).encode())
        note(f"Wrote {out}.")
    issued = Receipt(document["statement"], document["batches"])
    if as_json:
        emit(document)
    elif not out:
        click.echo(printable(as_text(issued)))
        note(f"`digest receipt {key} --out FILE` writes the signed document.")
    if issued.is_complete:
        return 0
    counts = issued.statement["counts"]
    note(
        f"Edition {key} is {found.state}, with {plural(counts['pending'], 'recipient')} pending and "
        f"{counts['unknown']} unknown. The receipt says so."
    )
    return 1


def _verify(home: Path, file: Path, signed_by: str, *, as_json: bool) -> None:
    from digest.receipt import MAX_SIZE, ReceiptError, as_text, parse_public_key, verify

    trusted = parse_public_key(signed_by) if signed_by else _own_key(home)
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SIZE + 1)
    except OSError as error:
        raise DigestError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        found = verify(data, trusted)
    except ReceiptError as error:
        raise DigestError(f"{file} is refused. {error}") from None
    if as_json:
        emit({"valid": True, "complete": found.is_complete, "statement": found.statement})
        return
    click.echo(printable(as_text(found)))
    click.echo("\nVALID: the signature, the chain and the counts are right.")


def _own_key(home: Path) -> str:
    """Return the public key of this folder's newsletter. Raises ConfigurationError if it has none."""
    from digest.receipt import public_hex

    problem = "expected the issuer's public key: this folder has no key of its own to compare with"
    if not (home / "digest.yaml").is_file():
        raise ConfigurationError.at("--signed-by", problem)
    with app_despite_faults(home, check_list=False) as app:
        key = app.existing_receipt_key()
    if key is None:
        raise ConfigurationError.at("--signed-by", problem)
    return public_hex(key)


def _show_key(home: Path, *, as_json: bool) -> None:
    from digest.receipt import public_hex

    with app_despite_faults(home, check_list=False) as app:
        key = public_hex(app.receipt_key())
    answer({"public_key": key}, key, as_json=as_json)
