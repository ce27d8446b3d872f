"""How values become payloads: pydantic's JSON, and nothing that comes over the wire can break a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_origin

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError

from redress.contract import KEPT_BYTES, REFUSED, STILL_OPENING, WORKFLOW_ID_PREFIX, Inbound, RejectedUpdate
from redress.domain.parsing import Problem
from redress.security.encryption import Cipher, EnvelopeCipher
from redress.temporal.codec import ENCODING, IN_CLEAR, EncryptionCodec

LOOK_THERE = (
    "Refused. The reason stands on this page, under User Metadata: Current Details, Last message. "
    "If you have that open, press R there."
)
"""What an encrypted failure says of a refusal in the clear: it is kept in the history."""

ENCRYPTED = "what it says is encrypted"
"""Of an error whose text could hold what somebody wrote."""

_SHARED = PydanticPayloadConverter().converters
"""They keep nothing of what they convert; the SDK makes a converter twice for each workflow task."""


class InboundPayloadConverter(CompositePayloadConverter):
    """Pydantic's converter, which raises for no message.

    An argument of type `Inbound` becomes the document, or what could not be read with its problems: a payload
    that raised there would drop a signal in silence or stop the workflow task for good. So does whatever
    comes where no type is asked for; there it is handed on as a `RawValue`.
    """

    def __init__(self) -> None:
        self.converters = _SHARED

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode each payload; raises only where a type other than `Inbound` is asked for."""
        if not type_hints:
            return [self._untyped(payload) for payload in payloads]
        if not any(map(_is_inbound, type_hints)):
            return super().from_payloads(payloads, type_hints)
        return [
            self._inbound(payload) if _is_inbound(hint) else super().from_payloads([payload], [hint])[0]
            for payload, hint in zip(payloads, type_hints, strict=True)
        ]

    def _untyped(self, payload: Payload) -> Any:
        try:
            return super().from_payloads([payload])[0]
        except Exception:  # whatever a stranger's bytes do to a decoder, the case must go on
            return RawValue(payload)

    def _inbound(self, payload: Payload) -> Inbound[Any]:
        in_clear = IN_CLEAR in payload.metadata
        encoding = payload.metadata.get("encoding", b"")
        if encoding not in self.converters:
            return Inbound(problems=(_unreadable(encoding),), unread=_beginning(payload), in_clear=in_clear)
        try:
            return Inbound(super().from_payloads([payload])[0], in_clear=in_clear)
        except Exception:  # as above
            what = "cannot be read: it is not valid JSON"
            return Inbound(
                problems=(Problem("message", what),), unread=_beginning(payload), in_clear=in_clear
            )


def _is_inbound(hint: object) -> bool:
    return hint is Inbound or get_origin(hint) is Inbound


def _unreadable(encoding: bytes) -> Problem:
    if encoding == ENCODING:
        return Problem("message", "cannot be read: it is encrypted, and nobody here has its key")
    name = encoding.decode("utf-8", "replace")[:60]
    return Problem("message", f"cannot be read: the encoding {name!r} is not known here; send json/plain")


def _beginning(payload: Payload) -> str:
    return payload.data[:KEPT_BYTES].decode("utf-8", "backslashreplace")


class PlainFailureConverter(DefaultFailureConverter):
    """Tells what is wrong with a message without the lines of code that found it: the UI shows both alike."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Fill in the failure."""
        if isinstance(exception, RejectedUpdate) or _is_refusal(exception):
            exception = exception.with_traceback(None)
        super().to_failure(exception, payload_converter, failure)


class EncryptedFailureConverter(PlainFailureConverter):
    """The same, with its text inside a payload, where the codec encrypts it.

    What the UI shows of an update's failure it does not decrypt: there a sender reads what is kept nowhere,
    or else where to look.
    """

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Fill in the failure."""
        super().to_failure(exception, payload_converter, failure)
        if isinstance(exception, RejectedUpdate):
            failure.message = exception.message
        elif _is_refusal(exception):
            failure.message = LOOK_THERE
        else:
            # A query's failure reaches whoever asked as this text alone: the server drops the rest.
            failure.message = _in_clear(exception)


def _in_clear(exception: BaseException) -> str:
    """What is read of an error without its key: the class, or that the complaint is being opened."""
    if isinstance(exception, ApplicationError):
        if exception.message == STILL_OPENING:
            return STILL_OPENING
        return f"{exception.type}: {ENCRYPTED}" if exception.type else ENCRYPTED
    return f"{type(exception).__name__}: {ENCRYPTED}"


def _is_refusal(exception: BaseException) -> bool:
    return isinstance(exception, ApplicationError) and exception.type == REFUSED


DATA_CONVERTER = DataConverter(
    payload_converter_class=InboundPayloadConverter, failure_converter_class=PlainFailureConverter
)
"""Without keys: for trials, rehearsals and replayed histories."""


def data_converter(cipher: Cipher) -> DataConverter:
    """For every client and worker: with keys, payloads and the texts of failures are encrypted."""
    if not isinstance(cipher, EnvelopeCipher):
        return DATA_CONVERTER
    return DataConverter(
        payload_converter_class=InboundPayloadConverter,
        payload_codec=EncryptionCodec(cipher, WORKFLOW_ID_PREFIX),
        failure_converter_class=EncryptedFailureConverter,
    )
