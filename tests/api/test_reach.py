"""Who reaches what: every path, by role, by authority, and by who brought it (findings S1, S2, S5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client

from redress.contract import TASK_QUEUE, WORKFLOW, workflow_id
from redress.domain.messages import MESSAGES
from redress.domain.opening import Opening
from redress.security.access import INTAKE, ROLES, Role
from redress.security.encryption import PlaintextCipher
from redress.security.tokens import token_identity
from redress.services.clock import today
from redress.store.api_store import open_store
from redress.store.intake_queue import IntakeQueue
from tests.api.api_process import ApiProcess, access, invented
from tests.api.test_access import OPEN, Way
from tests.api.test_access import ways as ways  # the fixture

OWN, FOREIGN = "family-rights", "north-somerset"
TEAM = "Team Walk"
"""Which the complaint that the caller `walker` brought is about."""

MESSAGE = {f"send_{action}" for action in MESSAGES}
LETTERS = {"list_complaint_letters", "read_letter", "read_letter_pdf", "print_letter", "letter_done"}
LETTERS |= {"resend_letter", "approve_draft", "send_draft_back", "edit_draft", "release_letter"}
DOCUMENTS = {"attach_document", "list_documents", "show_document", "read_document", "copy_document"}
DIFFERING = {"list_differing", "dismiss_differing", "take_differing"}
COMPLAINT = {"read_complaint", "read_standing", "follow_changes", "list_conflicts", "record_email"}
COMPLAINT |= LETTERS | DOCUMENTS | DIFFERING | MESSAGE
WITHOUT_ANY = LETTERS | DIFFERING | DOCUMENTS
"""What names something of a complaint that the complaints here have none of, or takes no JSON."""

WEBHOOK = {"read_webhook", "end_webhook", "renew_webhook_secret", "retry_webhook"}
RECEIPT = {"read_receipt"}
REQUEST = {"match_request", "dismiss_request"}
PERSON = {"read_person", "change_person", "remove_person"}

OF_AN_AUTHORITY = {
    *("open_complaint", "make_webhook", "list_webhooks", "list_complaints", "list_due"),
    *("list_letters", "list_not_begun", "read_audit"),
    *("list_people", "add_person", "import_people", "bring_email"),
}
"""Limited to the caller's authority by what they hold; each has a test of its own below."""

OF_NOBODY = {"count_days", "codec_encode", "codec_decode", "metrics", "list_unmatched", "preview_letters"}
"""They name no complaint. What they show of whom: `test_codec`, `test_unmatched`, and below."""

NAMES = {
    "{reference}": COMPLAINT,
    "{webhook}": WEBHOOK,
    "{receipt}": RECEIPT,
    "{request}": REQUEST,
    "{person}": PERSON,
}
"""What is named in the path of which operations."""

NONSENSE = {"no_such_field": True}
"""A body that no operation takes: it is judged only after it is known that the caller reaches the thing."""

Answer = tuple[int, bytes, tuple[tuple[str, str], ...]]


class Things(NamedTuple):
    """What there is to reach, by whose it is. The caller `walker` brought `own`."""

    own: str
    not_brought: str
    foreign: str
    missing: str


