"""The API's settings: those of the worker, and its own. docs/api.md explains each."""

from __future__ import annotations

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator
from sqlalchemy import make_url

from redress.security.network import is_safe_address
from redress.services.webhook_addresses import AddressRules
from redress.settings import Settings
from redress.settings_sources import with_password

OUT_OF_REACH = {"connect_timeout": "3", "tcp_user_timeout": "5000"}
"""What makes PostgreSQL's client give up on a database that says nothing: seconds, milliseconds."""


class ApiSettings(Settings):
    """Each is read from the environment under `REDRESS_`, as all others are."""

    api_host: str = "127.0.0.1"
    """The address it listens on."""

    api_port: int = Field(default=8400, ge=0, le=65535)
    """The port it listens on."""

    api_url: str = ""
    """Where the API's own store is (tokens, the queue), as an SQLAlchemy URL; empty: an SQLite file in
    the state folder. It is apart from the register, so that intake is taken while the register is down."""

    api_role: str = Field(default="", pattern=r"^[a-z_][a-z0-9_]*$|^$")
    """A role of the register's PostgreSQL database: `migrate` gives it what the API needs, and no more."""

    api_password: SecretStr = SecretStr("")
    """The password for that store, where its URL names a user and no password."""

    api_https: bool = False
    """Whether people reach it by https, through a proxy: cookies are then sent over https alone."""

    api_answer_within: float = Field(default=10.0, gt=0)
    """Seconds a message has to be answered by its complaint."""

    intake_within: float = Field(default=1.5, gt=0)
    """Seconds an opening has to be started; then it is kept and opened later."""

    rate_per_minute: int = Field(default=600, ge=1)
    """Requests that one caller may make in a minute."""

    bytes_per_day: int = Field(default=256 * 1024 * 1024, ge=1)
    """Bytes of bodies that one caller may send in a day; what it has not used comes back evenly."""

    document_bytes_per_day: int = Field(default=2 * 1024 * 1024 * 1024, ge=1)
    """Bytes of documents that one caller may send in a day, likewise."""

    api_proxies: list[str] = []
    """The addresses, as JSON, of proxies whose X-Forwarded-For is believed; empty: nobody's is."""

    codec_origins: list[str] = ["http://127.0.0.1:8233", "http://localhost:8233", "http://127.0.0.1:8080"]
    """Where the Temporal UI is, as the browser sees it: only pages from there may use the codec."""

    webhook_loopback: bool = False
    """Allows receivers on this machine, also without https: for tests and trials."""

    webhook_networks: list[IPvAnyNetwork] = []
    """Private networks that webhooks may lead into, as JSON (`["10.20.0.0/16"]`); by https as all others."""

    webhook_pause: float = Field(default=5.0, gt=0)
    """Seconds before a delivery that failed is tried again; each further pause is longer."""

    audit_days: int = Field(default=2190, ge=1)
    """Days for which it is kept who read personal data; what is older goes, and an entry says so."""

    oidc_issuer: str = ""
    """The OpenID Connect issuer whose tokens are taken; empty: none."""

    oidc_audience: str = ""
    """What its tokens must be meant for (`aud`)."""

    oidc_roles_claim: str = "roles"
    """The claim that holds the caller's roles; a dot leads into a claim (`realm_access.roles`)."""

    oidc_roles: dict[str, str] = {}
    """The issuer's names of our roles, as JSON (`{"Complaints-Staff": "staff"}`); empty: they are ours."""

    oidc_name_claim: str = "sub"
    """The claim that is recorded as who did it."""

    oidc_authority_claim: str = ""
    """The claim that limits a caller to one authority; empty: nobody is limited."""

    oidc_access_claim: str = ""
    """The claim that says what the role `intake` reaches: `authority` for all of its authority. Anything
    else, or none: what the caller brought."""

    oidc_sources_claim: str = ""
    """The claim with the sources that a caller's openings may name, a list or words; where it is missing,
    none. Empty: any."""

    oidc_teams_claim: str = ""
    """The claim with the teams whose complaints the role `team_manager` reaches, a list, or the name of one;
    where it is missing, or this is empty, none. Needs `oidc_authority_claim`: teams are those of one
    authority."""

    @field_validator("oidc_issuer")
    @classmethod
    def _by_https(cls, issuer: str) -> str:
        if issuer and not is_safe_address(issuer):
            raise ValueError("should begin with https://, as OpenID Connect has it")
        return issuer

    @property
    def webhook_rules(self) -> AddressRules:
        """Where webhooks may lead."""
        return AddressRules(self.webhook_networks, self.webhook_loopback)

    @property
    def store_url(self) -> str:
        """The URL of the API's own store."""
        return with_password(self.api_url, self.api_password) or f"sqlite:///{self.state / 'api.db'}"

    @property
    def database_url(self) -> str:
        """The register's URL, so that a register that says nothing is given up in seconds."""
        return _impatient(super().database_url)

    @property
    def key_store_database_url(self) -> str:
        """The URL of the complaints' own keys, likewise."""
        return _impatient(super().key_store_database_url)


def _impatient(url: str) -> str:
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        return url
    query = {**OUT_OF_REACH, **parsed.query}
    return parsed.set(query=query).render_as_string(hide_password=False)
