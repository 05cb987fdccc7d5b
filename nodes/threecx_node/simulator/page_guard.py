"""Which requests are for the page, and who may see it: cheap to import, because every request passes here."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .wire import Scope

# Host, or host and port; an IPv6 address stands in brackets.
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.\-]+)(?::\d{1,5})?")


def is_page(scope: Scope) -> bool:
    """Whether a browser asks for `/`. Other clients get there what they get at any unknown path."""
    if scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
        return False
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"])


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine and is addressed to it.

    The name that the browser was given counts too: a page of the internet whose name points to 127.0.0.1
    could read everything otherwise, and what a proxy of this machine forwards is somebody else's request.
    """
    client = scope.get("client")
    if not client or not _is_loopback(client[0]):
        return False
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None:
        return False
    name = match["name"].lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name.strip("[]"))


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
