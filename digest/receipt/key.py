"""The key that signs receipts: from the environment, or a file for its owner only that is made on first use."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.utils import redact
from digest.utils.files import PRIVATE_FILE, open_mode, sync_folder, write_private

# Environment variable: the private key, 32 bytes in hexadecimal.
KEY_ENV = "DIGEST_RECEIPT_KEY"
_KEY = re.compile(r"[0-9a-fA-F]{64}\Z")
_PUBLIC = _KEY


def find_key(given: str, file: Path) -> Ed25519PrivateKey | None:
    """Return the key that is given in the environment, or else that of the file; None if there is neither.

    Raises ConfigurationError for an unusable one."""
    if given.strip():
        return _parsed(given, KEY_ENV)
    try:
        text = file.read_text(encoding="ascii")
        mode = open_mode(file)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise DigestError(f"{file}: the key for receipts can't be read: {error}") from error
    if mode:
        with contextlib.suppress(OSError):
            file.chmod(PRIVATE_FILE)
        mode = open_mode(file)
    if mode:
        raise DigestError(f"{file}: other users can read the key for receipts (mode {mode:04o}); run chmod 600 on it")
    return _parsed(text, str(file))


def find_or_make_key(given: str, file: Path) -> Ed25519PrivateKey:
    """Like `find_key`, but create the file if there is no key. Raises DigestError if it can't be written."""
    found = find_key(given, file)
    if found is None:
        _make(file)
        found = find_key(given, file)
    if found is None:
        raise DigestError(f"{file}: the key for receipts was removed while it was being made")
    return found


def _make(file: Path) -> None:
    """Create the file atomically, unless another process is faster."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        write_private(part, f"{secrets.token_hex(32)}\n".encode())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
        sync_folder(file.parent)
    except OSError as error:
        raise DigestError(f"{file}: the key for receipts can't be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _parsed(text: str, where: str) -> Ed25519PrivateKey:
    word = text.strip()
    if not _KEY.match(word):
        problem = "expected a private key of 64 hexadecimal digits, as `openssl rand -hex 32` prints"
        raise ConfigurationError([ConfigProblem(where, 0, problem)])
    redact.protect([word])
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(word))


def parse_public_key(text: str) -> str:
    """Return a public key as receipts have it. Raises ConfigurationError."""
    word = text.strip().lower()
    if not _PUBLIC.match(word):
        problem = "expected a public key of 64 hexadecimal digits, as `digest receipt --public-key` prints"
        raise ConfigurationError([ConfigProblem("--signed-by", 0, problem)])
    return word
