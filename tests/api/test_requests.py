"""What callers do, against the real api, server and worker."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from redress.domain.messages import MESSAGES
from redress.procedures.bank_holidays import calendar_today
from redress.services.clock import today
from redress.store import tables
from redress.store.register import Register
from tests.api.api_process import ApiProcess, ApiThread, invented

Headers = dict[str, str]

CALENDAR = calendar_today()


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document of an answer, which has to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:redress:problem:{name}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


# --- opening -----------------------------------------------------------------------------------------


async def test_an_opening_sent_again_is_the_same_complaint(api: ApiProcess, intake: Headers) -> None:
    opening = invented()
    first = await api.http.post("/v1/complaints", json=opening, headers=intake)
    again = await api.http.post("/v1/complaints", json=opening, headers=intake)
    other = await api.http.post("/v1/complaints", json=opening | {"points": ["Another."]}, headers=intake)
    assert [each.status_code for each in (first, again, other)] == [201, 200, 409]
    assert [(each.json()["created"], each.json()["differs"]) for each in (first, again, other)] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert len({each.json()["reference"] for each in (first, again, other)}) == 1
    assert first.headers["location"] == f"/v1/complaints/{first.json()['reference']}/standing"


async def test_many_at_once_are_one_complaint(api: ApiProcess, intake: Headers) -> None:
    opening = invented()
    answers = await asyncio.gather(
        *(api.http.post("/v1/complaints", json=opening, headers=intake) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["reference"] for answer in answers}) == 1


async def test_every_field_of_an_opening_that_is_wrong_is_named(api: ApiProcess, intake: Headers) -> None:
    wrong = invented(kind="moan", received_on="2026-13-01", complainant={"nick": "T"}, extra=1)
    document = problem(await api.http.post("/v1/complaints", json=wrong, headers=intake), 422, "malformed")
    fields = {each["field"] for each in document["errors"]}
    assert {"kind", "received_on", "complainant.name", "complainant.nick", "extra"} <= fields
    assert all(each["problem"] for each in document["errors"])


async def test_a_character_that_no_text_may_hold_is_named_by_its_field(
    api: ApiProcess, intake: Headers
) -> None:
    for odd in ("\x00", "\ud800"):
        opening = invented(points=["One.", f"Two{odd}"], about={"team": odd, f"x{odd}": 1})
        content = json.dumps(opening).encode()
        as_json = intake | {"Content-Type": "application/json"}
        answer = await api.http.post("/v1/complaints", content=content, headers=as_json)
        errors = problem(answer, 422, "malformed")["errors"]
        assert {"points[1]", "about.team", "about"} <= {each["field"] for each in errors}


async def test_a_case_under_way_is_brought_by_the_complaints_manager(
    api: ApiProcess, intake: Headers, manager: Headers
) -> None:
    received = CALENDAR.before(today(), 3).isoformat()
    past = invented(
        received_on=received, messages=[{"action": "acknowledge", "on": received, "by": "Old Hand"}]
    )
    problem(await api.http.post("/v1/complaints", json=past, headers=intake), 403, "not-allowed")
    reference = await api.open(manager, **past)
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=manager)).json()
    assert status["messages"][0]["by"].startswith("Old Hand (brought by caller-")


async def test_who_brought_a_complaint_is_kept(api: ApiProcess, shared_register: Register) -> None:
    headers = {"Authorization": f"Bearer {api.token('intake', name='an-invented-form')}"}
    reference = await api.open(headers)
    brought = select(tables.arrivals.c.caller).where(tables.arrivals.c.reference == reference)
    with shared_register.reading() as db:
        assert db.execute(brought).scalar_one() == "token:an-invented-form"


# --- messages ----------------------------------------------------------------------------------------


async def test_who_did_it_is_who_called(api: ApiProcess, staff: Headers, intake: Headers) -> None:
    reference = await api.open(intake)
    headers = {"Authorization": f"Bearer {api.token('staff', name='fern-fictitious')}"}
    answer = await api.send(headers, reference, "acknowledge", by="The Director")
    assert answer.status_code == 200, answer.text
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    assert [message["by"] for message in status["messages"]] == ["fern-fictitious"]


async def test_an_intake_system_cannot_agree_for_the_authority(
    api: ApiProcess, staff: Headers, intake: Headers
) -> None:
    reference = await api.open(intake)
    said = {"reason": "I want the next stage.", "agreed_by_authority": True}
    problem(await api.send(intake, reference, "escalate", **said), 403, "not-allowed")
    assert (await api.send(intake, reference, "escalate", **said | {"agreed_by_authority": False})).is_success
    answer = await api.send(staff, reference, "escalate", **said)
    assert answer.status_code == 200, answer.text


async def test_a_repeat_under_one_key_counts_once(api: ApiProcess, staff: Headers, intake: Headers) -> None:
    reference = await api.open(intake)
    keyed = staff | {"Idempotency-Key": "call-0001"}
    first = await api.send(keyed, reference, "add-note", note="Rang.")
    again = await api.send(keyed, reference, "add-note", note="Rang.")
    assert (first.json()["message_id"], first.json()["repeated"]) == ("call-0001", False)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    other = problem(await api.send(keyed, reference, "add-note", note="Wrote."), 422, "malformed")
    assert other["errors"][0]["field"] == "message_id"
    both = problem(
        await api.send(keyed, reference, "add-note", note="Rang.", message_id="other"), 422, "malformed"
    )
    assert both["errors"][0]["field"] == "message_id"


async def test_a_repeat_on_a_later_day_is_still_a_repeat(
    api: ApiProcess, staff: Headers, intake: Headers
) -> None:
    """Nobody gave the date: the API stamped the first day's, and does so again."""
    received = CALENDAR.before(today(), 5).isoformat()
    reference = await api.open(intake, received_on=received)
    first = await api.send(staff, reference, "add-note", note="Rang.", message_id="call-0002", on=received)
    assert first.json()["applied"]

    async def is_recorded() -> bool:
        changes = await api.http.get(f"/v1/complaints/{reference}/changes", headers=staff)
        return any(change["what"] == "add_note" for change in changes.json()["changes"])

    await api.until(is_recorded)
    again = await api.send(staff, reference, "add-note", note="Rang.", message_id="call-0002")
    assert (again.status_code, again.json()["repeated"], again.json()["on"]) == (200, True, received)


