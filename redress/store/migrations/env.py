"""What Alembic runs: one schema's migrations, on the connection of whoever asks (`redress.store.schema`).

For a new revision, on a database that `starter.py migrate` has brought up to date:

    python -m alembic -c redress/store/migrations/alembic.ini -n register -x url=sqlite:///register.db \
        revision --autogenerate --rev-id 0002 -m "What it adds."
"""

from typing import Literal

from alembic import context
from sqlalchemy import MetaData

from redress.store import api_store, key_store, tables
from redress.store.columns import Moment
from redress.store.database import connect
from redress.store.schema import SchemaName, version_table

METADATA: dict[SchemaName, MetaData] = {
    "register": tables.metadata,
    "key_store": key_store.metadata,
    "api_store": api_store.metadata,
}

config = context.config
name: SchemaName = config.attributes.get("schema", config.config_ini_section)
db = (
    config.attributes.get("connection")
    or connect(context.get_x_argument(as_dictionary=True)["url"]).connect()
)


def render_item(kind: str, item: object, _: object) -> str | Literal[False]:
    """A revision says what the database has, and imports nothing of this package."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=db,
    target_metadata=METADATA[name],
    version_table=version_table(name),
    render_item=render_item,
    render_as_batch=db.dialect.name == "sqlite",  # which cannot change a column where it stands
)
with context.begin_transaction():
    context.run_migrations()
