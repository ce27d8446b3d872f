"""Who reads at the command line is written down first, as whom the system says they are."""

from __future__ import annotations

import getpass
from pathlib import Path

from redress.cli.main import GROUPS
from tests.cli.conftest import Cli

SHOWS = {"show", "list", "export", "letters", "audit", "unmatched", "differing", "documents", "people"}
"""Commands that show what is personal."""

SHOWS_NONE = {
    *("open", "send", "attach", "contact"),  # what they answer is what was just brought
    *("due", "procedure", "rehearse"),  # dates, pictures, an invented complaint
    *(
        "migrate",
        "recount",
        "reconcile",
        "erase",
        "keys",
        "token",
        "versions",
        "verify",
        "not-begun",
        "waiting",
    ),  # references, dates, counts
}


def test_every_command_is_known_to_show_it_or_not() -> None:
    assert {name for names in GROUPS.values() for name in names} == SHOWS | SHOWS_NONE


async def test_every_command_that_shows_it_is_in_the_audit(cli: Cli) -> None:
    reference = await cli.open()
    shown = {
        "starter.py show": ("show", reference),
        "starter.py list": ("list",),
        "starter.py export": ("export", reference),
        "starter.py documents": ("documents", reference),
    }
    for words in shown.values():
        assert (await cli(*words)).status == 0
    entries = (await cli("audit", reference, "--json")).document
    mine = [each for each in entries if each["reader_kind"] == "command_line"]
    assert {each["door"] for each in mine} >= shown.keys()
    assert {each["reader"] for each in mine} == {getpass.getuser()}
    assert all(reference in each["complaints"] for each in mine)
    # The audit is read by somebody, too; people see that nobody vouches for the name.
    ran = await cli("audit", reference, "--reader", getpass.getuser())
    assert "starter.py audit" in ran.out
    assert "(asserted)" in ran.out
    assert (await cli("audit", reference, "--reader", "nobody", "--json")).document == []
    assert (await cli("audit", "CYP-1999-000007")).status == 5


async def test_what_cannot_be_written_down_is_not_shown(cli: Cli, tmp_path: Path) -> None:
    reference = await cli.open()
    more = {"REDRESS_STATE": str(tmp_path), "REDRESS_REGISTER_URL": f"sqlite:///{cli.state / 'register.db'}"}
    (tmp_path / "readings.jsonl").mkdir()
    ran = await Cli(cli.address, cli.state, more)("show", reference)
    assert (ran.status, ran.out) == (3, "")
    assert "cannot be written down" in ran.err
