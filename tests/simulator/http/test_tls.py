"""HTTPS and HTTP at the same time, as on the ports 5001 and 5004 of a PBX."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator


def status(pbx: Simulator, url: str, verify: ssl.SSLContext | bool = True) -> int:
    headers = {"authorization": f"Bearer {pbx.token()}"}
    return httpx.get(f"{url}/xapi/v1/Defs?$select=Id", headers=headers, verify=verify).status_code


def test_https_and_http_at_once() -> None:
    with Simulator(tls=True, http_port=[0]) as pbx:
        secure, plain = pbx.base_urls
        assert (secure[:8], plain[:7]) == ("https://", "http://")
        assert pbx.ca_file is not None
        trusted = ssl.create_default_context(cafile=str(pbx.ca_file))
        assert status(pbx, secure, trusted) == 200
        assert status(pbx, plain) == 200
        # The name is as valid as the address.
        assert status(pbx, secure.replace("127.0.0.1", "localhost"), trusted) == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            status(pbx, secure)
        assert pbx.ca_file.with_name("key.pem").stat().st_mode & 0o077 == 0
        folder = pbx.ca_file.parent
    assert not folder.exists()
    assert pbx.ca_file is None


def test_contexts_name_the_scheme() -> None:
    with Simulator(tls=True) as pbx:
        trusted = ssl.create_default_context(cafile=str(pbx.ca_file))
        headers = {"authorization": f"Bearer {pbx.token()}"}
        body = httpx.get(f"{pbx.base_url}/xapi/v1/Defs", headers=headers, verify=trusted).json()
        assert body["@odata.context"].startswith(f"{pbx.base_url}/xapi/v1/")


def test_names_in_the_certificate() -> None:
    with Simulator(tls=True) as pbx:
        assert pbx.ca_file is not None
        trusted = ssl.create_default_context(cafile=str(pbx.ca_file))
        # Stricter than the default; newer versions of Python require it.
        trusted.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ("localhost", "127.0.0.1", "::1"):
            with (
                socket.create_connection(("127.0.0.1", pbx.ports[0]), timeout=5) as connection,
                trusted.wrap_socket(connection, server_hostname=name) as secure,
            ):
                assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_several_ports_of_each_kind() -> None:
    with Simulator(tls=True, port=[0, 0], http_port=[0, 0]) as pbx:
        assert [url.split(":")[0] for url in pbx.base_urls] == ["https", "https", "http", "http"]
        assert len(set(pbx.ports)) == 4


def test_a_given_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("pbx.example", "127.0.0.1")
    cert, key, both = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "both.pem"
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    given: list[dict[str, Any]] = [{"tls_cert": str(cert), "tls_key": str(key)}, {"tls_cert": str(both)}]
    for options in given:
        with Simulator(**options) as pbx:
            assert status(pbx, pbx.base_url, trusted) == 200
    assert cert.exists()
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("x.example").private_key_pem.write_to_path(other)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"tls_cert": str(tmp_path / "none.pem")}, "none.pem for TLS does not exist"),
        ({"tls_cert": str(cert), "tls_key": str(other)}, "cannot be served"),
        ({"tls_cert": str(cert)}, "cannot be served"),
    ]
    for options, message in wrong:
        with pytest.raises(ConfigurationError, match=message):
            Simulator(**options).start()
    with pytest.raises(ConfigurationError, match="needs its certificate"):
        Simulator(tls_key=str(key))
    with pytest.raises(ConfigurationError, match="needs TLS"):
        Simulator(http_port=0)


def test_wrong_protocol_on_a_port() -> None:
    with Simulator(tls=True, http_port=0) as pbx:
        secure, plain = pbx.base_urls
        with pytest.raises(httpx.TransportError):
            httpx.get(secure.replace("https", "http"))
        with pytest.raises(httpx.TransportError):
            httpx.get(plain.replace("http", "https"), verify=False)  # noqa: S501 - no certificate is seen
        assert status(pbx, plain) == 200
