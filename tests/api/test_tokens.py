"""Tokens from the command line: made, listed, rotated, revoked, and kept as hashes only."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from redress.api.settings import ApiSettings
from redress.cli.tokens import app
from redress.security.access import Role, effective
from redress.store.api_store import open_store
from redress.store.tokens import Tokens
from tests.api.api_process import ROOT, ApiProcess
from tests.stores import migrated


@pytest.fixture(autouse=True)
def stores(tmp_path: Path) -> None:
    """As `starter.py migrate` leaves them."""
    migrated(ApiSettings(state=tmp_path, api_url=""))


def command(state: Path, *words: str) -> tuple[int, str, str]:
    """What `starter.py token …` does, in this process: status, standard output, standard error."""
    done = CliRunner().invoke(app, list(words), env={"REDRESS_STATE": str(state)})
    return done.exit_code, done.stdout.strip(), done.stderr


def starter(state: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "starter.py", "token", *words],
        cwd=ROOT,
        env=os.environ | {"REDRESS_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip(), done.stderr


def tokens_of(state: Path) -> Tokens:
    return Tokens(open_store(ApiSettings(state=state, api_url="").store_url))


def test_a_token_lives_from_new_to_revoke(tmp_path: Path) -> None:
    status, first, said = starter(tmp_path, "new", "web-form", "--role", "intake", "--authority", "rotherham")
    assert (status, "not shown again" in said) == (0, True)
    tokens = tokens_of(tmp_path)
    caller = tokens.caller(first)
    assert caller is not None
    assert (caller.name, caller.authority) == ("web-form", "rotherham")
    assert set(caller.roles) == {"intake"}

    status, second, _ = command(tmp_path, "rotate", "web-form", "--keep", "1")
    assert status == 0
    assert tokens.caller(second) == caller._replace(token=2)
    assert tokens.caller(first) == caller  # for an hour

    status, third, _ = command(tmp_path, "rotate", "web-form", "--keep", "0")
    assert status == 0
    assert tokens.caller(first) is None
    assert tokens.caller(second) is None
    assert tokens.caller(third) is not None

    status, listed, _ = command(tmp_path, "list", "--json")
    shown: list[dict[str, Any]] = json.loads(listed)
    assert [each["state"] for each in shown] == ["expired", "expired", "live"]
    status, _, said = command(tmp_path, "revoke", "web-form")
    assert (status, tokens.caller(third)) == (0, None)

    everything = b"".join(path.read_bytes() for path in tmp_path.glob("api.db*"))
    for secret in (first, second, third):
        assert secret not in listed
        assert secret.encode() not in everything
        assert hashlib.sha256(secret.encode()).hexdigest().encode() in everything


def test_what_is_wrong_is_said_by_its_name(tmp_path: Path) -> None:
    for words, named in (
        (("new", "x", "--role", "king"), "role:"),
        (("new", "x", "--role", "staff", "--authority", "atlantis"), "authority:"),
        (("new", "x", "--role", "intake", "--access", "all"), "access:"),
        (("new", "x", "--role", "staff", "--access", "brought"), "access:"),
        (("new", "x", "--role", "intake", "--source", " web-form"), "source:"),
        (("rotate", "nobody"), "NAME:"),
        (("revoke", "nobody"), "NAME:"),
        (("new", "", "--role", "staff"), "NAME:"),
        (("new", "casework ", "--role", "staff"), "NAME:"),
        (("new", "oidc:casework", "--role", "staff"), "NAME:"),
    ):
        status, shown, said = command(tmp_path, *words)
        assert (status, shown) == (2, ""), words
        assert said.startswith(named), words
    assert command(tmp_path, "new", "twice", "--role", "staff")[0] == 0
    assert command(tmp_path, "new", "twice", "--role", "staff")[0] == 2


def test_what_a_token_may_reach_is_shown_and_stays(tmp_path: Path) -> None:
    words = (
        "--role",
        "intake",
        "--source",
        "form-b",
        "--source",
        "form-a",
        "--access",
        "authority",
        "--json",
    )
    assert command(tmp_path, "new", "web-form", *words)[0] == 0
    assert command(tmp_path, "new", "casework", "--role", "staff")[0] == 0
    status, rotated, _ = command(tmp_path, "rotate", "web-form", "--json")
    assert status == 0
    shown: list[dict[str, Any]] = json.loads(command(tmp_path, "list", "--json")[1])
    assert [(each["access"], each["sources"]) for each in shown] == [
        ("authority", ["form-a", "form-b"]),
        ("brought", None),
        ("authority", ["form-a", "form-b"]),
    ]
    caller = tokens_of(tmp_path).caller(json.loads(rotated)["token"])
    assert caller is not None
    assert (caller.identity, caller.access, caller.role) == ("token:web-form", "authority", "intake")
    assert caller.sources == frozenset({"form-a", "form-b"})


def test_a_team_manager_is_limited_to_teams_of_one_authority(tmp_path: Path) -> None:
    words = ("--role", "team_manager", "--authority", "family-rights")
    for more, wrong in (
        ((), "team: is missing"),
        (("--team", " "), "team: should be"),
        (("--team", "Team North", "--role", "staff"), "role: team_manager stands alone"),
    ):
        status, _, told = command(tmp_path, "new", "tara", *words, *more)
        assert (status, wrong in told) == (2, True), told
    status, _, told = command(tmp_path, "new", "tara", "--role", "team_manager", "--team", "Team North")
    assert (status, "authority: is missing" in told) == (2, True)
    status, _, told = command(tmp_path, "new", "tara", "--role", "staff", "--team", "Team North")
    assert (status, "team: is for the role team_manager" in told) == (2, True)
    assert command(tmp_path, "new", "tara", *words, "--team", "Team North")[0] == 0
    status, rotated, _ = command(tmp_path, "rotate", "tara", "--json")
    assert status == 0
    caller = tokens_of(tmp_path).caller(json.loads(rotated)["token"])
    assert caller is not None
    assert caller.only_teams == frozenset({"Team North"})


@pytest.mark.parametrize(
    ("named", "counts"),
    [
        ({"team_manager", "reader", "intake"}, {"team_manager"}),
        ({"team_manager", "staff"}, {"staff"}),
        ({"staff", "reader"}, {"staff", "reader"}),
    ],
)
def test_what_limits_a_team_manager_limits_all_that_they_do(named: set[Role], counts: set[Role]) -> None:
    assert effective(named) == counts


@pytest.mark.parametrize("end", ["revoke", "rotate"])
async def test_a_running_api_knows_at_once(api: ApiProcess, end: str) -> None:
    name = f"short-lived-{end}"
    headers = {"Authorization": f"Bearer {api.token('reader', name=name)}"}
    assert (await api.http.get("/v1/due", headers=headers)).status_code == 200
    words = ("rotate", name, "--keep", "0") if end == "rotate" else ("revoke", name)
    assert command(api.state, *words)[0] == 0
    assert (await api.http.get("/v1/due", headers=headers)).status_code == 401