class World(NamedTuple):
    complaints: Things
    webhooks: Things
    receipts: Things
    requests: Things
    people: Things


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(api: ApiProcess) -> AsyncIterator[World]:
    manager = api.headers("complaints_manager")
    walker = api.headers("intake", name="walker", authority=OWN)
    other = api.headers("intake", authority=OWN)
    stranger = api.headers("intake", authority=FOREIGN)
    complaints = Things(
        await api.open(walker, authority=OWN, about={"team": TEAM}),
        await api.open(other, authority=OWN),
        await api.open(stranger, authority=FOREIGN),
        "CYP-1999-000001",
    )

    async def hook(authority: str | None) -> str:
        new = {"url": "https://invented.example/", "authority": authority}
        return str((await api.http.post("/v1/webhooks", json=new, headers=manager)).json()["id"])

    hooks = Things(await hook(OWN), await hook(None), await hook(FOREIGN), "wh_" + "0" * 24)
    queue = IntakeQueue(open_store(f"sqlite:///{api.state / 'api.db'}"), PlaintextCipher())

    def receipt(caller: str, authority: str) -> str:
        raw = invented(authority=authority)
        return queue.put(Opening.model_validate(raw), raw, token_identity(caller), None).receipt

    receipts = Things(
        receipt("walker", OWN), receipt("another", OWN), receipt("walker", FOREIGN), "rc_" + "0" * 32
    )

    async def request(headers: dict[str, str], mark: str) -> str:
        said = await api.send(headers, complaints.missing, "add-note", note=mark)
        assert said.status_code == 202, said.text
        page = (await api.http.get("/v1/unmatched?limit=200", headers=manager)).json()
        return str(next(each["request"] for each in page["requests"] if each["message"].get("note") == mark))

    requests = Things(
        await request(walker, "mine"),
        await request(other, "another's"),
        await request(stranger, "foreign"),
        "um_" + "0" * 32,
    )

    async def person(authority: str) -> str:
        new = {"authority": authority, "name": "Olive Imagined", "id": uuid4().hex}  # made again, another one
        made = await api.http.post("/v1/people", json=new, headers=manager)
        return str(made.json()["person"])

    colleague = await person(OWN)
    people = Things(colleague, colleague, await person(FOREIGN), "pn_" + "0" * 24)
    yield World(complaints, hooks, receipts, requests, people)
    for each in hooks[:3]:
        await api.http.delete(f"/v1/webhooks/{each}", headers=manager)


def test_every_path_is_classified(ways: list[Way]) -> None:
    """A new path has to say whose it is before it can be there."""
    classes = [OPEN, *NAMES.values(), OF_AN_AUTHORITY, OF_NOBODY]
    assert sum(map(len, classes)) == len(set().union(*classes))
    assert set().union(*classes) == {way.operation for way in ways}


def test_what_keeps_a_request_is_a_message_of_intake() -> None:
    assert {f"send_{name}" for name, kind in MESSAGES.items() if kind.sent_by & INTAKE} >= {
        "send_escalate",
        "send_withdraw",
        "send_set_advocate",
        "send_add_note",
    }


@pytest.mark.parametrize("role", ROLES)
async def test_who_reaches_what(api: ApiProcess, ways: list[Way], world: World, role: Role) -> None:
    """401 and 403 before anything is looked up, then one 404, and what the body holds only after that."""
    name, teams = ("walker" if role == "intake" else ""), ([TEAM] if role == "team_manager" else None)
    headers = api.headers(role, authority=OWN, name=name, teams=teams)
    await api.until(lambda: is_recorded(api, world.complaints.own))
    things = dict(zip(NAMES, world, strict=True))
    walk = asyncio.Semaphore(16)

    async def ask(way: Way, thing: str) -> Answer:
        path = way.path
        for name in (
            "CYP-1999-000001",
            "wh_" + "0" * 24,
            "rc_" + "0" * 32,
            "um_" + "0" * 32,
            "pn_" + "0" * 24,
        ):
            path = path.replace(name, thing)
        body = NONSENSE if way.method in ("POST", "PUT") else None
        async with walk:
            return shown(await api.http.request(way.method, path, headers=headers, json=body))

    missing: dict[str, set[Answer]] = {name: set() for name in NAMES}
    for name, operations in NAMES.items():
        for way in ways:
            if way.operation not in operations or way.operation in ("end_webhook", "remove_person"):
                continue
            answers = await asyncio.gather(*(ask(way, thing) for thing in things[name]))
            own, not_brought, foreign, none = answers
            if role not in (access()[way.operation] or ()):
                assert {each[0] for each in answers} == {403}, way
                assert len(set(answers)) == 1, way
            elif role == "intake" and way.operation in MESSAGE:
                assert {each[0] for each in answers} == {422}, (way, answers)
            else:
                assert own[0] in (200, 422) or way.operation in WITHOUT_ANY, (way, own)
                assert none[0] == foreign[0] == 404, (way, answers)
                is_hidden = role in ("intake", "team_manager") or name == "{webhook}"
                assert not_brought[0] == (404 if is_hidden else own[0]), (way, answers)
                missing[name] |= {foreign, none, *([not_brought] if is_hidden else [])}
    assert all(len(answers) <= 1 for answers in missing.values()), missing


