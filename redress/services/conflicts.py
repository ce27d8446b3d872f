"""Who of an authority's directory may take a part in a complaint, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from redress.domain.actions.appointment import not_eligible, ruled_out
from redress.domain.case import Case
from redress.domain.conflicts import conflicts_of
from redress.domain.directory import Directory, DirectoryEntry, Listed
from redress.domain.fields import Appointee
from redress.domain.messages import Appoint
from redress.domain.parsing import Malformed, Problem
from redress.domain.procedure import RoleRule
from redress.services.clock import today
from redress.services.errors import NotFound
from redress.store import directory as store
from redress.store.register import Register


class Candidate(NamedTuple):
    """Somebody of the directory for a part of a complaint.

    `may`: `yes`; `consider`, with a reason (`conflict_considered`); `no`, by the rules. `conflicts` says why,
    and that they are away today, which rules nobody out.
    """

    role: str
    title: str
    person: str
    name: str
    may: Literal["yes", "consider", "no"]
    conflicts: list[str]


def candidates(register: Register, reference: str, role: str = "") -> list[Candidate]:
    """Everybody of the directory for each part of the complaint's procedure, or for one of them.

    Raises `NotFound` also where it was erased, `Malformed` where the procedure has no such part.
    """
    with register.reading() as db:
        recorded = register.case(db, reference) if register.erased(db, reference) is None else None
        if recorded is None:
            raise NotFound(reference)
        case = recorded[0]
        directory = store.current(register, db, case.opening.authority).directory
    rules = case.state.procedure.role
    if role and role not in rules:
        known = ", ".join(rules) or "none: this procedure has no parts"
        raise Malformed([Problem("role", f"should be one of {known}", "not_one_of")])
    return [*_candidates(case, directory, [rules[role]] if role else [*rules.values()])]


def _candidates(case: Case, directory: Directory, rules: list[RoleRule]) -> Iterator[Candidate]:
    for rule in rules:
        for listed in directory:
            if rule.role in listed.entry.roles:
                yield _judged(case, rule, listed)


def _judged(case: Case, rule: RoleRule, listed: Listed) -> Candidate:
    entry = listed.entry
    message = Appoint(
        message_id="candidate",
        on=today(),
        role=rule.role,
        person=appointee(entry),
        connection=entry.connection,
    )
    never = not_eligible(case.state, message) or ruled_out(case.state, message, rule)
    conflicts = [*conflicts_of(case.state, message, entry.teams)]
    away = [f"away on {today().isoformat()}"] if entry.is_away(today()) else []
    may: Literal["yes", "consider", "no"] = "no" if never else "consider" if conflicts else "yes"
    return Candidate(
        rule.role, rule.title, listed.key, entry.name, may, [*filter(None, [never]), *conflicts, *away]
    )


def appointee(entry: DirectoryEntry) -> Appointee:
    """Somebody of a directory as a message appoints them."""
    return Appointee(
        name=entry.name,
        id=entry.id,
        email=entry.email,
        telephone=entry.telephone,
        address=entry.address,
        organisation=entry.organisation,
    )
