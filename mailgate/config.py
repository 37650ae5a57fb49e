"""The settings: TOML file, `MAILGATE_SECTION__KEY` environment over it, all checked at once.

Order of search for the file: `--config`, `MAILGATE_CONFIG`, `./config/mailgate.toml`, the one inside the package.
Relative paths in it are relative to the current folder. Lengths are bytes, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mailgate import hours as calendar
from mailgate.errors import ConfigError
from mailgate.imap_settings import ImapAccount
from mailgate.mail.addrspec import normalise
from mailgate.model import Language, Severity
from mailgate.vocabulary import Vocabulary, vocabulary


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError as e:
        raise ValueError(f"a network like 192.0.2.0/24 or 2001:db8::/32 is needed ({e})") from e


def _address(value: object) -> IPv4Address | IPv6Address:
    try:
        return ip_address(str(value))
    except ValueError as e:
        raise ValueError(f"an address like 192.0.2.53 or 2001:db8::53 is needed ({e})") from e


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Address = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
LOOPBACK: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


def normal(address: str) -> str:
    """A configured address in normal form (mail/address does the same for addresses of mail)."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain or any(c.isspace() for c in address.strip()):
        raise ValueError("an address like support@example.com is needed")
    if not address.isascii():
        local, _, domain = normalise(address).rpartition("@")
        if not domain:
            raise ValueError(
                "an address is needed whose domain is valid and whose letters do not only look like others"
            )
    return f"{local.lower()}@{domain.lower()}"


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Bytes = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Gateway(Section):
    address: str = "support@example.com"
    name: str = "Support"
    addresses: dict[str, str] = {}  # further addresses -> category
    escalate_address: str = ""  # mail to it asks for escalation (7.2)
    domain: str = ""  # of our Message-IDs; default: the domain of `address`
    language: Language = "en"
    categories: list[str] = ["general"]
    default_category: str = "general"
    subject_prefix: Annotated[str, Field(max_length=30, pattern=r"^[^\[\]#\r\n]*$")] = ""
    batch_seconds: Seconds = 30
    reopen_days: Annotated[int, Field(ge=0)] = 14
    close_days: Annotated[int, Field(ge=0)] = 7
    remind_days: Annotated[int, Field(ge=0)] = 0  # of being pending; 0 = no reminder
    resolve_pending_days: Annotated[int, Field(ge=0)] = 0  # 0 = never by itself
    token_days: Annotated[int, Field(ge=1)] = 180
    token_days_closed: Annotated[int, Field(ge=0)] = 14
    ack_limit: Annotated[int, Field(ge=0)] = 5  # an address and hour (8.3)
    ack_limit_total: Annotated[int, Field(ge=0)] = 5000  # an hour, to all addresses together (8.3)
    operator: str = ""  # is told by mail of what needs him: loops, limits, tickets that no team may see
    max_hops: Annotated[int, Field(ge=1)] = 50  # Received headers; more is a loop (8.3)

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        value = normal(value)
        if len(value.partition("@")[0]) > 13:
            raise ValueError(
                "the part before @ may have 13 characters at most: signed reply addresses need the rest of the 64 that RFC 5321 allows"
            )
        return value

    @field_validator("escalate_address", "operator")
    @classmethod
    def _escalate(cls, value: str) -> str:
        return normal(value) if value else ""

    @field_validator("addresses")
    @classmethod
    def _addresses(cls, value: dict[str, str]) -> dict[str, str]:
        return {normal(key): category for key, category in value.items()}

    @model_validator(mode="after")
    def _known_categories(self) -> Gateway:
        for category in (self.default_category, *self.addresses.values()):
            if category not in self.categories:
                raise ValueError(
                    f"category {category!r} is not in gateway.categories ({', '.join(self.categories)})"
                )
        return self

    @model_validator(mode="after")
    def _remind_first(self) -> Gateway:
        if 0 < self.resolve_pending_days <= self.remind_days:
            raise ValueError(
                "resolve_pending_days must be more than remind_days, so that the reminder comes first"
            )
        return self

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Every address that takes mail for us, without tokens."""
        extra = (self.escalate_address,) if self.escalate_address else ()
        return (self.address, *self.addresses, *extra)

    @property
    def message_domain(self) -> str:
        return self.domain or self.address.rpartition("@")[2]


class SmtpUser(Section):
    """One login for SMTP AUTH: a device or program of our own."""

    password: Annotated[str, Field(min_length=8)] = Field(repr=False)
    addresses: list[str]  # the From addresses it may use


class Smtp(Section):
    host: str | list[str] = "127.0.0.1"  # "" and "::" = every address of the machine, IPv4 and IPv6
    port: Port = 2525
    tls_port: Port = 0  # TLS from the first byte on (RFC 8314); 0 = none
    hostname: str = ""  # in the greeting; default: gateway.message_domain
    tls_cert: str = ""
    tls_key: str = ""
    proxies: list[Network] = []  # whose connections start with a PROXY header
    users: dict[str, SmtpUser] = {}
    max_size: Annotated[int, Field(ge=65536)] = 26_214_400
    max_connections: Annotated[int, Field(ge=1)] = 600
    # Clients in trust.networks and trust.upstreams are not counted one by one, nor held to a pace.
    max_connections_per_client: Annotated[int, Field(ge=1)] = 20
    max_connections_per_network: Annotated[int, Field(ge=1)] = 100  # an IPv4 /24, an IPv6 /48
    max_mails_per_network: Annotated[int, Field(ge=0)] = 1000  # an hour; 0 = no limit
    max_faults_per_network: Annotated[int, Field(ge=0)] = 300  # an hour; 0 = no limit
    max_recipients: Annotated[int, Field(ge=1)] = 100  # RFC 5321 §4.5.3.1.8
    max_errors: Annotated[int, Field(ge=1)] = 10
    max_bytes_in_flight: Annotated[int, Field(ge=1_000_000)] = 134_217_728
    timeout: Annotated[float, Field(gt=0)] = 300  # of silence, RFC 5321 §4.5.3.2.7
    timeout_without_mail: Annotated[float, Field(gt=0)] = 900
    min_rate: Annotated[int, Field(ge=0)] = 500  # bytes a second of a mail; 0 = any

    @model_validator(mode="after")
    def _with_certificate(self) -> Smtp:
        if self.tls_port and not (self.tls_cert and self.tls_key):
            raise ValueError("tls_port needs tls_cert and tls_key")
        if self.tls_port and self.tls_port == self.port:
            raise ValueError("tls_port and port must differ")
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,) if isinstance(self.host, str) else tuple(self.host) or ("",)


class Lmtp(Section):
    """RFC 2033, for a mail server in front; the unix socket is also the way in for our own commands."""

    host: str = "127.0.0.1"
    port: Port = 2424
    enabled: bool = False  # on TCP; the unix socket is always there
    socket: str = ""  # "" = data_dir/mailgate.sock
    socket_mode: Literal["0600", "0660", "0666"] = "0600"


class Spool(Section):
    max_messages: Annotated[int, Field(ge=1)] = 200_000
    max_bytes: Annotated[int, Field(ge=1_000_000)] = 4_294_967_296
    min_free: Bytes = 67_108_864  # of the disk; below it 452


class Worker(Section):
    parsers: Annotated[int, Field(ge=1, le=64)] = 2
    batch_messages: Annotated[int, Field(ge=1, le=1000)] = 50
    batch_bytes: Annotated[int, Field(ge=1)] = 4_194_304
    parse_seconds: Annotated[float, Field(gt=0)] = 10  # CPU a mail
    parse_memory: Annotated[int, Field(ge=67_108_864)] = 536_870_912
    attempts: Annotated[int, Field(ge=1)] = 3  # of one mail alone, before quarantine


class Database(Section):
    url: str = Field("", repr=False)  # "" = SQLite in data_dir; else postgresql+psycopg://…


class Raw(Section):
    keep_days: Annotated[int, Field(ge=0)] = 0  # 0 = for ever


class Relay(Section):
    url: str = Field("", repr=False)  # smtp://[user:password@]host:port, smtps://…; "" = a Maildir
    maildir: str = ""  # "" = data_dir/sent
    starttls: Literal["no", "may", "must"] = "may"
    ca_file: str = ""  # PEM; who signed the relay's certificate, beside those that the machine knows
    auth: Literal["auto", "plain", "login", "cram-md5", "xoauth2"] = "auto"
    token_file: str = ""  # holds the access token of XOAUTH2
    token_command: list[str] = []  # prints it
    threads: Annotated[int, Field(ge=1, le=64)] = 4
    per_minute: Annotated[int, Field(ge=0)] = 0  # mails; 0 = as many as go
    timeout: Annotated[float, Field(gt=0)] = 60
    timeout_after_data: Annotated[float, Field(gt=0)] = 600  # RFC 5321 §4.5.3.2.6
    max_per_connection: Annotated[int, Field(ge=1)] = 100
    first_retry: Annotated[float, Field(gt=0)] = 60
    max_retry: Annotated[float, Field(gt=0)] = 14_400
    give_up_days: Annotated[float, Field(gt=0)] = 5  # RFC 5321 §4.5.4.1

    @model_validator(mode="after")
    def _one_token(self) -> Relay:
        if self.token_file and self.token_command:
            raise ValueError("set token_file or token_command, not both")
        if self.auth == "xoauth2" and not (self.token_file or self.token_command):
            raise ValueError("auth xoauth2 needs token_file or token_command")
        return self


class Attachments(Section):
    cap: Annotated[int, Field(ge=0)] = 2
    per: Literal["message", "ticket"] = "message"


class Limits(Section):
    recipients: Annotated[int, Field(ge=0)] = 5
    devices: Annotated[int, Field(ge=0)] = 5


class TrustSection(Section):
    networks: list[Network] = Field(default=[*LOOPBACK], validate_default=True)
    upstreams: list[Network] = Field(default=[*LOOPBACK], validate_default=True)
    authserv_ids: list[str] = []
    # Received headers that those servers add; 0 = the topmost header of ours counts, wherever it stands
    hops: Annotated[int, Field(ge=0, le=20)] = 0
    own_checks: bool = True  # DKIM, DMARC and SPF by ourselves, where no trusted host says what it found
    acknowledge_unverified: Literal["no", "notice", "yes"] = "no"
    dmarc_fail: Literal["quarantine", "unverified"] = "quarantine"
    forms: list[str] = []
    block: list[str] = []  # addresses, or @domain

    @field_validator("forms")
    @classmethod
    def _forms(cls, value: list[str]) -> list[str]:
        return [normal(v) for v in value]


class Dns(Section):
    nameservers: list[Address] = []  # [] = those of the host
    timeout: Annotated[float, Field(gt=0)] = 2  # of one question
    deadline: Annotated[float, Field(gt=0)] = 8  # of all questions about one mail
    retry_for: Seconds = 300  # a mail whose check met trouble of DNS
    cache_bytes: Bytes = 16_777_216
    zone_file: str = ""  # instead of DNS, for trials


class Dkim(Section):
    """DKIM signatures of our own mail; without a domain none are made."""

    domain: str = ""
    selector: str = ""
    key_file: str = ""

    @model_validator(mode="after")
    def _all_or_none(self) -> Dkim:
        if len({bool(self.domain), bool(self.selector), bool(self.key_file)}) > 1:
            raise ValueError("domain, selector and key_file belong together: set all three or none")
        return self


def _by_severity(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            Severity.of(k) if isinstance(k, str) and k.upper() in Severity.__members__ else k: v
            for k, v in value.items()
        }
    return value


SeveritySeconds = dict[Severity, Seconds]


class Bounces(Section):
    failures: Annotated[int, Field(ge=1, le=1000)] = (
        3  # deliveries that fail before an address gets no more mail
    )
    days: Annotated[int, Field(ge=1, le=365)] = 5  # within which they count


class EscalationSection(Section):
    notify_list: str = ""
    notify_list_eu: str = ""
    wait: SeveritySeconds = {Severity.OUTAGE: 900, Severity.DEGRADED: 3600, Severity.QUESTION: 28800}
    automatic: bool = True
    first_response: SeveritySeconds = {}
    hours: Annotated[str, BeforeValidator(calendar.text)] = ""  # of work; "" = all hours
    timezone: str = "UTC"
    holidays: Annotated[tuple[str, ...], BeforeValidator(calendar.dates)] = ()
    around_the_clock: frozenset[Severity] = frozenset({Severity.OUTAGE})  # whose waits know no hours

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        calendar.zone(value)
        return value

    @field_validator("around_the_clock", mode="before")
    @classmethod
    def _severities(cls, value: object) -> object:
        if isinstance(value, list) and all(str(v).upper() in Severity.__members__ for v in value):
            return frozenset(Severity.of(v) for v in value)
        raise ValueError("a list of outage, degraded and question is needed")

    @field_validator("wait", "first_response", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return _by_severity(value)

    @field_validator("notify_list", "notify_list_eu")
    @classmethod
    def _lists(cls, value: str) -> str:
        return normal(value) if value else ""

    @model_validator(mode="after")
    def _complete(self) -> EscalationSection:
        missing = [s.word for s in Severity if s not in self.wait]
        if missing:
            raise ValueError(f"wait needs a time in seconds for {', '.join(missing)} too")
        return self


class CommandsSection(Section):
    """Further words for commands and their values (3.7), in whatever languages people write."""

    words: dict[str, list[str]] = {}  # command -> further names of it
    values: dict[str, str] = {}  # word -> what it means; "" takes a shipped word away

    @model_validator(mode="after")
    def _understood(self) -> CommandsSection:
        _ = self.vocabulary  # raises ValueError for a word that cannot be
        return self

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Every word that is understood."""
        return vocabulary(self.words, self.values)


