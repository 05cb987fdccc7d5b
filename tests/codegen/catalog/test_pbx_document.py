"""Read the document of a PBX: where it is, what is refused, and within which limits."""

from __future__ import annotations

import asyncio
import gzip
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.transport.servers import RawServer, free_port, response, running
from threecx_credentials import Credential
from threecx_node.codegen.catalog.openapi_file import MAX_BYTES
from threecx_node.codegen.catalog.pbx_document import fetch_document, is_url
from threecx_node.errors import ConfigurationError, InputError, ThreeCxError, TransportError
from threecx_node.transport.download import download

DOCUMENT = b"openapi: 3.0.4\npaths: {}\ncomponents: {}\n"
VERSION = "X-3CX-Version: 20.0.11.1621\r\n"
FOUND = response(body=DOCUMENT, media_type="application/yaml", extra=VERSION)


def url_of(server: RawServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def fetch_error(answer: bytes, path: str = "") -> ThreeCxError:
    with running(lambda _: answer) as server, pytest.raises(ThreeCxError) as caught:
        fetch_document(f"{url_of(server)}{path}")
    assert caught.value.description
    assert "\n" not in caught.value.one_line()
    return caught.value


@pytest.mark.parametrize(
    ("path", "requested"),
    [
        ("", "/xapi/v1/swagger.yaml"),
        ("/", "/xapi/v1/swagger.yaml"),
        ("/xapi/v1", "/xapi/v1/swagger.yaml"),
        ("/xapi/v1/swagger.yaml", "/xapi/v1/swagger.yaml"),
        ("/proxy/swagger.json?v=2", "/proxy/swagger.json?v=2"),
    ],
)
def test_the_url_of_a_pbx_or_of_its_document(path: str, requested: str) -> None:
    with running(lambda _: FOUND) as server:
        document = fetch_document(f"{url_of(server)}{path}")
    assert server.heads == [f"GET {requested} HTTP/1.1"]
    assert document.release == "20.0.11"
    assert not any("authorization" in line.lower() for line in server.whole_heads[0]), "no login is needed"


def test_a_pbx_that_does_not_report_its_version() -> None:
    unknown = response(body=DOCUMENT)
    assert "20.0.10=http" in fetch_error(unknown).description
    with running(lambda _: unknown) as server:
        assert fetch_document(url_of(server), "20.0.12").release == "20.0.12"
        assert fetch_document(f"{url_of(server)}/xapi-20.0.13.yaml").release == "20.0.13"
    # The API itself reports it, also to a request that it refuses.
    refused = response(status=401, extra=VERSION)
    with running(lambda head: refused if "/Defs" in head else unknown) as server:
        assert fetch_document(url_of(server)).release == "20.0.11"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (response(body=b"<html>3CX", media_type="text/html", extra=VERSION), "with a web page"),
        (response(body=b"\n <!doctype html>", media_type="text/plain", extra=VERSION), "with a web page"),
        (response(status=404), "answered 404 instead of a document"),
        (response(status=401), "answered 401 instead of a document"),
        (response(status=503), "answered 503 instead of a document"),
        (response(body=b"a: ]", extra=VERSION), "is not valid YAML or JSON at line 1"),
        (response(body=b"[1]", extra=VERSION), "is not an OpenAPI document"),
        (response(body=b"", extra=VERSION), "is not an OpenAPI document"),
        (response(body=b"paths: []\ncomponents: {}", extra=VERSION), "is not an OpenAPI document"),
        (response(body=b"[" * 100_000, extra=VERSION), "is nested too deeply"),
        (response(body=b"- " * 100_000, extra=VERSION), "is nested too deeply"),
        (response(body=b"x", extra="Content-Encoding: br\r\n"), "is encoded as 'br'"),
        (response(body=b"x", extra="Content-Encoding: gzip\r\n"), "cannot be decompressed"),
    ],
)
def test_something_else_than_a_document_is_refused(answer: bytes, says: str) -> None:
    assert says in fetch_error(answer).message


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/swagger.yaml",
        "http://evil.example/",
        "//evil.example/x",
        "file:///etc/passwd",
        "",
        "http://[",
    ],
)
def test_a_redirect_to_another_host_is_not_followed(location: str) -> None:
    error = fetch_error(response(status=302, extra=f"Location: {location}\r\n" if location else ""))
    assert "which was not followed" in error.message


def test_a_redirect_on_the_same_host_is_followed() -> None:
    moved = response(status=302, extra="Location: /docs/swagger.yaml\r\n")
    with running(lambda head: FOUND if "/docs/" in head else moved) as server:
        assert fetch_document(url_of(server)).release == "20.0.11"
    endless = fetch_error(response(status=301, extra="Location: /xapi/v1/swagger.yaml\r\n"))
    assert "redirects more than 3 times" in endless.message


@contextmanager
def endless_server(sent: list[int]) -> Iterator[str]:
    """A server that sends 200 MB, as far as the client reads it."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/yaml\r\nConnection: close\r\n\r\n"
            )
            try:
                for _ in range(200):
                    self.request.sendall(b"# a comment of 1 MB" * (2**20 // 19))
                    sent.append(1)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(5)


def test_a_document_of_200_mb_is_refused() -> None:
    sent: list[int] = []
    with endless_server(sent) as url, pytest.raises(InputError, match="larger than the limit of 10 MB"):
        fetch_document(url)
    assert len(sent) < 50, "the rest is not read"


def test_a_document_that_is_large_after_decompression() -> None:
    bomb = gzip.compress(b" " * (MAX_BYTES + 2))
    error = fetch_error(response(body=bomb, extra=f"Content-Encoding: gzip\r\n{VERSION}"))
    assert "larger than the limit of 10 MB" in error.message
    small = response(body=gzip.compress(DOCUMENT), extra=f"Content-Encoding: gzip\r\n{VERSION}")
    with running(lambda _: small) as server:
        assert fetch_document(url_of(server)).release == "20.0.11"


def test_a_document_that_never_ends_is_given_up() -> None:
    with running(lambda _: None) as server:
        credential = Credential.of(url_of(server), "none", "none")
        with pytest.raises(TransportError, match="no complete response"):
            asyncio.run(download(credential, "/", max_bytes=10, timeout=0.2))


def test_a_pbx_that_cannot_be_reached() -> None:
    with pytest.raises(TransportError, match="refused the connection"):
        fetch_document(f"http://127.0.0.1:{free_port()}")
    for url in ("https://ada:secret@pbx.example", "http://", "http://["):
        with pytest.raises(ConfigurationError) as caught:
            fetch_document(url)
        assert "secret" not in str(caught.value.to_json())


def test_an_address_of_the_browser_is_understood() -> None:
    notes: list[str] = []
    with running(lambda _: FOUND) as server:
        document = fetch_document(f"{url_of(server)}/#/office/users", on_note=notes.append)
    assert document.release == "20.0.11"
    assert len(notes) == 1
    assert "/#/office/users" in notes[0]


def test_urls_and_files_are_distinguished() -> None:
    assert is_url("HTTPS://pbx.example")
    assert not is_url("xapi-20.0.10.yaml")
