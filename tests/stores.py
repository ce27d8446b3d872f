"""Stores as `starter.py migrate` leaves them, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from redress.api.settings import ApiSettings
from redress.services.migrating import migrate_stores
from redress.settings import Settings
from redress.store.database import connect
from redress.store.schema import SchemaName, migrate

S = TypeVar("S", bound=Settings)


def migrated(settings: S) -> S:
    """Settings whose stores have their tables."""
    migrate_stores(settings, ApiSettings(state=settings.state, api_url="").store_url)
    return settings


def new_store(path: Path, name: SchemaName = "register") -> Engine:
    """A store of its own in an SQLite file."""
    return migrate(connect(f"sqlite:///{path}"), name)
