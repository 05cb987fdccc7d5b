"""Metrics, traces and log lines in JSON: the service shows what it does, without secrets and data."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.service.conftest import batch, pbx_of, serving, start
from tests.transport.servers import response, running
from threecx_node.options import Options
from threecx_node.service import requests
from threecx_node.simulator import Simulator

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECRET_NAME = "Planted-In-An-Item"


def read_metrics(service: httpx.Client, **headers: str) -> dict[str, float]:
    """The samples by name and labels, without the type of the process."""
    answer = service.get("/metrics", headers=headers)
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_count_requests_retries_and_items(pbx: dict[str, Any], simulator: Simulator) -> None:
    with serving() as service:
        items = [{"Id": each} for each in (40, 41, 999_999)]
        body = batch("DeleteCallFlowApp", items, pbx, continueOnFail=True)
        assert service.post("/v1/execute", json=body).status_code == 200
        assert service.post("/v1/check", json={"pbx": pbx}).json()["ok"] is True
        found = read_metrics(service)
    host = simulator.base_url.partition("://")[2]
    assert found['threecx_requests_total{operation="DeleteCallFlowApp",status="2xx"}'] == 2
    assert found['threecx_requests_total{operation="DeleteCallFlowApp",status="4xx"}'] == 1
    assert found['threecx_requests_total{operation="check",status="2xx"}'] >= 1
    assert found['threecx_token_requests_total{status="2xx"}'] == 1
    assert found['threecx_request_seconds_count{method="DELETE"}'] == 3
    assert found['threecx_items_total{result="done"}'] == 2
    assert found['threecx_items_total{result="failed"}'] == 1
    assert found["threecx_batches"] == 0
    assert found[f'threecx_pbx_limit{{pbx="{host}"}}'] == 8
    assert found[f'threecx_pbx_queue{{pbx="{host}"}}'] == 0
    assert found[f'threecx_pbx_requests_under_way{{pbx="{host}"}}'] == 0
    assert found[f'threecx_pbx_breaker_state{{pbx="{host}",state="closed"}}'] == 1
    assert found[f'threecx_pbx_breaker_state{{pbx="{host}",state="open"}}'] == 0


def test_metrics_need_the_key() -> None:
    with serving(key="k" * 32) as service:
        assert service.get("/metrics").status_code == 401
        assert "threecx_info" in str(read_metrics(service, authorization=f"Bearer {'k' * 32}"))


def test_metrics_come_in_the_form_that_is_asked_for(service: httpx.Client) -> None:
    plain = service.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    form = service.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert form.headers["content-type"].startswith("application/openmetrics-text")
    assert form.text.endswith("# EOF\n")


def test_labels_contain_no_secret_and_no_data_of_items(service: httpx.Client, pbx: dict[str, Any]) -> None:
    item = {"method": "GET", "path": f"/Users('{SECRET_NAME}')"}
    for body in (
        batch("ApiRequest", [item], pbx),
        batch("GetUser", [{"Id": SECRET_NAME}], pbx),
        batch(SECRET_NAME, [{}], pbx),
    ):
        service.post("/v1/execute", json=body)
    text = service.get("/metrics").text
    assert SECRET_NAME not in text
    assert pbx["clientSecret"] not in text
    assert pbx["clientId"] not in re.findall(r'"([^"]*)"', text)


def test_a_pbx_that_is_given_up_is_seen_in_the_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_options(*given: Any) -> Options:
        return replace(requests.build_options(*given), retry_time=0)

    monkeypatch.setattr("threecx_node.service.handlers.build_options", build_options)
    with running(lambda _: response(502, b"", "text/html")) as pbx, serving() as service:
        own = {"baseUrl": f"http://127.0.0.1:{pbx.port}", "clientId": "900", "clientSecret": "key"}
        body = batch("DeleteUser", [{"Id": each} for each in range(1, 30)], own, continueOnFail=True)
        results = service.post("/v1/execute", json=body, timeout=90).json()["results"]
        found = read_metrics(service)
    states = {"open", "half_open"}
    host = f"127.0.0.1:{pbx.port}"
    assert sum(found[f'threecx_pbx_breaker_state{{pbx="{host}",state="{each}"}}'] for each in states) == 1
    assert "is given up after" in results[-1]["error"]["message"]
    assert "tried again" in results[-1]["error"]["description"]


@pytest.mark.parametrize(("given", "sent"), [(TRACE, TRACE), ("not-a-trace", None), (None, None)])
def test_the_trace_of_the_caller_is_passed_on(given: str | None, sent: str | None) -> None:
    lines: list[str] = []
    with running(lambda _: response(body=b'{"value": []}')) as pbx, serving() as service:
        own = {"baseUrl": f"http://127.0.0.1:{pbx.port}", "clientId": "900", "clientSecret": "key"}
        headers = {} if given is None else {"traceparent": given}
        posts: list[tuple[str, dict[str, Any]]] = [
            ("/v1/execute", batch("ListUser", [{"limit": 1}], own)),
            ("/v1/search", {"operation": "GetUser", "pbx": own}),
            ("/v1/check", {"pbx": own}),
        ]
        for path, body in posts:
            before = len(pbx.whole_heads)
            service.post(path, json=body, headers=headers)
            lines = [line for head in pbx.whole_heads[before:] for line in head]
            traces = {line.partition(": ")[2] for line in lines if line.lower().startswith("traceparent:")}
            assert traces == ({sent} if sent else set())


def test_log_lines_in_json(simulator: Simulator) -> None:
    with start("--without-key", "--port", "0", "--log-format", "json") as process:
        assert process.stderr is not None
        ready = json.loads(process.stderr.readline())
        assert ready["level"] == "info"
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()))
        reader.start()
        with httpx.Client(base_url=ready["url"], timeout=60) as client:
            body = batch("DeleteCallFlowApp", [{"Id": 40}, {"Id": 999_999}], pbx_of(simulator))
            client.post("/v1/execute", json={**body, "options": {"continueOnFail": True}})
        process.terminate()
        process.wait(30)
        reader.join(10)
    [line] = [each for each in map(json.loads, lines) if each.get("operation")]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("message").startswith("DeleteCallFlowApp on ")
    assert line.pop("seconds") >= 0
    assert line == {
        "level": "info",
        "logger": "threecx.service",
        "operation": "DeleteCallFlowApp",
        "pbx": simulator.base_url.partition("://")[2],
        "items": 2,
        "outcome": "ended",
        "done": 1,
        "failed": 1,
        "unknown": 0,
        "notTried": 0,
    }
