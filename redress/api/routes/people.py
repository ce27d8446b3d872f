"""An authority's directory over HTTP, and who of it may take a part in a complaint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Body, Path, Query, Response
from fastapi.openapi.models import Example
from pydantic import ConfigDict, Field

from redress.api.bodies import Unparsed
from redress.api.context import AppContext, Context, CurrentCaller, Reference, check_authority
from redress.api.problems import Refusal, problems, wrong
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import Schema
from redress.domain.directory import DirectoryEntry, DirectoryRole
from redress.domain.fields import Role
from redress.domain.identifiers import AuthorityName
from redress.security.access import MANAGER, STAFF
from redress.security.tokens import Caller
from redress.services import conflicts, directory
from redress.store.register import Register

router = endpoints("people")

T = TypeVar("T")

PersonKey = Annotated[
    str,
    Path(
        pattern=r"^pn_[0-9a-f]{24}$",
        description="Their key, from the list.",
        examples=["pn_0123456789abcdef01234567"],
    ),
]
WhoseDirectory = Annotated[
    AuthorityName | None,
    Query(description="The authority; left out: the one that the caller is limited to."),
]


class ListedPerson(DirectoryEntry):
    """Somebody of a directory."""

    person: str = Field(examples=["pn_0123456789abcdef01234567"])
    """Their key: it stays, whatever is changed."""


class People(Schema):
    """An authority's directory."""

    people: list[ListedPerson]
    """In the order they were added."""


class PersonChange(Schema):
    """One change of somebody's entry."""

    change: Literal["added", "changed", "removed"]
    """What was done."""

    by: str = Field(examples=["casework"])
    """Who did it."""

    at: datetime
    """When."""

    entry: DirectoryEntry
    """What it said from then on."""


class PersonWithChanges(ListedPerson):
    """Somebody of a directory, with each change."""

    removed: bool
    """Whether they were taken out."""

    changes: list[PersonChange]
    """The first one first."""


class NewPerson(Unparsed, DirectoryEntry):
    """Somebody to be added: the fields of an entry."""

    authority: str | None = None
    """Whose directory; left out: that of the authority that the caller is limited to."""


class WholePerson(Unparsed, DirectoryEntry):
    """Somebody as they are to be; what is left out is empty."""


class Import(Schema):
    """A CSV file of people."""

    model_config = ConfigDict(extra="forbid")

    csv: str = Field(min_length=1, max_length=1_000_000, examples=["name,roles\nOlive Imagined,officer\n"])
    """The file's text: the first line names columns, as docs/people.md says."""

    dry_run: bool = False
    """Only say what it would change."""

    authority: str | None = None
    """Whose directory; left out: that of the authority that the caller is limited to."""


class ImportResult(Schema):
    """What a file changed, or would."""

    added: list[str]
    """The names of those it adds."""

    changed: list[str]
    """The names of those it changes."""

    unchanged: int
    """How many are as it says already."""

    dry_run: bool
    """Whether nothing was changed."""


class CandidateShown(Schema):
    """Somebody of the directory, for a part of a complaint."""

    role: Role
    """The part."""

    title: str
    """The same in words."""

    person: str = Field(examples=["pn_0123456789abcdef01234567"])
    """Their key."""

    name: str
    """Their name."""

    may: Literal["yes", "consider", "no"]
    """`consider`: only with a reason (`conflict_considered`); `no`: the rules rule them out."""

    conflicts: list[str]
    """What speaks against it."""


class Candidates(Schema):
    """Who of the directory could be appointed."""

    candidates: list[CandidateShown]
    """By part, in the order of the directory."""


EXAMPLES: dict[str, Example] = {
    "the manager of a team": {
        "value": {
            "authority": "family-rights",
            "name": "Tara Teamlead",
            "email": "tara.teamlead@council.example",
            "roles": ["stage_manager"],
            "teams": ["Team North"],
        }
    }
}


@router.get(
    "/v1/people",
    operation_id="list_people",
    summary="The directory",
    response_model=People,
    openapi_extra=roles(STAFF),
)
async def list_people(
    context: Context,
    caller: CurrentCaller,
    authority: WhoseDirectory = None,
    role: Annotated[DirectoryRole | None, Query(description="Only who may take this part.")] = None,
    team: Annotated[str, Query(max_length=200, description="Only this team.")] = "",
) -> dict[str, Any]:
    """Teams and their managers, investigators, independent persons, panel members, who is away."""
    whose = _whose(caller, authority)
    found = await context.backends.ask(
        lambda register: directory.people(register, whose, role=role or "", team=team)
    )
    return {"people": [directory.shown(each) for each in found]}


