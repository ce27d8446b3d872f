"""Letters over HTTP: which left, what stands in one, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import (
    AppContext,
    Context,
    CurrentCaller,
    OnlyAuthority,
    Reference,
    check_authority,
)
from redress.api.problems import Refusal, problems, unavailable, wrong
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import Next, Schema
from redress.domain.fields import Day
from redress.domain.identifiers import AuthorityName
from redress.domain.parsing import Malformed
from redress.procedures.loader import authority_names
from redress.security.access import CASEWORK, MANAGER
from redress.services import drafts
from redress.services import letters as service
from redress.services.backends import Unavailable
from redress.services.errors import NoAnswer
from redress.services.previewing import previews
from redress.services.printing import download
from redress.services.resending import resend
from redress.store.letters import LetterFilter, LetterState
from redress.store.listing import references_of_teams
from redress.store.register import Register

router = endpoints("letters")

Mark = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="The letter's mark.", examples=["050b8bca"])]
State = Annotated[LetterState | None, Query(description="Only letters in this state.", examples=["by_hand"])]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most on one page.")]
After = Annotated[
    str, Query(max_length=1500, description="`next` of the page before; left out: from the start.")
]


class Letter(Schema):
    """What became of a letter."""

    reference: str = Field(examples=["CYP-2026-000123"])
    """The complaint."""

    mark: str = Field(examples=["050b8bca"])
    """What it is called within the complaint."""

    letter: str = Field(examples=["stage_1_response"])
    """Which letter."""

    to: str = Field(examples=["complainant"])
    """To whom, by their part; `_text`: the text message beside it."""

    on: date
    """The London date that it bears."""

    state: LetterState
    """`waiting` (for an enclosure, or not written yet), `draft` (to be approved), `approved` (about to be
    written), `withdrawn` (a draft that is not to leave any more), `leaving` (written), `done` (it left),
    `arrived` (and is known to have), `failed`, `unsure` (perhaps it left), `by_hand` (for somebody to send:
    it lies in the outbox folder, or there is no address), `erased`."""

    left_on: date | None
    """The London date on which it left; null: it has not, or nobody knows."""

    send_by: date | None
    """The London date by which somebody should send it by hand, where no channel can carry it; else null."""

    by: str = Field(examples=["smtp"])
    """What took it: `smtp`, `notify`, or `outbox`, the folder."""

    attempts: int
    """How often it was tried."""

    reason: str
    """Why it did not leave."""

    place: str
    """Where it lies in the folder, or what Notify calls it."""

    waits_for: list[str] = Field(examples=[["investigation_report"]])
    """The kinds of documents that are to be attached before it can leave."""


class LetterText(Letter):
    """A letter with its text."""

    text: str
    """As it was written; a draft as if it left today."""

    version: int | None
    """Of a draft: which version of it this is, for its approval; null: it is none any more."""


class Letters(Schema):
    """A page of letters, by complaint."""

    letters: list[Letter]
    """By complaint."""

    next: Next


class SentByHand(Schema):
    """That somebody sent a letter."""

    on: Day = Field(examples=["2026-11-20"])
    """The London date on which they did."""


class Approval(Schema):
    """That a draft is approved."""

    on: Day | None = None
    """The London date. Left out: today."""

    reason: str = Field(default="", max_length=8000)
    """Why, for the file."""

    version: int | None = Field(default=None, ge=0, examples=[7])
    """The version that was read: a 409 where the draft has changed since. Left out: as it is now."""


class SentBack(Schema):
    """That a draft is sent back."""

    on: Day | None = None
    """The London date. Left out: today."""

    reason: str = Field(
        min_length=1, max_length=8000, examples=["Please say by when she can ask for Stage 2."]
    )
    """What is to be changed."""


class Release(Schema):
    """That a letter leaves without an enclosure that it waits for."""

    on: Day | None = None
    """The London date. Left out: today."""

    reason: str = Field(
        min_length=1, max_length=8000, examples=["The report is being copied in large print."]
    )
    """Why, for the file: the letter does not say it."""

    follows_by: Day = Field(examples=["2026-12-04"])
    """The day by which what it leaves without is sent; the letter promises it."""


class Edit(Schema):
    """How a draft is worded anew."""

    on: Day | None = None
    """The London date. Left out: today."""

    texts: dict[str, str] = Field(default_factory=dict, examples=[{"summary": "…"}])
    """Free texts of its message by their names: of an answer `summary` and `findings[0].reason`, of other
    decisions `reason`."""

    paragraphs: list[str] | None = Field(default=None, examples=[["…"]])
    """What stands after the text of the letter, in place of what was added before."""


@router.get("/v1/letters", operation_id="list_letters", summary="List letters", openapi_extra=roles(CASEWORK))
async def list_letters(
    context: Context,
    caller: CurrentCaller,
    state: State = None,
    authority: OnlyAuthority = None,
    limit: Limit = 100,
    after: After = "",
) -> Letters:
    """The letters of all complaints that the caller reaches, by complaint; Temporal may be down."""
    if authority is not None:
        check_authority(caller, authority)
        if authority not in authority_names():
            known = ", ".join(authority_names())
            raise wrong("authority", f"{authority!r} is none of {known}")
    wanted = LetterFilter(None, authority or caller.authority, state)
    if caller.only_teams is not None:
        cipher = context.backends.register.cipher
        wanted = wanted._replace(among=references_of_teams(cipher, caller.only_teams))
    return await _page(context, wanted, limit, after)


class PreviewedLetter(Schema):
    """A letter as it would be, from an invented complaint."""

    letter: str = Field(examples=["stage_1_response"])
    """Which letter."""

    to: str = Field(examples=["complainant"])
    """To whom, by their part."""

    procedure: str = Field(examples=["statutory"])
    """The procedure of the invented complaint."""

    subject: str
    """Its subject."""

    text: str
    """What it says."""


class PreviewedLetters(Schema):
    """The letters of an authority."""

    letters: list[PreviewedLetter]
    """Each letter to each recipient once."""

    missing: list[str]
    """Letters that did not arise in the invented complaints."""


@router.get(
    "/v1/letters/preview",
    operation_id="preview_letters",
    summary="See every letter of an authority",
    openapi_extra=roles(CASEWORK, is_personal=False),
)
async def preview_letters(
    context: Context,
    caller: CurrentCaller,
    authority: Annotated[AuthorityName, Query(examples=["family-rights"], description="Whose.")],
    letter: Annotated[
        str | None, Query(pattern=r"^[a-z0-9_]{1,60}$", description="Only this letter.")
    ] = None,
    young: Annotated[bool, Query(description="As young people get them.")] = False,
) -> PreviewedLetters:
    """From invented complaints: nothing of anybody's is read, and nothing is sent."""
    check_authority(caller, authority)
    try:
        made = partial(previews, authority, letter=letter, young=young)
        shown = await context.printing.alone(caller.identity, made)
    except Malformed as malformed:
        [problem] = malformed.problems
        raise wrong("letter" if problem.field == "--letter" else "authority", problem.what) from None
    return PreviewedLetters(
        letters=[PreviewedLetter(**each._asdict()) for each in shown.letters], missing=shown.missing
    )


