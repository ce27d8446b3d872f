"""A complaint that is split: the part is a workflow and a complaint of its own, opened once."""

from __future__ import annotations

from contextlib import suppress

from redress.domain.status import Status
from redress.services import sending
from redress.services.errors import NoAnswer
from redress.services.intake import open_complaint
from redress.store.listing import ComplaintFilter, complaints
from tests.conftest import Life
from tests.waiting import eventually


async def _part(life: Life, reference: str) -> Status:
    """Where the part stands; its reference is reserved a moment before its workflow is started."""

    async def status() -> Status | None:
        with suppress(NoAnswer):
            return await sending.status(life.client, life.register, reference, life.today, 60)
        return None

    found: Status | None = await eventually(status, lambda status: status is not None)
    assert found is not None
    return found


async def test_the_part_is_a_complaint_of_its_own(life: Life) -> None:
    await life.open(points=["The social worker never came.", "The school bus was cancelled."])
    await life.send("acknowledge")
    answer = await life.send("split", points=[2], procedure="corporate")
    assert answer.applied
    (link,) = (await life.status())["linked"]
    reference = str(link["reference"])
    await life.settled(lambda: life.register.opening(reference) is not None)

    part = await _part(life, reference)
    assert (part["procedure"], part["linked"]) == (
        "corporate",
        [{"reference": life.reference, "how": "linked_to"}],
    )
    assert [point["text"] for point in part["points"]] == ["The school bus was cancelled."]
    acknowledged = next(d for d in part["deadlines"] if d["name"] == "acknowledgement")
    assert (acknowledged["limit"], acknowledged["state"]) == (5, "met")
    whole = await life.status()
    assert [(p["point"], p["state"]) for p in whole["points"]] == [(1, "open"), (2, "split_off")]
    assert whole["procedure"] == "statutory"


async def test_each_goes_on_by_itself(life: Life) -> None:
    await life.open(points=["One.", "Two."])
    await life.send("acknowledge")
    await life.send("split", points=["Two."], procedure="corporate", message_id="s-1")
    again = await life.send("split", points=["Two."], procedure="corporate", message_id="s-1")
    assert again.repeated
    (link,) = (await life.status())["linked"]
    reference = str(link["reference"])
    await life.settled(lambda: life.register.opening(reference) is not None)
    await _part(life, reference)  # it answers
    name, said = sending.complete("respond", {"on": life.today.isoformat(), "outcome": "upheld"})
    await sending.send(life.client, life.register, reference, name, said, 60)
    assert next(d for d in (await _part(life, reference))["deadlines"] if d["name"] == "stage_1_response")[
        "met_on"
    ]
    mine = await life.deadline("stage_1_response")
    assert (mine["state"], mine["met_on"]) == ("running", None)


async def test_the_register_has_the_part_under_its_own_row(life: Life) -> None:
    await life.open(points=["One.", "Two."])
    await life.send("split", points=[1], procedure="representation")
    (link,) = (await life.status())["linked"]
    reference = str(link["reference"])
    await life.settled(
        lambda: any(
            line.reference == reference for line in complaints(life.register, ComplaintFilter(), life.today)
        ),
        seconds=60,
    )
    opening = life.register.opening(reference)
    assert opening is not None
    again = await open_complaint(life.client, life.register, opening)
    assert (again.reference, again.created, again.differs) == (reference, False, False)
