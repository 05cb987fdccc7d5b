"""Certificates for HTTPS: given files, or a self-signed certificate for this machine."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...errors import ConfigurationError

_VALID = timedelta(days=365)
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Certificate:
    """Certificate and key as files, for the server to serve and for clients to trust.

    Given files stay where they are; `discard` removes the files of a self-signed certificate.
    Raises ConfigurationError for files that cannot be used.
    """

    def __init__(self, host: str, cert_file: str | None = None, key_file: str | None = None) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if cert_file is not None:
            self.cert_file, self.key_file = Path(cert_file), Path(key_file or cert_file)
        else:
            self._folder = tempfile.TemporaryDirectory(prefix="threecx-simulator-")
            self.cert_file = Path(self._folder.name, "certificate.pem")
            self.key_file = Path(self._folder.name, "key.pem")
            certificate, key = create_self_signed(host)
            self.cert_file.write_bytes(certificate)
            self.key_file.touch(mode=0o600)
            self.key_file.write_bytes(key)
        self._check()

    def discard(self) -> None:
        """Remove the files of a self-signed certificate."""
        if self._folder is not None:
            self._folder.cleanup()

    def _check(self) -> None:
        for path in (self.cert_file, self.key_file):
            if not path.is_file():
                raise ConfigurationError(f"the file {path} for TLS does not exist")
        try:
            # OpenSSL would ask for a passphrase on the terminal; an empty one makes it refuse an encrypted key.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                self.cert_file, self.key_file, password=lambda: b""
            )
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the certificate {self.cert_file} cannot be served with the key {self.key_file}",
                description=f"Give a certificate and its key in PEM, the key without a passphrase. Cause: {error}.",
            ) from error


def create_self_signed(host: str) -> tuple[bytes, bytes]:
    """Create a certificate and its key in PEM for this machine's names and for `host`.

    Raises ConfigurationError if the package cryptography is not installed.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as error:
        raise ConfigurationError(
            "the package cryptography, which creates certificates, is not installed",
            description='Install it with: pip install "threecx-node[simulator]", or give --tls-cert.',
        ) from error
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "3CX simulator")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = []
    for text in dict.fromkeys((*_LOCAL, host)):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text.partition("%")[0])))
        except ValueError:
            names.append(x509.DNSName(text))
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    # The certificate is its own authority, so that clients which trust it as an authority accept it.
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
