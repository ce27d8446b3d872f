"""Whole lives with marked names and texts, on a real server with keys: the marks are found nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from sqlalchemy import select
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowQueryFailedError
from temporalio.service import RPCError

from redress.bootstrap import activities_for, running_workers
from redress.bootstrap_keys import cipher_for
from redress.contract import STATUS, STILL_OPENING, Start, workflow_id
from redress.documents.errors import StoreUnavailable
from redress.domain.case import Answer
from redress.domain.erasure import Erased
from redress.domain.parsing import Malformed
from redress.security import encryption
from redress.security.keyring import add_key
from redress.services import drafts, erasing, export_text, exporting, intake, sending
from redress.services import letters as letter_service
from redress.services.clock import today
from redress.services.documents import Attachment, Documents
from redress.services.errors import Rejected
from redress.services.querying import ask
from redress.settings import Settings
from redress.store import letters, tables
from redress.store.register import Register
from redress.telemetry.logs import PlainLines
from redress.telemetry.metrics import RegisterCollector
from redress.temporal.codec import ENCODING, KEY_NAME, placeholder
from redress.temporal.embedded import embedded_server, temporal_command
from tests.documents.samples import email, printed, word
from tests.forking import completed
from tests.marks import holding, says
from tests.stores import migrated
from tests.waiting import PATIENCE, eventually, recorded, until
from tests.workflows.paths import the_first_terms

MARK = "Zyxomark"
"""Stands in every name, place and text below, and in nothing of ours."""


def marked(what: str) -> str:
    return f"{MARK} {what} Quillendorf"


OPENING: dict[str, Any] = {
    "authority": "family-rights",
    "kind": "complaint",
    "source": "tests",
    "channel": "web_form",
    "points": [marked("never came."), marked("said nothing.")],
    "complainant": {
        "name": marked("Child"),
        "role": "young_person",
        "email": f"{MARK}@invented.example",
        "telephone": "01632 960123",
        "address": f"{marked('Lane 1')}\nEX1 1AA",
    },
    "advocate": {"name": marked("Advocate"), "email": f"{MARK}@help.example"},
    "about": {"service": marked("service"), "team": marked("team"), "people": [marked("Worker")]},
    "desired_outcome": marked("an apology"),
}

PERSONAL = ("points", "complainant", "advocate", "about", "desired_outcome")
"""What of it holds the mark."""


class Encrypted(NamedTuple):
    """An installation with keys: everything it writes lies in one folder."""

    client: Client
    register: Register
    settings: Settings
    folder: Path
    address: str

    async def open(self, source_id: str, **more: object) -> str:
        opening = OPENING | {"source_id": source_id, "received_on": today().isoformat()} | more
        return (await intake.open_complaint(self.client, self.register, opening)).reference

    async def send(self, reference: str, action: str, **fields: object) -> Answer:
        name, said = sending.complete(action, dict(fields))
        return await sending.send(self.client, self.register, reference, name, said, 60)

    def files(self) -> list[Path]:
        """Every file but the outbox's and the keyring: what others could come by."""
        outbox = self.settings.outbox_folder
        return [path for path in self.folder.rglob("*") if path.is_file() and outbox not in path.parents]


@pytest_asyncio.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    for name in ("tmp", "cache"):  # what libraries lay aside is searched as well
        (folder / name).mkdir()
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    add_key(folder / "keys.txt", "test-key")
    settings = migrated(
        Settings(state=folder, register_url="", key_store_url="", keys=None, outbox=None, trial="")
    )
    cipher = cipher_for(settings)
    written = logging.FileHandler(folder / "worker.log")
    written.setFormatter(PlainLines())
    logging.getLogger().addHandler(written)
    try:
        async with embedded_server(
            cipher=cipher, database=folder / "temporal.db", log=folder / "server.log"
        ) as (address, client):
            activities = activities_for(settings, cipher)
            async with running_workers(client, activities, settings):
                yield Encrypted(client, activities.register, settings, folder, address)
    finally:
        monkeypatch.undo()
        logging.getLogger().removeHandler(written)
        written.close()


