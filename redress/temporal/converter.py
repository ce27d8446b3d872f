"""How values become payloads: pydantic's JSON, and nothing that comes over the wire can break a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

from redress.domain.identity import workflow_id
from redress.security.encryption import Cipher, EnvelopeCipher
from redress.temporal.codec import EncryptionCodec
from redress.temporal.refusals import LOOK_THERE, REFUSED, RejectedUpdate

_SHARED = PydanticPayloadConverter().converters
"""They keep nothing of what they convert; the SDK makes a converter twice for each workflow task."""


class TolerantPayloadConverter(CompositePayloadConverter):
    """Pydantic's converter, which hands on what it cannot read as it came.

    Only where no type is asked for, as for the arguments of the complaint's doors: a payload that
    raised there would drop a signal in silence or stop the workflow task for good.
    """

    def __init__(self) -> None:
        self.converters = _SHARED

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """Decode; without type hints an unreadable payload becomes a `RawValue`."""
        if type_hints:
            return super().from_payloads(payloads, type_hints)
        return [self._readable(payload) for payload in payloads]

    def _readable(self, payload: Payload) -> Any:
        try:
            return super().from_payloads([payload])[0]
        except Exception:  # whatever a stranger's bytes do to a decoder, the case must go on
            return RawValue(payload)


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
    """The same, with everything said inside a payload, where the codec encrypts it.

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


def _is_refusal(exception: BaseException) -> bool:
    return isinstance(exception, ApplicationError) and exception.type == REFUSED


DATA_CONVERTER = DataConverter(
    payload_converter_class=TolerantPayloadConverter, failure_converter_class=PlainFailureConverter
)
"""Without keys: for trials, rehearsals and replayed histories."""


def data_converter(cipher: Cipher) -> DataConverter:
    """For every client and worker: with keys, payloads and the texts of failures are encrypted."""
    if not isinstance(cipher, EnvelopeCipher):
        return DATA_CONVERTER
    return DataConverter(
        payload_converter_class=TolerantPayloadConverter,
        payload_codec=EncryptionCodec(cipher, workflow_id("")),
        failure_converter_class=EncryptedFailureConverter,
    )