class People(Section):
    file: str = ""  # "" = people.toml beside the config file in use
    free_mail: list[str] = [
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
        "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
        "proton.me", "protonmail.com", "mail.ru", "yandex.ru", "qq.com", "163.com", "libero.it",
    ]  # fmt: skip


class WebKey(Section):
    """A key with which a program hands mail in over HTTP; it stands here or in a file of its own."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    key: str = Field("", repr=False)
    key_file: str = ""
    addresses: list[str] = []  # From addresses that its mail counts as authenticated for

    @model_validator(mode="after")
    def _one_key(self) -> WebKey:
        if bool(self.key) == bool(self.key_file):
            raise ValueError("one of key and key_file is needed")
        if self.key and len(self.key) < 16:
            raise ValueError("the key is too short: 16 characters are needed")
        return self


class Mailgun(Section):
    signing_key: str = Field("", repr=False)  # "HTTP webhook signing key"
    signing_key_file: str = ""


class SendGrid(Section):
    public_key: str = ""  # of signed webhooks: base64 of DER, as SendGrid shows it
    user: str = ""
    password: str = Field("", repr=False)
    password_file: str = ""


class Postmark(Section):
    user: str = ""
    password: str = Field("", repr=False)
    password_file: str = ""


class Ses(Section):
    topics: list[
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$")]
    ] = []


class Web(Section):
    """The HTTP door, with health and metrics."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8025
    keys: list[WebKey] = []
    metrics_key: str = Field("", repr=False, pattern=r"^$|^[!-~]{16,}$")  # "" = this machine alone may ask
    max_connections: Annotated[int, Field(ge=4, le=10_000)] = 200
    max_bytes_in_flight: Annotated[int, Field(ge=1_000_000)] = 134_217_728
    max_mails_per_key: Annotated[int, Field(ge=0)] = 0  # an hour; 0 = no limit
    timeout: Annotated[float, Field(gt=0)] = 30
    mailgun: Mailgun = Mailgun()
    sendgrid: SendGrid = SendGrid()
    postmark: Postmark = Postmark()
    ses: Ses = Ses()

    @property
    def holds_secrets(self) -> bool:
        """Whether a key or password stands in the settings themselves."""
        secrets = (self.metrics_key, self.mailgun.signing_key, self.sendgrid.password, self.postmark.password)
        return any(secrets) or any(key.key for key in self.keys)

    @property
    def secret_files(self) -> tuple[tuple[str, str], ...]:
        """The files with the other ones: what for, and where."""
        files = [(f"web.keys ({key.name})", key.key_file) for key in self.keys]
        files.append(("web.mailgun", self.mailgun.signing_key_file))
        files += [
            ("web.sendgrid", self.sendgrid.password_file),
            ("web.postmark", self.postmark.password_file),
        ]
        return tuple((what, file) for what, file in files if file)


