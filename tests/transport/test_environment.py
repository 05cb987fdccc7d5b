"""Faults of the environment: a variable that names a file which cannot be used is named, in every interface."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import run
from tests.service.conftest import batch, serving
from threecx_credentials import Credential
from threecx_node import Executor
from threecx_node.errors import ConfigurationError
from threecx_node.transport.tls import build_tls_context

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def bad_paths(folder: Path) -> Iterator[tuple[str, Path]]:
    text = folder / "text.pem"
    text.write_text("not PEM")
    empty = folder / "empty"
    empty.mkdir()
    yield from (("SSL_CERT_FILE", path) for path in (folder / "missing.pem", text, empty))
    yield from (("SSL_CERT_DIR", path) for path in (folder / "missing", text, empty))
    yield "SSLKEYLOGFILE", folder / "missing" / "keys"


@pytest.mark.parametrize("number", range(7))
def test_a_certificate_variable_that_cannot_be_read(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, path = list(bad_paths(tmp_path))[number]
    monkeypatch.setenv(variable, str(path))

    async def main() -> None:
        async with Executor(Credential.of("https://pbx.example", "900", "key")) as executor:
            await executor.run("GetUser", [{}], {"Id": 5})

    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(main())
    line = caught.value.one_line()
    assert variable in line
    assert str(path) in line
    assert "remove the variable" in line


def test_a_folder_beside_a_file_must_be_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert build_tls_context(verify=True, ca_file=None).get_ca_certs()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match="SSL_CERT_DIR"):
        build_tls_context(verify=True, ca_file=None)


def test_a_variable_that_is_not_needed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    assert build_tls_context(verify=True, ca_file=str(pem)).get_ca_certs()
    assert not build_tls_context(verify=False, ca_file=None).check_hostname


@pytest.mark.parametrize(
    "command", [("check",), ("execute", "ListUser"), ("execute", "ListUser", "-o", "ndjson")]
)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
def test_the_command_line_names_the_variable(command: tuple[str, ...], variable: str, tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "file")
    given = {
        "THREECX_BASE_URL": "https://127.0.0.1:1",
        "THREECX_CLIENT_ID": "900",
        "THREECX_CLIENT_SECRET": "x",
    }
    ran = run(*command, env={**given, variable: path})
    assert ran.code == 2
    [line] = ran.err.splitlines()
    assert variable in line
    assert path in line


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_the_service_names_the_variable(accept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx = {"baseUrl": "https://127.0.0.1:1", "clientId": "900", "clientSecret": "x"}
    with serving() as service:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        body = batch("DeleteUser", [{"Id": 5}], pbx)
        executed = service.post("/v1/execute", json=body, headers={"accept": accept})
        checked = service.post("/v1/check", json={"pbx": pbx})
    assert executed.status_code == 422
    assert "SSL_CERT_FILE" in executed.json()["detail"]
    assert checked.json()["ok"] is False
    assert "SSL_CERT_FILE" in checked.json()["message"]
