"""Statistics and messages of `threecx execute`, as text and as lines of JSON."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Threecx
from threecx_node.cli.stats import Statistics, describe
from threecx_node.messages import HttpRequest
from threecx_node.simulator import Simulator

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
GET = HttpRequest("GET", "/Users")
ITEMS = '[{"Id": 40}, {"Id": 9999}, {"Id": 41}]'
DELETE = ("execute", "DeleteCallFlowApp", "-p", "Id=={{ $json.Id }}", "--items", "-", "--continue-on-fail")


def test_statistics_as_text(threecx: Threecx) -> None:
    ran = threecx(*DELETE, "--stats", stdin=ITEMS)
    assert len(ran.json) == 3
    [line] = [each for each in ran.err.splitlines() if "stats" in each]
    assert re.fullmatch(
        r"threecx: stats: \d requests; 0 without a response; 0 retries; 1 token request; "
        r"latency p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms; limit 8",
        line,
    )


def test_messages_and_statistics_as_lines_of_json(threecx: Threecx) -> None:
    ran = threecx(*DELETE, "--stats", "--log-format", "json", stdin=ITEMS)
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert all({"time", "level", "message"} <= set(each) for each in lines)
    [summary] = [each["message"] for each in lines if "done: items 0, 2" in each["message"]]
    assert "threecx:" not in summary
    [stats] = [each["stats"] for each in lines if "stats" in each]
    assert stats["requests"] >= 3
    assert stats["tokenRequests"] == 1
    assert set(stats["latencyMs"]) == {"p50", "p95", "p99", "max"}


def test_an_error_is_a_line_of_json_too(threecx: Threecx) -> None:
    ran = threecx("execute", "NoSuchOperation", "--log-format", "json")
    assert ran.code == 2
    [line] = [json.loads(each) for each in ran.err.splitlines()]
    assert line["level"] == "error"
    assert "NoSuchOperation" in line["message"]


def test_without_the_option_there_are_no_statistics(threecx: Threecx) -> None:
    assert "stats" not in threecx(*DELETE, stdin=ITEMS).err


def test_the_trace_of_the_caller_is_passed_on(
    threecx: Threecx, pbx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", TRACE)
    assert threecx(*DELETE, stdin=ITEMS).code == 1
    traces = [each.headers.get("traceparent") for each in pbx.requests if each.method == "DELETE"]
    assert traces == [TRACE] * 3


def test_percentiles() -> None:
    statistics = Statistics()
    for number in range(1, 101):
        statistics.note_attempt(GET, 200, number / 1000)
    assert statistics.to_json()["latencyMs"] == {"p50": 50, "p95": 95, "p99": 99, "max": 100}


def test_latencies_take_bounded_memory() -> None:
    statistics = Statistics()
    for number in range(50_000):
        statistics.note_attempt(GET, 200 if number else 0, 1 + number / 50_000)
    found = statistics.to_json()
    assert (found["requests"], found["withoutResponse"]) == (50_000, 1)
    assert 1450 < found["latencyMs"]["p50"] < 1550
    assert found["latencyMs"]["max"] == 2000
    assert statistics.kept == 20_000


def test_nothing_sent_has_no_latency() -> None:
    stats = Statistics().to_json()
    assert describe(stats) == "0 requests; 0 without a response; 0 retries; 0 token requests"
