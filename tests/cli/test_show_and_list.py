"""`show` and `list`: every field of the contract, as of any day, and the register when Temporal is down."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from redress.domain.calendar import long_date
from redress.services.clock import today
from tests.cli.conftest import CALENDAR, Cli, ahead, back
from tests.waiting import eventually

STATUS = {
    *("reference", "authority", "procedure", "kind", "state", "stage", "received_on", "next_due_on"),
    *("late", "late_since", "complainant", "also_complaining", "on_behalf_of", "about", "channel"),
    *(
        "desired_outcome",
        "waiting_for",
        "overdue",
        "closed_on",
        "closed_as",
        "deadlines",
        "appointments",
        "letters",
    ),
    *("remedies", "messages", "pending", "refused", "irregular", "as_of"),
}
DEADLINE = {
    *("name", "stage", "counts_from", "limit", "unit", "kind", "due_on", "provisional", "met_on", "state"),
    *("days_late", "source", "moved", "due_on_without_pause", "days_late_without_pause", "pauses"),
}
LONG_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2} \d{4}")


async def test_every_field(cli: Cli) -> None:
    reference = await cli.open()
    assert (await cli("send", reference, "acknowledge")).status == 0
    status = (await cli("show", reference, "--json")).document
    assert set(status) >= STATUS
    assert status["reference"] == reference
    assert status["as_of"] == today().isoformat()
    assert [d["name"] for d in status["deadlines"]] == ["acknowledgement", "stage_1_response"]
    for deadline in status["deadlines"]:
        assert set(deadline) >= DEADLINE
        assert deadline["source"]
    assert status["deadlines"][0]["met_on"] == today().isoformat()
    assert (status["next_due_on"], status["waiting_for"]) == (ahead(10), "stage_manager")


async def test_as_of(cli: Cli) -> None:
    reference = await cli.open()
    due = CALENDAR.add(today(), 3)
    in_time = (await cli("show", reference, "--json", "--as-of", due.isoformat())).document
    assert (in_time["overdue"], in_time["deadlines"][0]["state"]) == (False, "running")
    late = (await cli("show", reference, "--json", "--as-of", CALENDAR.add(due, 2).isoformat())).document
    assert (late["overdue"], late["deadlines"][0]["state"]) == (True, "overdue")
    assert late["deadlines"][0]["days_late"] == 2
    assert late["as_of"] == CALENDAR.add(due, 2).isoformat()
    for wrong in ("20261120", "9999-12-31"):
        ran = await cli("show", reference, "--json", "--as-of", wrong)
        assert ran.status == 2, wrong
        assert ran.lines[0].startswith("as_of: ")
        assert ran.document["problems"] == ran.lines


async def test_what_people_read(cli: Cli) -> None:
    reference = await cli.open()
    ran = await cli("show", reference)
    assert ran.status == 0
    assert reference in ran.out
    assert long_date(CALENDAR.add(today(), 10)) in ran.out
    assert not re.search(r"\d{4}-\d{2}-\d{2}", ran.out)


async def test_a_narrow_screen_cuts_no_reference(cli: Cli) -> None:
    reference = await cli.open()
    cli.more["COLUMNS"] = "80"
    await _listed(cli, reference)
    assert reference in (await cli("list")).out


async def test_list_and_its_filters_with_temporal_down(cli: Cli, down: Cli) -> None:
    late = await cli.open(received_on=back(9))
    early = await cli.open()
    elsewhere = await cli.open(authority="north-somerset")
    gone = await cli.open()
    assert (await cli("send", gone, "withdraw")).status == 0
    received = back(4)
    under_way = [
        {"action": "acknowledge"},
        {"action": "respond", "outcome": "upheld"},
        {"action": "escalate"},
    ]
    asked = await cli.open(received_on=received, messages=[each | {"on": received} for each in under_way])
    own = {late, early, elsewhere, gone, asked}

    async def found(*words: str) -> set[str]:
        ran = await down("list", *words, "--json")
        assert ran.status == 0, ran.err
        return {status["reference"] for status in ran.document} & own

    await _until(found, {late, early, elsewhere, asked})
    assert await found("--all") == own
    assert await found("--overdue") == {late}
    assert await found("--stage", "stage_2") == {asked}
    assert await found("--authority", "north-somerset") == {elsewhere}
    assert await found("--due-before", today().isoformat()) == {late}
    due = CALENDAR.add(today(), 3)
    assert early not in await found("--due-before", due.isoformat())
    assert early in await found("--due-before", CALENDAR.add(due, 1).isoformat())

    ran = await down("list", "--all", "--json")
    statuses = ran.document
    due_dates = [(s["late_since"] or "9999", s["next_due_on"] or "9999") for s in statuses]
    assert due_dates == sorted(due_dates)
    assert next(s["reference"] for s in statuses if s["reference"] in own) == late
    assert await found("--waiting-for", "investigating-officer", "--stage", "stage_2") <= {asked}
    assert late not in await found("--received-from", today().isoformat())
    assert await found("--received-to", CALENDAR.before(today(), 5).isoformat()) == {late}
    assert await found("--reference", late.lower()) == {late}
    assert await found("--kind", "complaint", "--procedure", "statutory") >= {late}
    assert await found("--source-id", "no such number") == set()
    assert await found("--team", "No Such Team") == set()
    assert all(set(s) >= STATUS - {"messages"} and "messages" not in s for s in statuses)
    people = await down("list", "--overdue")
    assert late in people.out
    assert LONG_DATE.search(people.out)

    shown = (await cli("show", late, "--json")).document
    listed = next(s for s in statuses if s["reference"] == late)
    for name in ("deadlines", "stage", "state", "next_due_on", "waiting_for", "overdue"):
        assert listed[name] == shown[name], name


async def test_list_malformed(down: Cli) -> None:
    ran = await down("list", "--due-before", "soon", "--json")
    assert ran.status == 2
    assert ran.lines[0].startswith("due_before: ")
    assert ran.document["problems"] == ran.lines
    ran = await down("list", "--stage", "stage2")
    assert ran.status == 2
    assert ran.lines == ["stage: 'stage2' is none of intake, informal, stage_1, stage_2, stage_3, ombudsman"]
    ran = await down("list", "--authority", "rotheram")
    assert ran.status == 2
    assert ran.lines[0].startswith("authority: 'rotheram' is none of ")


async def test_as_the_sdk_would_log(cli: Cli) -> None:
    """Also with the SDK's own log wide open, standard output is the document alone."""
    cli.more |= {"RUST_LOG": "debug", "TEMPORAL_LOG_LEVEL": "debug", "PYTHONWARNINGS": "default"}
    reference = await cli.open()
    assert isinstance((await cli("show", reference, "--json")).document, dict)
    assert isinstance((await cli("send", reference, "acknowledge", "--json")).document, dict)