async def _a_life(installation: Encrypted, source_id: str) -> str:
    reference = await installation.open(source_id)
    await installation.send(reference, "acknowledge", by=marked("Clerk"))
    await installation.send(reference, "extend", reason=marked("reason"))
    await installation.send(reference, "extend", reason=marked("too long"), until="2030-01-02")
    await installation.send(reference, "add_note", note=marked("note"))
    await installation.send(reference, "split", points=[2], procedure="corporate")
    findings = [{"point": 1, "outcome": "upheld", "reason": marked("finding")}]
    remedies = [{"what": marked("remedy"), "owner": marked("owner"), "due_on": today().isoformat()}]
    await installation.send(
        reference,
        "respond",
        outcome="upheld",
        summary=marked("summary"),
        findings=findings,
        remedies=remedies,
    )
    await installation.send(reference, "escalate", reason=marked("why"))
    person = {"name": marked("Officer"), "id": "io-1"}
    await installation.send(
        reference, "appoint", role="investigating_officer", person=person, connection="employee"
    )
    await installation.send(reference, "agree_statement", points=[marked("statement")])
    await installation.send(reference, "complete_remedy", remedy=1)
    handle = installation.client.get_workflow_handle(workflow_id(reference))
    await handle.signal("respond", {"outcome": marked("perhaps")})
    await handle.signal(f"{MARK[:3]}-unknown", marked("stray"))
    with pytest.raises(Malformed) as caught:
        await installation.send(reference, "correct", field=marked("field"), value=1, reason=marked("r"))
    assert MARK not in str(caught.value) or "field" in str(caught.value)
    await installation.send(reference, "withdraw", reason=marked("sorted out"))
    await recorded(installation.register, reference, messages=11)
    return reference


