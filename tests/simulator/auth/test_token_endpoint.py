"""Logins as in 3CX's documentation and its example."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import orjson
import pytest

from threecx_node.simulator import Simulator


def form(pbx: Simulator, **changes: str) -> dict[str, str]:
    fields = {
        "grant_type": "client_credentials",
        "client_id": pbx.client_id,
        "client_secret": pbx.client_secret,
        **changes,
    }
    return {name: value for name, value in fields.items() if value != "-"}


def users(client: httpx.Client, token: str) -> int:
    answer = client.get("/xapi/v1/Users?$top=1", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    read: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return read


def test_urlencoded(pbx: Simulator, anyone: httpx.Client) -> None:
    answer = anyone.post("/connect/token", data=form(pbx))
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert 3590 < claims(body["access_token"])["exp"] - time.time() <= 3600
    assert users(anyone, body["access_token"]) == 200


def test_multipart(pbx: Simulator, anyone: httpx.Client) -> None:
    fields = {name: (None, value) for name, value in form(pbx).items()}
    answer = anyone.post("/connect/token", files=fields)
    assert answer.request.headers["content-type"].startswith("multipart/form-data")
    assert users(anyone, answer.json()["access_token"]) == 200


@pytest.mark.parametrize(("release", "expected"), [("20.0.8", 60), ("20.0.9", 3600)])
def test_expires_in_is_in_minutes_before_20_0_9(release: str, expected: int) -> None:
    with Simulator(release=release) as pbx:
        answer = httpx.post(f"{pbx.base_url}/connect/token", data=form(pbx))
    assert answer.json()["expires_in"] == expected


def test_a_new_token_ends_the_older_one_at_once(pbx: Simulator, anyone: httpx.Client) -> None:
    first = anyone.post("/connect/token", data=form(pbx)).json()["access_token"]
    assert users(anyone, first) == 200
    second = anyone.post("/connect/token", data=form(pbx)).json()["access_token"]
    assert users(anyone, first) == 401
    assert users(anyone, second) == 200


def test_a_token_ends_at_its_exp() -> None:
    with Simulator(token_lifetime=2) as pbx, httpx.Client(base_url=pbx.base_url) as client:
        token = client.post("/connect/token", data=form(pbx)).json()["access_token"]
        assert users(client, token) == 200
        time.sleep(max(0.0, claims(token)["exp"] - time.time() + 0.05))
        assert users(client, token) == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "unauthorized"),
        ({"client_id": "nobody"}, 401, "unauthorized"),
        ({"client_secret": "gehëim"}, 401, "unauthorized"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "-"}, 400, "invalid_request"),
        ({"client_id": "-"}, 400, "invalid_request"),
        ({"client_secret": "-"}, 400, "invalid_request"),
    ],
)
def test_errors_are_flat(
    pbx: Simulator, anyone: httpx.Client, changes: dict[str, str], status: int, error: str
) -> None:
    answer = anyone.post("/connect/token", data=form(pbx, **changes))
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert isinstance(answer.json()["error_description"], str)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"no boundary given", 400),
        ("multipart/form-data; boundary=x", b"no part begins here", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff", 400),
        ("application/x-www-form-urlencoded", b"", 400),
    ],
)
def test_invalid_forms(anyone: httpx.Client, content_type: str, body: bytes, status: int) -> None:
    answer = anyone.post("/connect/token", content=body, headers={"content-type": content_type})
    assert answer.status_code == status
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer é"])
def test_without_a_live_token_every_path_is_401(anyone: httpx.Client, header: str | None) -> None:
    headers = [] if header is None else [(b"Authorization", header.encode("utf-8"))]
    for path in ("/xapi/v1/Users", "/xapi/v1/NoSuchThing"):
        answer = anyone.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "Unauthorized" in answer.json()["error"]["message"]


def test_recorded_requests_have_no_secrets(pbx: Simulator, anyone: httpx.Client) -> None:
    token = anyone.post("/connect/token", data=form(pbx)).json()["access_token"]
    fields = {name: (None, value) for name, value in form(pbx).items()}
    anyone.post("/connect/token", files=fields)
    users(anyone, token)
    seen = pbx.requests
    assert [(one.method, one.path, one.status) for one in seen] == [
        ("POST", "/connect/token", 200),
        ("POST", "/connect/token", 200),
        ("GET", "/xapi/v1/Users", 401),
    ]
    assert seen[2].query == "$top=1"
    assert seen[2].headers["authorization"] == "***"
    for one in seen:
        assert pbx.client_secret.encode() not in one.body
    assert b"client_credentials" in seen[0].body
    assert b"client_credentials" in seen[1].body


def test_key_of_a_service_principal(pbx: Simulator, api: httpx.Client, anyone: httpx.Client) -> None:
    owner = {"Name": "DEFAULT", "Rights": {"RoleName": "system_owners"}}
    made = api.post(
        "ServicePrincipals", json={"Number": "crm", "XAPIEnabled": True, "Groups": [owner]}
    ).json()
    secret = api.post(f"ServicePrincipals({made['Id']})/Pbx.GenerateAppToken").json()["value"]
    answer = anyone.post("/connect/token", data=form(pbx, client_id="crm", client_secret=secret))
    assert users(anyone, answer.json()["access_token"]) == 200
    # Another client's login does not end this client's token.
    assert api.get("Users?$top=1").status_code == 200