class Templates(Section):
    path: str = ""  # an operator's own folder, goes over the shipped one, file by file


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"


class Config(BaseSettings):
    """Every setting, checked. Frozen: made once at the roof and handed down."""

    model_config = SettingsConfigDict(
        env_prefix="MAILGATE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    toml: ClassVar[dict[str, Any]] = {}

    data_dir: Path = Path("var")
    gateway: Gateway = Gateway()
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    imap: list[ImapAccount] = []
    spool: Spool = Spool()
    worker: Worker = Worker()
    database: Database = Database()
    raw: Raw = Raw()
    relay: Relay = Relay()
    attachments: Attachments = Attachments()
    limits: Limits = Limits()
    trust: TrustSection = TrustSection()
    dns: Dns = Dns()
    dkim: Dkim = Dkim()
    bounces: Bounces = Bounces()
    escalation: EscalationSection = EscalationSection()
    commands: CommandsSection = CommandsSection()
    people: People = People()
    templates: Templates = Templates()
    web: Web = Web()
    log: Log = Log()
    source: Path | None = None  # the file this was read from, set by `load`

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @model_validator(mode="after")
    def _mailboxes(self) -> Config:
        names = [account.name for account in self.imap]
        for name in {name for name in names if names.count(name) > 1}:
            raise ValueError(f"imap: two accounts have the name {name}; give each its own")
        for account in self.imap:
            if account.address and normal(account.address) not in self.gateway.own_addresses:
                raise ValueError(
                    f"imap: {account.name}: address must be one of ours: gateway.address or addresses"
                )
        return self

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir / 'mailgate.db'}"

    @property
    def lmtp_socket(self) -> Path:
        """Where our own commands hand mail over (mailgate/handover finds the same place without this module)."""
        return Path(self.lmtp.socket) if self.lmtp.socket else self.data_dir / "mailgate.sock"

    @property
    def people_file(self) -> Path:
        if self.people.file:
            return Path(self.people.file)
        return (self.source or resource("config/mailgate.toml")).parent / "people.toml"

    @property
    def people_missing(self) -> bool:
        """No people file is named and none lies beside the config file: we run without teams and agents."""
        return not self.people.file and not self.people_file.exists()

    @property
    def maildir(self) -> Path:
        return Path(self.relay.maildir) if self.relay.maildir else self.data_dir / "sent"


