"""Forgetting a person wherever this newsletter holds something of them: the store, and the mails of the outbox.

Strings the steps together. What the store holds of a person is `store.erasing`'s, the list's file the command's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from digest import hearing
from digest.files import placed
from digest.store.erasing import Erased
from digest.store.wishes import WishStore
from digest.subscribers.address import mailbox

if TYPE_CHECKING:
    from digest.app import App

_PART = re.compile(r"\.(.*)\.part\Z")  # of a file that was being written when its process was killed
_UNSAFE = re.compile(r"[^a-z0-9@._+-]+")


def forget(app: App, address: str, reason: str) -> tuple[Erased, int]:
    """Forgets the person behind a comparable address; answers what the store held, and how many mails of the outbox
    were removed. What providers posted is heard first: it may settle what is in doubt."""
    hearing.handle_posts(app)
    held = WishStore(app.database).at(address)
    rations = [f"join:{mailbox(address)}"]
    erased = app.people.erasures.erase(address, reason, now=app.now(), rations=rations)
    outbox = placed(app.home, app.settings.delivery.outbox.path)
    return erased, _remove_mails(outbox, {address, held.email if held else address})


def _remove_mails(outbox: Path, emails: set[str]) -> int:
    """Mails lie under the address as the list wrote it: `EDITION/00000042-asha@example.com.eml`."""
    named = tuple(f"-{_UNSAFE.sub('_', email.lower())[:80]}.eml" for email in emails)
    found = 0
    for path in outbox.glob("*/*") if outbox.is_dir() else ():
        name = _PART.sub(r"\1", path.name).lower()
        if name.endswith(named):
            path.unlink(missing_ok=True)
            found += 1
    return found
