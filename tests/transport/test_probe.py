"""The address of a PBX, looked at without a request."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.transport.servers import free_port, response, running
from threecx_credentials import Credential
from threecx_node.errors import TransportError
from threecx_node.transport.probe import AddressProbe, Certificate


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def probe(url: str, **options: Any) -> AddressProbe:
    return AddressProbe(Credential.of(url, "900", "key", **options), timeout=10)


def serving(authority: trustme.CA, end: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=end).configure_cert(context)
    return context


def certificate(url: str, **options: object) -> Certificate:
    return asyncio.run(probe(url, **options).read_certificate())


def test_a_connection_sends_nothing() -> None:
    with running(lambda _: response()) as server:
        assert asyncio.run(probe(f"http://127.0.0.1:{server.port}").connect()) == "127.0.0.1"
        assert server.heads == []


def test_a_certificate_that_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    with running(lambda _: response(), serving(authority, end)) as server:
        found = certificate(f"https://localhost:{server.port}", ca_file=str(pem))
    assert (found.name, found.expires, found.problem) == ("localhost", end, None)
    assert found.issuer.startswith("trustme")
    assert found.tls_version == "TLSv1.3"


@pytest.mark.parametrize("verify", [True, False])
def test_a_certificate_that_is_not_trusted_is_read_all_the_same(authority: trustme.CA, verify: bool) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    with running(lambda _: response(), serving(authority, end)) as server:
        found = certificate(f"https://localhost:{server.port}", verify_tls=verify)
    assert (found.name, found.expires, found.is_expired) == ("localhost", end, False)
    assert (found.problem is not None) is verify


@pytest.mark.parametrize("verify", [True, False])
def test_a_certificate_that_has_expired(authority: trustme.CA, verify: bool) -> None:
    end = datetime.now(UTC) - timedelta(days=2)
    with running(lambda _: response(), serving(authority, end)) as server:
        found = certificate(f"https://localhost:{server.port}", verify_tls=verify)
    assert found.is_expired


def test_failures_are_those_of_a_request() -> None:
    with pytest.raises(TransportError) as refused:
        asyncio.run(probe(f"http://127.0.0.1:{free_port()}").connect())
    assert refused.value.code == "connection_refused"
    with pytest.raises(TransportError) as unknown:
        asyncio.run(probe("http://pbx.invalid").connect())
    assert unknown.value.code == "dns"
    with pytest.raises(TransportError) as forbidden:
        asyncio.run(probe("http://169.254.169.254").connect())
    assert forbidden.value.code == "forbidden_address"


def test_a_port_without_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(TransportError) as plain:
            certificate(f"https://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(10)
    assert plain.value.code == "tls_handshake"