async def is_recorded(api: ApiProcess, reference: str) -> bool:
    """Whether the register has a complaint: until then nobody knows which team it is about."""
    listed = await api.http.get(f"/v1/complaints?reference={reference}", headers=api.headers("staff"))
    return bool(listed.json()["complaints"])


async def test_a_team_manager_has_their_own_teams_complaints_and_drafts_for_those_alone(
    api: ApiProcess,
) -> None:
    """Issue 11, roles: lists, letters and messages, and nothing that names another team's."""
    mine, both, theirs = [
        await api.open(api.headers("staff"), authority=OWN, about={"teams": teams})
        for teams in (["Team Own"], ["Team Other", "team  own"], ["Team Other"])
    ]
    for each in (mine, both, theirs):
        await api.until(lambda each=each: is_recorded(api, each))
    tara = api.headers("team_manager", authority=OWN, name="Tara Teamlead", teams=["TEAM OWN"])
    for path in ("complaints", "due"):
        page = (await api.http.get(f"/v1/{path}?limit=500", headers=tara)).json()[path]
        assert {each["reference"] for each in page} == {mine, both}
    for query in (f"reference={theirs}", "team=Team%20Other&reference=" + theirs):
        found = await api.http.get(f"/v1/complaints?{query}", headers=tara)
        assert found.json()["complaints"] == []
    for reference, status in ((mine, 200), (both, 200), (theirs, 404), ("CYP-1999-000001", 404)):
        assert (await api.http.get(f"/v1/complaints/{reference}", headers=tara)).status_code == status
    none = await api.send(tara, "CYP-1999-000001", "respond", outcome="upheld", letter="draft")
    assert shown(await api.send(tara, theirs, "respond", outcome="upheld", letter="draft")) == shown(none)

    assert (await api.send(tara, mine, "acknowledge")).status_code == 200
    past = await api.send(tara, mine, "respond", outcome="upheld", letter="at_once")
    assert (past.status_code, "for the authority's file to say" in past.json()["detail"]) == (403, True)
    said = await api.send(tara, mine, "respond", outcome="upheld", letter="draft", by="Somebody Else")
    assert (said.status_code, said.json()["pending"]) == (202, True)

    async def drafts(headers: dict[str, str]) -> set[str]:
        page = await api.http.get("/v1/letters?state=draft&limit=500", headers=headers)
        return {each["reference"] for each in page.json()["letters"]}

    async def is_drafted() -> bool:
        return mine in await drafts(tara)

    await api.until(is_drafted)
    assert await drafts(tara) == {mine}
    assert mine not in await drafts(api.headers("team_manager", authority=OWN, teams=["Team Other"]))
    [draft] = [
        each
        for each in (await api.http.get(f"/v1/complaints/{mine}/letters?state=draft", headers=tara)).json()[
            "letters"
        ]
        if each["to"] == "complainant"
    ]
    path = f"/v1/complaints/{mine}/letters/{draft['mark']}"
    own = await api.http.post(f"{path}/approve", json={}, headers=tara)
    assert own.status_code == 409
    assert "Whoever wrote a letter" in own.json()["detail"]
    body = await api.send(tara, mine, "approve-letter", mark=draft["mark"], by="Cora", as_role="staff")
    assert body.status_code == 409, "who calls counts, whatever the body says"
    other = api.headers("team_manager", authority=OWN, name="Tom Teamlead", teams=["Team Own"])
    refused = await api.http.post(f"{path}/approve", json={}, headers=other)
    assert "not for the manager of a team to approve" in refused.json()["detail"]
    cora = api.headers("complaints_manager", authority=OWN, name="Cora")
    assert (await api.http.post(f"{path}/approve", json={}, headers=cora)).status_code == 200


