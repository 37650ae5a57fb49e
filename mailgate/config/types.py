"""The types of settings that more than one section has."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailgate.mail.addrspec import normalise


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
