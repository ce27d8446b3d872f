"""Every setting of Redress that is not Temporal's own, with its default.

Each is read from the environment under `REDRESS_` (`REDRESS_STATE`, `REDRESS_REGISTER_URL` …). Where
Temporal is, which namespace and how to log in come from Temporal's own settings
(`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_TLS…`, `temporal.toml`). A variable that is there and
empty is as good as not there. Each may come from a file instead: `REDRESS_SMTP_PASSWORD_FILE` and so on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from redress.contract import SEND_WITHIN_AT_MOST
from redress.settings_sources import SettingsFromFiles, with_password

TRIAL = "names are readable"
"""What somebody must say who runs this without keys."""


class Settings(BaseSettings):
    """The settings of the worker and of the command line."""

    model_config = SettingsConfigDict(env_prefix="REDRESS_", extra="ignore", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """From the call, the environment, and the files that the environment names."""
        return init_settings, env_settings, SettingsFromFiles(settings_cls)

    state: Path = Path(".redress")
    """The folder in which everything lies that Redress keeps by itself: register, outbox, logs."""

    register_url: str = ""
    """Where the register is, as an SQLAlchemy URL; empty: an SQLite file in the state folder."""

    register_password: SecretStr = SecretStr("")
    """The password for the register, where its URL names a user and no password."""

    keys: Path | None = None
    """The file with the keyring; empty: `keys.txt` in the state folder."""

    key_service: Literal["file", "vault", "aws"] = "file"
    """What holds the master keys: the file of `keys`; HashiCorp Vault or OpenBao; AWS KMS."""

    key_cache_seconds: float = Field(default=300.0, ge=0)
    """Seconds that a key which `vault` or `aws` unwrapped is kept in memory: once its use is revoked there,
    nothing can be read any more after that."""

    vault_address: str = ""
    """Where Vault or OpenBao is, as `https://vault.example:8200`."""

    vault_key: str = "redress"
    """The name of the key in its Transit engine."""

    vault_mount: str = "transit"
    """Where that engine is mounted."""

    vault_namespace: str = ""
    """Its namespace, where there are some."""

    vault_token_file: Path | None = None
    """The file with Vault's token, which an agent may renew."""

    kms_key: str = ""
    """The key of AWS KMS: id, ARN or alias; after a comma former ones that still unwrap."""

    kms_endpoint: str = ""
    """Another address of AWS KMS, as a private one; empty: the region's."""

    key_store_url: str = ""
    """Where the complaints' own keys are, as an SQLAlchemy URL; empty: an SQLite file in the state folder."""

    key_store_password: SecretStr = SecretStr("")
    """The password for the complaints' own keys, likewise."""

    trial: str = ""
    """Set to `names are readable`, all runs without keys: nothing is encrypted."""

    clear_signals: Literal["apply", "hold"] = "apply"
    """What becomes of a signal that comes unencrypted though there are keys: it is applied, and that it came
    so stands everywhere; or it is held under `refused` until a person reads it and sends what is right. A
    complaint keeps what was set when its workflow began."""

    outbox: Path | None = None
    """Where letters are laid; empty: `outbox` in the state folder."""

    outbox_pdf: Literal["post", "all"] = "post"
    """Of which letters a PDF lies there beside the text: those by `post` and with enclosures, or `all` to
    people outside."""

    documents: str = ""
    """Where documents are kept: a folder, or an address as `s3://bucket/prefix`; empty: `documents` in the
    state folder."""

    documents_endpoint: str = ""
    """Where S3 is, if not with AWS; by http only where it says so."""

    documents_region: str = ""
    """S3's region; empty, as with the two that follow: AWS's own settings, or the machine's role, say it."""

    documents_access_key: str = ""
    """The id of the key that logs in to S3."""

    documents_secret_key: SecretStr = SecretStr("")
    """That key."""

    document_bytes: int = Field(default=25 * 1024 * 1024, ge=1, le=1024 * 1024 * 1024)
    """Bytes that one document may have."""

    documents_at_most: int = Field(default=500, ge=2)
    """Documents of one complaint; intake systems may fill half of that."""

    clamav: str = Field(default="", pattern=r"^$|^unix:/.+|^tcp://.+:\d{1,5}$")
    """Where ClamAV scans documents: `tcp://HOST:PORT` or `unix:/PATH`; empty: they stay `unscanned`."""

    clamav_within: float = Field(default=60.0, gt=0)
    """Seconds that ClamAV may say nothing."""

    templates: Path | None = None
    """The folder with an authority's own letters and paragraphs; empty: ours alone. It is read where letters
    are written (`redress.letters.own_templates`), which knows nothing of this class."""

    send_email: Literal["outbox", "smtp", "notify"] = "outbox"
    """By what e-mail leaves: `smtp`, `notify` (GOV.UK Notify), or `outbox`: laid into the folder."""

    send_post: Literal["outbox", "notify"] = "outbox"
    """By what letters by post leave."""

    send_staff: Literal["outbox", "smtp", "notify"] = "outbox"
    """By what letters to the authority's own people leave."""

    send_text: Literal["nothing", "notify"] = "nothing"
    """By what those are told of a letter who asked for text messages."""

    send_within: float = Field(default=20.0, gt=0, le=SEND_WITHIN_AT_MOST.total_seconds())
    """Seconds that the mail server or Notify may take for one letter."""

    send_for_days: float = Field(default=2.0, gt=0)
    """Days for which a letter that is put off is tried before the Complaints Manager is told."""

    smtp_host: str = ""
    """The mail server."""

    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Its port: 587 for `starttls`, 465 for `tls`."""

    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; `none` only to a server on this machine."""

    smtp_ca: Path | None = None
    """A file of certificates to trust in place of the system's."""

    smtp_user: str = ""
    """Whom to log in as; empty: nobody logs in."""

    smtp_password: SecretStr = SecretStr("")
    """The password to log in with."""

    smtp_from: str = ""
    """The address letters come from; empty: the e-mail address in the authority's file."""

    email_bytes: int = Field(default=20 * 1024 * 1024, ge=64 * 1024)
    """Bytes that an e-mail may have with all its enclosures, as mailboxes take it (encoded)."""

    notify_key: SecretStr = SecretStr("")
    """The API key of the service at GOV.UK Notify."""

    notify_url: str = "https://api.notifications.service.gov.uk"
    """Where Notify is."""

    notify_email_template: str = ""
    """The id of the e-mail template: subject `((subject))`, message `((body))` and places for enclosures."""

    notify_postage: Literal["second", "first"] = "second"
    """The class by which letters on paper go."""

    notify_file_weeks: int = Field(default=52, ge=1, le=78)
    """Weeks for which Notify keeps the enclosures of an e-mail for whoever it is for."""

    notify_text_template: str = ""
    """The id of the text message template: `((body))`."""

    notify_reply_to: str = ""
    """The id of the reply-to address at Notify; empty: the service's own."""

    bank_holidays: Path | None = None
    """The file of proclaimed bank holidays; empty: `procedures/bank-holidays.toml`. It is read where the
    table is made (`redress.procedures.bank_holidays`), which knows nothing of this class."""

    ui: str = "http://127.0.0.1:8233"
    """Where operators reach the Temporal UI: the ready lists lead there."""

    cached_complaints: int = Field(default=500, ge=1)
    """How many complaints a worker keeps in memory; others are replayed when they are needed."""

    queues: Literal["all", "complaints", "letters"] = "all"
    """Which task queues a worker serves: letters may have workers of their own."""

    activity_threads: int = Field(default=10, ge=1)
    """How many activities a worker runs at once, and how many letters it sends at once."""

    answer_within: float = Field(default=30.0, gt=0)
    """Seconds the command line waits for a complaint's answer before it says that there is none."""

    shutdown_within: float = Field(default=25.0, gt=0)
    """Seconds a worker that was told to stop gives activities under way; keep it below the container's."""

    deployment: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$", max_length=100)
    """The Worker Deployment that a worker belongs to; empty, with `build_id`: workers have no versions."""

    build_id: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=100)
    """The version of the software within the deployment."""

    log_format: Literal["text", "json"] = "text"
    """How log lines look: for people, or one JSON object a line."""

    metrics: str = ""
    """`ADDRESS:PORT` on which a worker gives its metrics to Prometheus; empty: it gives none."""

    log_level: str = "INFO"
    """Level of the worker's log on standard error."""

    @property
    def database_url(self) -> str:
        """The register's URL."""
        given = with_password(self.register_url, self.register_password)
        return given or f"sqlite:///{self.state / 'register.db'}"

    @property
    def keys_file(self) -> Path:
        """The file with the keyring."""
        return self.keys or self.state / "keys.txt"

    @property
    def key_store_database_url(self) -> str:
        """The URL of the complaints' own keys."""
        given = with_password(self.key_store_url, self.key_store_password)
        return given or f"sqlite:///{self.state / 'key-store.db'}"

    @property
    def readings_file(self) -> Path:
        """Where the command line notes what it reads, until that is taken into the audit."""
        return self.state / "readings.jsonl"

    @property
    def outbox_folder(self) -> Path:
        """The outbox."""
        return self.outbox or self.state / "outbox"

    @property
    def documents_address(self) -> str:
        """Where documents are kept: a folder's path, or a URL."""
        return self.documents or str(self.state / "documents")

    @property
    def spool_folder(self) -> Path:
        """Where a document lies, encrypted and without a name, while it is taken in."""
        return self.state / "spool"
