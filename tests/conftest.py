"""What every test may use: a store of each kind, and sources that never reach beyond this machine."""

from tests.support.databases import postgres_url, sqlite_url, store_url  # noqa: F401