async def _listed(cli: Cli, reference: str) -> None:
    async def found() -> set[str]:
        statuses: list[dict[str, Any]] = json.loads((await cli("list", "--json")).out)
        return {s["reference"] for s in statuses} & {reference}

    await _until(found, {reference})


async def _until(found: Callable[[], Awaitable[set[str]]], wanted: set[str]) -> None:
    """The register follows within seconds."""
    assert await eventually(found, wanted.__eq__) == wanted


async def test_a_question_about_another_route_is_shown_with_its_reason_until_it_is_decided(cli: Cli) -> None:
    """Finding R8: such a complaint went to `statutory` unasked."""
    reference = await cli.open(points=["EHCP was late"])
    assert (await cli("send", reference, "acknowledge")).status == 0

    async def listed() -> list[str]:
        ran = await cli("list", "--waiting-for", "complaints-manager", "--reference", reference, "--json")
        return [line["reference"] for line in ran.document]

    assert await eventually(listed, lambda found: found == [reference]) == [reference]
    shown = await cli("show", f" {reference.lower()}\u200b")
    assert "special educational needs" in shown.out
    assert 'because of "ehcp…", "late" (point 1)' in " ".join(shown.out.split())
    assert (await cli("send", reference, "accept", "--set", "reason=It is about his care plan.")).status == 0
    status = (await cli("show", reference, "--json")).document
    assert (status["stage"], status["waiting_for"], status["questions"]) == ("stage_1", "stage_manager", [])

    assert await eventually(listed, lambda found: not found) == []


async def test_how_a_request_came_and_what_sort_a_remedy_is_are_shown(cli: Cli) -> None:
    reference = await cli.open()
    remedies = '[{"what": "A letter from the manager", "kind": "apology"}]'
    answer = ("outcome=not_upheld", "letter=sent", f"remedies={remedies}")
    assert (await cli("send", reference, "respond", "--set", *answer)).status == 0
    assert (await cli("send", reference, "escalate", "--set", "channel=telephone")).status == 0
    shown = (await cli("show", reference)).out
    assert "escalate  (applied) by telephone" in shown
    assert "1. A letter from the manager  (apology), by " in shown
