"""Stores as `starter.py migrate` leaves them, for tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, make_url

from redress.api.settings import ApiSettings
from redress.services.migrating import migrate_stores
from redress.settings import Settings
from redress.store.database import connect
from redress.store.schema import SchemaName, migrate

S = TypeVar("S", bound=Settings)


def migrated(settings: S) -> S:
    """Settings whose stores have their tables."""
    api_store_url = ApiSettings(state=settings.state, api_url="").store_url
    _lay(settings.database_url, "register")
    _lay(settings.key_store_database_url, "key_store")
    _lay(api_store_url, "api_store")
    migrate_stores(settings, api_store_url)
    return settings


def new_store(path: Path, name: SchemaName = "register") -> Engine:
    """A store of its own in an SQLite file."""
    url = f"sqlite:///{path}"
    _lay(url, name)
    return migrate(connect(url), name)


def _lay(url: str, name: SchemaName) -> None:
    """Put a store that was migrated before where there is no file yet: hundreds of tests have their own."""
    parsed = make_url(url)
    file = Path(parsed.database or "")
    if parsed.get_backend_name() == "sqlite" and parsed.database and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(_blank(name))


@cache
def _blank(name: SchemaName) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blank.db"
        migrate(connect(f"sqlite:///{file}"), name).dispose()
        return file.read_bytes()
