"""How the API refuses: RFC 9457 problem documents, and nothing of its insides in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any, Literal

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError

from redress.api.schemas import Schema
from redress.documents.errors import CannotScan, Infected, StoreUnavailable, TooLarge, WrongType
from redress.domain.erasure import Erased
from redress.domain.log import Answer
from redress.domain.parsing import Malformed, ProblemCode
from redress.domain.parsing import Problem as FieldProblem
from redress.security.keyring import KeysUnavailable, MissingKey, Unreadable
from redress.services.backends import Busy, Unavailable
from redress.services.errors import Decided, NotFound, Rejected

MEDIA_TYPE = "application/problem+json"

TYPE = "urn:redress:problem:"

PROBLEMS = {
    "no-token": (401, "Say who you are"),
    "not-allowed": (403, "Not for this caller"),
    "source-not-allowed": (403, "Not a source of this caller"),
    "not-found": (404, "There is no such thing"),
    "no-such-method": (405, "Not with this method"),
    "too-slow": (408, "The request came too slowly"),
    "refused": (409, "Recorded as refused"),
    "differs": (409, "It was here before with other content"),
    "decided": (409, "Decided already"),
    "erased": (410, "Its personal data was destroyed"),
    "too-large": (413, "The request is too large"),
    "not-json": (415, "The body should be JSON"),
    "not-multipart": (415, "The body should be a form with a file"),
    "wrong-type": (415, "The document is of no type that is taken"),
    "malformed": (422, "The request cannot be taken as it is"),
    "infected": (422, "The document is infected"),
    "too-many": (429, "Too many requests"),
    "fault": (500, "A fault of ours"),
    "no-answer": (503, "No answer just now"),
}
"""Each problem's name, which ends its `type`, with its status and title."""


class FieldError(Schema):
    """One field that is wrong."""

    field: str = Field(examples=["received_on"])
    """Which field; `complainant.name`, `points[0]`."""

    problem: str = Field(examples=["give a date as YYYY-MM-DD, for example 2026-11-20"])
    """What is wrong with it, and what would be right."""

    code: ProblemCode = Field(examples=["not_a_date"])
    """The same for programs; `invalid` where only the words say it. The list is closed."""


class Problem(Schema):
    """A problem document, RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[TYPE + "malformed"])
    """Names the problem for programs."""

    title: str
    """The same for people, always alike."""

    status: int = Field(examples=[422])
    """The HTTP status."""

    detail: str
    """What happened this time, and what can be done about it."""

    errors: list[FieldError] = []
    """What is wrong with each field."""

    applied: Literal["no", "unknown", "yes"] = "no"
    """With a 503 to a message: `no`: it was not taken. `unknown`: it may have been. Send the same again
    either way, with `message_id` and `on` as they stand here: it counts once. `yes`: it was taken, and what
    came with it was not; the same again."""

    message_id: str = ""
    """With a 409 or 503 to a message: what it is called."""

    on: date | None = None
    """With a 409 or 503 to a message: its date."""

    repeated: bool = False
    """With a 409: whether it had been refused before."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of answers with these statuses, for `responses` of an endpoint."""
    return {str(status): _described(status) for status in statuses}


def _described(status: int) -> dict[str, Any]:
    name = _name_of(status)
    errors = [FieldProblem("received_on", "is missing", "missing")] if status == 422 else []
    example = Refusal(name, "…", errors=errors).document()
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    described: dict[str, Any] = {"description": f"{PROBLEMS[name][1]}.", "content": {MEDIA_TYPE: content}}
    if status in (429, 503):
        wait = {"description": "Seconds until it is worth trying again.", "schema": {"type": "integer"}}
        described["headers"] = {"Retry-After": wait}
    return described


