"""Readers of /v1/events: what they get, where they go on, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import pbx_of
from tests.service.event_callers import NDJSON, OUTSIDE, Reader, reading, serving_events
from threecx_node.service import event_service
from threecx_node.simulator import Client, Simulator

SSE = {"accept": "text/event-stream"}
CALLS = "&events=call.ringing,call.missed,call.ended"


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, pbx: Simulator) -> Iterator[httpx.Client]:
    with serving_events(tmp_path_factory.mktemp("state"), pbx) as client:
        yield client


def miss_a_call(pbx: Simulator, reader: Reader, to: str = "103") -> list[dict[str, Any]]:
    """Make a call that is not answered, and return its events."""
    call = pbx.calls.inbound(OUTSIDE, to=to)
    ringing = reader.take()
    call.hang_up()
    return [ringing, reader.take(), reader.take()]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [each["type"] for each in events]


def test_events_and_where_a_reader_goes_on(service: httpx.Client, pbx: Simulator) -> None:
    with reading(service, CALLS) as reader:
        start = reader.take(event=False)
        wait_until_connected(service)
        first = miss_a_call(pbx, reader)
    assert list(start) == ["position"]
    assert types(first) == ["call.ringing", "call.missed", "call.ended"]
    assert first[0]["schemaVersion"] == 1
    # Without a reader, the feed goes on for a while, so that a reader that comes back misses nothing.
    for headers, query in (({"Last-Event-ID": first[0]["position"]}, ""), ({}, first[0]["position"])):
        with reading(service, f"{CALLS}&after={query}", **headers) as reader:
            assert [reader.take(), reader.take()] == first[1:]
    with reading(service, f"{CALLS}&after=oldest", **{"Last-Event-ID": first[1]["position"]}) as reader:
        assert reader.take() == first[2]
    with reading(service, f"{CALLS}&after=oldest") as reader:
        assert [reader.take() for _ in first] == first


def test_server_sent_events(service: httpx.Client, pbx: Simulator) -> None:
    with reading(service, CALLS) as reader:
        reader.take(event=False)
        wait_until_connected(service)
        [*_, last] = miss_a_call(pbx, reader)
    path = f"/v1/events?profile=office{CALLS}&after=oldest"
    with service.stream("GET", path, headers=SSE) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert (response.headers["x-accel-buffering"], response.headers["cache-control"]) == (
            "no",
            "no-store",
        )
        ids = []
        for line in response.iter_lines():
            if line.startswith("id: "):
                ids.append(line.removeprefix("id: "))
            if ids[-1:] == [last["position"]] and line.startswith("data: "):
                break
    assert ids[0] == "oldest"
    # Without a wish, server-sent events.
    with service.stream("GET", path, headers={"accept": "*/*"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")


def test_a_filter(service: httpx.Client, pbx: Simulator) -> None:
    with (
        reading(service, CALLS) as every,
        reading(service, f"{CALLS}&extension=104,105&direction=inbound") as some,
    ):
        every.take(event=False)
        some.take(event=False)
        wait_until_connected(service)
        miss_a_call(pbx, every, "103")
        chosen = miss_a_call(pbx, every, "104")
        assert [some.take() for _ in chosen] == chosen


def test_a_full_credential(service: httpx.Client, pbx: Simulator) -> None:
    body = {"pbx": pbx_of(pbx), "events": ["call.ringing"], "filter": {"extensions": ["106"]}}
    with service.stream("POST", "/v1/events", json=body, headers=NDJSON) as response:
        assert response.status_code == 200
        reader = Reader(response)
        reader.take(event=False)
        wait_until_connected(service)
        call = pbx.calls.inbound(OUTSIDE, to="106")
        event = reader.take()
        call.hang_up()
    with service.stream("POST", "/v1/events", json={**body, "after": "oldest"}, headers=NDJSON) as response:
        assert Reader(response).take() == event


@pytest.mark.parametrize(
    ("query", "status", "code", "words"),
    [
        ("", 422, "usage", "no profile"),
        ("profile=offices", 422, "configuration", "office"),
        ("profile=office&events=call.mised", 422, "unknown_event", "call.missed"),
        ("profile=office&extensions=100", 422, "usage", "extension"),
        ("profile=office&direction=in", 422, "bad_filter", "inbound"),
        ("profile=office&events=trunk.down&extension=100", 422, "filter_not_applicable", "extensions"),
        ("profile=office&events=call.missed&after=nonsense", 400, "bad_position", ""),
        (f"profile=office&after={'9' * 300}", 422, "usage", "after"),
        ("profile=office&clientSecret=planted", 422, "usage", "POST /v1/events"),
    ],
)
def test_bad_queries(service: httpx.Client, query: str, status: int, code: str, words: str) -> None:
    refused = service.get(f"/v1/events?{query}", headers=NDJSON)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (status, code), problem
    assert words in f"{problem['detail']} {problem.get('description')}"
    assert "planted" not in refused.text


def test_forms_that_are_not_there(service: httpx.Client) -> None:
    refused = service.get("/v1/events?profile=office", headers={"accept": "application/json"})
    assert refused.status_code == 406
    assert "text/event-stream" in refused.json()["description"]


def test_a_wrong_api_key_reads_nothing(service: httpx.Client, pbx: Simulator) -> None:
    body = {"pbx": {**pbx_of(pbx), "clientSecret": "another"}, "events": ["call.ringing"], "after": "oldest"}
    refused = service.post("/v1/events", json=body, headers=NDJSON)
    assert refused.status_code in (403, 502)
    assert "call.ringing" not in refused.text.partition("detail")[0]


def test_what_a_client_may_not_see(
    tmp_path: Path, threecx_simulator_factory: Callable[..., Simulator]
) -> None:
    pbx = threecx_simulator_factory(clients=[Client("crm", "its-key", call_control=False)])
    own = {**pbx_of(pbx), "clientId": "crm", "clientSecret": "its-key"}
    with serving_events(tmp_path, pbx) as client:
        refused = client.post("/v1/events", json={"pbx": own, "events": ["call.ringing"]}, headers=NDJSON)
        assert (refused.status_code, refused.json()["code"]) == (403, "call_control_forbidden")
        body = {"pbx": own, "events": ["call.ringing", "user.created"]}
        with client.stream("POST", "/v1/events", json=body, headers=NDJSON) as response:
            reader = Reader(response)
            reader.take(event=False)
            assert reader.take(event=False)["problem"]["events"] == ["call.ringing"]


def test_too_many_readers(service: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_service, "MAX_READERS", 1)
    with reading(service, CALLS) as reader:
        reader.take(event=False)
        refused = service.get("/v1/events?profile=office", headers=NDJSON)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_readers")
        assert "threecx_event_readers 1.0" in service.get("/metrics").text
    for _ in range(2_000):
        if "threecx_event_readers 0.0" in service.get("/metrics").text:
            break
    with reading(service, CALLS) as reader:
        reader.take(event=False)


def test_keys_are_those_of_the_other_paths(tmp_path: Path, pbx: Simulator) -> None:
    with serving_events(tmp_path, pbx, key="k" * 8 + "0123456789") as client:
        for method, path in (
            ("GET", "/v1/events?profile=office"),
            ("POST", "/v1/events"),
            ("GET", "/v1/subscriptions"),
            ("POST", "/v1/subscriptions"),
        ):
            refused = client.request(method, path)
            assert (refused.status_code, refused.json()["code"]) == (401, "executor_key")
        origin = client.get("/v1/events?profile=office", headers={"origin": "https://evil.example"})
        assert origin.status_code == 403


def wait_until_connected(service: httpx.Client) -> None:
    for _ in range(2_000):
        lines = service.get("/metrics").text.splitlines()
        feeds = [each for each in lines if each.startswith("threecx_feed_connected{")]
        if feeds and all(each.endswith(" 1.0") for each in feeds):
            return
    raise AssertionError("the PBX is not connected")
