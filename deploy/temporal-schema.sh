#!/bin/sh
# Makes Temporal's two databases on PostgreSQL and brings their tables to the version of this image.
# Runs in temporalio/admin-tools at every start and changes nothing where nothing is missing: `create`
# leaves a database that exists, `setup-schema -v 0.0` one that has a version, and `update-schema` runs
# only what is newer than that version. (Never give it --overwrite: that drops every table first.)
# Host, port, user, password and plugin come from the SQL_… variables, which temporal-sql-tool reads; the
# password from the file that SQL_PASSWORD_FILE names.
set -eu

if [ -n "${SQL_PASSWORD_FILE:-}" ]; then
    SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"
    export SQL_PASSWORD
fi

schema=/etc/temporal/schema/postgresql/v12

for database in temporal temporal_visibility; do
    case $database in
    temporal) versions=$schema/temporal/versioned ;;
    temporal_visibility) versions=$schema/visibility/versioned ;;
    esac
    temporal-sql-tool --db "$database" create
    temporal-sql-tool --db "$database" setup-schema -v 0.0
    temporal-sql-tool --db "$database" update-schema -d "$versions"
    echo "$database: the tables are up to date"
done
