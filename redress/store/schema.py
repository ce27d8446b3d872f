"""The schemas of the three stores: brought up to date by Alembic's migrations, and checked before use.

`migrate` may run any number of times and in several processes at once: the first brings the schema to its
newest revision in one transaction, the others wait for it and find nothing to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, func, inspect, literal_column, select, table
from sqlalchemy.exc import SQLAlchemyError

from redress.startup import SetupError
from redress.store.database import writing

SchemaName = Literal["register", "key_store", "api_store"]

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 8_415_000
"""The advisory lock under which a PostgreSQL database is migrated: any number that nothing else uses."""


class SchemaNotCurrent(SetupError, SQLAlchemyError):
    """A database has another schema than this version of the software needs. Says what to run."""


def newest(name: SchemaName) -> str:
    """The newest revision of a schema: its migrations are numbered."""
    return max(path.stem.removeprefix("rev_") for path in (MIGRATIONS / name).glob("rev_*.py"))


def version_table(name: SchemaName) -> str:
    """Where the revision stands; the stores may share a database."""
    return f"{name}_version"


def migrate(engine: Engine, name: SchemaName) -> Engine:
    """Bring a database to the newest revision of a schema; gives the engine again."""
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        if _revision(db, name) != newest(name):
            _upgrade(db, name)
    return engine


def check(engine: Engine, name: SchemaName) -> None:
    """Raise `SchemaNotCurrent` unless a database is at the newest revision of a schema."""
    with engine.connect() as db:
        found = _revision(db, name)
    if found == newest(name):
        return
    here = f"is at revision {found}, and this version needs {newest(name)}" if found else "has no tables yet"
    raise SchemaNotCurrent(f"the {name.replace('_', ' ')} {here}: run python starter.py migrate")


def _revision(db: Connection, name: SchemaName) -> str | None:
    if not inspect(db).has_table(version_table(name)):
        return None
    found: str | None = db.execute(
        select(literal_column("version_num")).select_from(table(version_table(name)))
    ).scalar()
    return found


def _upgrade(db: Connection, name: SchemaName) -> None:
    from alembic import command  # here: only who migrates waits for its code
    from alembic.config import Config

    config = Config(attributes={"connection": db, "schema": name})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / name).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
