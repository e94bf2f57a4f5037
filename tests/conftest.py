"""What every test may use: a store of each kind, and sources that never reach beyond this machine."""

from hypothesis import settings

from tests.support.databases import postgres_url, sqlite_url, store_url  # noqa: F401

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("untimed")
