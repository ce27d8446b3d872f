"""The migrations lead to the schema that the code works on, and are applied once, whoever applies them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, MetaData, String, Table, func, inspect, select, text

from redress.services.migrating import check_schemas, migrate_stores
from redress.settings import TRIAL, Settings
from redress.store import api_store, key_store, tables
from redress.store.database import connect
from redress.store.register import Register
from redress.store.schema import (
    MIGRATIONS,
    SchemaName,
    SchemaNotCurrent,
    check,
    migrate,
    newest,
    version_table,
)
from tests.forking import Kind, completed

METADATA: dict[SchemaName, MetaData] = {
    "register": tables.metadata,
    "key_store": key_store.metadata,
    "api_store": api_store.metadata,
}
NAMES: tuple[SchemaName, ...] = get_args(SchemaName)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        engine = connect(request.getfixturevalue("postgresql"))
        with engine.begin() as db:
            db.execute(text("DROP SCHEMA public CASCADE"))
            db.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()


def _differences(engine: Engine, name: SchemaName, metadata: MetaData) -> list[Any]:
    """What Alembic would still have to change for the database to be as the models say."""
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"version_table": version_table(name)})
        return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("name", NAMES)
def test_the_migrations_lead_to_the_models(engine: Engine, name: SchemaName) -> None:
    migrate(engine, name)
    assert _differences(engine, name, METADATA[name]) == []
    check(engine, name)


def test_a_model_that_no_migration_knows_is_seen(engine: Engine) -> None:
    """That the comparison above can fail: a column, an index, a constraint and a type too many."""
    migrate(engine, "key_store")
    other = MetaData()
    kept = key_store.complaint_keys.to_metadata(other)
    kept.append_column(Column("forgotten", String(10), index=True))
    Table("forgotten", other, Column("id", String(10), primary_key=True))
    with engine.begin() as db:
        [index] = key_store.complaint_keys.indexes
        db.execute(text(f"DROP INDEX {index.name}"))
    seen = {found[0] for found in _differences(engine, "key_store", other) if isinstance(found, tuple)}
    assert seen == {"add_table", "add_column", "add_index"}


@pytest.mark.parametrize("name", NAMES)
def test_the_newest_revision_is_the_head_that_alembic_sees(name: SchemaName) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / name))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [newest(name)]


def test_several_migrate_at_once_and_again(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        for done in [
            pool.submit(migrate, connect(engine.url.render_as_string(False)), "register") for _ in range(6)
        ]:
            done.result().dispose()
    migrate(engine, "register")
    with engine.connect() as db:
        assert db.execute(text("SELECT version_num FROM register_version")).scalars().all() == [
            newest("register")
        ]


def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    with engine.begin() as db:
        db.execute(text("CREATE TABLE terms (anything INTEGER)"))  # the last of the register's tables
    with pytest.raises(Exception, match="terms"):
        migrate(engine, "register")
    assert inspect(engine).get_table_names() == ["terms"]


def test_stores_in_one_database_do_not_disturb_each_other(engine: Engine) -> None:
    for name in NAMES:
        migrate(engine, name)
    for name in NAMES:
        check(engine, name)


def test_nothing_is_made_in_silence(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, register_url="", key_store_url="", keys=None)
    engine = connect(settings.database_url)
    with pytest.raises(
        SchemaNotCurrent, match=r"the register has no tables yet: run python starter.py migrate"
    ):
        Register(engine).knows("CYP-2026-000001")
    with pytest.raises(SchemaNotCurrent):
        check_schemas(settings)
    migrate_stores(settings)
    check_schemas(settings)
    assert not Register(engine).knows("CYP-2026-000001")
    with engine.begin() as db:
        db.execute(text("UPDATE register_version SET version_num = '0000'"))
    with pytest.raises(
        SchemaNotCurrent, match=f"is at revision 0000, and this version needs {newest('register')}"
    ):
        check_schemas(settings)


def test_what_is_there_stays(engine: Engine) -> None:
    migrate(engine, "key_store")
    with engine.begin() as db:
        db.execute(
            text("INSERT INTO complaint_keys (name, ring_key, made_at) VALUES ('x', 'y', '2026-01-01')")
        )
    migrate(engine, "key_store")
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(key_store.complaint_keys)).scalar_one() == 1


@pytest.mark.parametrize(
    ("kind", "words"), [("worker", ()), ("api", ()), ("starter", ("list",)), ("starter", ("token", "list"))]
)
def test_a_process_says_what_to_run(tmp_path: Path, kind: Kind, words: tuple[str, ...]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS")}
    environment = kept | {"REDRESS_STATE": str(tmp_path), "REDRESS_TRIAL": TRIAL}
    done = completed(kind, words, environment)
    assert done.returncode == 2, done.stderr
    assert "run python starter.py migrate" in done.stderr
    if kind == "starter":
        assert completed(kind, ["migrate"], environment).returncode == 0
        assert completed(kind, words, environment).returncode == 0
