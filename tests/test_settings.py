"""Settings from the environment and from files that it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from redress.api.settings import ApiSettings
from redress.settings import Settings
from tests.cli.conftest import Cli


def test_each_setting_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SMTP_PASSWORD": "hush \n", "SMTP_PORT": "2525\n", "CODEC_ORIGINS": '["https://ui.example"]\r\n'}
    for name, text in given.items():
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(f"REDRESS_{name}_FILE", str(tmp_path / name))
    settings = ApiSettings()
    assert settings.smtp_password.get_secret_value() == "hush "
    assert (settings.smtp_port, settings.codec_origins) == (2525, ["https://ui.example"])


def test_a_file_that_cannot_be_read_and_a_setting_given_twice_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDRESS_NOTIFY_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(
        ValidationError, match="cannot be read from REDRESS_NOTIFY_KEY_FILE: FileNotFoundError"
    ):
        Settings()
    monkeypatch.setenv("REDRESS_NOTIFY_KEY", "a-key")
    with pytest.raises(
        ValidationError, match="and REDRESS_NOTIFY_KEY_FILE as well: set one of the two"
    ) as raised:
        Settings()
    assert "a-key" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgresql+psycopg://redress@db/redress", "postgresql+psycopg://redress:a%2Fb@db/redress"),
        ("postgresql+psycopg://redress:own@db/redress", "postgresql+psycopg://redress:own@db/redress"),
        ("", "sqlite:///.redress/register.db"),
    ],
)
def test_a_password_of_its_own_goes_into_the_url(
    url: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDRESS_REGISTER_PASSWORD", "a/b")
    monkeypatch.setenv("REDRESS_REGISTER_URL", url)
    assert Settings().database_url == database


@pytest.mark.parametrize("name", ["TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_API_KEY_FILE"])
async def test_a_certificate_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.pem")
    ran = await Cli("127.0.0.1:1", tmp_path, {name: missing})("recount", "--dry-run")
    assert (ran.status, ran.lines[0].split(": ")[:2]) == (
        2,
        [missing, "cannot be read (No such file or directory)"],
    )