@router.get(
    "/v1/complaints/{reference}/letters",
    operation_id="list_complaint_letters",
    summary="List a complaint's letters",
    openapi_extra=roles(CASEWORK),
)
async def list_complaint_letters(
    reference: Reference, context: Context, state: State = None, limit: Limit = 100, after: After = ""
) -> Letters:
    """Every letter of a complaint, those of a person's own post and those to staff."""
    return await _page(context, LetterFilter(reference, None, state), limit, after)


async def _page(context: AppContext, wanted: LetterFilter, limit: int, after: str) -> Letters:
    page = await context.backends.ask(
        lambda register: service.page(register, wanted, limit=limit, after=after)
    )
    return Letters(letters=[Letter(**line) for line in page.letters], next=page.next)


@router.get(
    "/v1/complaints/{reference}/letters/{mark}",
    operation_id="read_letter",
    summary="Read a letter",
    openapi_extra=roles(CASEWORK),
)
async def read_letter(reference: Reference, mark: Mark, context: Context) -> LetterText:
    """What became of it, and its text as it was written."""

    def read(register: Register) -> LetterText:
        _check(register, reference, mark)
        line = service.one(register, reference, mark)
        version = service.version(register, reference, mark)
        return LetterText(**line, text=service.text(register, reference, mark), version=version)

    return await context.backends.ask(read)


