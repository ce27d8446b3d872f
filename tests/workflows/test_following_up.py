"""What a message to one complaint means for another: links, duplicates, what was misplaced."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from redress.contract import workflow_id
from redress.domain.parsing import Malformed
from redress.domain.status import Status
from redress.services import linking_back, sending
from redress.services.intake import check, open_complaint
from redress.services.linking_back import link_back
from tests.conftest import Life
from tests.waiting import recorded


async def other(life: Life, source_id: str, days: int = 0) -> str:
    """Another complaint of the authority, received so many days before today."""
    opening = {
        "authority": "family-rights",
        "kind": "complaint",
        "source": "test",
        "source_id": f"{life.reference}-{source_id}",
        "channel": "email",
        "received_on": (life.today - timedelta(days=days)).isoformat(),
        "points": ["An invented point."],
    }
    return (await open_complaint(life.client, life.register, opening)).reference


async def status(life: Life, reference: str) -> Status:
    return await sending.status(life.client, life.register, reference, life.today, 60)


async def test_what_belongs_elsewhere_is_seen_there(life: Life) -> None:
    right = await other(life, "right")
    await life.open()
    await life.send("acknowledge", message_id="misplaced")
    assert (await life.send("link", reference=right, how="sibling")).applied
    assert {"sibling"} == {link["how"] for link in (await status(life, right))["linked"]}

    assert (await life.send("strike_out", message="misplaced", reason="Of another.", to=right)).applied
    there = {each["name"]: each["state"] for each in (await status(life, right))["deadlines"]}
    here = {each["name"]: each["state"] for each in (await life.status())["deadlines"]}
    assert (there["acknowledgement"], here["acknowledgement"]) == ("met", "running")

    assert (await life.send("unlink", reference=right)).applied
    assert (await status(life, right))["linked"] == (await life.status())["linked"] == []
    with pytest.raises(Malformed, match="reference: there is no complaint"):
        await life.send("link", reference="CYP-1999-999999")


async def test_the_kept_one_of_duplicates_takes_the_earliest_receipt(life: Life) -> None:
    await life.open(received_on=(life.today - timedelta(days=3)).isoformat())
    kept = await other(life, "kept", days=1)
    assert (await life.send("close", kind="duplicate", of=kept, reason="The same form twice.")).applied
    found = await status(life, kept)
    assert found["received_on"] == (life.today - timedelta(days=3)).isoformat()
    assert [link["how"] for link in found["linked"]] == ["duplicate"]
    assert found["state"] == "open"
    back = {"on": life.today.isoformat(), "kind": "duplicate", "of": life.reference, "reason": "Both ways."}
    with pytest.raises(Malformed, match=r"of: .* was closed as a duplicate itself"):
        await sending.send(life.client, life.register, kept, *sending.accept("close", back), 60)
    far = await other(life, "far", days=500)
    with pytest.raises(Malformed, match=r"of: .* came more than a year after this one"):
        await sending.send(life.client, life.register, far, *sending.accept("close", back | {"of": kept}), 60)


async def test_a_drafted_closing_links_the_kept_one_once_it_is_approved(life: Life) -> None:
    person = {"name": "Imaginaria Nobody", "email": "nobody@invented.example"}
    await life.open(received_on=(life.today - timedelta(days=3)).isoformat(), complainant=person)
    kept = await other(life, "kept", days=1)
    said = {"kind": "duplicate", "of": kept, "reason": "The same form twice.", "letter": "draft"}
    assert (await life.send("close", **said)).pending
    found = await status(life, kept)
    assert (found["linked"], found["received_on"]) == ([], (life.today - timedelta(days=1)).isoformat())
    [mark] = [letter["mark"] for letter in (await life.status())["letters"] if "mark" in letter]
    await recorded(life.register, life.reference, 1)
    assert (await life.send("approve_letter", mark=mark, by="Cora Invented")).applied
    found = await status(life, kept)
    assert [link["how"] for link in found["linked"]] == ["duplicate"]
    assert found["received_on"] == (life.today - timedelta(days=3)).isoformat()


async def test_what_an_opening_names_shows_the_link_too(life: Life) -> None:
    first, second = await other(life, "first"), await other(life, "second")
    await life.open(linked_to=[first, second])
    assert [link["reference"] for link in (await life.status())["linked"]] == [first, second]
    raw = life.register.opening(life.reference)
    assert raw is not None
    await link_back(life.client, life.register, life.reference, check(raw))
    for each in (first, second):
        assert [link["reference"] for link in (await status(life, each))["linked"]] == [life.reference]
    with pytest.raises(Malformed, match="linked_to"):
        await life.open(source_id="another", linked_to="CYP-1999-999999")


async def test_complaints_that_do_not_answer_hold_up_no_opening(
    life: Life, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await life.open()
    others = [f"CYP-1999-{number:06}" for number in range(20)]
    served_by_nobody = [
        await life.client.start_workflow("Complaint", id=workflow_id(each), task_queue="nobody")
        for each in others
    ]
    raw = life.register.opening(life.reference)
    assert raw is not None
    monkeypatch.setattr(linking_back, "WITHIN", 2.0)
    async with asyncio.timeout(20):  # one after the other it would be twice as long
        await link_back(life.client, life.register, life.reference, check(raw | {"linked_to": others}))
    unshown = f"does not show that {life.reference} belongs with it: NoAnswer"
    assert {f"{each} {unshown}" for each in others} <= {*caplog.messages}
    for each in served_by_nobody:
        await each.terminate()
