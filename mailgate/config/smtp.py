"""The sections of the doors that speak SMTP and LMTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mailgate.config.types import Network, Port, Section


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
