"""ClamAV's protocol, spoken with a stand-in; with the real daemon where the machine has one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from redress.documents.errors import CannotScan
from redress.documents.scanning import ClamAV
from tests.documents.conftest import MOST_SCANNED, ClamdStandIn
from tests.documents.samples import EICAR, PDF

PIECES = [PDF * 1000, b"", b"x" * 3_000_000]


def test_a_clean_document_and_an_infected_one(clamd: ClamdStandIn) -> None:
    scanner = ClamAV(clamd.address, 10)
    assert scanner.scan(PIECES) is None
    assert scanner.scan([EICAR[:20], EICAR[20:]]) == "Eicar-Test-Signature"


def test_what_gives_no_result_is_not_clean(clamd: ClamdStandIn) -> None:
    scanner = ClamAV(clamd.address, 10)
    with pytest.raises(CannotScan, match="StreamMaxLength"):
        scanner.scan([b"x" * (MOST_SCANNED // 4)] * 8)
    clamd.answers = False
    with pytest.raises(CannotScan):
        scanner.scan([PDF])
    with pytest.raises(CannotScan):
        ClamAV("unix:/nowhere/clamd.ctl", 1).scan([PDF])
    clamd.server_close()
    with pytest.raises(CannotScan):
        scanner.scan([PDF])


@pytest.fixture
def real_clamd(tmp_path: Path) -> Iterator[str]:
    """The real daemon, with a list of signatures of our own that names EICAR alone."""
    program = shutil.which("clamd")
    if program is None:
        pytest.skip("there is no clamd on this machine")
    lists, at = tmp_path / "signatures", tmp_path / "clamd.ctl"
    lists.mkdir()
    (lists / "eicar.ndb").write_text(f"Invented.Eicar:0:*:{EICAR.hex()}\n")
    settings = f"DatabaseDirectory {lists}\nLocalSocket {at}\nForeground yes\nLogFile {tmp_path / 'log'}\n"
    (tmp_path / "clamd.conf").write_text(settings)
    daemon = subprocess.Popen([program, "-c", str(tmp_path / "clamd.conf")])
    for _ in range(300):
        with socket.socket(socket.AF_UNIX) as line:
            if at.exists() and line.connect_ex(str(at)) == 0:
                break
        time.sleep(0.1)
    yield f"unix:{at}"
    daemon.terminate()
    daemon.wait()


def test_the_real_daemon_says_the_same(real_clamd: str) -> None:
    scanner = ClamAV(real_clamd, 30)
    assert scanner.scan(PIECES) is None
    assert (scanner.scan([EICAR]) or "").startswith("Invented.Eicar")
