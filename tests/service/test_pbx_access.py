"""Which PBXs callers may name, and what they see of servers that are not 3CX."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.cli.conftest import run
from tests.service.conftest import batch, read_url, serving, start
from threecx_credentials import Credential
from threecx_node.errors import ConfigurationError
from threecx_node.service.batch_store import FolderStore
from threecx_node.service.pbx_access import PbxAccess
from threecx_node.simulator import Simulator

SECRET = "words-of-an-internal-service"


@contextmanager
def internal_service(status: int, content: Any, *, logs_in: bool = False) -> Iterator[dict[str, Any]]:
    """A service that is not 3CX, and the PBX that a caller makes of it."""

    class Internal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if logs_in and self.path == "/connect/token":
                self.answer(200, {"access_token": "t", "expires_in": 60})
            else:
                self.answer(status, content)

        def do_GET(self) -> None:
            self.answer(status, content)

        def answer(self, status: int, content: Any) -> None:
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Internal) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield {"baseUrl": f"http://127.0.0.1:{server.server_port}", "clientId": "9", "clientSecret": "x"}
        server.shutdown()
        thread.join(10)


FOREIGN = [
    {"message": SECRET},
    {"error": SECRET},
    {"error": {"reason": SECRET, "type": "exception"}, "status": 400},
    {"error": {"code": 403, "message": SECRET}},
    {"title": SECRET, "detail": SECRET},
    {"error": "other", "error_description": SECRET},
    [SECRET],
    {SECRET: [SECRET]},
    f"<html><head><title>{SECRET}</title></head></html>",
    SECRET,
]


@pytest.mark.parametrize("logs_in", [False, True])
@pytest.mark.parametrize(("status", "contents"), [(400, FOREIGN), (401, FOREIGN[:1]), (500, FOREIGN[2:3])])
def test_words_of_other_services_are_not_shown(
    service: httpx.Client, status: int, contents: list[Any], logs_in: bool
) -> None:
    for content in contents:
        with internal_service(status, content, logs_in=logs_in) as pbx:
            checked = service.post("/v1/check", json={"pbx": pbx})
            answers = [
                checked,
                service.post("/v1/execute", json=batch("GetUser", [{"Id": 1}], {**pbx, "clientId": "8"})),
                service.post("/v1/search", json={"operation": "GetUser", "pbx": {**pbx, "clientId": "7"}}),
            ]
        for answer in answers:
            assert SECRET not in answer.text, (content, answer.text)
        assert checked.json()["ok"] is False
        assert checked.json()["message"]


def test_words_of_a_pbx_are_shown(service: httpx.Client, pbx: dict[str, Any]) -> None:
    answer = service.post("/v1/execute", json=batch("GetUser", [{"Id": 4711}], pbx)).json()
    assert "4711" in str(answer["results"][0]["error"])
    wrong = service.post("/v1/check", json={"pbx": {**pbx, "clientSecret": "wrong"}}).json()
    assert "refused the login: " in wrong["message"]
    content = {"error": {"code": "", "message": "Number:\nWARNINGS.XAPI.ALREADY_IN_USE"}}
    with internal_service(400, content, logs_in=True) as other:
        shown = service.post("/v1/execute", json=batch("GetUser", [{"Id": 1}], other)).json()
    assert shown["results"][0]["error"]["code"] == "WARNINGS.XAPI.ALREADY_IN_USE"


def test_words_of_a_profile_are_shown() -> None:
    """The operator has chosen it."""
    with internal_service(400, {"title": SECRET}, logs_in=True) as pbx:
        known = Credential.of(pbx["baseUrl"], "900", "x")
        with serving(profiles={"office": known}) as service:
            answer = service.post("/v1/execute", json=batch("GetUser", [{"Id": 1}], {"profile": "office"}))
    assert SECRET in answer.text


def test_words_of_other_services_are_not_recorded(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "batches")
    store.prepare()
    with (
        internal_service(400, {"title": SECRET}, logs_in=True) as pbx,
        serving(batches=store) as service,
    ):
        body = batch("DeleteCallFlowApp", [{"Id": 1}], pbx)
        answer = service.post("/v1/execute", json=body).json()
        record = service.get(f"/v1/batches/{answer['batchId']}")
    assert record.json()["results"]
    assert SECRET not in record.text
    assert not [
        each for each in tmp_path.rglob("*") if each.is_file() and SECRET.encode() in each.read_bytes()
    ]


def test_addresses_without_a_pbx_are_refused(service: httpx.Client) -> None:
    for host in ("169.254.169.254", "0xa9fea9fe", "metadata.google.internal", "[fd00:ec2::254]"):
        pbx = {"baseUrl": f"http://{host}/latest", "clientId": "900", "clientSecret": "x"}
        checked = service.post("/v1/check", json={"pbx": pbx}).json()
        assert (checked["ok"], checked["code"]) == (False, "forbidden_address")
        answer = service.post("/v1/execute", json=batch("GetUser", [{"Id": 1}], pbx))
        assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_address")


def test_allowed_pbxs(simulator: Simulator, pbx: dict[str, Any]) -> None:
    host = simulator.base_url.partition("://")[2]
    for entries, is_allowed in (
        (["127.0.0.1"], True),
        ([host], True),
        (["pbx.example", "127.0.0.1:1"], False),
    ):
        with serving(access=PbxAccess.of(entries)) as service:
            checked = service.post("/v1/check", json={"pbx": pbx}).json()
            answer = service.post("/v1/execute", json=batch("ListUser", [{"limit": 1}], pbx))
        assert checked["ok"] is is_allowed
        assert answer.status_code == (200 if is_allowed else 422)
        if not is_allowed:
            assert (checked["code"], checked["field"]) == ("pbx_not_allowed", "baseUrl")
            assert f"--allow-pbx {host}" in checked["description"]
    assert len([each for each in simulator.requests if each.path != "/connect/token"]) > 0


def test_profiles_only(simulator: Simulator, pbx: dict[str, Any]) -> None:
    known = Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret)
    with serving(access=PbxAccess.of([], profiles_only=True), profiles={"office": known}) as service:
        refused = service.post("/v1/check", json={"pbx": pbx}).json()
        assert (refused["ok"], refused["code"]) == (False, "pbx_not_allowed")
        assert service.post("/v1/search", json={"operation": "GetUser", "pbx": pbx}).status_code == 422
        assert service.post("/v1/check", json={"pbx": {"profile": "office"}}).json()["ok"] is True


@pytest.mark.parametrize(
    ("entry", "url", "is_allowed"),
    [
        ("pbx.example.com", "https://pbx.example.com:5001", True),
        ("PBX.example.com.", "https://pbx.example.com", True),
        ("pbx.example.com:443", "https://pbx.example.com", True),
        ("pbx.example.com:5001", "https://pbx.example.com", False),
        ("pbx.example.com", "https://pbx.example.com.evil.example", False),
        ("pbx.example.com", "https://xpbx.example.com", False),
        ("*.example.com", "https://a.b.example.com", True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com", "https://evil-example.com", False),
        ("[2001:db8::1]:5001", "https://[2001:db8::1]:5001", True),
    ],
)
def test_entries(entry: str, url: str, is_allowed: bool) -> None:
    access, credential = PbxAccess.of([entry]), Credential.of(url, "900", "x")
    if is_allowed:
        access.check(credential)
    else:
        with pytest.raises(ConfigurationError):
            access.check(credential)


@pytest.mark.parametrize(
    "entry", ["", "https://pbx.example", "pbx.example:0", "pbx:99999", "a b", "*", "u@h", "*:1"]
)
def test_entries_that_are_not_hosts(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a host"):
        PbxAccess.of([entry])


def test_the_options_and_their_variables(pbx: dict[str, Any]) -> None:
    ran = run("serve", "--without-key", "--port", "0", "--allow-pbx", "x", "--profiles-only")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "both given" in ran.err
    with start(
        "--without-key", "--port", "0", env={"THREECX_ALLOW_PBX": "a.example b.example:5001"}
    ) as process:
        url = read_url(process)
        checked = httpx.post(f"{url}/v1/check", json={"pbx": pbx}).json()
        process.terminate()
        process.communicate(timeout=20)
    assert checked["code"] == "pbx_not_allowed"