async def test_pending_refused_and_malformed_are_told_apart(
    api: ApiProcess, staff: Headers, intake: Headers
) -> None:
    reference = await api.open(intake)
    pending = await api.send(intake, reference, "escalate", reason="I am not content.")
    assert (pending.status_code, pending.json()["pending"]) == (202, True)
    assert pending.json()["reason"]
    until = CALENDAR.add(today(), 60).isoformat()
    refused = problem(await api.send(staff, reference, "extend", reason="Busy.", until=until), 409, "refused")
    assert refused["message_id"]
    malformed = problem(await api.send(staff, reference, "respond", outcome="perhaps"), 422, "malformed")
    assert [each["field"] for each in malformed["errors"]] == ["outcome"]


async def test_there_is_an_operation_for_each_action(api: ApiProcess) -> None:
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    for action in MESSAGES:
        operation = paths[f"/v1/complaints/{{reference}}/{action.replace('_', '-')}"]["post"]
        assert operation["operationId"] == f"send_{action}"


async def test_nobody_answers_for_a_complaint_that_never_was(api: ApiProcess, staff: Headers) -> None:
    for answer in (
        await api.send(staff, "CYP-1999-000001", "acknowledge"),
        await api.http.get("/v1/complaints/CYP-1999-000001", headers=staff),
        await api.http.get("/v1/complaints/CYP-1999-000001/standing", headers=staff),
        await api.http.get("/v1/complaints/CYP-1999-000001/changes", headers=staff),
    ):
        problem(answer, 404, "not-found")


# --- reading -----------------------------------------------------------------------------------------


async def test_a_reader_sees_dates_and_nothing_that_anybody_wrote(
    api: ApiProcess, staff: Headers, intake: Headers
) -> None:
    marked = "Xylographica"
    reader = api.headers("reader")
    reference = await api.open(
        intake, points=[f"{marked} said so."], complainant={"name": marked, "role": "parent"}
    )
    await api.send(staff, reference, "add-note", note=f"{marked} rang.")

    async def is_recorded() -> bool:
        changes = await api.http.get(f"/v1/complaints/{reference}/changes", headers=reader)
        return any(change["what"] == "add_note" for change in changes.json()["changes"])

    await api.until(is_recorded)
    for path in (
        f"/v1/complaints/{reference}/standing",
        f"/v1/complaints/{reference}/changes",
        "/v1/complaints?all=true&limit=500",
        "/v1/due?limit=500",
    ):
        seen = await api.http.get(path, headers=reader)
        assert seen.status_code == 200, seen.text
        assert reference in seen.text or "changes" in path
        assert marked not in seen.text
    whole = await api.http.get(f"/v1/complaints/{reference}", headers=staff)
    assert marked in whole.text
    changes = await api.http.get(f"/v1/complaints/{reference}/changes", headers=staff)
    assert marked in changes.text
    assert marked not in api.log()