class Refusal(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.name, self.detail = name, detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = more

    def document(self) -> dict[str, Any]:
        """What the problem document says."""
        status, title = PROBLEMS[self.name]
        errors = [{"field": error.field, "problem": error.what, "code": error.code} for error in self.errors]
        whole = {"type": TYPE + self.name, "title": title, "status": status, "detail": self.detail}
        return whole | {"errors": errors} | self.more

    def response(self) -> JSONResponse:
        """The problem document, with the status of its kind."""
        status, _ = PROBLEMS[self.name]
        return JSONResponse(self.document(), status, headers=self.headers, media_type=MEDIA_TYPE)


def malformed(error: Malformed) -> Refusal:
    """What is wrong with each field."""
    number = len(error.problems)
    fields = "a field" if number == 1 else f"{number} fields"
    return Refusal("malformed", f"Nothing was changed: {fields} cannot be taken.", errors=error.problems)


def bad_parameters(problems: Sequence[FieldProblem]) -> Refusal:
    """What is wrong with each parameter."""
    return Refusal("malformed", "Nothing was changed: a parameter cannot be taken.", errors=problems)


BY_THEIR_WORDS: dict[type[Exception], str] = {
    Erased: "erased",
    Decided: "decided",
    Rejected: "refused",
    TooLarge: "too-large",
    WrongType: "wrong-type",
    Infected: "infected",
}
"""The problems whose errors say in their own words what happened."""


def refusal_of(error: Exception) -> Refusal:
    """How an error of a service is answered. What it says may hold names only where the caller sent them."""
    match error:
        case Refusal():
            return error
        case Malformed():
            return malformed(error)
        case NotFound():
            return no_such_complaint()
        case Erased() | Rejected() | TooLarge() | WrongType() | Infected():
            return Refusal(BY_THEIR_WORDS[type(error)], f"{_sentence(error)}.")
        case StoreUnavailable() | CannotScan():
            return unavailable(f"{_sentence(error)}. Nothing was changed.", seconds=30)
        case Busy():
            return Refusal("too-many", f"{error}.", headers={"Retry-After": "2"})
        case Unavailable():
            return unavailable(f"{error} does not answer.")
        case MissingKey():
            return unavailable("A key is missing here, so this cannot be read just now; nothing is lost.")
        case KeysUnavailable():
            return unavailable("The keys are out of reach just now, so this cannot be read; nothing is lost.")
        case Unreadable():
            return Refusal("fault", f"The record is not whole, and nothing of it is served: {error}.")
        case _:
            return unavailable("A database that this needs cannot be used just now.")


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


DOCUMENT_ERRORS = (TooLarge, WrongType, Infected, StoreUnavailable, CannotScan)

ANSWERED = (
    *(Refusal, Malformed, NotFound, Erased, Rejected),
    *(Unavailable, Unreadable, KeysUnavailable, SQLAlchemyError),
    *DOCUMENT_ERRORS,
)
"""The errors that `refusal_of` knows."""


def check_taken(answer: Answer, response: Response) -> None:
    """What waits is a 202. Raises `Refusal` for what the complaint refused."""
    if not (answer.applied or answer.pending):
        more = answer.model_dump(mode="json", include={"message_id", "on", "repeated"})
        raise Refusal("refused", answer.reason, **more)
    response.status_code = 202 if answer.pending else 200


def no_such_complaint() -> Refusal:
    """One and the same for a complaint that is missing, of another authority, or another caller's."""
    return Refusal("not-found", "There is no such complaint, or it is not this caller's to reach.")


def wrong(field: str, what: str) -> Refusal:
    """One field is wrong."""
    return malformed(Malformed([FieldProblem(field, what)]))


def unavailable(what: str, *, seconds: int = 5, **more: Any) -> Refusal:
    """Something the API needs does not answer: when to try again."""
    return Refusal("no-answer", what, headers={"Retry-After": str(seconds)}, **more)


def of_status(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Refusal:
    """The problem for a status that the framework chose."""
    return Refusal(_name_of(status), detail or HTTPStatus(status).description, headers=headers)


def _name_of(status: int) -> str:
    other = "fault" if status >= 500 else "malformed"
    return next((name for name, (known, _) in PROBLEMS.items() if known == status), other)