@pytest.mark.parametrize(
    ("authority", "teams"), [(None, ["Team Mine"]), (OWN, []), (OWN, [" "]), (FOREIGN, ["Team Mine"])]
)
async def test_a_team_manager_of_no_team_or_authority_reaches_nothing(
    api: ApiProcess, authority: str | None, teams: list[str]
) -> None:
    """Closed by default: also a complaint that is about no team."""
    found = [
        await api.open(api.headers("staff"), authority=OWN, **more)
        for more in ({}, {"about": {"team": "Team Mine"}})
    ]
    headers = api.headers("team_manager", authority=authority, teams=teams)
    for reference in found:
        await api.until(lambda reference=reference: is_recorded(api, reference))
        assert (await api.http.get(f"/v1/complaints/{reference}", headers=headers)).status_code == 404
    for path in ("complaints", "due"):
        assert (await api.http.get(f"/v1/{path}", headers=headers)).json()[path] == []
    assert (await api.http.get("/v1/letters", headers=headers)).json()["letters"] == []


def shown(answer: httpx.Response) -> Answer:
    """All that a caller sees of an answer."""
    return answer.status_code, answer.content, tuple(sorted({**answer.headers, "date": ""}.items()))


@pytest.mark.parametrize("action", sorted(name for name, kind in MESSAGES.items() if kind.sent_by & INTAKE))
async def test_what_an_intake_caller_cannot_reach_is_answered_alike(
    api: ApiProcess, world: World, action: str
) -> None:
    """S1: a complaint that others brought is not changed, and nobody learns whether there is one."""
    headers = api.headers("intake", authority=OWN)
    said = {**MESSAGES[action].example(), "on": today().isoformat(), "message_id": f"told-{action}"}
    answers = {
        (each.status_code, each.text)
        for thing in world.complaints
        for each in [await api.send(headers, thing, action.replace("_", "-"), **said)]
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 202
    staff = api.headers("staff")
    for reference in world.complaints[:3]:
        status = (await api.http.get(f"/v1/complaints/{reference}", headers=staff)).json()
        assert f"told-{action}" not in {each["message_id"] for each in status["messages"]}


async def test_a_second_token_of_one_caller_reaches_the_same(api: ApiProcess) -> None:
    first, second = (api.headers("intake", name="twice") for _ in range(2))
    reference = await api.open(first)
    assert (await api.http.get(f"/v1/complaints/{reference}/standing", headers=second)).status_code == 200
    namesake = api.headers("intake", name="twice-")
    assert (await api.http.get(f"/v1/complaints/{reference}/standing", headers=namesake)).status_code == 404
    whole = api.headers("intake", access="authority")
    assert (await api.http.get(f"/v1/complaints/{reference}/standing", headers=whole)).status_code == 200
    report = api.headers("intake", "reader")  # as reader it reads; what it may only do as intake is limited
    assert (await api.http.get(f"/v1/complaints/{reference}/standing", headers=report)).status_code == 200
    kept = await api.send(report, reference, "withdraw", reason="I am content.")
    assert (kept.status_code, kept.json()["pending"]) == (202, True)


async def test_what_nobody_brought_is_no_intake_callers(api: ApiProcess) -> None:
    """S1: a complaint from the command line, or of an older register, has no known bringer."""
    reference = await api.open(api.headers("staff"))
    for name in ("", "staff"):
        headers = api.headers("intake", name=name)
        answer = await api.http.get(f"/v1/complaints/{reference}/standing", headers=headers)
        assert answer.status_code == 404


async def test_where_it_can_be_read_is_where_this_caller_can(api: ApiProcess) -> None:
    """N13: the `Location` of a 201 leads somewhere, for each role."""
    opening = invented()
    for headers in (api.headers("intake"), api.headers("staff")):
        opened = await api.http.post("/v1/complaints", json=opening, headers=headers)
        assert (await api.http.get(opened.headers["location"], headers=headers)).status_code == 200
    again = await api.http.post("/v1/complaints", json=opening, headers=api.headers("intake"))
    assert "location" not in again.headers  # another caller brought it


async def test_a_source_is_of_the_callers_who_may_name_it(api: ApiProcess) -> None:
    """S4: nobody takes another system's ids."""
    headers = api.headers("intake", sources=["form-a", "form-b"])
    for source, status in (("form-a", 201), ("casesystem", 403), (" form-a", 403), (7, 422), (None, 422)):
        answer = await api.http.post("/v1/complaints", json=invented(source=source), headers=headers)
        assert answer.status_code == status, (source, answer.text)
        if status == 403:
            assert answer.json()["type"] == "urn:redress:problem:source-not-allowed"


async def test_what_another_authority_has_is_in_no_list(api: ApiProcess, world: World) -> None:
    stranger = api.headers("staff", "complaints_manager", "intake", "reader", authority=OWN)
    opening = {"authority": FOREIGN, "kind": "complaint"}
    assert (await api.http.post("/v1/complaints", json=opening, headers=stranger)).status_code == 403
    for path in ("complaints", "due"):
        answer = await api.http.get(f"/v1/{path}?authority={FOREIGN}", headers=stranger)
        assert answer.status_code == 403
        mine = (await api.http.get(f"/v1/{path}?limit=500", headers=stranger)).json()[path]
        assert {each["authority"] for each in mine} <= {OWN}
    hooks = (await api.http.get("/v1/webhooks", headers=stranger)).json()["webhooks"]
    assert {each["authority"] for each in hooks} == {OWN}
    made = await api.http.post("/v1/webhooks", json={"url": "https://invented.example/"}, headers=stranger)
    assert made.json()["authority"] == OWN
    gone = await api.http.delete(f"/v1/webhooks/{world.webhooks.foreign}", headers=stranger)
    assert gone.status_code == 404
    gone = await api.http.delete(f"/v1/webhooks/{made.json()['id']}", headers=stranger)
    assert gone.status_code == 204
    assert (await api.http.get("/metrics", headers=stranger)).status_code == 403


async def test_one_authority_does_not_use_up_anothers_webhooks(api: ApiProcess) -> None:
    """S5: fifty are the limit of each."""
    theirs = api.headers("complaints_manager", authority="young-people")
    ours = api.headers("complaints_manager", authority="rotherham")
    new = {"url": "https://invented.example/"}
    made = [await api.http.post("/v1/webhooks", json=new, headers=theirs) for _ in range(50)]
    assert {each.status_code for each in made} == {201}
    assert (await api.http.post("/v1/webhooks", json=new, headers=theirs)).status_code == 422
    one = await api.http.post("/v1/webhooks", json=new, headers=ours)
    assert one.status_code == 201
    for each in [*made, one]:
        headers = ours if each is one else theirs
        await api.http.delete(f"/v1/webhooks/{each.json()['id']}", headers=headers)


async def test_a_complaint_that_only_temporal_knows_is_its_own_authoritys(
    api: ApiProcess, server: tuple[str, Client]
) -> None:
    """S2: started by hand, or the register came back from an older backup."""
    reference = "NSC-2026-990001"
    opening = invented(authority=FOREIGN)
    start = {"reference": reference, "opening": opening}
    await server[1].start_workflow(WORKFLOW, start, id=workflow_id(reference), task_queue=TASK_QUEUE)
    unlimited, theirs, ours = (
        api.headers("staff", "intake", authority=authority) for authority in (None, FOREIGN, OWN)
    )
    for path in ("", "/standing", "/changes"):
        for headers, status in ((theirs, 200), (unlimited, 200), (ours, 404)):
            answer = await api.http.get(f"/v1/complaints/{reference}{path}", headers=headers)
            assert answer.status_code == status, (path, answer.text)
    none = await api.send(ours, "NSC-2026-990002", "add-note", note="Invented.")
    hidden = await api.send(ours, reference, "add-note", note="Invented.")
    assert shown(hidden) == shown(none)
    assert hidden.status_code == 404
    assert (await api.send(theirs, reference, "add-note", note="Invented.")).status_code == 200
