"""Recognize browsers, their forms, and clients on this machine. Cheap to import, because every request is checked."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asgi import Scope

# The path to which the page's forms are sent.
ACTION_PATH = "/_page/calls"

# Host, or host and port; an IPv6 address is in brackets.
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.\-]+)(?::\d{1,5})?")


def is_page_request(scope: Scope) -> bool:
    """Return whether a browser asks for `/`. Other clients get the 404 of any unknown path there."""
    if scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
        return False
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"])


def is_page_action(scope: Scope) -> bool:
    """Return whether a request sends a form of the page, or asks for the address of the form again."""
    return bool(scope["path"] == ACTION_PATH and scope["method"] in ("GET", "HEAD", "POST"))


def is_from_own_page(scope: Scope) -> bool:
    """Return whether a browser says that a request comes from a page of this server, not from another website.

    Browsers send `Sec-Fetch-Site` to trustworthy addresses (HTTPS, this machine), and `Origin` to all. A request with
    neither is refused: it comes from no browser that would protect its user.
    """
    headers = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return bool(site == b"same-origin")
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    return bool(host) and origin in (f"http://{host}", f"https://{host}")


def is_local(scope: Scope) -> bool:
    """Return whether a request comes from this machine and is addressed to it.

    The host name in the request counts too. Otherwise a website whose name resolves to 127.0.0.1 could read
    everything, and a proxy on this machine could forward requests of other machines.
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