@router.post(
    "/v1/people",
    operation_id="add_person",
    summary="Add somebody to the directory",
    status_code=201,
    response_model=ListedPerson,
    response_description="Added.",
    responses={201: header("Location", "Where they can be read."), **problems(409)},
    openapi_extra=roles(MANAGER),
)
async def add_person(
    new: Annotated[NewPerson, Body(openapi_examples=EXAMPLES)],
    context: Context,
    caller: CurrentCaller,
    response: Response,
) -> dict[str, Any]:
    """Everything but the name may be left out."""
    fields = dict(new.raw)
    whose = _whose(caller, fields.pop("authority", None))
    made = await _ask(context, partial(directory.add, authority=whose, fields=fields, by=caller.name))
    response.headers["Location"] = f"/v1/people/{made.key}"
    return directory.shown(made)


@router.post(
    "/v1/imports/people",
    operation_id="import_people",
    summary="Add and change many from a CSV file",
    response_model=ImportResult,
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def import_people(file: Import, context: Context, caller: CurrentCaller) -> dict[str, Any]:
    """All or none; who is not in the file stays as they are. Errors name line and column."""
    work = partial(
        directory.import_csv,
        authority=_whose(caller, file.authority),
        text=file.csv,
        by=caller.name,
        dry_run=file.dry_run,
    )
    return (await _ask(context, work))._asdict() | {"dry_run": file.dry_run}


@router.get(
    "/v1/people/{person}",
    operation_id="read_person",
    summary="One person, with each change",
    response_model=PersonWithChanges,
    openapi_extra=roles(STAFF),
)
async def read_person(person: PersonKey, context: Context, caller: CurrentCaller) -> dict[str, Any]:
    """Who they are, and who changed what when; also of somebody who was taken out."""
    work = partial(directory.history, key=person, authority=caller.authority)
    return directory.shown_with_changes(person, await _ask(context, work))


@router.put(
    "/v1/people/{person}",
    operation_id="change_person",
    summary="Change somebody's entry",
    response_model=ListedPerson,
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def change_person(
    person: PersonKey, entry: WholePerson, context: Context, caller: CurrentCaller
) -> dict[str, Any]:
    """The whole entry is as it says from now on. The former one stays on record."""
    work = partial(
        directory.replace, key=person, fields=entry.raw, authority=caller.authority, by=caller.name
    )
    return directory.shown(await _ask(context, work))


@router.delete(
    "/v1/people/{person}",
    operation_id="remove_person",
    summary="Take somebody out of the directory",
    status_code=204,
    response_description="Taken out.",
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def remove_person(person: PersonKey, context: Context, caller: CurrentCaller) -> Response:
    """What they were stays on record."""
    await _ask(context, partial(directory.remove, key=person, authority=caller.authority, by=caller.name))
    return Response(status_code=204)


@router.get(
    "/v1/complaints/{reference}/conflicts",
    operation_id="list_conflicts",
    summary="Who of the directory may take a part, and what speaks against it",
    response_model=Candidates,
    openapi_extra=roles(STAFF),
)
async def list_conflicts(
    reference: Reference,
    context: Context,
    role: Annotated[Role | None, Query(description="Only this part; left out: every one.")] = None,
) -> dict[str, Any]:
    """Conflicts of interest, worked out from the directory and the complaint before anybody is appointed."""
    found = await context.backends.ask(lambda register: conflicts.candidates(register, reference, role or ""))
    return {"candidates": [each._asdict() for each in found]}


async def _ask(context: AppContext, work: Callable[[Register], T]) -> T:
    try:
        return await context.backends.ask(work)
    except directory.NoSuchPerson:
        what = "There is nobody of this key, or they are not this caller's to reach."
        raise Refusal("not-found", what) from None


def _whose(caller: Caller, named: object) -> str:
    """The authority whose directory is meant. Raises `Refusal`."""
    if named is not None:
        check_authority(caller, named)
    authority = named or caller.authority
    if not isinstance(authority, str):
        raise wrong("authority", "say whose directory: this caller is limited to no authority")
    return authority