async def test_a_complaint_that_is_being_opened_is_waited_for(installation: Encrypted) -> None:
    """It may have no rules yet, with a locked register: "Encoded failure" told nobody so (finding K9)."""
    opened = await installation.open("being-opened")
    await ask(installation.client, opened, STATUS, within=PATIENCE)
    with pytest.raises(WorkflowQueryFailedError, match="what it says is encrypted"):
        await installation.client.get_workflow_handle(workflow_id(opened)).query(STATUS, MARK)
    opening = OPENING | {"source_id": "1", "received_on": today().isoformat()}
    start = Start(reference="CYP-1999-000001", opening=opening)
    with closing(sqlite3.connect(installation.folder / "register.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        await intake.start(installation.client, start)
        handle = installation.client.get_workflow_handle(workflow_id(start.reference))
        said: object = (await asyncio.gather(handle.query(STATUS), return_exceptions=True))[0]
        assert not isinstance(said, BaseException) or STILL_OPENING in str(said)
        assert (await ask(installation.client, start.reference, STATUS, within=PATIENCE))["state"] == "open"
        db.execute("ROLLBACK")


async def test_nothing_that_is_written_can_be_read_without_the_keys(
    installation: Encrypted,
) -> None:
    reference = await _a_life(installation, "life-1")
    status = await sending.status(installation.client, installation.register, reference, today(), 60)
    assert MARK in json.dumps(status), "those with the keys read it"
    laid = [path for path in installation.settings.outbox_folder.rglob("*") if path.is_file()]
    assert holding(laid, MARK), "the outbox is the named exception"
    assert all(path.stat().st_mode & 0o077 == 0 for path in laid)
    searched = installation.files()
    assert {"temporal.db", "register.db", "key-store.db", "worker.log"} <= {path.name for path in searched}
    assert holding(searched, MARK) == []
    async for found in installation.client.list_workflows():
        said = found.id + str(found.typed_search_attributes)
        assert MARK not in said
        assert found.search_attributes, "they are there, and name nobody"


async def test_a_name_where_an_id_belongs_does_not_reach_the_register(
    installation: Encrypted,
) -> None:
    """Temporal keeps the names of signals and workflows as they came; nothing of ours may copy them."""
    named = "Vyxoname"
    reference = await installation.open("life-named")
    for _ in range(2):  # the second is a repeat
        answer = await installation.send(reference, "add_note", note="Invented.", message_id=f"{named}-1")
    assert answer.repeated
    await installation.client.get_workflow_handle(workflow_id(reference)).signal(f"{named}_signal", "x")
    stranger = await installation.client.start_workflow(
        "Complaint", {"reference": named}, id=f"complaint-{named}", task_queue="complaints"
    )
    with pytest.raises(WorkflowFailureError):
        await stranger.result()
    of_it = select(tables.refusals.c.action).where(tables.refusals.c.reference == reference)

    def refused() -> list[str]:
        with installation.register.reading() as db:
            return [*db.execute(of_it).scalars()]

    assert await eventually(refused, bool) == ["unknown"]
    ours = [path for path in installation.files() if path.name.startswith(("register.db", "key-store.db"))]
    assert holding(ours, named) == []


async def test_an_update_that_comes_unencrypted_is_turned_away_and_not_kept(
    installation: Encrypted,
) -> None:
    reference = await installation.open("life-open")
    handle = (await Client.connect(installation.address)).get_workflow_handle(workflow_id(reference))
    named = "Wyxoname Quillendorf"
    words = ["workflow", "update", "execute", "-w", workflow_id(reference), "--name", "add_note", "--input"]
    words += [json.dumps({"note": named}), "--address", installation.address]
    command = await asyncio.create_subprocess_exec(temporal_command(), *words, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(command.communicate(), PATIENCE)
    assert b"came unencrypted" in said
    assert b"--codec-endpoint" in said
    assert (await installation.send(reference, "add_note", note=named)).applied
    assert named not in (await handle.fetch_history()).to_json()
    assert holding(installation.files(), named) == []
    await handle.signal("escalate", {"reason": "Invented."})  # nobody waits: it is taken, as all signals are

    async def actions() -> list[str]:
        shown = await sending.status(installation.client, installation.register, reference, today(), 60)
        return [str(each["action"]) for each in shown.get("messages", [])]

    assert await eventually(actions, lambda taken: len(taken) > 1) == ["add_note", "escalate"]
    await recorded(installation.register, reference, messages=2)
    for status in (
        await sending.status(installation.client, installation.register, reference, today(), 60),
        installation.register.status(reference, today()),
    ):
        assert status is not None
        assert [each.get("in_clear", False) for each in status["messages"]] == [False, True]
    description = await installation.client.get_workflow_handle(workflow_id(reference)).query(
        "__temporal_workflow_metadata", result_type=dict
    )
    assert "`escalate` of" in str(description).partition("Came unencrypted")[2]
    counted = {
        sample.labels["outcome"]: sample.value
        for metric in RegisterCollector(installation.register).collect()
        if metric.name == "redress_signals_in_clear"
        for sample in metric.samples
    }
    assert counted["applied"] == 1


async def test_where_it_is_set_so_a_signal_in_the_clear_is_held(tmp_path: Path) -> None:
    add_key(tmp_path / "keys.txt")
    settings = migrated(Settings(state=tmp_path, register_url="", trial="", clear_signals="hold"))
    cipher = cipher_for(settings)
    async with embedded_server(cipher=cipher) as (address, client):
        activities = activities_for(settings, cipher)
        async with running_workers(client, activities, settings):
            strict = Encrypted(client, activities.register, settings, tmp_path, address)
            reference = await strict.open("life-strict")
            outside = await Client.connect(address)
            handle = outside.get_workflow_handle(workflow_id(reference))
            await handle.signal("escalate", {"reason": "Invented reason."})

            async def refused() -> list[Any]:
                shown = await sending.status(client, strict.register, reference, today(), 60)
                return [*shown["refused"]]

            (held,) = await eventually(refused, bool)
            assert (held["action"], held["in_clear"]) == ("escalate", True)
            assert "send what is right of it" in held["reason"]
            assert "Invented reason." in held["received"]
            (refusal,) = await eventually(lambda: _rows(strict.register, tables.refusals), bool)
            assert refusal.in_clear
            assert holding(strict.files(), "Invented reason.") == []
            started = {"reference": "CYP-2026-999999", "opening": OPENING | {"source_id": "clear"}}
            in_clear = await outside.start_workflow(
                "Complaint", started, id=workflow_id("CYP-2026-999999"), task_queue="complaints"
            )
            with pytest.raises(WorkflowFailureError):
                await in_clear.result()


def _rows(register: Register, table: Any) -> list[Any]:
    with register.reading() as db:
        return [*db.execute(select(table)).all()]


async def test_failures_are_encrypted_too(installation: Encrypted) -> None:
    """What a workflow that cannot be a complaint says of itself stands encrypted in its history."""
    handle = await installation.client.start_workflow(
        "Complaint", {"nonsense": marked("junk")}, id="complaint-JUNK-1", task_queue="complaints"
    )
    with pytest.raises(Exception, match="Workflow execution failed"):
        await handle.result()
    history = (await handle.fetch_history()).to_json()
    assert MARK not in history
    assert "a complaint is opened by" not in history, "the failure's own words are encrypted as well"


async def test_why_the_terms_did_not_come_at_once_is_encrypted_too(
    installation: Encrypted,
) -> None:
    """A local activity's failure stays in the history, unlike an attempt of an ordinary one."""

    def fail() -> None:
        raise ValueError(marked("fault"))

    with the_first_terms(fail) as asked:
        reference = await installation.open("life-second-go")
        assert (await installation.send(reference, "acknowledge")).applied
    assert asked == ["life-second-go"] * 2
    history = await installation.client.get_workflow_handle(workflow_id(reference)).fetch_history()
    assert any(event.marker_recorded_event_attributes.HasField("failure") for event in history.events)
    assert not any(MARK.encode() in event.SerializeToString() for event in history.events)
    assert holding(installation.files(), MARK) == []


async def _withdrawn(installation: Encrypted, source_id: str) -> str:
    reference = await installation.open(source_id)
    await installation.send(reference, "withdraw", reason=marked("sorted out"))
    await recorded(installation.register, reference, messages=1)
    return reference


async def _erased(installation: Encrypted, reference: str) -> erasing.Proof:
    return await erasing.erase(
        installation.client, installation.register, installation.settings.outbox_folder, reference
    )


@pytest.mark.parametrize(
    "breaks_at", ["redress.services.erasing.forget", "redress.store.register.Register.append"]
)
async def test_an_erasure_that_broke_off_is_due_until_it_is_done(
    installation: Encrypted, breaks_at: str
) -> None:
    """While Temporal cannot be reached, and when the key is gone and nothing says so yet."""
    reference = await _withdrawn(installation, f"life-broke-off-{breaks_at}")
    in_seven_years = today().replace(year=today().year + 7, day=1)

    def breaks(*_: object) -> None:
        raise ConnectionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(breaks_at, breaks)
        with pytest.raises(ConnectionError):
            await _erased(installation, reference)
    assert reference in erasing.due_for_erasure(installation.register, in_seven_years).confirmed
    proof = await _erased(installation, reference)
    assert proof.holds
    assert reference not in erasing.due_for_erasure(installation.register, in_seven_years).confirmed
    assert reference in installation.register.noted_as_erased()


async def test_what_the_record_does_not_have_yet_is_not_erased(
    installation: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "FOLLOWS_WITHIN", 0.5)
    reference = await _withdrawn(installation, "life-under-way")
    with installation.register.writing():  # nobody else can write anything down
        assert (await installation.send(reference, "add_note", note=marked("later"))).applied
        with pytest.raises(Rejected, match="not recorded yet"):
            await _erased(installation, reference)
    await recorded(installation.register, reference, messages=2)
    assert (await _erased(installation, reference)).holds


async def test_nor_is_a_complaint_whose_letters_have_not_left(
    installation: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "FOLLOWS_WITHIN", 0.5)
    reference = await installation.open("life-letters")
    folder = installation.settings.outbox_folder / reference
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("not a folder")
    await installation.send(reference, "withdraw", reason=marked("sorted out"))

    def waits() -> bool:
        with installation.register.reading() as db:
            return bool(letters.in_state(db, letters.OPEN, reference))

    await until(waits)
    with pytest.raises(Rejected, match="have not left yet"):
        await _erased(installation, reference)
    folder.unlink()
    await recorded(installation.register, reference, messages=1)
    assert (await _erased(installation, reference)).holds


async def test_the_proof_names_the_letters_that_nobody_said_were_sent(installation: Encrypted) -> None:
    reference = await _withdrawn(installation, "life-not-posted")
    proof = await _erased(installation, reference)
    named = {each.partition(" of ")[0] for each in proof.never_sent}
    assert named == {"withdrawal to complainant", "withdrawal to advocate"}
    assert (await _erased(installation, reference)).never_sent == []


async def test_exported_then_erased(installation: Encrypted) -> None:
    reference = await _a_life(installation, "life-2")
    other = await installation.open("life-3")
    outbox = installation.settings.outbox_folder
    documents = Documents(installation.register, installation.settings)
    for number, owner in enumerate((reference, other)):
        with documents.spool() as spool:
            spool.write(b"%PDF-1.7 " + marked(f"report {number}").encode())
            documents.attach(owner, spool, Attachment(f"{marked('report')}.pdf"), "tests")
    assert holding(installation.files(), MARK) == [], "neither what is in a document nor its name"
    file = exporting.export(installation.register, reference, documents)
    text = export_text.as_text(file)
    for said in (
        "never came.",
        "summary",
        "reason",
        "finding",
        "HOW EACH DATE WAS COUNTED",
        f"{marked('report')}.pdf: document, application/pdf",
        "not counted: S",  # a Saturday or a Sunday
    ):
        assert said in text
    assert any(letter["text"] for letter in file["letters"])

    before = await sending.status(installation.client, installation.register, reference, today(), 60)
    in_a_backup = await _payloads(installation, reference)
    proof = await erasing.erase(
        installation.client,
        installation.register,
        outbox,
        reference,
        installation.folder,
        documents=documents,
    )
    assert proof.holds, proof.model_dump_json()
    [of_the_store] = [each for each in proof.searched if each.where == "files in the document store"]
    assert (of_the_store.looked_at, of_the_store.readable) == (1, 0)
    assert not (installation.folder / "documents" / reference).exists()
    assert (installation.folder / "documents" / other).exists(), "of another complaint nothing is deleted"
    assert proof.searched[-1].looked_at > 3
    assert proof.searched[0].looked_at > 10, "encrypted values were there to be tried"
    assert not (outbox / reference).exists()
    after = installation.register.status(reference, today())
    assert after is not None
    assert [d["due_on"] for d in after["deadlines"]] == [d["due_on"] for d in before["deadlines"]]
    assert after["closed_as"] == "withdrawn"
    assert next(p["findings"] for p in after["points"]) != []
    assert MARK not in json.dumps(after)
    with pytest.raises(RPCError):
        await installation.client.get_workflow_handle(workflow_id(reference)).describe()
    with pytest.raises(Erased):
        await installation.send(reference, "add_note", note="Too late.")
    cipher = installation.register.cipher
    assert isinstance(cipher, encryption.EnvelopeCipher)
    assert len(in_a_backup) > 40
    (part,) = proof.linked  # what was split off is a complaint of its own: it is named, and stays
    of_the_part = f"complaint/{part}".encode()
    own = [each for each in in_a_backup if each.metadata[KEY_NAME] != of_the_part]
    assert {placeholder(cipher, each).data for each in own} == {b'"[erased]"'}
    again = await erasing.erase(installation.client, installation.register, outbox, reference)
    assert (again.already, again.holds) == (True, True)
    same = await installation.open("life-2")
    assert same == reference, "the intake is still known to have been here"
    assert installation.register.status(other, today()) is not None


OWN = "Wyxodraft"
"""Stands in one life's names and texts alone, so that it must be nowhere once that one is erased."""


async def test_of_documents_and_drafts_nothing_can_be_read_and_nothing_is_left(
    installation: Encrypted,
) -> None:
    """PDFs, files of Word and e-mails hide a name from a plain search: `tests.marks` opens them."""
    opening = json.loads(json.dumps(OPENING).replace(MARK, OWN))
    reference = await installation.open("life-of-drafts", **{name: opening[name] for name in PERSONAL})
    await installation.send(reference, "acknowledge")
    documents = Documents(installation.register, installation.settings)
    papers = [printed(f"{OWN} on page 1"), word(f"{OWN} in Word"), email((f"{OWN}.pdf", printed(OWN)))]
    for content in papers:
        assert says(content, OWN)
        with documents.spool() as spool:
            spool.write(content[: len(content) // 2])
            assert holding(installation.files(), OWN) == [], "nor while it comes in"
            spool.write(content[len(content) // 2 :])
            documents.attach(reference, spool, Attachment(f"{OWN} Quillendorf"), "tests")
    listed = documents.listed(reference)
    assert len(listed) == 4, "the e-mail's PDF is one of its own"
    read = [b"".join(documents.read(reference, line["document"])[1]) for line in listed]
    assert all(says(content, OWN) for content in read)

    draft = {"outcome": "upheld", "letter": "draft", "summary": f"{OWN} was right.", "by": f"{OWN} Writer"}
    assert (await installation.send(reference, "respond", **draft)).pending
    await recorded(installation.register, reference, messages=2)
    status = await sending.status(installation.client, installation.register, reference, today(), 60)
    [mark] = [each["mark"] for each in status["letters"] if each["state"] == "draft"]
    await installation.send(reference, "send_back_letter", mark=mark, reason=f"Call them {OWN}.", by="Cora")
    await installation.send(
        reference, "edit_letter", mark=mark, texts={"summary": f"{OWN} was right after all."}
    )
    await recorded(installation.register, reference, messages=4)
    assert OWN in letter_service.text(installation.register, reference, mark), (
        "it is read as if it left today"
    )
    await installation.send(reference, "approve_letter", mark=mark, by="Cora")

    def is_laid() -> bool:
        return letter_service.one(installation.register, reference, mark)["state"] == "by_hand"

    await until(is_laid)
    laid = [path for path in (installation.settings.outbox_folder / reference).rglob("*") if path.is_file()]
    assert holding(laid, "was right after all"), "the outbox is the named exception"
    assert holding(installation.files(), OWN) == []
    await drafts.note_as_posted(
        installation.client, installation.register, reference, mark, today(), by="Cora", within=PATIENCE
    )
    await installation.send(reference, "withdraw", reason=f"{OWN} is content.")
    await recorded(installation.register, reference, messages=7)
    assert holding(installation.files(), OWN) == []

    proof = await erasing.erase(
        installation.client,
        installation.register,
        installation.settings.outbox_folder,
        reference,
        installation.folder,
        documents=documents,
    )
    assert proof.holds, proof.model_dump_json()
    everything = [path for path in installation.folder.rglob("*") if path.is_file()]
    assert holding(everything, OWN) == [], "in no letter, no document and nothing that was laid aside"


async def test_nothing_is_erased_while_the_document_store_is_out_of_reach(
    installation: Encrypted, tmp_path: Path
) -> None:
    reference = await _withdrawn(installation, "erased-without-store")
    (tmp_path / "file").write_text("no folder")
    lost = Documents(
        installation.register, installation.settings.model_copy(update={"documents": str(tmp_path / "file")})
    )
    with pytest.raises(StoreUnavailable):
        await erasing.erase(
            installation.client,
            installation.register,
            installation.settings.outbox_folder,
            reference,
            documents=lost,
        )
    assert installation.register.opening(reference) is not None
    assert (await _erased(installation, reference)).holds


async def _payloads(installation: Encrypted, reference: str) -> list[Payload]:
    """Every encrypted payload of a complaint as Temporal keeps it, what was typed without a context too."""
    codec = installation.client.data_converter.payload_codec
    assert codec is not None
    typed = await codec.encode([Payload(metadata={"encoding": b"json/plain"}, data=b'{"note": "Zyxomark"}')])
    for signal in ("respond", "escalate"):
        await installation.client.workflow_service.signal_workflow_execution(
            SignalWorkflowExecutionRequest(
                namespace=installation.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id(reference)),
                signal_name=signal,
                input=Payloads(payloads=typed),
            )
        )
    handle = installation.client.get_workflow_handle(workflow_id(reference))
    found = [each async for event in handle.fetch_history_events() for each in _within(event)]
    sealed = [each for each in found if each.metadata.get("encoding") == ENCODING]
    assert {each.metadata[KEY_NAME].partition(b"/")[0] for each in sealed} >= {b"complaint", b"unassigned"}
    return sealed


def _within(message: Message) -> Iterator[Payload]:
    """The payloads in a message of Temporal's, wherever they stand."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        several = [value]
        if field.message_type.GetOptions().map_entry:
            several = list(value.values())
        elif field.is_repeated:
            several = list(value)
        for each in several:
            if isinstance(each, Message):
                yield from _within(each)


async def test_an_open_complaint_is_not_erased(installation: Encrypted) -> None:
    reference = await installation.open("life-4")
    await installation.send(reference, "acknowledge")
    with pytest.raises(Rejected, match="is open"):
        await erasing.erase(
            installation.client, installation.register, installation.settings.outbox_folder, reference
        )
    assert (await installation.send(reference, "add_note", note="Still here.")).applied


async def test_a_worker_without_keys_does_not_start_unless_told(
    installation: Encrypted, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REDRESS")}
    told = kept | {"TEMPORAL_ADDRESS": installation.address, "REDRESS_STATE": str(tmp_path / "new")}
    worker = await asyncio.to_thread(completed, "worker", [], told)
    assert worker.returncode == 2
    assert "REDRESS_TRIAL='names are readable'" in worker.stderr
