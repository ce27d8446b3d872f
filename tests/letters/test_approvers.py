"""Who is asked to approve a draft, by name (issue 11, drafts and approval)."""

from __future__ import annotations

from datetime import date

import pytest

from redress.domain.case import Case
from redress.domain.directory import Absence, Directory, DirectoryEntry, Listed
from redress.domain.procedure import Approver, LetterRule
from redress.letters.approvers import OF_TODAY, asked_for, written_to
from tests.domain.conftest import corporate, send

LETTER = "stage_1_response"


def directory(*, away: bool = False, deputy: str = "Dan Deputy", manager: str = "Tara Teamlead") -> Directory:
    """Two teams with a manager each, a Director, and a Complaints Manager."""
    absences = [Absence.model_validate({"from": "2026-06-01", "to": "2026-06-30"})] if away else []
    people = [
        DirectoryEntry(
            name=manager,
            email="tara@council.example",
            roles=["stage_manager"],
            teams=["Team North"],
            deputy=deputy,
            absences=absences,
        ),
        DirectoryEntry(
            name="Ed East", email="ed@council.example", roles=["stage_manager"], teams=["Team East"]
        ),
        DirectoryEntry(name="Dan Deputy", email="dan@council.example"),
        DirectoryEntry(name="Dora Director", email="dora@council.example", roles=["director"]),
        DirectoryEntry(name="Cora Complaints", email="cora@council.example", roles=["complaints_manager"]),
    ]
    return Directory(Listed(f"pn_{number}", each) for number, each in enumerate(people))


def drafted(*, by: str = "Tess Team", team: str = "Team North", **rule: object) -> Case:
    """An answer drafted on Friday 5 June, to be approved by the 12th; its limit ends on Tuesday the 16th."""
    case = corporate(about={"team": team})
    given = {"approver": "stage_manager", **rule}
    rules = {name: LetterRule.model_validate(given) for name in ("answer", LETTER)}
    policy = case.rules.procedure.policy.model_copy(update={"letters": rules})
    procedure = case.rules.procedure.model_copy(update={"policy": policy})
    case = Case(
        case.rules.model_copy(update={"procedure": procedure}), case.reference, case.intake, case.opened_on
    )
    send(case, "acknowledge", "2026-06-02")
    assert send(case, "respond", "2026-06-05", outcome="upheld", by=by, letter="draft").pending
    return case


def name_on(case: Case, on: str, people: Directory) -> str | None:
    found = asked_for(case, OF_TODAY, people, date.fromisoformat(on))
    assert found is not None
    return found.person.name if found.person is not None else None


def test_it_passes_from_the_manager_of_the_team_to_their_deputy_and_to_the_complaints_manager() -> None:
    case = drafted()
    days = ("2026-06-05", "2026-06-12", "2026-06-15", "2026-06-16", "2026-06-18")
    names = [name_on(case, on, directory()) for on in days]
    assert names == [*["Tara Teamlead"] * 2, "Dan Deputy", *["Cora Complaints"] * 2]
    assert name_on(drafted(team="Team East"), "2026-06-05", directory()) == "Ed East"


def test_the_files_own_deputy_goes_before_that_of_the_directory() -> None:
    assert name_on(drafted(deputy="director"), "2026-06-15", directory()) == "Dora Director"


@pytest.mark.parametrize(
    ("people", "rule", "name"),
    [
        (directory(away=True), {}, "Dan Deputy"),
        (directory(away=True, deputy=""), {}, "Cora Complaints"),
        (directory(away=True, deputy=""), {"deputy": "director"}, "Dora Director"),
        (directory(), {"by": "Tara Teamlead"}, "Dan Deputy"),
        (directory(), {"by": "oidc:tara  teamlead"}, "Dan Deputy"),
        (directory(deputy=""), {"by": "tara@council.example"}, "Cora Complaints"),
        (directory(), {"by": "Tara Teamlead", "writer_may_approve": True}, "Tara Teamlead"),
        (directory(), {"team": "Team Unknown"}, None),
        (Directory(), {}, None),
    ],
)
def test_whoever_is_away_or_wrote_it_is_passed_over_at_once(
    people: Directory, rule: dict[str, object], name: str | None
) -> None:
    case = drafted(**rule)  # type: ignore[arg-type]
    assert name_on(case, "2026-06-05", people) == name


def test_a_letter_about_a_draft_says_in_which_role_it_reaches_them() -> None:
    case, titles = drafted(), {"stage_manager": "manager of the team"}
    role: Approver = "complaints_manager"
    asked = written_to(case, "letter_to_approve", role, OF_TODAY, directory(), date(2026, 6, 15))
    assert (asked.person and asked.person.email, asked.title(titles)) == (
        "dan@council.example",
        "deputy of the manager of the team",
    )
    first = written_to(case, "letter_to_approve", role, {}, directory(), date(2026, 6, 15))
    assert first.person is not None
    assert first.person.name == "Tara Teamlead", "whoever drafts asks the approver"
    other = written_to(case, "reminder", role, {}, directory(), date(2026, 6, 15))
    assert other.person is not None
    assert other.person.name == "Cora Complaints"
