"""The compose file, read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
RAW = (ROOT / "docker-compose.yml").read_text()
COMPOSE_PAGE = (ROOT / "docs" / "compose.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", RAW))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PASSED_ON: dict[str, set[str]] = {
    name: {each for each, value in service.get("environment", {}).items() if value is None}
    for name, service in SERVICES.items()
}
"""What a service gets where the environment or `.env` has it; these tests have none of it set."""
for _service in SERVICES.values():
    _given = _service.get("environment", {})
    _service["environment"] = {name: value for name, value in _given.items() if value is not None}
OURS = {name for name, service in SERVICES.items() if "build" in service}
ONE_SHOTS = {"temporal-schema", "namespace", "migrate", "keys"}
LASTING = set(SERVICES) - ONE_SHOTS
DATABASES = ("temporal-db", "register-db", "key-store-db")

# As the server's own configuration template (1.32), the UI's (2.54), temporal-sql-tool and the image of
# PostgreSQL name them.
THEIR_SETTINGS = {
    "temporal": {
        "DB",
        "DB_PORT",
        "POSTGRES_SEEDS",
        "POSTGRES_USER",
        "NUM_HISTORY_SHARDS",
        "BIND_ON_IP",
        "DYNAMIC_CONFIG_FILE_PATH",
        "LOG_LEVEL",
    },
    "ui": {
        "TEMPORAL_ADDRESS",
        "TEMPORAL_DEFAULT_NAMESPACE",
        "TEMPORAL_NOTIFY_ON_NEW_VERSION",
        "TEMPORAL_CODEC_ENDPOINT",
        "TEMPORAL_CODEC_INCLUDE_CREDENTIALS",
        "TEMPORAL_WORKFLOW_TERMINATE_DISABLED",
        "TEMPORAL_WORKFLOW_CANCEL_DISABLED",
        "TEMPORAL_WORKFLOW_RESET_DISABLED",
        "TEMPORAL_BATCH_ACTIONS_DISABLED",
        "TEMPORAL_START_WORKFLOW_DISABLED",
    },
    "temporal-schema": {"SQL_PLUGIN", "SQL_HOST", "SQL_PORT", "SQL_USER", "SQL_PASSWORD_FILE"},
    "temporal-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE"},
    "register-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "POSTGRES_DB"},
    "key-store-db": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE", "POSTGRES_DB"},
}
