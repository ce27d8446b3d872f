"""Keys, key store and ciphers: what is encrypted opens with its key, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from redress.security.encryption import (
    EnvelopeCipher,
    InClear,
    Place,
    PlaintextCipher,
    decrypt_document,
    decrypt_text,
    encrypt_document,
    encrypt_text,
    encrypt_unassigned,
    key_of,
)
from redress.security.keyring import (
    LOOKED_AT_EVERY,
    KeyDestroyed,
    Keyring,
    KeyringError,
    Unreadable,
    add_key,
    read_keyring,
    remove_key,
)
from redress.store.key_store import KeyStore
from redress.temporal.codec import ENCODING, KEY_NAME, EncryptionCodec, placeholder
from tests.marks import holding
from tests.stores import new_store

NAME = "Sealia Inventata"
SOME_KEY = "A" * 43 + "="
EVENT = Place("events", "body", "CYP-2026-000001", "message:1", ("message", "2026-06-01"))
TEXT = Place("letters", "text", "CYP-2026-000001", "a complainant")
SECRET = Place("subscriptions", "secret", row="wh_1")
WAITING = Place("waiting_openings", "body", row="rc_1", bound=("anywhere",))


def cipher_in(folder: Path, keyring: Keyring | None = None) -> EnvelopeCipher:
    keys = folder / "keys.txt"
    if not keys.exists():
        add_key(keys, "first")
    keyring = keyring or read_keyring(keys)
    return EnvelopeCipher(keyring, KeyStore(new_store(folder / "key-store.db", "key_store"), keyring))


def test_a_document_opens_with_its_own_key_only(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    kept = encrypt_document(cipher, {"name": NAME}, EVENT)
    assert NAME not in str(kept)
    assert decrypt_document(cipher, kept, EVENT) == {"name": NAME}
    moved = {"encrypted": str(kept["encrypted"]).replace("CYP-2026-000001", "CYP-2026-000002")}
    encrypt_document(cipher, {}, EVENT._replace(reference="CYP-2026-000002"))
    with pytest.raises(Unreadable):
        decrypt_document(cipher, moved, EVENT._replace(reference="CYP-2026-000002"))


@pytest.mark.parametrize(
    "elsewhere",
    [
        EVENT._replace(reference="CYP-2026-000002"),
        EVENT._replace(row="message:2"),
        EVENT._replace(bound=("message", "2026-06-02")),
        EVENT._replace(column="envelope"),
        EVENT._replace(table="letters"),
    ],
)
def test_what_is_pasted_elsewhere_does_not_open(tmp_path: Path, elsewhere: Place) -> None:
    cipher = cipher_in(tmp_path)
    kept = encrypt_document(cipher, {"name": NAME}, EVENT)
    cipher.key_store.key("CYP-2026-000002", make=True)
    with pytest.raises(Unreadable, match=elsewhere.table):
        decrypt_document(cipher, kept, elsewhere)


def test_two_new_keys_at_once_are_two(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    command = "import sys, pathlib, redress.security.keyring as k; k.add_key(pathlib.Path(sys.argv[1]))"
    several = [subprocess.Popen([sys.executable, "-c", command, str(file)]) for _ in range(8)]
    assert [process.wait(60) for process in several] == [0] * 8
    assert len(read_keyring(file).names) == 8


def test_text_too_and_what_stands_in_the_clear_is_not_believed(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    kept = encrypt_text(cipher, NAME, TEXT)
    assert NAME not in kept
    assert decrypt_text(cipher, kept, TEXT) == NAME
    with pytest.raises(
        InClear, match=r"letters.text of CYP-2026-000001, row a complainant: stands unencrypted"
    ):
        decrypt_text(cipher, NAME, TEXT)
    with pytest.raises(InClear, match=r"events.body of CYP-2026-000001, row message:1"):
        decrypt_document(cipher, {"name": NAME}, EVENT)
    assert decrypt_text(PlaintextCipher(), NAME, TEXT) == NAME
    with pytest.raises(Unreadable):
        decrypt_text(cipher, kept[:-8] + "AAAAAAA=", TEXT)


def test_a_destroyed_key_opens_nothing_more_and_is_not_made_again(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    kept = encrypt_document(cipher, {"name": NAME}, EVENT)
    other = encrypt_document(cipher, {"name": NAME}, EVENT._replace(reference="CYP-2026-000002"))
    assert cipher.key_store.destroy("CYP-2026-000001")
    assert not cipher.key_store.destroy("CYP-2026-000001")
    assert cipher.key_store.is_destroyed("CYP-2026-000001")
    with pytest.raises(KeyDestroyed):
        decrypt_document(cipher, kept, EVENT)
    with pytest.raises(KeyDestroyed):
        encrypt_document(cipher, {}, EVENT)
    assert decrypt_document(cipher, other, EVENT._replace(reference="CYP-2026-000002")) == {"name": NAME}


def test_the_wrapped_key_is_gone_from_the_file(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    cipher.key_store.key("CYP-2026-000001", make=True)
    assert isinstance(cipher.key_store, KeyStore)
    row = cipher.key_store._row("CYP-2026-000001")
    assert row is not None
    wrapped = row[1]
    assert wrapped
    files = [tmp_path / "key-store.db", tmp_path / "key-store.db-wal"]
    assert any(wrapped in file.read_bytes() for file in files if file.exists())
    cipher.key_store.destroy("CYP-2026-000001")
    assert not any(wrapped in file.read_bytes() for file in files if file.exists())


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    before = cipher_in(tmp_path)
    of_complaint, of_keyring = encrypt_text(before, NAME, TEXT), encrypt_text(before, NAME, SECRET)
    add_key(tmp_path / "keys.txt", "second")
    after = cipher_in(tmp_path)
    assert after.keyring.names == ["second", "first"]
    assert decrypt_text(after, of_complaint, TEXT) == decrypt_text(after, of_keyring, SECRET) == NAME
    assert after.key_store.keyring_names() == {"first": 1}
    assert after.key_store.rewrap() == (1, 1)
    assert after.key_store.rewrap() == (0, 1)
    assert isinstance(after.keyring, Keyring)
    newest = Keyring({"second": after.keyring._keys["second"]})
    alone = cipher_in(tmp_path, newest)
    assert decrypt_text(alone, of_complaint, TEXT) == NAME
    with pytest.raises(Unreadable):
        decrypt_text(alone, of_keyring, SECRET)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no key"),
        ("only-a-name\n", "line 1"),
        ("# fine\nfirst nonsense\n", "line 2"),
        ("first QUJD\n", "32 bytes"),
        (f"one {SOME_KEY}\none {SOME_KEY}\n", "stands twice"),
    ],
)
def test_a_keyring_that_cannot_be_used_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyringError) as caught:
        read_keyring(path)
    assert said in str(caught.value)
    assert all(len(word) < 40 for word in str(caught.value).replace(str(path), "").split()), "no key in it"


def test_a_second_key_of_a_day_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    names = [add_key(path), add_key(path), add_key(path)]
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]
    assert [line.split()[0] for line in path.read_text().splitlines()] == names[::-1]
    read_keyring(path)
    with pytest.raises(KeyringError):
        add_key(path, names[0])


def test_a_keyring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    add_key(path)
    path.chmod(0o644)
    with pytest.raises(KeyringError):
        read_keyring(path)


async def test_payloads_are_encrypted_under_the_complaints_key(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    codec = EncryptionCodec(cipher, "complaint-")
    of_one = codec.with_context(
        WorkflowSerializationContext(namespace="n", workflow_id="complaint-CYP-2026-000001")
    )
    plain = Payload(metadata={"encoding": b"json/plain"}, data=f'"{NAME}"'.encode())
    (kept,) = await of_one.encode([plain])
    (typed_in_the_ui,) = await codec.encode([plain])
    assert kept.metadata["encoding"] == ENCODING
    assert kept.metadata[KEY_NAME] == b"complaint/CYP-2026-000001"
    assert typed_in_the_ui.metadata[KEY_NAME].startswith(b"unassigned/")
    assert NAME.encode() not in kept.SerializeToString() + typed_in_the_ui.SerializeToString()
    assert await codec.decode([kept, typed_in_the_ui, plain]) == [plain, plain, plain]
    cipher.key_store.destroy("CYP-2026-000001")
    assert await codec.decode([kept, typed_in_the_ui]) == [kept, plain], "handed on as it came, never raised"
    assert placeholder(cipher, kept).data == b'"[erased]"'


async def test_what_was_typed_goes_with_the_complaint_that_received_it(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    codec = EncryptionCodec(cipher, "complaint-")
    one, other = (
        codec.with_context(
            WorkflowSerializationContext(namespace="n", workflow_id=f"complaint-CYP-2026-{number:06d}")
        )
        for number in (1, 2)
    )
    plain = Payload(metadata={"encoding": b"json/plain"}, data=f'"{NAME}"'.encode())
    first, second = await codec.encode([plain]), await codec.encode([plain, plain])
    assert first[0].metadata[KEY_NAME] != second[0].metadata[KEY_NAME]
    assert await one.decode(first) == [plain]
    assert await other.decode(second) == [plain, plain]
    assert await other.decode(first) == first, "it belongs to the first that received it, and to no other"
    assert cipher.key_store.destroy("CYP-2026-000001")
    assert placeholder(cipher, first[0]).data == b'"[erased]"'
    assert await codec.decode(second) == [plain, plain]
    assert cipher.key_store.destroy("CYP-2026-000002")
    assert [placeholder(cipher, each).data for each in second] == [b'"[erased]"'] * 2


async def test_a_workflow_whose_name_is_no_reference_gets_no_key_of_that_name(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    context = WorkflowSerializationContext(namespace="n", workflow_id=f"complaint-{NAME}")
    codec = EncryptionCodec(cipher, "complaint-").with_context(context)
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    assert await codec.decode(await codec.encode([plain])) == [plain]
    assert holding(tmp_path.glob("key-store.db*"), NAME) == []


def test_a_running_process_finds_the_new_key_by_itself(tmp_path: Path) -> None:
    running = cipher_in(tmp_path)
    assert isinstance(running.keyring, Keyring)
    kept = encrypt_text(running, NAME, SECRET)
    add_key(tmp_path / "keys.txt", "second")
    running.keyring._looked_at -= LOOKED_AT_EVERY + 1  # as if that time had passed
    assert encrypt_text(running, NAME, SECRET).startswith("encrypted:2:keyring/second:")
    assert decrypt_text(running, kept, SECRET) == NAME
    with pytest.raises(KeyringError, match="present key"):
        remove_key(tmp_path / "keys.txt", "second")
    with pytest.raises(KeyringError, match="no key third"):
        remove_key(tmp_path / "keys.txt", "third")
    before = (tmp_path / "keys.txt").read_text()
    remove_key(tmp_path / "keys.txt", "first")
    running.keyring._looked_at -= LOOKED_AT_EVERY + 1
    encrypt_text(running, NAME, SECRET)
    with pytest.raises(Unreadable, match="no key first"):
        decrypt_text(running, kept, SECRET)
    (tmp_path / "keys.txt").write_text(before)
    assert decrypt_text(running, kept, SECRET) == NAME, "put back, it is found at once"
    (tmp_path / "keys.txt").write_text("nonsense")
    running.keyring._looked_at -= LOOKED_AT_EVERY + 1
    assert decrypt_text(running, encrypt_text(running, NAME, SECRET), SECRET) == NAME, (
        "a bad line stops nothing that runs"
    )


async def test_what_nobody_can_read_is_handed_on(tmp_path: Path) -> None:
    codec = EncryptionCodec(cipher_in(tmp_path), "complaint-")
    for name, data in (
        (b"keyring/unknown", b"x"),
        (b"complaint/none", b""),
        (b"\xff", b"x"),
        (b"", b"\x00" * 40),
    ):
        strange = Payload(metadata={"encoding": ENCODING, KEY_NAME: name}, data=data)
        assert await codec.decode([strange]) == [strange]


def test_an_opening_that_waited_goes_with_its_complaint_in_old_backups_too(tmp_path: Path) -> None:
    cipher = cipher_in(tmp_path)
    waits = encrypt_unassigned(cipher, {"name": NAME}, WAITING)
    assert NAME not in str(waits)
    assert decrypt_document(cipher, waits, WAITING) == {"name": NAME}
    cipher.assign(key_of(waits), "CYP-2026-000001")
    cipher.key_store.destroy("CYP-2026-000001")
    with pytest.raises(KeyDestroyed):
        decrypt_document(cipher, waits, WAITING)
