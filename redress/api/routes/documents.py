"""Documents of a complaint over HTTP: attached, listed, and given out as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.context import AppContext, Context, CurrentCaller, Reference
from redress.api.problems import Refusal, problems
from redress.api.routing import endpoints, header, roles
from redress.api.schemas import Schema
from redress.api.uploads import read_form
from redress.domain.identifiers import OtherReference
from redress.domain.parsing import Malformed
from redress.letters.enclosures import kinds
from redress.security.access import CASEWORK, INTAKE, STAFF
from redress.services.awaited_documents import kinds_awaited, look_again
from redress.services.backends import Unavailable
from redress.services.documents import Attached, Attachment, DocumentLine, DocumentState
from redress.store.register import Register

router = endpoints("documents")

Document_ = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{32}$",
        description="What the document is called within the complaint.",
        examples=["a3f1c06b5d2e4f7890ab12cd34ef5678"],
    ),
]


class WithheldPart(Schema):
    """That a document, or part of it, is kept from somebody."""

    withheld_from: str = Field(examples=["complainant"])
    """From whom."""

    parts: str
    """Which parts; empty: all of it."""

    reason: str
    """Why."""


class PartLeftOut(Schema):
    """What came with an e-mail and stays in it alone."""

    name: str
    """What it was called there."""

    why: str
    """Why it is no document of its own."""


class Document(Schema):
    """A document, without what is in it."""

    reference: str = Field(examples=["CYP-2026-000123"])
    """The complaint."""

    document: str = Field(examples=["a3f1c06b5d2e4f7890ab12cd34ef5678"])
    """What it is called within the complaint: a keyed digest of what is in it."""

    name: str = Field(examples=["invented report.pdf"])
    """The name of its file."""

    kind: str = Field(examples=["report"])
    """What it is, in a word; `attachment`: it came with an e-mail."""

    media_type: str = Field(examples=["application/pdf"])
    """What is in it, told by its content."""

    size: int
    """Bytes."""

    state: DocumentState
    """`unscanned`: ClamAV has not looked into it (it is not set, or does not answer); `clean`; `infected`:
    it is not given out; `erased`."""

    attached_at: datetime
    """UTC."""

    attached_by: str
    """The caller, or `command line`."""

    messages: list[str]
    """The messages that it is attached to, by `message_id`."""

    letters: list[str]
    """The letters that it is attached to, by mark."""

    part_of: list[str]
    """The e-mails that it came with."""

    left_out: list[PartLeftOut]
    """Of an e-mail: what came with it and is of no type that is taken."""

    in_place_of: str
    """The document in whose place it goes to whoever that, or part of it, is withheld from."""

    withheld: list[WithheldPart]
    """What of it is kept from whom."""


class AttachedDocument(Document):
    """A document that was attached."""

    created: bool
    """False: the complaint had it already."""

    parts: list[Document]
    """What came with it, if it is an e-mail, each as a document of its own."""


FIELDS = frozenset({"kind", "message", "letter", "in_place_of"})

FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "The document."},
                    "kind": {
                        "type": "string",
                        "pattern": "^[a-z][a-z0-9_]{0,39}$",
                        "default": "document",
                        "description": "What it is, in a word.",
                    },
                    "message": {
                        "type": "string",
                        "description": "The `message_id` of a message that it belongs to.",
                    },
                    "letter": {"type": "string", "description": "The mark of a letter that it belongs to."},
                    "in_place_of": {
                        "type": "string",
                        "description": "The document in whose place it goes to whoever that, or part of it, "
                        "is withheld from.",
                    },
                },
            }
        }
    },
}


@router.post(
    "/v1/complaints/{reference}/documents",
    operation_id="attach_document",
    summary="Attach a document",
    status_code=201,
    responses=problems(408, 409, 415),
    openapi_extra=roles(CASEWORK | INTAKE) | {"requestBody": FORM},
)
async def attach_document(
    reference: Reference, request: Request, response: Response, context: Context, caller: CurrentCaller
) -> AttachedDocument:
    """PDF, Word, a picture, or an e-mail (`.eml`), whose attachments become documents of their own.

    What a document is, is told by its content. One that the complaint has already is a 200 and kept once. An
    intake system attaches to what it brought. Staff alone attach to a letter.
    """
    with (
        context.document_work.under_way(caller.identity),
        await asyncio.to_thread(context.documents.spool) as spool,
    ):
        name, fields = await read_form(request, spool, FIELDS)
        context.callers.count_document_bytes(caller, spool.size)
        from_intake = not caller.roles & CASEWORK
        if from_intake and fields.get("letter"):
            raise Refusal("not-allowed", "Staff alone attach documents to a letter.")
        if from_intake and (fields.get("in_place_of") or fields.get("kind") in kinds()):
            raise Refusal("not-allowed", "Staff alone attach what leaves with letters.")
        attach = partial(
            context.documents.attach,
            reference,
            spool,
            Attachment(name, **{field: value for field, value in fields.items() if value}),
            caller.name,
            from_intake=from_intake,
        )
        done = await _attached(context, attach)
    if not done.created:
        response.status_code = 200
    await _look_again(context, reference)
    shown = [_as_brought(each, fields) if from_intake else each for each in (done.document, *done.parts)]
    return AttachedDocument(**shown[0], created=done.created, parts=[Document(**each) for each in shown[1:]])


def _as_brought(line: DocumentLine, fields: Mapping[str, str]) -> DocumentLine:
    """A document for an intake system: nothing of what staff said of one that was there before."""
    own = [each for each in line["messages"] if each == fields.get("message")]
    return {**line, "messages": own, "letters": [], "withheld": []}


async def _attached(context: AppContext, attach: partial[Attached]) -> Attached:
    """What attaches finishes, though the caller is gone. Raises `Refusal`, `Unavailable`."""
    if not context.backends.register_answers:
        raise Unavailable("The register")
    working = asyncio.ensure_future(context.document_work.run(attach))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])  # it reads the spool, which is to be closed
        raise


@router.get(
    "/v1/complaints/{reference}/documents",
    operation_id="list_documents",
    summary="List a complaint's documents",
    openapi_extra=roles(CASEWORK),
)
async def list_documents(reference: Reference, context: Context) -> list[Document]:
    """In the order in which they were attached."""
    documents = context.documents
    lines = await context.backends.ask(lambda _: documents.listed(reference))
    return [Document(**line) for line in lines]


@router.get(
    "/v1/complaints/{reference}/documents/{document}",
    operation_id="show_document",
    summary="What is known of a document",
    openapi_extra=roles(CASEWORK),
)
async def show_document(reference: Reference, document: Document_, context: Context) -> Document:
    """All but what is in it."""
    return Document(**await _one(context, reference, document))


@router.get(
    "/v1/complaints/{reference}/documents/{document}/content",
    operation_id="read_document",
    summary="Read a document",
    response_class=StreamingResponse,
    responses={
        **problems(409, 410),
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "As it was attached, with its own `Content-Type`.",
            **header("Content-Disposition", "`attachment`, with the name of its file."),
        },
    },
    openapi_extra=roles(CASEWORK),
)
async def read_document(
    reference: Reference, document: Document_, context: Context, caller: CurrentCaller
) -> StreamingResponse:
    """As it was attached, to be saved: a browser runs and shows nothing of it."""
    await _one(context, reference, document)
    read = partial(context.documents.read, reference, document)
    line, pieces = await context.document_work.alone(caller.identity, read)
    return StreamingResponse(
        context.document_work.pieces(pieces),
        media_type=line["media_type"],
        headers={
            "Content-Length": str(line["size"]),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(line['name'], safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Frame-Options": "DENY",
        },
    )


async def _look_again(context: AppContext, reference: str) -> None:
    """A letter may have waited for it; where that cannot be told now, it is looked at a little later."""
    with suppress(Unavailable, SQLAlchemyError):
        if await context.backends.ask(lambda register: kinds_awaited(register, reference)):
            await look_again(context.backends.temporal(), reference)


class Copy(Schema):
    """Where a document is to be attached too."""

    to: OtherReference
    """A complaint of the same authority that is linked to this one."""


@router.post(
    "/v1/complaints/{reference}/documents/{document}/copies",
    operation_id="copy_document",
    summary="Copy a document to a linked complaint",
    status_code=201,
    responses=problems(409, 410),
    openapi_extra=roles(STAFF),
)
async def copy_document(
    reference: Reference,
    document: Document_,
    copy: Copy,
    response: Response,
    context: Context,
    caller: CurrentCaller,
) -> AttachedDocument:
    """After a split, for one: both have it from then on, each under its own key.

    Messages and letters that it belongs to stay behind. A 200: that complaint has it already. One of which
    something is withheld is a 409.
    """
    await _one(context, reference, document)
    with context.document_work.under_way(caller.identity):
        done = await _attached(
            context, partial(context.documents.copy, reference, document, copy.to, caller.name)
        )
    if not done.created:
        response.status_code = 200
    return AttachedDocument(
        **done.document, created=done.created, parts=[Document(**each) for each in done.parts]
    )


async def _one(context: AppContext, reference: str, document: str) -> DocumentLine:
    def find(_: Register) -> DocumentLine:
        return context.documents.one(reference, document)

    try:
        return await context.backends.ask(find)
    except Malformed:
        raise Refusal("not-found", f"{reference} has no such document.") from None
