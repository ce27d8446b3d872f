#!/bin/sh
# Makes the API's own role in the register's database. Runs once, when PostgreSQL makes its volume; what the
# role may do is granted by `starter.py migrate`. Where the volume is older, run it by hand: docs/compose.md.
set -eu

password="$(cat /run/secrets/api-db-password)"
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
CREATE ROLE redress_api LOGIN PASSWORD '$password';
SQL
