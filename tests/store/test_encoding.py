"""A database of PostgreSQL that cannot keep Hindi is refused with one sentence."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.engine import make_url

from digest.errors import StoreError
from digest.store.database import open_database


def test_a_database_made_with_the_locale_c_is_refused(postgres_url: str, tmp_path: Path) -> None:
    name = f"ascii_{uuid4().hex[:12]}"
    server = make_url(postgres_url).set(drivername="postgresql", query={})
    other = server.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        try:
            with pytest.raises(StoreError, match=f"{name} has the encoding SQL_ASCII, which cannot keep Hindi"):
                open_database(other, home=tmp_path)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
