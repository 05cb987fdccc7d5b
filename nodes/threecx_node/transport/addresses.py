"""Refuse addresses that a PBX never has: link-local ones, and those of cloud platforms.

A caller of the service chooses the address of the PBX. At these addresses cloud platforms give secrets to every program
on the machine. Loopback and private networks are allowed, because most PBXs are there.

The check is made on the address that is connected to: a name may resolve to any address, and to another one each time.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata", "instance-data"})
_NETWORKS = tuple(
    ipaddress.ip_network(each)
    for each in (
        # "This host", link-local, and multicast with all that follows.
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "fe80::/10", "ff00::/8", "::/128",
        # Metadata of Alibaba, Azure, Oracle, Amazon and Google.
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::254/128",
    )
)  # fmt: skip
# IPv6 networks whose addresses contain an IPv4 address, and the number of bits after it.
_WITH_IPV4 = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_WHAT = "is a link-local address or one of a cloud platform, which a PBX never has"


class ForbiddenAddressError(PermissionError):
    """An address is one of those that a PBX never has."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, f"the address {_WHAT}")


def is_forbidden(address: str) -> bool:
    """Return whether an IP address is one of those that a PBX never has; False for what is not an IP address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(each in network for each in _meanings(parsed) for network in _NETWORKS)


def is_forbidden_host(name: str) -> bool:
    """Return whether a host is such an address, in any form, or a name of one."""
    host = name.rstrip(".").lower()
    try:
        # Also accepts 2852039166, 0xa9fea9fe, 0251.0376.0251.0376 and 169.254.43518, as name look-ups do.
        address = socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        address = host
    return host in _NAMES or is_forbidden(address)


def refuse_host(name: str) -> None:
    """Raise ConfigurationError if the host of a PBX URL is such an address."""
    if is_forbidden_host(name):
        raise ConfigurationError(
            f"{name} {_WHAT}", description="Check the PBX URL.", code="forbidden_address", field="baseUrl"
        )


def open_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
    """Return a socket for a connection to an address, as aiohttp requests it. Raise ForbiddenAddressError."""
    family, kind, protocol, _, address = info
    if is_forbidden(str(address[0])):
        raise ForbiddenAddressError
    return socket.socket(family, kind, protocol)


def _meanings(address: _Address) -> Iterator[_Address]:
    """Yield an address, and the IPv4 address in it."""
    yield address
    # The loopback address is in the same network as IPv4 addresses in their oldest form.
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        for network, bits in _WITH_IPV4:
            if address in network:
                yield ipaddress.IPv4Address((int(address) >> bits) & 0xFFFFFFFF)
