"""What an intake system brings later is confirmed by staff; an intake that differs changes nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from redress.services.clock import today
from tests.api.api_process import ApiProcess, invented

pytestmark = pytest.mark.timeout(120)

Headers = dict[str, str]

NOVA = {"name": "Mythica Nova", "email": "mythica@nova.example"}


async def post(api: ApiProcess, path: str, body: dict[str, Any], headers: Headers) -> httpx.Response:
    return await api.http.post(f"/v1/complaints{path}", json=body, headers=headers)


async def shown(api: ApiProcess, reference: str, staff: Headers) -> dict[str, Any]:
    answer = await api.http.get(f"/v1/complaints/{reference}", headers=staff)
    status: dict[str, Any] = answer.json()
    return status


async def test_an_advocate_from_a_form_waits_until_staff_confirm(
    api: ApiProcess, intake: Headers, staff: Headers
) -> None:
    opened = (await post(api, "", invented(), intake)).json()["reference"]
    brought = await post(api, f"/{opened}/set-advocate", {"advocate": NOVA, "speaks": True}, intake)
    assert brought.status_code == 202
    status = await shown(api, opened, staff)
    assert (status["advocate"], status["waiting_for"]) == (None, "complaints_manager")
    message = brought.json()["message_id"]
    assert [each["message_id"] for each in status["pending"]] == [message]
    confirmed = {"message": message, "accept": True}
    assert (await post(api, f"/{opened}/confirm-contact", confirmed, intake)).status_code == 403
    assert (await post(api, f"/{opened}/confirm-contact", confirmed, staff)).status_code == 200
    status = await shown(api, opened, staff)
    assert status["advocate"]["email"] == NOVA["email"]
    assert "contact_confirmed" in [each["letter"] for each in status["letters"]]


@pytest.mark.parametrize("field", ["from_intake", "accepted_on", "assumed"])
async def test_no_caller_writes_on_the_envelope(api: ApiProcess, intake: Headers, field: str) -> None:
    opened = (await post(api, "", invented(), intake)).json()["reference"]
    forged = {"advocate": NOVA, field: today().isoformat() if field == "accepted_on" else False}
    answer = await post(api, f"/{opened}/set-advocate", forged, intake)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"field": field, "problem": "no such field", "code": "unknown_field"}],
    )


async def test_an_intake_that_differs_is_kept_and_dismissed_or_taken(
    api: ApiProcess, intake: Headers, manager: Headers
) -> None:
    opening = invented()
    opened = (await post(api, "", opening, intake)).json()["reference"]
    same = opening | {"points": [" An invented point. "], "events_on": None}
    assert (await post(api, "", same, intake)).status_code == 200
    moved = opening | {"desired_outcome": "An apology.", "points": ["Another."]}
    for _ in range(2):
        answer = await post(api, "", moved, intake)
        assert answer.status_code == 409
        told = answer.json()
        assert (told["type"], told["created"], told["differs"]) == (
            "urn:redress:problem:differs",
            False,
            True,
        )
        assert told["reference"] == opened
    other_form = await post(api, "", moved, api.headers("intake"))
    assert (other_form.status_code, other_form.json().get("reference")) == (409, None)
    [kept] = (await shown(api, opened, manager))["differing"]
    assert kept["fields"] == {"desired_outcome": "An apology.", "points": ["Another."]}
    taken = await post(api, f"/{opened}/differing/1/take", {}, manager)
    assert [each["applied"] for each in taken.json()] == [True, True]
    again = await post(api, f"/{opened}/differing/1/take", {}, manager)
    assert again.status_code == 409
    status = await shown(api, opened, manager)
    assert [each["state"] for each in status["differing"]] == ["taken"]
    assert [each["action"] for each in status["messages"]] == ["correct", "add_note"]
    assert (await post(api, "", opening | {"points": ["A third."]}, intake)).status_code == 409
    mia = api.headers("complaints_manager", name="mia")
    dismissed = await post(api, f"/{opened}/differing/2/dismiss", {}, mia)
    assert [each["state"] for each in dismissed.json()] == ["taken", "dismissed"]
    note = (await shown(api, opened, manager))["messages"][-1]
    assert (note["message_id"], note["by"]) == ("differing-2-dismissed", "mia")
    assert (await post(api, f"/{opened}/differing/2/dismiss", {}, manager)).status_code == 409


async def test_an_address_or_advocate_that_came_later_waits_though_somebody_takes_it(
    api: ApiProcess, intake: Headers
) -> None:
    manager = api.headers("complaints_manager", name="mia")
    opening = invented(complainant={"name": "Robin Invented", "email": "robin@invented.example"})
    opened = (await post(api, "", opening, intake)).json()["reference"]
    moved = opening["complainant"] | {"email": "mallory@elsewhere.example"}
    later = opening | {"advocate": NOVA, "complainant": moved, "desired_outcome": "Letters to me."}
    assert (await post(api, "", later, intake)).status_code == 409
    taken = await post(api, f"/{opened}/differing/1/take", {}, manager)
    assert taken.status_code == 200, taken.text
    status = await shown(api, opened, manager)
    assert (status["advocate"], status["complainant"]["email"]) == (None, "robin@invented.example")
    assert {each["message_id"] for each in status["pending"]} == {
        "differing-1-advocate",
        "differing-1-complainant",
    }
    assert {each["by"] for each in status["messages"]} == {"mia"}


async def test_beyond_twenty_they_are_counted(api: ApiProcess, intake: Headers, staff: Headers) -> None:
    opening = invented()
    opened = (await post(api, "", opening, intake)).json()["reference"]
    for number in range(22):
        await post(api, "", opening | {"points": [f"Number {number}."]}, intake)
    kept = (await shown(api, opened, staff))["differing"]
    assert [(each["number"], each["times"]) for each in kept[-2:]] == [(20, 1), (0, 2)]


async def test_without_a_date_and_by_another_token_it_is_one_message(
    api: ApiProcess, intake: Headers
) -> None:
    """A rotated token's repeat, and a date that the API gave, which is assumed."""
    opened = (await post(api, "", invented(received_on="2026-01-05"), intake)).json()["reference"]
    first = await post(api, f"/{opened}/acknowledge", {"message_id": "a-1"}, api.headers("staff"))
    again = await post(api, f"/{opened}/acknowledge", {"message_id": "a-1"}, api.headers("staff"))
    assert [each.json()["repeated"] for each in (first, again)] == [False, True]
    status = await shown(api, opened, api.headers("staff"))
    [acknowledgement] = [each for each in status["deadlines"] if each["name"] == "acknowledgement"]
    assert (acknowledgement["state"], acknowledgement["days_late"]) == ("met", 0)
    assert status["messages"][0]["assumed"] is True


async def test_an_intake_system_links_to_what_it_brought_and_finds_nothing_else(
    api: ApiProcess, intake: Headers, staff: Headers
) -> None:
    mine, theirs = await api.open(intake), await api.open(api.headers("intake"))
    none = "CYP-1999-999999"
    answers = {
        other: await post(api, "", invented(linked_to=[mine, other]), intake) for other in (theirs, none)
    }
    assert {each.status_code for each in answers.values()} == {422}
    assert answers[theirs].text.replace(theirs, none) == answers[none].text
    assert not (await shown(api, theirs, staff))["links"]
    linked = await post(api, "", invented(linked_to=mine), intake)
    assert linked.status_code == 201, linked.text
    assert [each["reference"] for each in (await shown(api, mine, staff))["links"]] == [
        linked.json()["reference"]
    ]
    assert (await post(api, "", invented(linked_to=theirs), staff)).status_code == 201