async def test_the_list_has_the_filters_of_the_command_line(api: ApiProcess) -> None:
    mine = api.headers("staff", authority="rotherham")
    late = CALENDAR.before(today(), 30).isoformat()
    overdue = await api.open(mine, authority="rotherham", received_on=late)
    fine = await api.open(mine, authority="rotherham")

    async def listed(query: str) -> set[str]:
        answer = await api.http.get(f"/v1/complaints?{query}", headers=mine)
        assert answer.status_code == 200, answer.text
        return {each["reference"] for each in answer.json()["complaints"]}

    async def both_there() -> bool:
        return {overdue, fine} <= await listed("")

    await api.until(both_there)
    assert overdue in await listed("overdue=true")
    assert fine not in await listed("overdue=true")
    assert {overdue, fine} <= await listed("stage=stage_1")
    assert not await listed("stage=stage_3")
    assert overdue in await listed("waiting_for=complaints_manager&kind=complaint&procedure=statutory")
    assert await listed(f"received_to={late}") == {overdue}
    assert overdue not in await listed(f"received_from={today().isoformat()}")
    assert await listed(f"reference={fine}") == {fine}
    assert not await listed("team=No+such+team")
    assert not await listed("source_id=none")
    assert fine not in await listed(f"due_before={today().isoformat()}")
    assert overdue in await listed(f"due_before={today().isoformat()}")


async def test_a_parameter_that_is_misspelt_is_told(api: ApiProcess, staff: Headers) -> None:
    for query, field, right in (
        ("complaints?stage=stage_9", "stage", "'stage_2'"),
        ("complaints?authority=rotheram", "authority", "rotherham"),
        ("due?owner=stage-manager", "owner", "'stage_manager'"),
        ("due?authority=rotheram", "authority", "rotherham"),
        ("due?until=2026-02-30", "until", "YYYY-MM-DD"),
        ("calendar/count?from=2026-02-30&days=1", "from", "YYYY-MM-DD"),
        ("complaints?authority=Rotherham", "authority", "look like family-rights"),
        ("complaints/cyp-1/standing", "reference", "CYP-2026-000123"),
        ("receipts/1", "receipt", "rc_"),
        ("calendar/count?from=2026-02-20&days=-1", "days", "at least 0"),
    ):
        answer = await api.http.get(f"/v1/{query}", headers=staff)
        (error,) = problem(answer, 422, "malformed")["errors"]
        assert error["field"] == field
        assert right in error["problem"], error


async def test_pages_leave_nothing_out_and_show_nothing_twice(api: ApiProcess) -> None:
    mine = api.headers("staff", authority="north-somerset")
    made = {await api.open(mine, authority="north-somerset") for _ in range(5)}
    for path, key in (("complaints", "complaints"), ("due", "due")):

        async def whole(path: str = path, key: str = key) -> list[Any]:
            answer = await api.http.get(f"/v1/{path}?limit=500", headers=mine)
            return [tuple(each.items()) for each in answer.json()[key]]

        async def all_there() -> bool:
            return made <= {dict(each)["reference"] for each in await whole()}

        await api.until(all_there)
        paged: list[Any] = []
        after = ""
        while True:
            query = f"limit=2{f'&after={after}' if after else ''}"
            page = (await api.http.get(f"/v1/{path}?{query}", headers=mine)).json()
            paged += [tuple(each.items()) for each in page[key]]
            assert len(page[key]) <= 2
            if page["next"] is None:
                break
            after = page["next"]
        assert sorted(paged) == sorted(await whole())


async def test_what_is_due_agrees_with_the_complaint(api: ApiProcess, staff: Headers) -> None:
    late = CALENDAR.before(today(), 12).isoformat()
    reference = await api.open(staff, received_on=late)

    async def owed() -> list[dict[str, Any]]:
        due: list[dict[str, Any]] = (await api.http.get("/v1/due?limit=500", headers=staff)).json()["due"]
        return [each for each in due if each["reference"] == reference]

    async def there() -> bool:
        return bool(await owed())

    await api.until(there)
    status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
    runs = {
        (d["name"], d["due_on"], d["state"], d["days_late"])
        for d in status["deadlines"]
        if d["state"] in ("running", "overdue")
    }
    assert {(d["name"], d["due_on"], d["state"], d["days_late"]) for d in await owed()} == runs
    assert any(state == "overdue" for _, _, state, _ in runs)


async def test_a_past_day_can_be_asked_about(api: ApiProcess, staff: Headers) -> None:
    received = CALENDAR.before(today(), 12)
    reference = await api.open(staff, received_on=received.isoformat())
    path = f"/v1/complaints/{reference}/standing"
    then = (await api.http.get(path, params={"as_of": received.isoformat()}, headers=staff)).json()
    now = (await api.http.get(path, headers=staff)).json()
    assert (then["as_of"], then["overdue"]) == (received.isoformat(), False)
    assert (now["as_of"], now["overdue"]) == (today().isoformat(), True)
    problem(await api.http.get(path, params={"as_of": "1066-10-14"}, headers=staff), 422, "malformed")


