"""Bringing the stores to the schema of this version: `starter.py migrate`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from redress.security.encryption import key_of
from redress.security.keyring import KeyringError
from redress.settings import Settings
from redress.store.database import connect
from redress.store.key_store import complaint_keys
from redress.store.rights import grant_api_rights
from redress.store.schema import SchemaName, SchemaNotCurrent, check, migrate
from redress.store.tables import references


def migrate_stores(settings: Settings, api_store_url: str = "", api_role: str = "") -> list[SchemaName]:
    """Migrate the register, the key store and, where its URL is given, the API's own store; gives which.

    `api_role`: a role of the register's database, which is given the rights that the API needs there.

    Raises `KeyringError` where the key store is gone, and what SQLAlchemy raises where one is out of reach.
    """
    check_key_store(settings)
    stores: dict[SchemaName, str] = {
        "register": settings.database_url,
        "key_store": settings.key_store_database_url,
    }
    if api_store_url:
        stores["api_store"] = api_store_url
    for name, url in stores.items():
        engine = migrate(connect(url), name)
        if name == "register" and api_role:
            grant_api_rights(engine, api_role)
        engine.dispose()
    return list(stores)


def check_schemas(settings: Settings) -> None:
    """Raise `SchemaNotCurrent` where the register or the key store needs to be migrated.

    For the start of a process: what is out of reach is passed over, and checked on first use.
    """
    stores: dict[SchemaName, str] = {"register": settings.database_url}
    if settings.keys_file.exists():
        stores["key_store"] = settings.key_store_database_url
    for name, url in stores.items():
        engine = connect(url)
        try:
            check(engine, name)
        except SchemaNotCurrent:
            raise
        except (SQLAlchemyError, OSError):
            continue
        finally:
            engine.dispose()


def check_key_store(settings: Settings) -> None:
    """Raise `KeyringError` where no key store is there, though complaints need it.

    Not where that cannot be asked.
    """
    try:
        if _has_table(settings.key_store_database_url, complaint_keys.name):
            return
        if not _has_table(settings.database_url, references.name):
            return
        register = connect(settings.database_url)
        with register.connect() as db:
            newest = select(references.c.opening).order_by(references.c.reserved_at.desc()).limit(1)
            opening = db.execute(newest).scalar()
        register.dispose()
    except (SQLAlchemyError, OSError):
        return  # what is out of reach is reported where it is used
    if key_of(opening):
        raise KeyringError(
            "REDRESS_KEY_STORE_URL: there is no key store here, and the register is encrypted with its keys: "
            "restore it from its backup (docs/backup.md). No new one is made in its place: what was "
            "encrypted could never be read again"
        )


def _has_table(url: str, name: str) -> bool:
    """Whether a database has a table; one that is not there is not made by the question."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return False
    engine = connect(url)
    try:
        return inspect(engine).has_table(name)
    finally:
        engine.dispose()
