"""Access to the service: keys, host names, profiles, and the requests that need none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import serving, start
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


def test_openapi_paths(service: httpx.Client) -> None:
    document = service.get("/openapi.json").json()
    assert sorted(document["paths"]) == [
        "/health", "/metrics", "/v1/batches/{batchId}", "/v1/check", "/v1/events", "/v1/execute", "/v1/fields",
        "/v1/options", "/v1/search", "/v1/subscriptions", "/v1/subscriptions/check",
        "/v1/subscriptions/{subscriptionId}", "/v1/subscriptions/{subscriptionId}/deliveries",
        "/v1/subscriptions/{subscriptionId}/resume", "/v1/subscriptions/{subscriptionId}/test",
    ]  # fmt: skip
    assert document["paths"]["/v1/execute"]["post"]["requestBody"]["required"] is True


def test_key() -> None:
    body = {"operation": "UpdateUser"}
    with serving(key="right") as service:
        assert service.get("/health").status_code == 200
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "right"}):
            answer = service.post("/v1/fields", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "executor_key")
        good = service.post("/v1/fields", json=body, headers={"authorization": "Bearer right"})
        assert good.status_code == 200


def test_web_pages_and_other_hosts_are_refused(service: httpx.Client) -> None:
    assert service.get("/health", headers={"origin": "https://evil.example"}).status_code == 403
    assert service.get("/health", headers={"host": "evil.example"}).status_code == 403


def test_profile(simulator: Simulator, tmp_path: Path) -> None:
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


def test_refused_login_has_advice(service: httpx.Client, pbx: dict[str, Any]) -> None:
    told = service.post("/v1/check", json={"pbx": {**pbx, "clientSecret": "wrong"}}).json()
    assert told["ok"] is False
    assert "API key" in told["description"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--without-key"),
        (("--host", "::"), "--key-file"),
        (("--host", "::", "--without-key"), "--key-file"),
    ],
)
def test_service_without_key_is_refused(arguments: tuple[str, ...], words: str) -> None:
    process = start(*arguments)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 2
    assert words in said
    assert said.count("\n") == 1


def test_an_address_from_the_browser_is_understood(service: httpx.Client, pbx: dict[str, Any]) -> None:
    copied = {**pbx, "baseUrl": f"{pbx['baseUrl']}/#/office/users?token=x"}
    note = f"the PBX URL is read as {pbx['baseUrl']}: /#/office/users is not a part of the address"
    checked = service.post("/v1/check", json={"pbx": copied}).json()
    assert checked["ok"] is True
    assert checked["note"] == note
    assert checked["message"].endswith(f". Note: {note}")
    body: dict[str, Any] = {"operation": "ListUser", "items": [{}]}
    # The executor is shared with a caller that typed the address alone.
    for address, notes in ((copied, [note]), (pbx, None), (copied, [note])):
        assert service.post("/v1/execute", json={**body, "pbx": address}).json().get("notes") == notes
