"""The client and TLS: certificates are verified, and every way to fail is named."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.transport.clients import GET, at, failure, failure_with, send
from tests.transport.servers import response, running
from threecx_node.errors import ConfigurationError


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_tls_is_verified_by_default(tls: ssl.SSLContext) -> None:
    with running(lambda _: response(), tls) as server:
        error = failure(at(server, "https"))
        assert error.code in ("tls", "tls_self_signed")
        assert "certificate" in error.message
        assert "--ca-file" in error.description
        assert server.heads == []


def test_a_named_authority_is_trusted(tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    with running(lambda _: response(), tls) as server:
        assert send(at(server, "https"), GET, ca=str(pem))[0].status == 200
        # The certificate is for localhost; the same server under its address is another one.
        assert failure(f"https://127.0.0.1:{server.port}", ca=str(pem)).code == "tls"


def test_verification_can_be_switched_off(tls: ssl.SSLContext) -> None:
    with running(lambda _: response(), tls) as server:
        assert send(at(server, "https"), GET, verify=False)[0].status == 200


def test_a_self_signed_certificate_says_how_to_allow_it(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with running(lambda _: response(), context) as server:
        error = failure(at(server, "https"))
        assert error.code == "tls_self_signed", error.message
        assert "--no-verify-tls" in error.description


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, as a PBX in a cellar has it, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem, key = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem, key


def test_https_to_a_plain_port() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    error = failure_with(serve, "https")
    assert error.code == "tls_handshake"
    assert "5004" in error.description


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    with pytest.raises(ConfigurationError, match="CA file"):
        send("https://localhost:1", GET, ca=str(broken))
