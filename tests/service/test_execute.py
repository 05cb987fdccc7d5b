"""Batches over HTTP: results in order, and as NDJSON while the batch runs."""

from __future__ import annotations

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import NDJSON, pbx_of, serving
from tests.sounds import telephone_wav
from tests.support import ROOT
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator


def deletes(*ids: Any, **options: Any) -> dict[str, Any]:
    items = [{"parameters": {"Id": each}} for each in ids]
    return {"operation": "DeleteCallFlowApp", "items": items, "options": options}


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line]


def api_requests(simulator: Simulator) -> list[str]:
    return [f"{each.method} {each.path}" for each in simulator.requests if each.path.startswith("/xapi")]


def open_connections(simulator: Simulator) -> int:
    """Established connections to the simulator: the executor keeps its own for half a minute."""
    port = f":{int(simulator.base_url.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[2].endswith(port) and row[3] == "01")


def test_one_result_per_item_in_order(service: httpx.Client, pbx: dict[str, Any]) -> None:
    answer = service.post("/v1/execute", json={**deletes(40, 4711, 41, continueOnFail=True), "pbx": pbx})
    assert answer.status_code == 200
    assert answer.headers["threecx-contract"] == "1"
    first, failed, last = answer.json()["results"]
    assert first["items"][0]["json"] == {"deleted": True, "Id": 40}
    assert failed["error"]["httpCode"] == 404
    assert failed["error"]["itemIndex"] == 1
    assert last["items"][0]["pairedItem"] == {"item": 2}


def test_lines_have_each_index_once(service: httpx.Client, pbx: dict[str, Any]) -> None:
    body = {**deletes(40, 4711, 41), "pbx": pbx}
    *results, last = lines_of(service.post("/v1/execute", json=body, headers=NDJSON).text)
    assert sorted(each["index"] for each in results) == [0, 1, 2]
    assert last["done"] is True
    assert "item 1" in last["summary"]


def test_prepared_items_are_not_sent(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    body = {**deletes(40, None, 41, prepareOnly=True), "pbx": pbx}
    good, bad, other = service.post("/v1/execute", json=body).json()["results"]
    assert good == {}
    assert bad["error"]["field"] == "Id"
    assert other == {}
    assert not simulator.requests


def test_dry_run(service: httpx.Client, pbx: dict[str, Any], simulator: Simulator) -> None:
    answer = service.post("/v1/execute", json={**deletes(40, dryRun=True), "pbx": pbx})
    assert answer.json()["results"][0]["request"]["url"].endswith("/xapi/v1/CallFlowApps(40)")
    assert pbx["clientSecret"] not in answer.text
    assert not simulator.requests


def test_parameters_are_literal(service: httpx.Client, pbx: dict[str, Any]) -> None:
    body = {**deletes("={{ $json.Id }}"), "pbx": pbx}
    [result] = service.post("/v1/execute", json=body).json()["results"]
    assert result["error"]["field"] == "Id"


def test_batches_share_token_and_connections(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    body = {"operation": "ListUser", "items": [{"parameters": {"limit": 1}}] * 20, "pbx": pbx}
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: service.post("/v1/execute", json=body).status_code, range(6)))
    assert answers == [200] * 6
    tokens = [each for each in simulator.requests if each.path == "/connect/token"]
    assert len(tokens) == 1
    assert len(api_requests(simulator)) == 120
    assert 1 <= open_connections(simulator) <= 8


def test_limit_of_the_service_applies_to_batches(pbx: dict[str, Any], simulator: Simulator) -> None:
    items = [{"parameters": {"limit": 1, "options": {"concurrency": 20}}}] * 60
    with serving(connections=3) as service:
        answer = service.post("/v1/execute", json={"operation": "ListUser", "items": items, "pbx": pbx})
        assert answer.status_code == 200
        assert len(api_requests(simulator)) == 60
        assert 1 <= open_connections(simulator) <= 3