def resource(name: str) -> Path:
    """A file or folder that ships with the package (`templates`, `config/mailgate.toml`), in a wheel or a checkout."""
    package = Path(__file__).resolve().parent
    packed = package / "_data" / name
    return packed if packed.exists() else package.parent / name


def find(option: str | Path | None = None) -> Path:
    """The config file in use. Raises ConfigError when a named file is missing."""
    for origin, named in (("--config", option), ("MAILGATE_CONFIG", os.environ.get("MAILGATE_CONFIG"))):
        if named:
            path = Path(named)
            if not path.is_file():
                raise ConfigError(
                    [f"{path}: no such file, named by {origin}; name an existing file or leave it out"]
                )
            return path
    local = Path("config/mailgate.toml")
    return local if local.is_file() else resource("config/mailgate.toml")


def load(option: str | Path | None = None) -> Config:
    """Read and check the settings. Raises ConfigError with every fault at once."""
    path = find(option)
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: not valid TOML: {e}"]) from e
    except OSError as e:
        raise ConfigError([f"{path}: cannot be read: {e.strerror}"]) from e
    values.pop("source", None)
    try:
        return Config(**values, source=path)
    except ValidationError as e:
        raise ConfigError([_fault(path, error) for error in e.errors()]) from e
    except Exception as e:
        # pydantic-settings raises its own error for an environment variable that is not JSON where JSON is needed
        if type(e).__name__ != "SettingsError":
            raise
        raise ConfigError([f"environment: {e}; the value must be JSON"]) from e


def _fault(path: Path, error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "(whole file)"
    variable = "MAILGATE_" + "__".join(str(part) for part in error["loc"]).upper()
    origin = variable if variable in os.environ else str(path)
    allowed = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{origin}: {key}: no such key; remove it or mend its spelling"
    found = repr(error.get("input"))
    # a section as a whole may hold a password, and a URL may stand in a wrong place
    if (
        any(word in key for word in ("password", "url", "web.keys", "_key"))
        or isinstance(error.get("input"), Mapping)
        or "://" in found
    ):
        found = "(not shown)"
    return f"{origin}: {key}: found {found[:80]}; {allowed[0].lower()}{allowed[1:]}"


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and name no key: likely misspelt."""
    known = {"MAILGATE_CONFIG"}
    unknown = []
    for name in environment:
        if not name.startswith("MAILGATE_") or name in known:
            continue
        section, _, key = name.removeprefix("MAILGATE_").lower().partition("__")
        top = Config.model_fields.get(section)
        inner = getattr(top.annotation, "model_fields", None) if top else None
        if top is None or (key and (inner is None or key.partition("__")[0] not in inner)):
            unknown.append(name)
    return sorted(unknown)
