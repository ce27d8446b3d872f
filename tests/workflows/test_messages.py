"""What comes over the wire: nothing is lost, nothing counts twice, nothing can stop a complaint."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from redress.domain.actions import ACTIONS
from tests.conftest import Life
from tests.domain.generating import examples
from tests.waiting import eventually


async def test_two_hundred_at_once(life: Life) -> None:
    """A burst loses none and applies each once."""
    life.patience = 120  # on a busy machine; the server is told to take them all at once (decision 0004)
    await life.open()
    await life.send("acknowledge")
    answers = await asyncio.gather(
        *(life.send("add_note", note=f"Note {n}.", message_id=f"burst-{n % 150}") for n in range(150)),
        *(life.send("add_note", note=f"Note {n}.", message_id=f"burst-{n}") for n in range(50)),
    )
    assert len(answers) == 200
    assert all(answer.applied for answer in answers)
    assert sum(answer.repeated for answer in answers) >= 50  # more where the server asked to try again
    messages = (await life.status()).get("messages", [])
    assert len(messages) == 151


async def test_repeats_across_updates_and_signals(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    said = {"outcome": "upheld", "on": life.today.isoformat(), "message_id": "r-1"}
    await life.handle.signal("respond", said)
    again = await life.send("respond", **said)
    assert again.repeated
    assert again.applied
    await life.handle.signal("respond", said)
    other = await _turned_away(life, "respond", said | {"outcome": "not_upheld"})
    assert "message_id" in other
    assert [m["action"] for m in (await life.status()).get("messages", [])] == ["acknowledge", "respond"]


async def test_malformed_updates_change_nothing(life: Life) -> None:
    await life.open()
    for args, field in (
        ([], "outcome"),
        ([{"outcome": "upheld"}, {"outcome": "upheld"}], "message"),
        (["just text"], "message"),
        ([{"outcome": "perhaps"}], "outcome"),
        ([{"outcome": "upheld", "on": "2999-01-01"}], "on"),
        ([{"outcome": "upheld", "on": "2001-01-01"}], "on"),
        ([{"outcome": "upheld", "extra": 1}], "extra"),
        ([{"outcome": "upheld", "summary": "a\x00b"}], "summary"),
        ([RawValue(Payload(metadata={"encoding": b"binary/nobody-knows"}, data=b"\x00\xff"))], "message"),
        ([RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"))], "message"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await life.handle.execute_update("respond", args=args)
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == "Malformed"
        assert [d["field"] for d in cause.details] == [field]
    assert (await life.status()).get("messages") == []


async def test_what_a_signal_carries_is_never_lost(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    unreadable = RawValue(Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\x00\xff"))
    await life.handle.signal("respond", args=[])
    await life.handle.signal("respond", args=[{"outcome": "upheld"}, unreadable])
    await life.handle.signal("escalate", args=[unreadable])
    await life.handle.signal("no_such_action", args=[{"a": 1}])
    await life.handle.signal("acknowledge", args=[{}])
    await life.handle.signal("respond", {"outcome": "upheld", "summary": "x" * 70_000})
    await life.handle.signal("respond", {"outcome": "upheld"})

    status = await eventually(
        life.status, lambda now: len(now["refused"]) == 6 and len(now.get("messages", [])) == 2
    )
    assert [r["action"] for r in status["refused"]] == [
        "respond", "respond", "escalate", "no_such_action", "acknowledge", "respond",
    ]  # fmt: skip
    assert all(len(str(r["received"]).encode()) <= 4096 for r in status["refused"])
    assert status.get("messages", [])[-1]["assumed"] is True


async def test_cancelling_does_not_end_a_complaint(life: Life) -> None:
    await life.open()
    await life.send("acknowledge")
    await life.handle.cancel()
    assert (await life.send("add_note", note="Still here.")).applied
    status = await life.status()
    assert status["state"] == "open"
    assert [r["action"] for r in status["refused"]] == ["cancel"]


async def test_messages_that_come_before_the_terms(life: Life) -> None:
    """Sent in the same breath as the opening."""
    await life.open()
    signals = [life.handle.signal("nonsense", n) for n in range(3)]
    notes = asyncio.gather(*(life.send("add_note", note=f"{n}") for n in range(5)))
    await asyncio.gather(*signals)
    answers = await notes
    assert all(answer.applied for answer in answers)
    assert len((await life.status())["refused"]) == 3


async def test_a_fault_of_ours_stops_no_complaint(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await life.open()
    await life.send("acknowledge")
    with monkeypatch.context() as broken:
        broken.setitem(ACTIONS, "respond", lambda *_: 1 / 0)
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await life.handle.execute_update("respond", {"outcome": "upheld"})
        await life.handle.signal("respond", {"outcome": "upheld", "message_id": "s"})
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "Fault"
        assert (await life.send("add_note", note="Still here.")).applied
    assert (await life.send("respond", outcome="upheld", message_id="s")).applied
    status = await life.status()
    assert [r["action"] for r in status["refused"]] == ["respond"]
    assert status["deadlines"][1]["state"] == "met"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_field = st.sampled_from(
    ["on", "message_id", "outcome", "summary", "findings", "remedies", "received_on", "by", "note", "points"]
)
_nearly = st.dictionaries(_field, _anything | st.sampled_from(["upheld", "2026-11-20"]), max_size=6)
_raw = st.builds(
    lambda encoding, data: RawValue(Payload(metadata={"encoding": encoding}, data=data)),
    st.sampled_from(
        [b"json/plain", b"binary/plain", b"binary/null", b"json/protobuf", b"binary/encrypted", b""]
    ),
    st.binary(max_size=60),
)


def _json(value: Any) -> RawValue:
    text = json.dumps(value, default=lambda b: b.hex())
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=text.encode("utf-8", "surrogatepass")))


_arguments = st.lists(_raw | _nearly.map(_json), max_size=3)


async def test_generated_payloads_neither_wedge_nor_vanish(life: Life) -> None:
    """Whatever arrives, the next good message is answered, and every signal is a message or a refusal.

    As many as are kept with what they brought: of more only their number is (test_flood).
    """
    await life.open()
    await life.send("acknowledge")
    batches: list[tuple[str, list[Any]]] = []

    @settings(examples(90), database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["respond", "escalate", "extend", "something"]), _arguments)
    def collect(name: str, arguments: list[Any]) -> None:
        batches.append((name, arguments))

    collect()
    turned_away = applied = 0
    for name, arguments in batches:
        await life.handle.signal(name, args=arguments)
        if name == "something":
            continue
        try:
            await life.handle.execute_update(name, args=arguments)
            applied += 1
        except WorkflowUpdateFailedError:
            turned_away += 1
    assert (await life.send("add_note", note="Still answering.")).applied
    assert turned_away > 50
    status = await life.status()
    kept = [r for r in status["refused"] if "received" in r]
    from_signals = [m for m in status.get("messages", []) if m["action"] in ("respond", "escalate")]
    assert len(kept) > 50
    assert len(kept) + len(from_signals) >= len(batches) - repeats(batches)
    description = await life.handle.describe()
    assert description.status is not None
    assert description.status.name == "RUNNING"


def repeats(batches: list[tuple[str, list[Any]]]) -> int:
    """How many well-formed signals may be repeats of each other: alike messages count once."""
    alike = [name for name, arguments in batches if name in ("respond", "escalate") and len(arguments) <= 1]
    return len(alike) - len(set(alike))


async def _turned_away(life: Life, action: str, said: dict[str, Any]) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await life.handle.execute_update(action, said)
    return str(caught.value.cause)
