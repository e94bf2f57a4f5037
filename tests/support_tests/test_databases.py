"""A missing PostgreSQL is reported."""

from __future__ import annotations

import pytest

from tests.support import databases


def test_no_server_skips_and_fails_when_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(databases.POSTGRES, "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.delenv(databases.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"127\.0\.0\.1:1/none"), databases.fresh_schema():
        pass
    monkeypatch.setenv(databases.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=r"127\.0\.0\.1:1/none"), databases.fresh_schema():
        pass