def stream_lines(service: httpx.Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    with service.stream("POST", "/v1/execute", json=body, headers=NDJSON) as answer:
        return [json.loads(line) for line in answer.iter_lines() if line]


def test_a_long_list_page_by_page(service: httpx.Client) -> None:
    with Simulator(seed="large") as large:
        items = [{"parameters": {"limit": 250}}]
        body = {"operation": "ListUser", "items": items, "pbx": pbx_of(large)}
        *whole, end = stream_lines(service, body)
        *parts, same_end = stream_lines(service, {**body, "options": {"pages": True}})
    assert [len(line["items"]) for line in parts] == [100, 100, 50]
    assert [line.get("more", False) for line in parts] == [True, True, False]
    assert [item for line in parts for item in line["items"]] == whole[0]["items"]
    assert end == same_end == {"done": True, "summary": ""}


def test_items_that_were_not_tried_come_once(service: httpx.Client, pbx: dict[str, Any]) -> None:
    items = [{"parameters": {"Id": number}} for number in (999_999, 1, 2, 3)]
    options = {"concurrency": 1, "pages": True}
    body = {"operation": "GetUser", "items": items, "options": options, "pbx": pbx}
    *lines, end = stream_lines(service, body)
    assert [line["index"] for line in lines] == [0, 1, 2, 3]
    assert [line["error"]["code"] for line in lines][1:] == ["not_attempted"] * 3
    assert end["done"]


def test_closed_connection_stops_the_batch(service: httpx.Client) -> None:
    with Simulator(latency_ms=50) as slow:
        body = {
            "operation": "ListUser",
            "items": [{"parameters": {"limit": 1}}] * 400,
            "options": {"concurrency": 1},
            "pbx": pbx_of(slow),
        }
        with service.stream("POST", "/v1/execute", json=body, headers=NDJSON) as answer:
            next(answer.iter_raw())
        time.sleep(0.5)
        sent = len(api_requests(slow))
        time.sleep(0.7)
        assert len(api_requests(slow)) == sent < 100


def test_heartbeat(service: httpx.Client) -> None:
    with Simulator(latency_ms=700) as slow:
        body = {"operation": "ListUser", "items": [{"parameters": {}}], "pbx": pbx_of(slow)}
        text = service.post("/v1/execute", json=body, headers=NDJSON).text
    assert text.startswith("\n")
    assert lines_of(text)[-1]["done"] is True


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"operation": "DeleteCallFlowAp"}, 404, "DeleteCallFlowApp"),
        ({"items": [{"parameters": {"Idd": 1}}]}, 404, "Idd"),
        ({"items": [5]}, 422, "item 0"),
        ({"items": [{}] * 1001}, 413, "1000"),
        ({"options": {"dryrun": True}}, 422, "dryrun"),
        ({"options": {"dryRun": "perhaps"}}, 422, "dryRun"),
        ({"options": {"release": "19.0"}}, 404, "19.0"),
        ({"pbx": {"profile": "nobody"}}, 422, "nobody"),
        ({"pbx": {"baseUrl": "https://pbx.example.com", "clientId": ""}}, 422, "Client ID"),
    ],
)
@pytest.mark.parametrize("headers", [{}, NDJSON])
def test_wrong_request_is_a_problem(
    service: httpx.Client,
    pbx: dict[str, Any],
    simulator: Simulator,
    change: dict[str, Any],
    status: int,
    words: str,
    headers: dict[str, str],
) -> None:
    answer = service.post("/v1/execute", json={**deletes(40), "pbx": pbx, **change}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in f"{answer.json()['detail']} {answer.json().get('description')}"
    assert pbx["clientSecret"] not in answer.text
    assert not simulator.requests


def test_other_refused_requests(service: httpx.Client) -> None:
    assert service.post("/v1/execute", content=b"<html>").status_code == 400
    assert service.post("/v1/execute", content=b" " * (33 * 2**20)).status_code == 413
    assert service.get("/v1/execute").status_code == 405
    assert service.post("/nowhere").json()["status"] == 404


def test_time_zone(service: httpx.Client, pbx: dict[str, Any]) -> None:
    parameters = {
        "groupNumber": "800", "startDate": "2026-07-01T00:00:00", "endDate": "2026-07-02", "groupingType": 0,
        "periodFrom": "2026-07-01T00:00:00", "periodTo": "2026-07-02", "queueDnStr": "800", "queueDns": "800",
        "waitInterval": "0:00:0",
    }  # fmt: skip
    names = [
        each.name for each in load_catalog().operation("GetQueuePerformanceOverviewData").version().parameters
    ]
    item = {"parameters": {name: parameters[name] for name in names}}
    body = {"operation": "GetQueuePerformanceOverviewData", "items": [item], "pbx": pbx}

    def url(zone: str) -> str:
        options = {"dryRun": True, "timeZone": zone}
        [result] = service.post("/v1/execute", json={**body, "options": options}).json()["results"]
        return str(result["request"]["url"])

    assert "2026-07-01T00:00:00.000Z" in url("UTC")
    assert "2026-06-30T22:00:00.000Z" in url("Europe/Berlin")
    refused = service.post("/v1/execute", json={**body, "options": {"timeZone": "Mars/Olympus"}})
    assert refused.status_code == 422
    assert "Mars/Olympus" in refused.json()["detail"]


def test_request_of_the_documentation(simulator: Simulator) -> None:
    [body] = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "service.md").read_text(), re.DOTALL)
    office = Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret)
    with serving(profiles={"office": office}) as service:
        results = service.post("/v1/execute", content=body).json()["results"]
    assert [each["items"][0]["json"] for each in results] == [
        {"deleted": True, "Id": 40},
        {"deleted": True, "Id": 41},
    ]


