"""A register with a complaint in it, a real mail server and a stand-in for GOV.UK Notify."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from redress.contract import BeginRequest, RecordRequest, RegisterEntry
from redress.domain.case import Case
from redress.domain.london import instant
from redress.domain.opening_parsing import parse_opening
from redress.letters.delivery.configuration import channels_for
from redress.letters.dispatcher import LetterDispatcher, SendLimits
from redress.letters.stored_enclosures import content_for
from redress.procedures.loader import rules_for
from redress.security.encryption import EnvelopeCipher
from redress.security.keyring import Keyring
from redress.settings import Settings
from redress.store import letters as kept
from redress.store.database import connect
from redress.store.key_store import KeyStore
from redress.store.letters import LetterRow
from redress.store.register import Register
from tests.activity_calls import ActivityCalls
from tests.letters.delivery import certificates, mail_server, notify_service
from tests.letters.delivery.mail_server import MailServer
from tests.letters.delivery.notify_service import NotifyService
from tests.stores import migrated

OPENED_ON = date(2026, 6, 1)
PERSON = {
    "name": "Testa Inventata",
    "role": "parent",
    "email": "testa@inventata.example",
    "telephone": "07700 900123",
    "address": "1 Nowhere Lane\nExampletown\nEX1 1AA",
}

_numbers = itertools.count(1)


class RecordedComplaint:
    """A complaint in a register of its own, and the letters that leave from there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        keyring = Keyring({"test": bytes(range(32))})
        migrated(settings)
        key_store = KeyStore(connect(settings.key_store_database_url), keyring)
        self.register = Register(connect(settings.database_url), EnvelopeCipher(keyring, key_store))
        self.restart(settings)

    def restart(self, settings: Settings, limits: SendLimits | None = None) -> None:
        """As if another worker took over."""
        self.settings = settings
        limits = limits or SendLimits(settings.send_within, settings.send_for_days)
        content = content_for(self.register, settings)
        self.dispatcher = LetterDispatcher(self.register, channels_for(settings), limits, content)
        self.activities = ActivityCalls(self.register, self.dispatcher)

    def open(
        self,
        about: dict[str, object] | None = None,
        also: list[dict[str, str]] | None = None,
        kind: str = "complaint",
        **person: object,
    ) -> str:
        """A complaint of somebody, just opened; `also`: who complains with them."""
        raw: dict[str, Any] = {
            "authority": "family-rights",
            "kind": kind,
            "source": "test",
            "source_id": str(next(_numbers)),
            "channel": "email",
            "received_on": OPENED_ON.isoformat(),
            "points": ["An invented point."],
            "complainant": {**PERSON, **person},
            **({"about": about} if about else {}),
            **({"also_complaining": also} if also else {}),
        }
        opening = parse_opening(raw, OPENED_ON)
        self.reference = self.register.reserve(opening, raw, "CYP").reference
        begun = BeginRequest(reference=self.reference, opened_on=OPENED_ON.isoformat(), opening=raw)
        assert self.activities.begin(begun).recorded
        self.case = Case(rules_for(opening, OPENED_ON), self.reference, opening, OPENED_ON)
        return self.reference

    def says(self, action: str, on: str, **fields: object) -> bool:
        """One message, recorded and its letters sent as the workflow has it done; whether all have left."""
        now = instant(date.fromisoformat(on), "12:00")
        message_id = f"{action}-{on}"
        answer = self.case.receive(
            self.case.parse(action, {"on": on, "message_id": message_id, **fields}, now), now
        )
        entry = self.case.logged[answer.message_id]
        body = entry.model_dump(mode="json")
        entries = [RegisterEntry(kind="message", key=f"message:{entry.seq}", on=on, body=body)]
        for effect, state in self.case.due(now):
            said = {
                "key": effect.key,
                "kind": effect.kind,
                "template": effect.template,
                "on": effect.on.isoformat(),
                "state": state,
                "facts": effect.shown(),
            }
            entries.append(RegisterEntry(kind="effect", key=f"effect:{effect.key}", on=on, body=said))
        self.request = RecordRequest(reference=self.reference, entries=entries)
        return self.activities.record_and_send(self.request)

    def rows(self, *letters: str) -> list[LetterRow]:
        """The letters of the complaint, or those of these names."""
        with self.register.reading() as db:
            rows = kept.in_state(db, get_args(kept.State), self.reference)
        return [row for row in rows if not letters or row.letter in letters]

    def states(self) -> dict[str, str]:
        """The state of every letter, by name and recipient."""
        return {f"{row.letter} to {row.recipient}": row.state for row in self.rows()}

    def reason(self, letter: str = "acknowledgement") -> str:
        [row] = self.rows(letter)
        return str(row.reason)

    def told(self) -> list[str]:
        """What the Complaints Manager was told of letters."""
        with self.register.reading():
            return [kept.text_of(self.register.cipher, row) for row in self.rows("undelivered")]

    def rested(self) -> None:
        """As if a channel that was down had been left alone for a while."""
        self.dispatcher.breaker.close()


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def mail(trusted: certificates.Certificates) -> Iterator[MailServer]:
    """STARTTLS and a login."""
    server = MailServer(trusted)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def notify() -> Iterator[NotifyService]:
    service = NotifyService()
    yield service
    service.stop()


@pytest.fixture
def by_mail(tmp_path: Path, mail: MailServer, trusted: certificates.Certificates) -> Settings:
    """E-mail to everybody, staff too; post into the outbox."""
    return settings_by_mail(tmp_path, mail, trusted)


def settings_by_mail(
    state: Path, mail: MailServer, trusted: certificates.Certificates, **more: Any
) -> Settings:
    said: dict[str, Any] = {
        "state": state,
        "register_url": "",
        "outbox": None,
        "send_email": "smtp",
        "send_staff": "smtp",
        "send_within": 2.0,
        "smtp_host": "localhost",
        "smtp_port": mail.port,
        "smtp_ca": trusted.ca,
        "smtp_user": mail_server.USER,
        "smtp_password": mail_server.PASSWORD,
        "smtp_from": "complaints@exampleshire.example",
    }
    return Settings(**(said | more))


@pytest.fixture
def by_environment(by_mail: Settings, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same as a command reads it, but for staff: their letters go into the outbox."""
    said = {
        "REDRESS_STATE": str(by_mail.state),
        "REDRESS_SEND_EMAIL": "smtp",
        "REDRESS_SMTP_HOST": "localhost",
        "REDRESS_SMTP_PORT": str(mail.port),
        "REDRESS_SMTP_CA": str(by_mail.smtp_ca),
        "REDRESS_SMTP_USER": "redress",
        "REDRESS_SMTP_PASSWORD": mail_server.PASSWORD,
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    return by_mail.model_copy(update={"send_staff": "outbox"})


@pytest.fixture
def by_notify(tmp_path: Path, notify: NotifyService) -> Settings:
    """All of it by Notify."""
    return settings_by_notify(tmp_path, notify)


def settings_by_notify(state: Path, notify: NotifyService, **more: Any) -> Settings:
    said: dict[str, Any] = {
        "state": state,
        "register_url": "",
        "outbox": None,
        "send_email": "notify",
        "send_post": "notify",
        "send_text": "notify",
        "send_staff": "notify",
        "send_within": 2.0,
        "notify_key": notify_service.KEY,
        "notify_url": notify.url,
        "notify_email_template": notify_service.EMAIL,
        "notify_text_template": notify_service.SMS,
    }
    return Settings(**(said | more))
