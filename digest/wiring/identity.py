"""The newsletter's identity: its sender, its keys and the addresses of its pages."""

from __future__ import annotations

import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError
from digest.utils import redact
from digest.wiring.folder import FolderWiring

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from digest.mail.message import Sender
    from digest.subscribers.tokens import TokenSigner

# The name of an environment variable, not a secret.
SECRET_ENV = "DIGEST_SECRET_KEY"  # noqa: S105


class IdentityWiring(FolderWiring):
    @cached_property
    def sender(self) -> Sender:
        from digest.mail.message import Sender

        newsletter = self.settings.newsletter
        return Sender(
            newsletter.sender.name,
            newsletter.sender.email,
            newsletter.reply_to or None,
            newsletter.name,
            newsletter.base_url or None,
        )

    @cached_property
    def signer(self) -> TokenSigner:
        """Signs tokens with the keys of DIGEST_SECRET_KEY (newest first, comma-separated) or one from the store."""
        from digest.store.meta import get_or_create
        from digest.subscribers.tokens import TokenSigner

        given = [word.strip() for word in self.environment.get(SECRET_ENV, "").split(",") if word.strip()]
        if any(len(word.encode()) < 16 for word in given):
            raise ConfigurationError.at(SECRET_ENV, "expected keys of at least 16 characters")
        if given:
            return TokenSigner([word.encode() for word in given])
        stored = get_or_create(self.database, "signing_key", lambda: secrets.token_hex(32))
        redact.protect([stored])
        return TokenSigner([bytes.fromhex(stored)])

    def desk_url(self, pages: str | None = None) -> str:
        """Return the public address of the desk.

        `pages` is the address of the reader pages if `newsletter.base_url` is unset.
        """
        own, base = self.settings.desk.base_url, self.settings.newsletter.base_url or pages or ""
        return own.rstrip("/") or f"{base.rstrip('/')}/desk"

    @property
    def public_desk_url(self) -> str | None:
        """The address of the desk for emails; None if the desk is turned off or has none."""
        # Without the address of the pages, `desk_url` is only a path.
        url = self.desk_url() if self.settings.desk.enabled else None
        return url if url and url.startswith("http") else None

    def approval_link(self, key: str) -> str | None:
        """Return the address where an admin approves the edition; None if `alerts.approval_links` is off."""
        base, chosen = self.settings.newsletter.base_url, self.settings.alerts.approval_links
        if not base or not (self.settings.web.enabled if chosen is None else chosen):
            return None
        from digest.usecases.approval import approval_link

        return approval_link(base, self.signer, key)

    def receipt_key(self) -> Ed25519PrivateKey:
        """Return the key that signs receipts, which is made on first use.

        Raises ConfigurationError for an unusable one.
        """
        from digest.receipt import find_or_make_key

        return find_or_make_key(*self._receipt_key_places)

    def existing_receipt_key(self) -> Ed25519PrivateKey | None:
        from digest.receipt import find_key

        return find_key(*self._receipt_key_places)

    @property
    def _receipt_key_places(self) -> tuple[str, Path]:
        """The key in the environment, or '', and the file beside an SQLite store or in the newsletter's folder."""
        from digest.receipt import KEY_ENV
        from digest.store.database import sqlite_file

        database = self.database
        store = sqlite_file(database) if database.sqlite else self.home / "digest"
        return self.environment.get(KEY_ENV, ""), store.with_name(f"{store.name}.receipt-key")