def test_columns_that_were_left_out_are_in_the_reply(service: httpx.Client, pbx: dict[str, Any]) -> None:
    mapper = {"mappingMode": "autoMapInputData", "value": None}
    items = [{"json": {"number": "0401", "shoeSize": 37}, "parameters": {"body": mapper}}] * 2
    body = {"operation": "CreateUser", "items": items, "options": {"dryRun": True}, "pbx": pbx}
    note = "automatic mapping left out a column that is not a field of CreateUser: shoeSize"
    assert service.post("/v1/execute", json=body).json()["notes"] == [note]
    assert lines_of(service.post("/v1/execute", json=body, headers=NDJSON).text)[-1]["notes"] == [note]
    items[0]["json"] = {"number": "0401"}
    assert "notes" not in service.post("/v1/execute", json=body).json()


def test_a_file_travels_as_binary_data(
    service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    data = base64.b64encode(telephone_wav()).decode()
    files = {"sound": {"fileName": "closed.wav", "mimeType": "audio/wav", "data": data}}
    items = [
        {"binary": files, "parameters": {"binaryPropertyName": "sound"}},
        {"parameters": {"file": files["sound"], "fileName": "open.wav"}},
    ]
    body = {"operation": "UploadPrompt", "items": items, "pbx": pbx}
    first, second = service.post("/v1/execute", json=body).json()["results"]
    assert first["items"][0]["json"] == {"value": "closed.wav"}
    assert second["items"][0]["json"] == {"value": "open.wav"}
    # A path is a file of the executor's machine: no caller can read it.
    secret = {"operation": "UploadPrompt", "items": [{"parameters": {"file": "@/etc/hostname"}}], "pbx": pbx}
    [refused] = service.post("/v1/execute", json=secret).json()["results"]
    assert "expected a file" in refused["error"]["message"]
    assert len(api_requests(simulator)) == 2


def test_all_bad_items_are_in_one_error(service: httpx.Client, pbx: dict[str, Any]) -> None:
    body = {**deletes(40, None, 41, "abc"), "pbx": pbx}
    error = service.post("/v1/execute", json=body).json()["error"]
    assert error["message"].startswith("2 of 4 items cannot be sent, nothing was sent: 1: Id is required")
    assert [each["itemIndex"] for each in error["items"]] == [1, 3]
    last = lines_of(service.post("/v1/execute", json=body, headers=NDJSON).text)[-1]
    assert last["error"] == error
    assert last["summary"].startswith(error["message"])


def test_api_request(service: httpx.Client, pbx: dict[str, Any], simulator: Simulator) -> None:
    parameters = [
        {"path": "/xapi/v1/Users", "query": [["$top", 1]]},
        {"method": "POST", "path": "/xapi/v1/Contacts", "body": {"FirstName": "Zoe", "Business": "1"}},
        {"path": "/connect/token"},
    ]
    items = [{"parameters": each} for each in parameters]
    options = {"continueOnFail": True}
    body = {"operation": "ApiRequest", "items": items, "options": options, "pbx": pbx}
    listed, created, refused = service.post("/v1/execute", json=body).json()["results"]
    assert len(listed["items"]) == 1
    assert created["items"][0]["json"]["FirstName"] == "Zoe"
    assert refused["error"]["field"] == "path"
    assert sorted(api_requests(simulator)) == ["GET /xapi/v1/Users", "POST /xapi/v1/Contacts"]
