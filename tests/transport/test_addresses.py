"""Addresses that a PBX never has are refused in every form, before anything is sent."""

from __future__ import annotations

import asyncio
import socket

import pytest

from threecx_credentials import Credential
from threecx_node.errors import ConfigurationError, ThreeCxError
from threecx_node.execution.executor import Executor
from threecx_node.transport.addresses import is_forbidden, open_socket, refuse_host
from threecx_node.transport.client import PbxClient

# ruff: noqa: S104
FORBIDDEN = [
    "169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "224.0.0.1", "255.255.255.255", "fe80::1", "fe80::1%eth0", "febf::1", "fd00:ec2::254", "fd20:ce::254", "::",
    "ff02::1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "::169.254.169.254", "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::", "2002:a9fe:a9fe::1", "::ffff:0.0.0.0",
]  # fmt: skip
ALLOWED = [
    "127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "203.0.113.1",
    "fd00::1", "2001:db8::1", "pbx.example", "",
]  # fmt: skip
FORMS = [
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.43518",
    "169.16689662", "0", "0x0", "0.0.0.0", "metadata.google.internal", "METADATA.google.internal.", "[fe80::1]",
    "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "169.254.169.254.",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_forbidden_addresses(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_addresses_of_a_pbx(address: str) -> None:
    assert not is_forbidden(address)


@pytest.mark.parametrize("host", FORMS)
def test_every_form_of_an_address_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PbxClient(Credential.of(f"http://{host}", "900", "x"))
    assert caught.value.field == "baseUrl"
    # httpx refuses octal numbers by itself.
    assert caught.value.code == ("configuration" if host.startswith("0251") else "forbidden_address")


def test_a_host_of_a_pbx_is_accepted() -> None:
    for host in ("127.0.0.1", "localhost", "::1", "10.1.2.3", "pbx.example"):
        refuse_host(host)


def resolve_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let every name resolve to an address."""

    def look_up(_: str, port: int, *__: object, **___: object) -> list[tuple[object, ...]]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"])
def test_a_name_that_resolves_to_such_an_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolve_to(monkeypatch, address)

    async def run() -> ThreeCxError:
        async with Executor(Credential.of("http://pbx.example:5001", "900", "x")) as executor:
            batch = await executor.run("DeleteCallFlowApp", [{}, {}], {"Id": "5"})
        first, second = (each.error for each in batch.results)
        assert first is not None
        assert second is not None
        # Both may have been under way.
        assert second.code in ("not_attempted", "forbidden_address")
        return first

    error = asyncio.run(asyncio.wait_for(run(), 20))
    assert (error.code, error.outcome_unknown) == ("forbidden_address", False)
    assert error.message.startswith("pbx.example:5001 is a link-local address")
    assert "resolves to" in error.description


def test_each_connection_is_checked() -> None:
    """DNS rebinding: what counts is the address that is connected to, each time."""
    place = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    with open_socket((*place, ("127.0.0.1", 80))):
        pass
    with pytest.raises(PermissionError):
        open_socket((*place, ("169.254.169.254", 80)))