async def test_a_date_is_explained(api: ApiProcess, intake: Headers) -> None:
    params = {"from": "2026-12-18", "days": "10"}
    said = (await api.http.get("/v1/calendar/count", params=params, headers=intake)).json()
    assert (said["due_on"], said["provisional"]) == ("2027-01-06", False)
    assert {"on": "2026-12-28", "why": "Boxing Day (substitute day)"} in said["skipped"]
    assert said["explanation"] == (
        "Wed 6 Jan 2027 is 10 working days after Fri 18 Dec 2026; 9 days between do not count."
    )
    back = params | {"before": "true"}
    assert (await api.http.get("/v1/calendar/count", params=back, headers=intake)).json()[
        "due_on"
    ] == CALENDAR.before(today().replace(year=2026, month=12, day=18), 10).isoformat()


async def test_changes_are_told_once_and_waited_for(api: ApiProcess, staff: Headers) -> None:
    reference = await api.open(staff)
    path = f"/v1/complaints/{reference}/changes"
    seen: list[str] = []
    after = ""

    async def follow(wait: int) -> list[dict[str, Any]]:
        nonlocal after
        answer = await api.http.get(path, params={"after": after, "wait": wait}, headers=staff)
        assert answer.status_code == 200, answer.text
        after = answer.json()["next"]
        changes: list[dict[str, Any]] = answer.json()["changes"]
        seen.extend(change["id"] for change in changes)
        return changes

    assert (await follow(25))[0]["kind"] == "opened"
    while await follow(1):
        pass
    waiting = asyncio.create_task(follow(25))
    await api.send(staff, reference, "acknowledge")
    assert (await waiting)[0]["what"] == "acknowledge"
    while await follow(2):
        pass
    assert len(seen) == len(set(seen))


# --- form --------------------------------------------------------------------------------------------


async def test_what_is_no_request_gets_a_problem_document(api: ApiProcess, staff: Headers) -> None:
    http, json_ = api.http, staff | {"Content-Type": "application/json"}
    assert "/openapi.json" in problem(await http.get("/nowhere"), 404, "not-found")["detail"]
    wrong_method = await http.put("/v1/complaints", headers=staff)
    problem(wrong_method, 405, "no-such-method")
    assert wrong_method.headers["allow"]
    text = staff | {"Content-Type": "text/plain"}
    problem(await http.post("/v1/complaints", content=b"{}", headers=text), 415, "not-json")
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ):
        answer = await http.post("/v1/complaints", content=body, headers=json_)
        assert problem(answer, 422, "malformed")["errors"][0]["field"] == "body", body[:20]
    problem(await http.get("/v1/complaints?limit=0", headers=staff), 422, "malformed")
    problem(await http.get("/v1/complaints?after=%00", headers=staff), 422, "malformed")
    problem(await http.get("/v1/calendar/count", headers=staff), 422, "malformed")


@pytest.mark.parametrize("path", ["complaints", "webhooks"])
async def test_half_a_character_in_a_body_is_no_fault(api: ApiProcess, path: str) -> None:
    headers = api.headers("staff", "complaints_manager") | {"Content-Type": "application/json"}
    for body in (b'{"\\ud800": 1}', b'{"url": "\\ud800", "points": ["\\ud800"]}'):
        problem(await api.http.post(f"/v1/{path}", content=body, headers=headers), 422, "malformed")


async def test_a_body_that_is_too_large_is_turned_away(api: ApiProcess, staff: Headers) -> None:
    large = b'{"note": "' + b"x" * (1024 * 1024) + b'"}'
    json_ = staff | {"Content-Type": "application/json"}
    problem(await api.http.post("/v1/complaints", content=large, headers=json_), 413, "too-large")

    async def piecemeal() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    problem(await api.http.post("/v1/complaints", content=piecemeal(), headers=json_), 413, "too-large")


async def test_who_asks_too_often_is_told_when_to_come_again(
    api: ApiProcess, server: tuple[str, object]
) -> None:
    slow = ApiThread(api.state, server[0], REDRESS_RATE_PER_MINUTE="40")
    await slow.start()
    try:
        one, other = slow.headers("reader"), slow.headers("reader")
        answers = [await slow.http.get("/v1/webhooks", headers=one) for _ in range(30)]
        limited = [answer for answer in answers if answer.status_code == 429]
        assert limited
        problem(limited[0], 429, "too-many")
        assert int(limited[0].headers["retry-after"]) >= 1
        assert (await slow.http.get("/v1/webhooks", headers=other)).status_code == 403
        codec = slow.headers("codec")  # asked about each payload of a history, one by one
        decoded = [
            await slow.http.post("/codec/decode", json={"payloads": []}, headers=codec) for _ in range(150)
        ]
        assert {answer.status_code for answer in decoded} == {200}
        strangers = [await slow.http.get("/v1/webhooks") for _ in range(30)]
        assert {answer.status_code for answer in strangers} == {401, 429}
    finally:
        await slow.close()
