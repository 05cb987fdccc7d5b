"""The calls and their clock through the control endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from threecx_node.simulator import Simulator

NUMBER = "+43512555010"
INBOUND = {"scenario": "inbound", "arguments": {"number": NUMBER, "did": "+35725555100"}}


@pytest.fixture(scope="module")
def controlled() -> Iterator[Simulator]:
    with Simulator(control=True) as pbx:
        yield pbx


@pytest.fixture
def control(controlled: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{controlled.base_url}/_simulator/") as client:
        assert client.post("reset").status_code == 204
        assert client.put("clock", json={"manual": True}).json()["manual"] is True
        yield client


def begin(control: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = control.post("calls", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_scenario_is_played_by_the_clock(control: httpx.Client) -> None:
    call = begin(control, {**INBOUND, "play": True})
    assert (call["direction"], call["scenario"], call["ended"]) == ("inbound", "inbound", None)
    assert [each["do"] for each in call["steps"]] == ["press", "answer", "hang_up"]
    assert control.post("clock", json={"advance": 7}).json()["next"] == 29
    (active,) = control.get("calls").json()["active"]
    assert {each["dn"]: each["status"] for each in active["participants"]} == {
        "10000": "Connected",
        "101": "Connected",
    }
    control.post("clock", json={"advance": 30})
    calls = control.get("calls").json()
    assert calls["active"] == []
    assert (calls["ended"][0]["call"], calls["ended"][0]["reason"]) == (call["call"], "HungUp")


def test_steps_are_done_at_once(control: httpx.Client) -> None:
    call = begin(
        control, {**INBOUND, "steps": [{"do": "press", "digits": "2"}, {"do": "answer", "dn": "107"}]}
    )
    assert [each["dn"] for each in call["participants"]] == ["10000", "107"]
    more = begin(control, {"call": call["call"], "steps": [{"do": "hang_up"}]})
    assert more["reason"] == "HungUp"
    assert control.post("calls", json={"call": call["call"], "step": True}).status_code == 400


def test_steps_are_done_one_by_one(control: httpx.Client) -> None:
    call = begin(control, {"scenario": "internal", "arguments": {"caller": "103", "callee": "104"}})
    answered = begin(control, {"call": call["call"], "step": True})
    assert answered["answered"]
    assert [each["do"] for each in answered["steps"]] == ["hang_up"]


def test_steps_are_done_by_the_clock(control: httpx.Client) -> None:
    steps = [{"do": "press", "digits": "1", "after": 2}, {"do": "answer", "dn": "104", "after": 3}]
    call = begin(control, {**INBOUND, "steps": steps})
    control.post("clock", json={"advance": 10})
    (active,) = control.get("calls").json()["active"]
    assert active["call"] == call["call"]
    # 104 does not ring: the step is skipped, and the caller still waits in the queue.
    assert "at 104" in active["skipped"][0]["why"]


BAD_BODIES: list[Any] = [
    "no JSON",
    [],
    {},
    {"scenario": "nothing"},
    {"scenario": "__init__"},
    {"scenario": 1},
    {"scenario": "inbound"},
    {"scenario": "inbound", "call": 1},
    {"scenario": "inbound", "arguments": {"number": 49}},
    {"scenario": "inbound", "arguments": {"number": NUMBER, "did": "+1"}},
    {"scenario": "inbound", "arguments": {"number": NUMBER, "to": "799"}},
    {"scenario": "inbound", "arguments": {"number": NUMBER, "other": "1"}},
    {"scenario": "queue", "arguments": {"number": NUMBER, "queue": "800", "waves": 0}},
    {"scenario": "queue", "arguments": {"number": NUMBER, "queue": "800", "waves": True}},
    {"scenario": "internal", "arguments": {"caller": "799", "callee": "101"}},
    {"scenario": "internal", "arguments": {"caller": "105", "callee": "101"}},
    {"call": 999999},
    {"call": "1"},
    {"call": True},
    {"call": 1, "arguments": {}},
    {**INBOUND, "steps": "answer"},
    {**INBOUND, "steps": ["answer"]},
    {**INBOUND, "steps": [{"do": "sing"}]},
    {**INBOUND, "steps": [{"do": "press"}]},
    {**INBOUND, "steps": [{"do": "answer", "after": -1}]},
    {**INBOUND, "steps": [{"do": "answer", "after": True}]},
    {**INBOUND, "steps": [{"do": "answer", "dn": 5}]},
    {**INBOUND, "steps": [{"do": "answer", "when": "now"}]},
    {**INBOUND, "steps": [{"do": "answer"}] * 1001},
    {**INBOUND, "play": 1},
    {**INBOUND, "extra": 1},
]


def test_bad_bodies(control: httpx.Client) -> None:
    for body in BAD_BODIES:
        answer = (
            control.post("calls", content=body) if isinstance(body, str) else control.post("calls", json=body)
        )
        assert answer.status_code == 400, body
        message = answer.json()["error"]["message"]
        assert 10 < len(message) < 300
        assert control.get("calls").json()["active"] == []


BAD_CLOCKS: list[tuple[str, Any]] = [
    ("PUT", {}),
    ("PUT", {"manual": 1}),
    ("PUT", {"speed": 2}),
    ("POST", {}),
    ("POST", {"advance": -1}),
    ("POST", {"advance": "5"}),
    ("POST", {"advance": 1e9}),
    ("POST", {"advance": True}),
]


def test_bad_clocks(control: httpx.Client) -> None:
    for method, body in BAD_CLOCKS:
        assert control.request(method, "clock", json=body).status_code == 400


def test_a_clock_of_real_time_is_not_turned(control: httpx.Client) -> None:
    assert control.put("clock", json={"manual": False}).json()["manual"] is False
    answer = control.post("clock", json={"advance": 1})
    assert (answer.status_code, "real time" in answer.text) == (400, True)
