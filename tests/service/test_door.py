"""Access to the service, its health and OpenAPI document, its choices, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import environment
from tests.service.conftest import serving, wait_for_requests
from threecx_node.catalog import load_catalog
from threecx_node.errors import ConfigurationError
from threecx_node.service.profiles import load_profiles
from threecx_node.simulator import Simulator


def test_health(service: httpx.Client) -> None:
    assert service.get("/health").json() == {
        "status": "ok",
        "version": "0.1.0",
        "contract": 1,
        "releases": list(load_catalog().releases),
    }


def test_the_document_names_every_call(service: httpx.Client) -> None:
    document = service.get("/openapi.json").json()
    assert sorted(document["paths"]) == [
        "/health", "/v1/check", "/v1/execute", "/v1/fields", "/v1/options", "/v1/search",
    ]  # fmt: skip
    assert document["paths"]["/v1/execute"]["post"]["requestBody"]["required"] is True


def test_the_key_opens_and_nothing_else_does() -> None:
    body = {"operation": "UpdateUser"}
    with serving(key="right") as service:
        assert service.get("/health").status_code == 200
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "right"}):
            answer = service.post("/v1/fields", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "executor_key")
        good = service.post("/v1/fields", json=body, headers={"authorization": "Bearer right"})
        assert good.status_code == 200


def test_web_pages_and_foreign_names_are_turned_away(service: httpx.Client) -> None:
    assert service.get("/health", headers={"origin": "https://evil.example"}).status_code == 403
    assert service.get("/health", headers={"host": "evil.example"}).status_code == 403


def test_a_profile_keeps_the_secret_with_the_executor(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(
        f'[office]\nbase_url = "{simulator.base_url}"\nclient_id = "{simulator.client_id}"\n'
        f'client_secret = "{simulator.client_secret}"\n'
    )
    path.chmod(0o600)
    with serving(profiles=load_profiles(path)) as service:
        told = service.post("/v1/check", json={"pbx": {"profile": "office"}}).json()
    assert told["ok"] is True
    assert told["role"] == "System Owner"
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="read by others"):
        load_profiles(path)


def test_a_refused_login_has_advice(service: httpx.Client, pbx: dict[str, Any]) -> None:
    told = service.post("/v1/check", json={"pbx": {**pbx, "clientSecret": "wrong"}}).json()
    assert told["ok"] is False
    assert "API key" in told["description"]


def test_a_list_narrows_and_turns_pages(service: httpx.Client, pbx: dict[str, Any]) -> None:
    def ask(**more: Any) -> dict[str, Any]:
        body = {"operation": "DeleteCallFlowApp", "pbx": pbx, **more}
        found: dict[str, Any] = service.post("/v1/search", json=body).json()
        return found

    everything = ask()
    assert {each["value"] for each in everything["results"]} >= {40, 41}
    name = everything["results"][0]["name"].split(" (")[0]
    assert all(name in each["name"] for each in ask(filter=name)["results"])
    assert ask(filter="nobody's app")["results"] == []
    problem = service.post("/v1/search", json={"operation": "ListUser", "pbx": pbx})
    assert problem.status_code == 404


def test_every_locator_of_the_descriptor_can_be_searched(service: httpx.Client, pbx: dict[str, Any]) -> None:
    from threecx_node.descriptor import load_definition

    failures = {}
    for each in load_definition()["properties"]:
        if each["type"] != "resourceLocator":
            continue
        for operation in each["displayOptions"]["show"]["operation"]:
            body = {"operation": operation, "parameter": each["name"], "pbx": pbx}
            answer = service.post("/v1/search", json=body)
            if answer.status_code != 200:
                failures[f"{operation}.{each['name']}"] = answer.text
    assert not failures


def test_fields_and_options_come_from_the_catalog(service: httpx.Client) -> None:
    fields = service.post("/v1/fields", json={"operation": "UpdateUser"}).json()["fields"]
    by_id = {each["id"]: each for each in fields}
    assert by_id["FirstName"] == {
        "id": "FirstName",
        "displayName": "First Name",
        "type": "string",
        "required": False,
    }
    assert "Id" not in by_id
    ordered = service.post("/v1/options", json={"operation": "ListUser", "parameter": "$orderby"}).json()
    assert {"name": "First Name (Descending)", "value": "FirstName desc"} in ordered["options"]
    assert service.post("/v1/options", json={"operation": "ListUser", "parameter": "x"}).status_code == 404


class Started(subprocess.Popen[str]):
    """Run a process, and kill it if the test fails: otherwise the end of `with` would wait forever."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


def start(*arguments: str, env: dict[str, str] | None = None) -> Started:
    command = [sys.executable, "-m", "threecx_node.cli", "serve", *arguments]
    return Started(
        command,
        env={**environment(), **(env or {})},
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--without-key"),
        (("--host", "::"), "--key-file"),
        (("--host", "::", "--without-key"), "--key-file"),
    ],
)
def test_access_without_a_key_is_refused(arguments: tuple[str, ...], words: str) -> None:
    process = start(*arguments)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_sigterm_lets_a_running_batch_end() -> None:
    with Simulator(latency_ms=600) as slow, start("--without-key", "--port", "0") as process:
        assert process.stderr is not None
        url = process.stderr.readline().split(" ")[4].rstrip(";")
        pbx = {"baseUrl": slow.base_url, "clientId": slow.client_id, "clientSecret": slow.client_secret}
        body = {"operation": "ListUser", "items": [{"parameters": {"limit": 1}}], "pbx": pbx}
        headers = {"accept": "application/x-ndjson"}
        with httpx.stream("POST", f"{url}/v1/execute", json=body, headers=headers, timeout=20) as answer:
            process.send_signal(signal.SIGTERM)
            text = answer.read().decode()
        process.wait(20)
    assert '"done":true' in text


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_a_batch_longer_than_the_grace_is_cut_off_in_order(accept: str) -> None:
    with Simulator(latency_ms=200) as slow, start("--without-key", "--port", "0", "--grace", "1") as process:
        assert process.stderr is not None
        url = process.stderr.readline().split(" ")[4].rstrip(";")
        pbx = {"baseUrl": slow.base_url, "clientId": slow.client_id, "clientSecret": slow.client_secret}
        body = {
            "operation": "ListUser",
            "items": [{"parameters": {"limit": 1}}] * 200,
            "options": {"concurrency": 1},
            "pbx": pbx,
        }
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(
                httpx.post, f"{url}/v1/execute", json=body, headers={"accept": accept}, timeout=30
            )
            wait_for_requests(slow, 3)
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            sent = len(slow.requests)
            assert call.exception() is not None or call.result().status_code in (200, 500)
        time.sleep(0.5)
        assert 3 <= len(slow.requests) == sent < 50
