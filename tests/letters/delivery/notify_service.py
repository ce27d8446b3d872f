"""A stand-in for GOV.UK Notify's HTTP API: it checks what the real one checks and answers in its shapes.

Written after Notify's documentation (docs.notifications.service.gov.uk) and what its API says of itself:
tokens (HS256, the service's id as issuer, not older than 30 seconds), schemas, templates of the right
kind, complete personalisation, formats of addresses and numbers, files by e-mail, references, statuses,
errors. Letters as PDFs are taken first and judged afterwards, as there: `notify_print`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import jwt
from notifications_python_client.authentication import decode_jwt_token, get_token_issuer
from notifications_python_client.errors import TokenDecodeError, TokenError, TokenExpiredError

from tests.letters.delivery import notify_print
from tests.serving import Handler, serving

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"invented-{SERVICE}-{SECRET}"
TEMPLATES: dict[str, tuple[str, str]] = {
    "f33517ff-2a88-4f6e-b855-c550268ce08a": (
        "email",
        "((subject))\n((body))\n\n((enclosures))\n\n"
        + "\n\n".join(f"((enclosure_{n}_name)) ((enclosure_{n}))" for n in range(1, 5)),
    ),
    "9d751e0e-f929-4891-82a1-a3e1c3c18ee3": ("letter", "((subject))\n((body))"),
    "ceb50d92-100d-4b8b-b559-14fa3b091cda": ("sms", "((body))"),
}
EMAIL, LETTER, SMS = TEMPLATES

Fault = Literal[
    "none", "500", "429", "403", "trial", "hang", "take_and_hang_up", "take_and_500", "take_and_wait"
]

ALLOWED = {
    "email": {
        *("email_address", "template_id", "personalisation", "reference", "email_reply_to_id"),
        *("one_click_unsubscribe_url", "sanitise_content_for", "scheduled_for"),
    },
    "sms": {"phone_number", "template_id", "personalisation", "reference", "sms_sender_id", "scheduled_for"},
    "letter": {"template_id", "personalisation", "reference"},
    "precompiled": {"reference", "content", "postage"},
}
NEEDED = {
    "email": ("email_address", "template_id"),
    "sms": ("phone_number", "template_id"),
    "letter": ("template_id", "personalisation"),
    "precompiled": ("reference", "content"),
}

FILE_FIELDS = {"file", "is_csv", "confirm_email_before_download", "retention_period", "filename"}
FILE_TYPES = ("csv", "doc", "docx", "jpeg", "jpg", "json", "odt", "pdf", "png", "rtf", "txt", "xlsx")
MAGIC = {b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"PK\x03\x04": "docx", b"\xd0\xcf": "doc"}
MOST_BYTES = 2 * 1024 * 1024 + 1024
"""Of a file, once decoded."""

VIRUS = b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"

POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", re.IGNORECASE)
ADDRESS = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}"
)


class Wrong(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, error: str, *messages: str) -> None:
        super().__init__(error)
        self.status = status
        self.messages = messages
        self.body = {
            "status_code": status,
            "errors": [{"error": error, "message": each} for each in messages],
        }


class NotifyService:
    """The service behind the API: what it was given, and how it fails."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        """Files that e-mails link to, by link: `content`, `filename`, `for`, `retention_period`."""
        self.files_are_set_up = True
        self.printed: dict[str, bytes] = {}
        """Letters that came as PDFs, by id."""
        self.not_printed: dict[str, str] = {}
        """Why a letter that came as a PDF is not printed, by id, in Notify's own word for it."""
        self.status_of_the_rest = "delivered"
        self.fault: Fault = "none"
        self.once: dict[str, Fault] = {}
        """How it fails at the first letter to a place: an address, a number, an address's second line."""
        self.reached: set[str] = set()
        """Places of `once` at which it has come to that."""
        self.asked = 0
        self.requests = 0
        self.over = threading.Event()
        self._serving = serving(_handler(self))
        self.url = f"http://127.0.0.1:{self._serving.__enter__()}"

    def stop(self) -> None:
        self.over.set()
        self._serving.__exit__(None, None, None)

    def counted(self) -> Counter[str]:
        """How often each letter was taken, by our reference."""
        return Counter(str(each["reference"]) for each in self.taken.values())

    # --- what it does ------------------------------------------------------------------------------

    def post(self, kind: str, token: str | None, raw: bytes, fault: Fault) -> dict[str, Any]:
        self.asked += 1
        self._known(token)
        if fault in FAULTS:
            raise FAULTS[fault]
        try:
            said = json.loads(raw)
        except ValueError:
            raise Wrong(400, "BadRequestError", "Invalid JSON supplied in POST data") from None
        if kind == "letter" and isinstance(said, dict) and "content" in said:
            return self._take_pdf(said)
        _check_form(kind, said)
        said = self._with_links(kind, said)
        return self._keep(kind, said, check(kind, said))

    def _take_pdf(self, said: dict[str, Any]) -> dict[str, Any]:
        """A letter as a PDF: only that it is one is said at once; the rest is a status."""
        _check_form("precompiled", said)
        if said.get("postage", "second") not in ("first", "second", "economy"):
            what = "postage invalid. It must be either first, second or economy."
            raise Wrong(400, "ValidationError", what)
        try:
            pdf = base64.b64decode(said["content"], validate=True)
        except binascii.Error:
            what = "Cannot decode letter content (invalid base64 encoding)"
            raise Wrong(400, "BadRequestError", what) from None
        if not pdf.startswith(b"%PDF"):
            raise Wrong(400, "BadRequestError", "Letter content is not a valid PDF")
        made, postage = str(uuid4()), said.get("postage", "second")
        lines, why = notify_print.judged(pdf)
        status = "validation-failed" if why else "virus-scan-failed" if VIRUS in pdf else ""
        self.printed[made] = pdf
        if why:
            self.not_printed[made] = why
        self.taken[made] = {
            "id": made,
            "reference": said["reference"],
            "email_address": None,
            "phone_number": None,
            **{f"line_{n}": line for n, line in enumerate(lines, 1)},
            "type": "letter",
            "postage": postage,
            "status": status or self._status("letter", said),
            "template": {"id": str(uuid4()), "version": 1, "uri": self.url},
            "body": "",
            "subject": "Pre-compiled PDF",
            "created_at": datetime.now(UTC).isoformat(),
            "created_by_name": None,
            "sent_at": None,
            "completed_at": None,
            "scheduled_for": None,
        }
        return {"id": made, "reference": said["reference"], "postage": postage}

    def _with_links(self, kind: str, said: dict[str, Any]) -> dict[str, Any]:
        """The same with links in place of files, which are kept."""
        values = said.get("personalisation", {})
        files = {name: each for name, each in values.items() if isinstance(each, dict) and "file" in each}
        if not files:
            return said
        if kind != "email":
            raise Wrong(400, "BadRequestError", "Can only send a file by email")
        if not self.files_are_set_up:
            where = f"{self.url}/services/{SERVICE}/service-settings/send-files-by-email"
            what = (
                f"Send files by email has not been set up - add contact details for your service at {where}"
            )
            raise Wrong(400, "BadRequestError", what)
        links = {}
        for name, each in files.items():
            links[name] = f"https://documents.invented.example/d/{uuid4()}"
            asks = each.get("confirm_email_before_download") is not False
            self.files[links[name]] = {
                "content": _checked_file(each),
                "filename": each.get("filename"),
                "for": said["email_address"] if asks else None,
                "retention_period": each.get("retention_period"),
            }
        return {**said, "personalisation": {**values, **links}}

    def _keep(self, kind: str, said: dict[str, Any], content: dict[str, str]) -> dict[str, Any]:
        made = str(uuid4())
        template = said["template_id"]
        lines = said["personalisation"] if kind == "letter" else {}
        self.taken[made] = {
            "id": made,
            "reference": said.get("reference"),
            "email_address": said.get("email_address"),
            "phone_number": said.get("phone_number"),
            **{f"line_{n}": lines.get(f"address_line_{n}") for n in range(1, 7)},
            "postcode": lines.get("address_line_7"),
            "type": kind,
            "status": self._status(kind, said),
            "template": {"id": template, "version": 1, "uri": f"{self.url}/v2/template/{template}/version/1"},
            "body": content["body"],
            "subject": content.get("subject"),
            "created_at": datetime.now(UTC).isoformat(),
            "created_by_name": None,
            "sent_at": None,
            "completed_at": None,
            "scheduled_for": None,
            "sanitised": said.get("sanitise_content_for") or [],
            "reply_to": said.get("email_reply_to_id"),
            "whole": content["whole"],
        }
        sender = {
            "email": {"from_email": "complaints@notify.example"},
            "sms": {"from_number": "GOVUK"},
            "letter": {},
        }
        return {
            "id": made,
            "reference": said.get("reference"),
            "content": {"body": content["whole"], "subject": content.get("subject"), **sender[kind]},
            "uri": f"{self.url}/v2/notifications/{made}",
            "template": {
                "id": template,
                "version": 1,
                "uri": f"{self.url}/services/{SERVICE}/templates/{template}",
            },
            "scheduled_for": None,
        }

    def _status(self, kind: str, said: dict[str, Any]) -> str:
        """What becomes of it: the real service has addresses and numbers that always fail."""
        to = str(said.get("email_address") or said.get("phone_number") or "")
        if to in ("perm-fail@simulator.notify", "07700900002"):
            return "permanent-failure"
        if to in ("temp-fail@simulator.notify", "07700900003"):
            return "temporary-failure"
        if kind == "letter" and self.status_of_the_rest == "delivered":
            return "received"
        return self.status_of_the_rest

    def get(self, token: str | None, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        self._known(token)
        if self.fault in ("500", "403"):
            raise FAULTS[self.fault]
        template = re.fullmatch(r"/v2/template/([^/]+)", path)
        if template:
            return _template(template[1])
        found = re.fullmatch(r"/v2/notifications/([^/]+)", path)
        if found:
            if not _is_uuid(found[1]):
                raise Wrong(400, "ValidationError", "notification_id is not a valid UUID")
            if found[1] not in self.taken:
                raise Wrong(404, "NoResultFound", "No result found")
            return self.taken[found[1]]
        if query.keys() - {"reference", "status", "template_type", "include_jobs", "older_than"}:
            raise Wrong(400, "ValidationError", "Additional properties are not allowed")
        wanted = query.get("reference")
        known = [n for n in self.taken.values() if wanted is None or n["reference"] == wanted[0]]
        return {"notifications": known, "links": {"current": f"{self.url}/v2/notifications"}}

    def _known(self, authorization: str | None) -> None:
        """Who asks: by a token that says the service and is signed with its secret within 30 seconds."""
        if authorization is None:
            raise Wrong(401, "AuthError", "Unauthorized: authentication token must be provided")
        if authorization[:7].title() != "Bearer ":
            raise Wrong(401, "AuthError", "Unauthorized: authentication bearer scheme must be used")
        token = authorization[7:]
        try:
            issuer = str(get_token_issuer(token))
            if issuer != SERVICE:
                raise Wrong(403, "AuthError", "Invalid token: service not found")
            decode_jwt_token(token, SECRET)
        except TokenExpiredError:
            what = "Error: Your system clock must be accurate to within 30 seconds"
            raise Wrong(403, "AuthError", what) from None
        except TokenDecodeError:
            raise Wrong(403, "AuthError", "Invalid token: API key not found") from None
        except (TokenError, jwt.InvalidTokenError):
            raise Wrong(403, "AuthError", "Invalid token") from None


FAULTS = {
    "429": Wrong(
        429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"
    ),
    "403": Wrong(403, "AuthError", "Invalid token: API key revoked"),
    "500": Wrong(500, "Exception", "Internal server error"),
    "trial": Wrong(400, "BadRequestError", "Can’t send to this recipient when service is in trial mode"),
}


def check(kind: str, said: Any) -> dict[str, str]:
    """Everything that is looked at before a notification is taken; gives its content. Raises `Wrong`."""
    _check_form(kind, said)
    content = _content(kind, said)
    if kind == "letter":
        _check_address(said["personalisation"])
    return content


def _check_form(kind: str, said: Any) -> None:
    wrong = [f"{name} is a required property" for name in NEEDED[kind] if name not in said]
    more = sorted(said.keys() - ALLOWED[kind])
    if more:
        wrong.append(f"Additional properties are not allowed ({', '.join(more)} was unexpected)")
    wrong += [
        f"{name} is not a valid UUID"
        for name in ("template_id", "email_reply_to_id", "sms_sender_id")
        if name in said and not _is_uuid(said[name])
    ]
    if not isinstance(said.get("personalisation", {}), dict):
        wrong.append(f"personalisation {said['personalisation']} is not of type object")
    if len(str(said.get("reference", ""))) > 1000:
        wrong.append("reference is too long")
    if kind == "email" and "email_address" in said and not _is_email(said["email_address"]):
        wrong.append("email_address Not a valid email address")
    if kind == "sms" and "phone_number" in said:
        wrong += _wrong_number(str(said["phone_number"]))
    if wrong:
        raise Wrong(400, "ValidationError", *wrong)


def _checked_file(said: dict[str, Any]) -> bytes:
    """What is in a file for an e-mail, by Notify's rules for those. Raises `Wrong`."""
    wrong = []
    more = sorted(said.keys() - FILE_FIELDS)
    if more:
        wrong.append(f"Additional properties are not allowed ({', '.join(more)} was unexpected)")
    period, name = said.get("retention_period"), said.get("filename")
    weeks = re.fullmatch(r"(\d+) weeks?", period) if isinstance(period, str) else None
    if period is not None and not (weeks and 1 <= int(weeks[1]) <= 78):
        what = "Supported periods are from 1 to 78 weeks."
        wrong.append(f"Unsupported value for retention_period: {period}. {what}")
    if said.get("confirm_email_before_download") not in (None, True, False):
        wrong.append(
            "Unsupported value for confirm_email_before_download. Use a boolean true or false value."
        )
    if name is not None and "." not in str(name):
        wrong.append("`filename` must end with a file extension. For example, filename.csv")
    if wrong:
        raise Wrong(400, "ValidationError", *wrong)
    try:
        content = base64.b64decode(said["file"], validate=True)
    except (binascii.Error, TypeError):
        raise Wrong(400, "BadRequestError", "Document is not base64 encoded") from None
    allowed = ", ".join(f"'.{each}'" for each in FILE_TYPES)
    end = str(name or "").rpartition(".")[2].lower() if name else _end_by_content(content)
    if len(content) > MOST_BYTES:
        raise Wrong(400, "BadRequestError", "Uploaded file exceeds file size limit")
    if not content:
        raise Wrong(400, "BadRequestError", "Document must not be empty")
    if name is not None and len(name) > 100:
        raise Wrong(400, "BadRequestError", "`filename` cannot be longer than 100 characters")
    if end not in FILE_TYPES:
        raise Wrong(400, "BadRequestError", f"Unsupported file type '.{end}'. Supported types are: {allowed}")
    if VIRUS in content:
        raise Wrong(400, "BadRequestError", "File did not pass the virus scan")
    return content


def _end_by_content(content: bytes) -> str:
    return next((end for begins, end in MAGIC.items() if content.startswith(begins)), "bin")


def _template(template: str) -> dict[str, Any]:
    if not _is_uuid(template):
        raise Wrong(400, "ValidationError", "id is not a valid UUID")
    if template not in TEMPLATES:
        raise Wrong(404, "NoResultFound", "No result found")
    kind, text = TEMPLATES[template]
    names = re.findall(r"\(\((\w+)\)\)", text)
    subject, _, body = text.rpartition("((subject))\n") if kind != "sms" else ("", "", text)
    return {
        "id": template,
        "type": kind,
        "version": 1,
        "name": "Invented",
        "body": body,
        "subject": subject or "((subject))",
        "personalisation": {name: {"required": True} for name in names},
    }


def _is_email(said: str) -> bool:
    return (
        bool(ADDRESS.fullmatch(said.strip())) and ".." not in said and len(said) <= 320 and ".@" not in said
    )


def _wrong_number(said: str) -> list[str]:
    if set(said) - set("0123456789 ()+-\t"):
        return ["phone_number Must not contain letters or symbols"]
    digits = re.sub(r"\D", "", said)
    digits = re.sub(r"^(0044|44|0)", "", digits)
    if not digits.startswith("7"):
        return ["phone_number Not a UK mobile number"]
    if len(digits) != 10:
        return [f"phone_number {'Too many' if len(digits) > 10 else 'Not enough'} digits"]
    return []


def _content(kind: str, said: dict[str, Any]) -> dict[str, str]:
    """The template filled in. Raises `Wrong` for one that is unknown, of another kind or not complete."""
    known = TEMPLATES.get(said["template_id"])
    if known is None:
        raise Wrong(400, "BadRequestError", "Template not found")
    if known[0] != kind:
        raise Wrong(400, "BadRequestError", f"{known[0]} template is not suitable for {kind} notification")
    values = said.get("personalisation", {})
    wanted = re.findall(r"\(\((\w+)\)\)", known[1])
    missing = [name for name in wanted if name not in values]
    if missing:
        raise Wrong(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
    filled = {name: str(values[name]) for name in wanted}
    filled["whole"] = re.sub(r"\(\((\w+)\)\)", lambda name: filled[name[1]], known[1])
    if not filled["body"].strip():
        raise Wrong(400, "BadRequestError", "Your message is empty.")
    if kind == "sms" and len(filled["body"]) > 918:
        raise Wrong(400, "BadRequestError", "Your message is too long.")
    if kind == "email" and len(filled["body"].encode()) > 2_000_000:
        raise Wrong(400, "BadRequestError", "Your message is too long.")
    return filled


def _check_address(values: dict[str, Any]) -> None:
    lines = [str(values.get(f"address_line_{n}") or "").strip(" ,") for n in range(1, 8)]
    lines = [line for line in lines if line]
    if "address_line_1" not in values:
        raise Wrong(400, "ValidationError", "personalisation address_line_1 is a required property")
    if any(
        key.startswith("address_line_") and key not in {f"address_line_{n}" for n in range(1, 8)}
        for key in values
    ):
        raise Wrong(400, "ValidationError", "Address must be no more than 7 lines")
    if len(lines) < 3:
        raise Wrong(400, "ValidationError", "Address must be at least 3 lines")
    if not all(re.search(r"\w", line) for line in lines[:2]):
        raise Wrong(
            400, "ValidationError", "The first 2 lines of the address must include alphanumeric characters"
        )
    if not POSTCODE.fullmatch(lines[-1]):
        raise Wrong(400, "ValidationError", "Must be a real UK postcode")
    if any(line[0] in '@()=[]"\\/,<>~' for line in lines):
        raise Wrong(
            400, "ValidationError", "Address lines must not start with any of the following characters"
        )


def _place(raw: bytes) -> str:
    """Where a letter is to go, as far as can be told before anything is checked."""
    try:
        said = json.loads(raw)
        if "content" in said:
            return notify_print.address_in(base64.b64decode(said["content"]))[1]
        return str(
            said.get("email_address") or said.get("phone_number") or said["personalisation"]["address_line_2"]
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _is_uuid(text: object) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def _handler(service: NotifyService) -> type[Handler]:
    class Takes(Handler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kind = self.path.removeprefix("/v2/notifications/")
            if kind not in ALLOWED.keys() - {"precompiled"}:
                self._answer(404, {"result": "error", "message": "Not found"})
                return
            service.requests += 1
            place = _place(raw)
            fault = service.once.pop(place, service.fault)
            service.reached.add(place)
            if fault == "hang":
                service.over.wait(3600)
                return
            try:
                made = service.post(kind, self.headers.get("Authorization"), raw, fault)
            except Wrong as wrong:
                self._answer(wrong.status, wrong.body)
                return
            if fault == "take_and_hang_up":
                self.close_connection = True
                self.connection.close()
            elif fault == "take_and_wait":
                service.over.wait(3600)
            elif fault == "take_and_500":
                self._answer(500, FAULTS["500"].body)
            else:
                self._answer(201, made)

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if service.fault == "hang":
                service.over.wait(3600)
            try:
                found = service.get(self.headers.get("Authorization"), asked.path, parse_qs(asked.query))
            except Wrong as wrong:
                self._answer(wrong.status, wrong.body)
            else:
                self._answer(200, found)

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    return Takes