@router.get(
    "/v1/complaints/{reference}/letters/{mark}/pdf",
    operation_id="read_letter_pdf",
    summary="Read a letter as a PDF",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The letter on the authority's letterhead, as `application/pdf`.",
            **header("Content-Disposition", "`attachment`, with a name for the file."),
        },
    },
    openapi_extra=roles(CASEWORK),
)
async def read_letter_pdf(reference: Reference, mark: Mark, context: Context) -> Response:
    """To print: as it was written, a draft as if it left today. What is enclosed is no part of it."""

    def read(register: Register) -> bytes:
        _check(register, reference, mark)
        return service.pdf(register, reference, mark)

    pdf = await context.backends.ask(read)
    name = {"Content-Disposition": f'attachment; filename="{reference}-{mark}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=name)


@router.get(
    "/v1/complaints/{reference}/letters/{mark}/print",
    operation_id="print_letter",
    summary="Download a letter to print",
    response_class=Response,
    responses={
        **problems(409),
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "One PDF; a ZIP where something enclosed cannot be put into it. With its own "
            "`Content-Type`.",
            **header("Content-Disposition", "`attachment`, with the name of its file."),
        },
    },
    openapi_extra=roles(CASEWORK),
)
async def print_letter(reference: Reference, mark: Mark, context: Context, caller: CurrentCaller) -> Response:
    """As it was written, with all that is enclosed with it, ready to be sent by hand.

    `application/pdf`; where something enclosed cannot be put into a PDF, a Word file or an e-mail, it is
    `application/zip` with the PDF and those files. One that is still to be approved is a 409.
    """
    await context.backends.ask(lambda register: _check(register, reference, mark))
    try:
        register = context.backends.register
        printed = partial(download, register, context.settings, reference, mark)
        name, content = await context.printing.alone(caller.identity, printed)
    except Malformed as malformed:
        raise Refusal("not-found", f"{malformed.problems[0].what}.") from None
    return Response(
        content,
        media_type="application/pdf" if name.endswith(".pdf") else "application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Frame-Options": "DENY",
        },
    )


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/resend",
    operation_id="resend_letter",
    summary="Send a letter again",
    responses=problems(409),
    openapi_extra=roles(CASEWORK),
)
async def resend_letter(reference: Reference, mark: Mark, context: Context, caller: CurrentCaller) -> Letter:
    """One that failed, or that nobody knows of, is sent once more; one that waits is tried now.

    It goes to where the person is reached now: correct a wrong address first. A worker sends it, within
    seconds; a note in the complaint says who asked. One that has left, or lies in the folder, is a 409.
    """
    await context.backends.ask(lambda register: _check(register, reference, mark))
    with _reaching("The letter could not be sent just now. Ask again later."):
        client, register = context.backends.temporal(), context.backends.register
        within = context.settings.api_answer_within
        line = await resend(client, register, reference, mark, by=caller.name, within=within)
    return Letter(**line)


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/done",
    operation_id="letter_done",
    summary="Say that a letter was sent by hand",
    responses=problems(409),
    openapi_extra=roles(CASEWORK),
)
async def letter_done(
    reference: Reference, mark: Mark, sent: SentByHand, context: Context, caller: CurrentCaller
) -> Letter:
    """Somebody sent it on that day: it is tried no more. One that has left already is a 409.

    A draft that was approved counts from then.
    """
    await context.backends.ask(lambda register: _check(register, reference, mark))
    with _reaching():
        awaited = await context.backends.ask(
            lambda register: service.is_awaited(register, reference, mark, sent.on)
        )
        if not awaited:
            line = await context.backends.ask(lambda r: service.done(r, reference, mark, sent.on))
            return Letter(**line)
        client, register = context.backends.temporal(), context.backends.register
        within = context.settings.api_answer_within
        line = await drafts.note_as_posted(
            client, register, reference, mark, sent.on, by=caller.name, within=within
        )
    return Letter(**line)


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/approve",
    operation_id="approve_draft",
    summary="Approve a draft",
    responses=problems(409),
    openapi_extra=roles(CASEWORK),
)
async def approve_draft(
    reference: Reference, mark: Mark, approval: Approval, context: Context, caller: CurrentCaller
) -> Letter:
    """It leaves as it is now, and its message counts from the day it has left.

    Whoever wrote it may not approve it, nor staff what the authority's file leaves to a Complaints Manager:
    both are a 409.
    """
    fields = approval.model_dump(exclude_none=True, mode="json") | {"as_role": caller.role}
    return await _take_step(context, caller.name, reference, mark, "approve_letter", fields)


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/send-back",
    operation_id="send_draft_back",
    summary="Send a draft back",
    responses=problems(409),
    openapi_extra=roles(CASEWORK),
)
async def send_draft_back(
    reference: Reference, mark: Mark, remark: SentBack, context: Context, caller: CurrentCaller
) -> Letter:
    """Whoever wrote it is told what to change."""
    fields = remark.model_dump(exclude_none=True, mode="json")
    return await _take_step(context, caller.name, reference, mark, "send_back_letter", fields)


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/edit",
    operation_id="edit_draft",
    summary="Edit a draft",
    responses=problems(409),
    openapi_extra=roles(CASEWORK),
)
async def edit_draft(
    reference: Reference, mark: Mark, edit: Edit, context: Context, caller: CurrentCaller
) -> Letter:
    """Its free texts change, or paragraphs are added; it has to be approved as it is then."""
    fields = edit.model_dump(exclude_none=True, mode="json")
    return await _take_step(context, caller.name, reference, mark, "edit_letter", fields)


