"""Several people, children, teams and themes in one complaint: what is taken, corrected and shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from redress.contract import RegisterEntry
from redress.domain.case import Case
from redress.domain.conflicts import conflicts_of
from redress.domain.messages import Appoint
from redress.domain.parsing import Malformed
from redress.domain.splitting import part_of
from tests.domain.conftest import at, done, opened, problems, send, shown, status
from workflows.details import current_details
from workflows.summaries import recorded

FIRST = {"name": "Imaginaria Nobody", "role": "parent", "email": "imaginaria@nobody.example"}
OTHERS = [
    {"name": "Fabian Makebelieve", "role": "parent", "email": "fabian@makebelieve.example"},
    {"name": "Mythica Unreal", "role": "grandparent", "address": "2 Nowhere Lane\nExampletown\nEX9 9ZZ"},
]
CHILDREN = [{"name": "Ada Imagined", "child_agrees": True}, {"name": "Ben Imagined", "child_agrees": True}]


def together(**more: Any) -> Case:
    """Three people complain together, on Monday 1 June."""
    return opened(complainant=FIRST, also_complaining=OTHERS, **more)


def corrected(case: Case, on: str, field: str, value: object, **more: Any) -> list[object]:
    answer = send(case, "correct", on, field=field, value=value, reason="They said so.", **more)
    return [change["what"] for change in answer.changed]


def test_somebody_is_the_first() -> None:
    with pytest.raises(Malformed, match="also_complaining: name the first person as complainant"):
        opened(complainant=None, also_complaining=OTHERS)


def test_a_detail_of_one_of_them_is_corrected_and_the_rest_stays() -> None:
    case = together()
    assert corrected(case, "2026-06-02", "also_complaining[1].email", "m@unreal.example") == [
        "also_complaining[1].email"
    ]
    now = status(case, "2026-06-02")
    assert now["also_complaining"] == [OTHERS[0], OTHERS[1] | {"email": "m@unreal.example"}]
    corrected(case, "2026-06-03", "also_complaining[2]", {"name": "Unreal Sitter"})
    assert [each["to"] for each in status(case, "2026-06-03")["complainants"]][-1] == "complainant_4"


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("also_complaining.email", "x@y.example", "say which, for example also_complaining[0]"),
        ("on_behalf_of", {"name": "Cyd Imagined"}, "say which, for example on_behalf_of[0]"),
        ("also_complaining[4].email", "x@y.example", "has 2, and this is none of them"),
        ("also_complaining[0]", None, "nobody is taken out of a list here"),
    ],
)
def test_what_would_lose_somebody_is_turned_away(field: str, value: object, wrong: str) -> None:
    case = together(on_behalf_of=CHILDREN)
    said = {"on": "2026-06-02", "field": field, "value": value, "reason": "They said so."}
    assert any(wrong in what for what in problems(case, "correct", said).values())


def test_one_child_of_several_is_corrected_alone() -> None:
    case = together(on_behalf_of=CHILDREN)
    corrected(case, "2026-06-02", "on_behalf_of[1].child_agrees", False)
    assert status(case, "2026-06-02")["on_behalf_of"] == [CHILDREN[0], CHILDREN[1] | {"child_agrees": False}]


def test_a_name_put_right_takes_nothing_from_what_named_them_before() -> None:
    case = together()
    send(case, "withdraw", "2026-06-02", person="Fabian Makebelieve")
    corrected(case, "2026-06-03", "also_complaining[0].name", "Fabian Makebelief")
    left = {each["to"]: each["left"] for each in status(case, "2026-06-03")["complainants"]}
    assert left == {"complainant": None, "complainant_2": "withdrawn", "complainant_3": None}


def test_the_old_address_of_that_person_alone_is_told_of_a_new_one_from_a_form() -> None:
    case = together()
    body = {
        "on": "2026-06-02",
        "field": "also_complaining[0].email",
        "value": "new@invented.example",
        "reason": "By the form.",
        "message_id": "form-1",
        "from_intake": True,
        "accepted_on": "2026-06-02",
        "assumed": False,
    }
    assert case.receive(case.parse("correct", body, at("2026-06-02")), at("2026-06-02")).pending
    assert status(case, "2026-06-02")["also_complaining"] == OTHERS
    send(case, "confirm_contact", "2026-06-03", message="form-1", accept=True)
    [told] = [e for e in case.state.effects if e.template == "contact_confirmed"]
    assert told.facts["to_people"] == [2]
    former = told.facts["former"]
    assert isinstance(former, dict)
    assert former["email"] == "fabian@makebelieve.example"


def test_what_came_from_a_form_is_not_told_who_complains() -> None:
    case = together()
    for action in ("withdraw", "escalate"):
        body = {"on": "2026-06-02", "person": "Nobody Known", "from_intake": True, "assumed": False}
        answer = case.receive(case.parse(action, body, at("2026-06-02")), at("2026-06-02"))
        assert answer.reason == "person: nobody of that name complains here."


def test_the_operators_page_names_nobody_whom_a_refusal_names() -> None:
    case = together()
    assert "Fabian Makebelieve" in send(case, "withdraw", "2026-06-02", person="Nobody Known").reason
    page = current_details(case, date(2026, 6, 2), "default")
    assert "**refused**: person: nobody of that name complains here." in page
    assert not [each for each in [FIRST, *OTHERS] if each["name"] in page]


def test_a_contact_with_an_unknown_person_is_recorded_as_irregular() -> None:
    case = together()
    said = {"direction": "out", "channel": "telephone", "person": "Nobody Known"}
    assert send(case, "record_contact", "2026-06-02", **said).applied
    assert [each["what"] for each in status(case, "2026-06-02")["irregular"]] == [
        "person: nobody of that name complains here."
    ]


def test_out_of_contact_is_whoever_was_tried() -> None:
    case = together()

    def tried(on: str, person: str | None) -> None:
        said: dict[str, Any] = {"direction": "out", "channel": "telephone", "person": person}
        send(case, "record_contact", on, **said)
        send(case, "record_contact", on, **{**said, "channel": "text"})
        send(case, "record_contact", on, **{**said, "channel": "post"}, reply_by="2026-07-10")

    tried("2026-06-02", "Fabian Makebelieve")
    ends = {"kind": "out_of_contact", "reason": "Nobody answers."}
    assert "Missing" in send(case, "close", "2026-07-13", **ends).reason
    tried("2026-07-14", None)
    send(case, "record_contact", "2026-07-15", direction="in", channel="telephone", person="complainant_3")
    assert "Missing" in send(case, "close", "2026-09-30", **ends).reason


def test_a_part_has_nobody_who_has_left() -> None:
    case = together(advocate={"name": "Supporta Invented"})
    send(case, "withdraw", "2026-06-02", person="Imaginaria Nobody")
    send(case, "split", "2026-06-03", points=[2], procedure="corporate")
    [effect] = [task.effect for task in done(case, "2026-06-03") if task.effect.kind == "split"]
    opening = part_of(case, effect.shown()).opening
    assert opening["complainant"]["name"] == "Fabian Makebelieve"
    assert [each["name"] for each in opening["also_complaining"]] == ["Mythica Unreal"]
    assert opening["advocate"] is None


def test_the_first_of_several_teams_is_the_team() -> None:
    about = status(opened(about={"teams": ["Team A", "Team B"]}), "2026-06-01")["about"]
    assert about == {"team": "Team A", "teams": ["Team A", "Team B"]}
    about = status(opened(about={"team": "Team C", "teams": ["Team A"]}), "2026-06-01")["about"]
    assert about == {"team": "Team C", "teams": ["Team C", "Team A"]}


def test_one_whose_right_is_in_no_doubt_is_enough() -> None:
    friend = {"name": "Unreal Sitter", "role": "friend"}
    assert opened(complainant=friend).state.stage == "intake"
    assert opened(complainant=friend, also_complaining=[FIRST]).state.stage == "stage_1"


def test_a_reply_to_one_of_them_counts_whatever_they_are_called() -> None:
    case = opened(complainant=FIRST, also_complaining=OTHERS)
    name = OTHERS[0]["name"]
    owed = {"direction": "in", "channel": "telephone", "reply_by": "2026-06-08"}
    send(case, "record_contact", "2026-06-03", **owed, person=name)
    send(case, "record_contact", "2026-06-04", direction="out", channel="telephone", person="complainant")
    assert shown(case, "contact_reply_1", "2026-06-05")[1] == "running"
    send(case, "record_contact", "2026-06-05", direction="out", channel="telephone", person="complainant_2")
    assert shown(case, "contact_reply_1", "2026-06-06")[1] == "met"


def test_none_of_them_takes_a_part_in_it_unconsidered() -> None:
    case = opened(complainant=FIRST, also_complaining=OTHERS)
    for person in (FIRST, *OTHERS):
        raw = {"role": "investigating_officer", "person": {"name": person["name"]}, "connection": "none"}
        message = Appoint.model_validate({"on": "2026-06-03", "message_id": "a", **raw})
        found = [*conflicts_of(case.state, message)]
        assert len(found) == 1
        assert "name or e-mail address" in found[0]


def test_what_temporal_shows_of_a_refusal_names_none_of_them() -> None:
    case = together()
    answer = send(case, "withdraw", "2026-06-02", person="Nobody Known")
    assert "Fabian" in answer.reason
    body = case.logged[answer.message_id].model_dump(mode="json")
    entry = RegisterEntry(kind="message", key="message:0", on="2026-06-02", body=body)
    summary = recorded([entry])
    assert "nobody of that name complains here" in summary
    assert "Fabian" not in summary
