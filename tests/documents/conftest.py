"""A complaint with keys and a place for its documents; a real S3 server; a stand-in for ClamAV."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from redress.documents.spool import Spool
from redress.services.documents import Attached, Attachment, Documents
from redress.settings import Settings
from tests.documents.samples import EICAR
from tests.letters.delivery.conftest import RecordedComplaint

MOST_SCANNED = 8 * 1024 * 1024
"""Bytes that the stand-in takes, as `StreamMaxLength` says it of the real one."""


class ClamdStandIn(socketserver.ThreadingTCPServer):
    """Speaks INSTREAM as clamd does, and knows one virus."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Scan)
        self.answers = True
        self.scanned = 0

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.server_address[1]}"


class _Scan(socketserver.StreamRequestHandler):
    server: ClamdStandIn

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        assert command == b"zINSTREAM\0", command
        data = b""
        while size := int.from_bytes(self.rfile.read(4)):
            data += self.rfile.read(size)
            if len(data) > MOST_SCANNED:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.server.scanned += 1
        if self.server.answers:
            found = b"Eicar-Test-Signature FOUND" if EICAR in data else b"OK"
            self.wfile.write(b"stream: " + found + b"\0")


@contextmanager
def clamd_stand_in() -> Iterator[ClamdStandIn]:
    with ClamdStandIn() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def clamd() -> Iterator[ClamdStandIn]:
    with clamd_stand_in() as server:
        yield server


class S3(NamedTuple):
    """A server of S3's protocol, as settings name it."""

    url: str

    def settings(self) -> dict[str, str]:
        return {
            "documents": "s3://papers/redress",
            "documents_endpoint": self.url,
            "documents_region": "eu-west-2",
            "documents_access_key": "invented",
            "documents_secret_key": "invented",
        }

    def unfinished(self) -> int:
        """Uploads in parts of which nobody sent the last one."""
        return len(self.client().list_multipart_uploads(Bucket="papers").get("Uploads", []))

    def objects(self) -> list[str]:
        return [each["Key"] for each in self.client().list_objects_v2(Bucket="papers").get("Contents", [])]

    def client(self) -> Any:  # boto3 makes it at run time
        known = {"region_name": "eu-west-2", "aws_access_key_id": "x", "aws_secret_access_key": "y"}
        return boto3.client("s3", endpoint_url=self.url, **known)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    here = S3(f"http://{host}:{port}")
    region = {"LocationConstraint": "eu-west-2"}
    here.client().create_bucket(Bucket="papers", CreateBucketConfiguration=region)
    yield here
    server.stop()


class DocumentedComplaint:
    """A complaint and its documents."""

    def __init__(self, complaint: RecordedComplaint, settings: Settings) -> None:
        self.complaint = complaint
        self.register = complaint.register
        self.reference = self.complaint.open()
        self.documents = Documents(self.register, settings)

    def attach(
        self,
        content: bytes,
        name: str = "invented.pdf",
        *,
        kind: str = "document",
        message: str = "",
        letter: str = "",
        from_intake: bool = False,
    ) -> Attached:
        what = Attachment(name, kind, message, letter)
        with self.documents.spool() as spool:
            spool.write(content)
            return self.documents.attach(self.reference, spool, what, "tests", from_intake=from_intake)

    def read(self, document: str) -> bytes:
        return b"".join(self.documents.read(self.reference, document)[1])

    def names(self) -> list[str]:
        return [line["name"] for line in self.documents.listed(self.reference)]


def settings_in(folder: Path, **more: Any) -> Settings:
    return Settings(state=folder, register_url="", outbox=None, **more)


@pytest.fixture(scope="module")
def complaint(tmp_path_factory: pytest.TempPathFactory) -> RecordedComplaint:
    """A register with keys, for complaints of many tests."""
    return RecordedComplaint(settings_in(tmp_path_factory.mktemp("complaint")))


@pytest.fixture
def documented(complaint: RecordedComplaint, tmp_path: Path) -> DocumentedComplaint:
    return DocumentedComplaint(complaint, settings_in(tmp_path))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", 64 * 1024 * 1024) as spool:
        yield spool
