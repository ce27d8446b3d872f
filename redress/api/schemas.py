"""Schemas that the OpenAPI document has beside those of the routes: what a status holds, and what is told.

They describe; what is answered is made by `redress.domain.status` and `redress.store.notices`, and tests
compare.
"""

from __future__ import annotations

from typing import Any

from redress.api.field_words import OWNERS, STAGES
from redress.store.notices import EVENTS

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
TRUTH: dict[str, Any] = {"type": "boolean"}
DATE: dict[str, Any] = {"type": "string", "format": "date"}


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]}


def _list(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": kind}


def _form(said: str, **fields: tuple[dict[str, Any], str]) -> dict[str, Any]:
    """An object with these fields: each its schema and what it means. All of them are always there."""
    return _part(said, **fields) | {"required": [*fields]}


def _part(said: str, **fields: tuple[dict[str, Any], str]) -> dict[str, Any]:
    """The same where a field may be missing: what was erased is left out."""
    return {
        "type": "object",
        "description": said,
        "properties": {name: kind | {"description": what} for name, (kind, what) in fields.items()},
    }


def _verdict(said: str, **more: tuple[dict[str, Any], str]) -> dict[str, Any]:
    form = _part(said, action=(TEXT, "Its action."), on=(DATE, "Its date."), **more)
    form["properties"]["message_id"] = TEXT | {
        "description": "Its name; a signal nobody could take has none."
    }
    return form


FORMS: dict[str, dict[str, Any]] = {
    "Appointed": _part(
        "Somebody takes a part.",
        role=(TEXT, "Which part."),
        person=({"type": "object"}, "Who: `name`, `id` or both."),
        connection=(TEXT, "With the authority: `none`, `employee`, `member`, `partner_of_either`."),
        on=(DATE, "From when."),
        until=(_or_null(DATE), "To when; null: still."),
    ),
    "LetterWritten": _part(
        "A letter or reminder.",
        letter=(TEXT, "Its name."),
        on=(DATE, "The day it belongs to."),
        key=(TEXT, "What makes it one: it is sent once."),
        state=(
            TEXT,
            "`waiting` (for office hours, or its day), `done` (sent), `leaving`, `failed` and `unsure` "
            "(raised to the Complaints Manager), `skipped` (overtaken), `history` (from before: never sent).",
        ),
    ),
    "RemedyAgreed": _part(
        "Something agreed to be done.",
        remedy=(WHOLE, "Its number, from 1."),
        what=(_or_null(TEXT), "What."),
        owner=(TEXT, f"Who sees to it: one of {OWNERS}."),
        point=(_or_null(WHOLE), "The point it is for."),
        due_on=(DATE, "By when."),
        done_on=(_or_null(DATE), "When it was done; null: it is not."),
    ),
    "MessageSaid": _verdict(
        "A message with the fields of its action.",
        outcome=(
            TEXT,
            "`applied`, `pending`, `refused`, `not_accepted` (a late request), `overtaken` (it closed "
            "first). What `respond` or `ombudsman_decision` decided stands under `decided`.",
        ),
        assumed=(TRUTH, "It came without a date, and has that of its processing."),
    ),
    "MessageJudged": _verdict("A message that waits, or was refused.", reason=(TEXT, "Why.")),
    "Irregularity": _verdict("What was missing when a message came.", what=(TEXT, "What.")),
    "PointStands": _part(
        "One point of the complaint.",
        point=(WHOLE, "Its number, from 1."),
        text=(_or_null(TEXT), "What went wrong."),
        state=(TEXT, "`open`, `resting`, `suspended`, `split_off`, `replaced`."),
        findings=(_list({"type": "object"}), "Each `stage`, `outcome`, `reason`, `on`."),
        remedies=(_list(WHOLE), "Their numbers."),
    ),
    "Link": _form(
        "A complaint that this one belongs with.",
        reference=(TEXT, "Its reference."),
        how=(TEXT, "`linked_to`, or `split_off` (then with `procedure`, `points`, `on`)."),
    ),
    "PlainWords": _form(
        "The same for a young person.",
        title=(TEXT, "Where it is."),
        what=(TEXT, "What this is."),
        who=(TEXT, "Who does something."),
        next=(TEXT, "What happens next."),
        by=(_or_null(DATE), "By when."),
    ),
    "ChangedThing": {
        "type": "object",
        "description": "One thing that a message moved.",
        "properties": {
            "what": TEXT | {"description": "`stage`, `state`, or a deadline's name."},
            "was": _or_null(TEXT) | {"description": "As it was; null: not there."},
            "is": _or_null(TEXT) | {"description": "As it is; null: no longer there."},
            "was_due_on": _or_null(DATE) | {"description": "Of a deadline: when it was due."},
            "due_on": _or_null(DATE) | {"description": "Of a deadline: when it is due."},
        },
        "required": ["what"],
        "additionalProperties": _or_null(TEXT),
    },
    "Notice": _form(
        "What a webhook is told. Nothing in it is personal.",
        type=({"type": "string", "enum": [*EVENTS]}, "What happened. Pass over those you do not know."),
        timestamp=(
            {"type": "string", "format": "date-time"},
            "When it was noticed; the same however often it is tried.",
        ),
        data=({"$ref": "#/components/schemas/NoticeData"}, "Where the complaint stood then."),
    ),
    "NoticeData": _form(
        "Where the complaint stood, and what happened.",
        on=(DATE, "The London date."),
        reference=(TEXT, "The complaint's reference."),
        authority=(TEXT, "The council."),
        procedure=(TEXT, "`statutory`, `corporate`, `irm` or `representation`."),
        kind=(TEXT, "What sort of representation it is."),
        stage=(TEXT, f"One of {STAGES}."),
        state=(TEXT, "`open`, `suspended`, `closed`."),
        next_due_on=(_or_null(DATE), "The earliest date still owed."),
        waiting_for=(TEXT, f"Who owes it: one of {OWNERS}."),
        overdue=(TRUTH, "Whether a limit has passed and is still owed."),
    ),
}

FORMS["NoticeData"]["properties"] |= {
    "received_on": DATE | {"description": "With `complaint.opened`."},
    "stage_before": TEXT | {"description": "With `complaint.stage_changed`."},
    "closed_on": DATE | {"description": "With `complaint.closed`."},
    "closed_as": TEXT | {"description": "With `complaint.closed`."},
    "breach": {"$ref": "#/components/schemas/BreachTold", "description": "With `complaint.breached`."},
}
FORMS["NoticeData"]["properties"]["overdue"]["description"] = (
    "Whether a limit has passed and is still owed. With `complaint.opened` too: what had passed before the "
    "complaint came here is told by no `complaint.breached`."
)
FORMS["BreachTold"] = _form(
    "The limit that was missed.",
    deadline=(TEXT, "Its name."),
    stage=(TEXT, "Where it belongs."),
    due_on=(DATE, "Its last day."),
    days=(WHOLE, "How many days it has."),
    unit=(TEXT, "`working_days` or `calendar_days`."),
    owner=(TEXT, f"Who owed it: one of {OWNERS}."),
)

STATUS_LISTS = {
    "appointments": "Appointed",
    "letters": "LetterWritten",
    "remedies": "RemedyAgreed",
    "messages": "MessageSaid",
    "pending": "MessageJudged",
    "refused": "MessageJudged",
    "irregular": "Irregularity",
}
"""What stands in which list of a status."""

FURTHER: dict[str, dict[str, Any]] = {
    "procedure_reason": TEXT | {"description": "Why the matter follows this procedure."},
    "points": _list({"$ref": "#/components/schemas/PointStands"}) | {"description": "Its points."},
    "linked": _list({"$ref": "#/components/schemas/Link"}) | {"description": "Complaints it belongs with."},
    "questions": _list(TEXT) | {"description": "What a person has to decide, or to ask."},
    "plain": {"$ref": "#/components/schemas/PlainWords", "description": "For a young person."},
    "advocate": _or_null({"type": "object"}) | {"description": "Who speaks for the person now."},
    "contact_restricted_until": _or_null(DATE) | {"description": "Until then messages are not answered."},
    "calendar": TEXT | {"description": "The version of the list of bank holidays it counts by."},
    "erased_on": DATE | {"description": "Only where its personal data was destroyed."},
}
"""Further fields of a status."""

SIGNED = """\
Every notice is a POST of JSON, signed as Standard Webhooks (symmetric, `v1`) has it. To check that it is
ours:

1. Take the body as it came, byte for byte, before anything parses it.
2. Decode the secret: the Base64 after `whsec_` is the key.
3. Compute HMAC-SHA-256 with that key over `{webhook-id}.{webhook-timestamp}.{body}`, and write it in
   Base64.
4. `webhook-signature` holds one or more signatures with a space between, each `v1,` and Base64: one of
   them has to be yours. Compare in constant time.
5. Turn away what has a `webhook-timestamp` more than five minutes from your clock.

Answer 2xx within 15 seconds and work afterwards. Anything else, a redirect too, is tried again, at first
after seconds, then hours, for about four days. A notice has one `webhook-id` however often it is
tried: keep those you have had, and pass over what you know. The order is not promised; the number after the
dot rises.
"""


def webhook() -> dict[str, Any]:
    """What the OpenAPI document says of the requests that we send."""

    def header(name: str, said: str, example: str) -> dict[str, Any]:
        return {
            "name": name,
            "in": "header",
            "required": True,
            "description": said,
            "schema": TEXT,
            "example": example,
        }

    example = {
        "type": "complaint.breached",
        "timestamp": "2026-12-05T00:00:02.101000+00:00",
        "data": {
            "on": "2026-12-05",
            "reference": "CYP-2026-000001",
            "authority": "family-rights",
            "procedure": "statutory",
            "kind": "complaint",
            "stage": "stage_1",
            "state": "open",
            "next_due_on": "2026-12-04",
            "waiting_for": "stage_manager",
            "overdue": True,
            "breach": {
                "deadline": "stage_1_response",
                "stage": "stage_1",
                "due_on": "2026-12-04",
                "days": 10,
                "unit": "working_days",
                "owner": "stage_manager",
            },
        },
    }
    content = {"schema": {"$ref": "#/components/schemas/Notice"}, "example": example}
    return {
        "post": {
            "operationId": "notice",
            "tags": ["webhooks"],
            "summary": "What your receiver is told",
            "description": SIGNED,
            "parameters": [
                header("webhook-id", "The delivery's name.", "wh_0123456789abcdef01234567.42"),
                header("webhook-timestamp", "When this try was made: Unix seconds.", "1796428802"),
                header("webhook-signature", "One or more signatures.", "v1,gJm1b0…="),
            ],
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {"2XX": {"description": "Taken; its body is not read."}},
            "security": [],
        }
    }
