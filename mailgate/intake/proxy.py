"""The PROXY header, versions 1 and 2 (haproxy.org, proxy-protocol.txt): who stands behind a proxy in front of us.

Pure: bytes to a client's address. Whether the header is to be believed, the door decides (`smtp.proxies`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"  # §2.2
_WORD = b"PROXY "
_SHORTEST = len(b"PROXY UNKNOWN\r\n")  # of version 1, and less than any of version 2
_LONGEST_V1 = 107  # §2.1
_HEAD_V2 = 16
_LONGEST_V2 = 16_384  # with what proxies add (TLVs, §2.2.7): certificates' names at most
_V1 = re.compile(rb"PROXY (TCP4|TCP6) ([0-9a-fA-F.:]{2,45}) ([0-9a-fA-F.:]{2,45}) (\d{1,5}) (\d{1,5})\r\n")
_V1_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")
_ADDRESSES = {
    0x11: (4, 12),
    0x21: (16, 36),
}  # family and protocol: octets of an address, and of all addresses
_NAMELESS = {0x00: 0, 0x31: 216}  # unspecified; unix sockets


def missing(head: bytes) -> int:
    """How many bytes must come at least before `head` can be the whole header; 0 when it is. Asking for so many and no
    more never takes a byte of what follows. Raises ValueError for what is no header."""
    if not (_WORD.startswith(head[:6]) or _SIGNATURE.startswith(head[:12])):
        raise ValueError("no PROXY header")
    if len(head) < _SHORTEST:
        return _SHORTEST - len(head)
    if head.startswith(_WORD):
        if head.endswith(b"\n"):
            return 0
        if len(head) >= _LONGEST_V1:
            raise ValueError("a PROXY header of version 1 longer than 107 bytes")
        return 1
    if len(head) < _HEAD_V2:
        return _HEAD_V2 - len(head)
    length = int.from_bytes(head[14:16], "big")
    if length > _LONGEST_V2:
        raise ValueError(f"a PROXY header of version 2 with {length} bytes")
    return _HEAD_V2 + length - len(head)


def client(header: bytes) -> str:
    """The client's IP address; "" where the proxy names none: its own connection (LOCAL), or one without an address.
    Raises ValueError for what the protocol does not allow."""
    return _version_1(header) if header.startswith(_WORD) else _version_2(header)


def _version_1(header: bytes) -> str:
    found = _V1.fullmatch(header)
    if found is None:
        if _V1_UNKNOWN.fullmatch(header):
            return ""
        raise ValueError("a PROXY header of version 1 that cannot be read")
    family, source, target, *ports = (word.decode("ascii") for word in found.groups())
    version = 4 if family == "TCP4" else 6
    if any(ip_address(word).version != version for word in (source, target)):
        raise ValueError(f"a PROXY header whose addresses are not {family}")
    if any(int(port) > 65_535 for port in ports):
        raise ValueError("a PROXY header with a port above 65535")
    return str(ip_address(source))


def _version_2(header: bytes) -> str:
    version, command, family = header[12] >> 4, header[12] & 15, header[13]
    if version != 2 or command not in (0, 1):
        raise ValueError(f"a PROXY header with version {version} and command {command}")
    if command == 0:  # LOCAL: whatever follows is skipped
        return ""
    size, all_of_them = _ADDRESSES.get(family, (0, _NAMELESS.get(family, -1)))
    if all_of_them < 0 or len(header) < _HEAD_V2 + all_of_them:
        raise ValueError(f"a PROXY header of family {family:#04x} with {len(header)} bytes")
    return str(ip_address(header[_HEAD_V2 : _HEAD_V2 + size])) if size else ""