@router.post(
    "/v1/complaints/{reference}/letters/{mark}/release",
    operation_id="release_letter",
    summary="Let a letter leave without its enclosure",
    responses=problems(409),
    openapi_extra=roles(MANAGER),
)
async def release_letter(
    reference: Reference, mark: Mark, release: Release, context: Context, caller: CurrentCaller
) -> Letter:
    """It says what follows and by when, and that is owed by then.

    After an adjudication the time to ask for a panel counts from when it has arrived. A letter that waits for
    no enclosure is a 409.
    """
    fields = release.model_dump(exclude_none=True, mode="json")
    return await _take_step(context, caller.name, reference, mark, "release_letter", fields)


async def _take_step(
    context: AppContext, by: str, reference: str, mark: str, step: drafts.Step, fields: dict[str, Any]
) -> Letter:
    await context.backends.ask(lambda register: _check(register, reference, mark))
    with _reaching():
        client, register = context.backends.temporal(), context.backends.register
        within = context.settings.api_answer_within
        line = await drafts.take_step(client, register, reference, mark, step, fields | {"by": by}, within)
    return Letter(**line)


@contextmanager
def _reaching(
    out_of_reach: str = "The complaint could not be told just now. Say it again later.",
) -> Iterator[None]:
    """Where something is out of reach it is a 503 with these words."""
    try:
        yield
    except (Unavailable, SQLAlchemyError, NoAnswer):
        raise unavailable(out_of_reach) from None


def _check(register: Register, reference: str, mark: str) -> None:
    """Raises `Refusal` where there is no such letter."""
    try:
        service.one(register, reference, mark)
    except Malformed:
        raise Refusal("not-found", f"{reference} has no letter {mark}.") from None
