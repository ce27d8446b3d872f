"""Several people, children and teams in one complaint, and duplicates (findings R13, N4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.blackbox.conftest import Installation, until
from tests.letters.delivery.mail_server import MailServer, text_of

pytestmark = pytest.mark.timeout(240)

FIRST, SECOND = "robin@inventata.example", "kit@inventata.example"


async def together(installation: Installation) -> str:
    return await installation.open(
        FIRST,
        also_complaining=[{"name": "Kit Inventata", "role": "parent", "email": SECOND}],
        on_behalf_of=[{"name": "Ada Inventata"}, {"name": "Ben Inventata"}],
        about={"teams": ["The Invented Team", "The Imagined Team"]},
        themes=["delay"],
        desired_outcome="An apology.",
    )


async def test_each_has_letters_of_their_own_until_they_withdraw(
    installation: Installation, mail: MailServer
) -> None:
    reference = await together(installation)
    assert (await installation.send(reference, "acknowledge"))[0] == 0
    assert await until(lambda: {FIRST, SECOND} <= {*mail.mailbox.recipients})
    for mine, other in ((FIRST, SECOND), (SECOND, FIRST)):
        [letter] = [each for each in mail.mailbox.taken if mine in str(each["To"])]
        assert other not in letter.as_string()
        assert "Ada Inventata and Ben Inventata" in " ".join(text_of(letter).split())

    status, answer = await installation.send(reference, "withdraw", person="Nobody Known")
    assert status == 4
    assert "Kit Inventata (complainant_2)" in answer["reason"]
    assert (await installation.send(reference, "withdraw", person="Kit Inventata"))[0] == 0
    assert (await installation.send(reference, "respond", outcome="not_upheld"))[0] == 0
    assert await until(lambda: mail.mailbox.recipients.count(FIRST) == 2)
    assert mail.mailbox.recipients.count(SECOND) == 2
    assert (await installation.command("show", reference))[1]["state"] == "open"
    assert (await installation.send(reference, "withdraw", person="Testa Inventata"))[0] == 0
    assert (await installation.command("show", reference))[1]["closed_as"] == "withdrawn"


async def test_who_complains_is_shown_and_it_is_found_by_any_team(installation: Installation) -> None:
    reference = await together(installation)
    shown: dict[str, Any] = (await installation.command("show", reference))[1]
    asked: dict[str, Any] = await installation.handle(reference).query("who_complains")
    for told in (shown, asked):
        assert told["complainant"]["name"] == "Testa Inventata"
        assert told["also_complaining"][0]["name"] == "Kit Inventata"
        assert told["about"]["team"] == "The Invented Team"
        assert (told["channel"], told["desired_outcome"], told["themes"]) == (
            "email",
            "An apology.",
            ["delay"],
        )
    for team in ("the invented team", "The Imagined Team"):
        _, listed = await installation.command("list", "--team", team)
        assert reference in [each["reference"] for each in listed]


async def test_an_unknown_theme_is_turned_away_at_the_door(installation: Installation) -> None:
    opening = {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "test",
        "source_id": "themes",
        "channel": "email",
        "received_on": "2026-06-01",
        "points": ["An invented point."],
    }
    assert (await installation.command("open", "-", given=opening | {"themes": ["no theme"]}))[0] == 2
    assert (await installation.command("open", "-", given=opening | {"themes": ["delay"]}))[0] == 0


async def test_a_duplicate_is_counted_once_and_the_kept_one_has_the_earlier_receipt(
    installation: Installation,
) -> None:
    earlier = await installation.open(received_on="2026-06-01")
    kept = await installation.open(received_on="2026-06-03")
    assert (await installation.send(earlier, "close", kind="duplicate", of=kept, reason="The same matter."))[
        0
    ] == 0
    _, listed = await installation.command("list", "--all")
    counted = [each for each in listed if each["reference"] in (earlier, kept)]
    assert [(each["reference"], each["received_on"]) for each in counted] == [(kept, "2026-06-01")]
    _, found = await installation.command("list", "--all", "--reference", earlier)
    assert [each["closed_as"] for each in found] == ["duplicate"]
