"""Log lines of the service: enough to see what was carried out, and no secrets."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import NDJSON, pbx_of, read_url, serving, start, wait_for_requests
from threecx_credentials import Credential
from threecx_node.execution.executor import Executor
from threecx_node.service import handlers
from threecx_node.service import log as log_module
from threecx_node.simulator import Simulator

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} "
WORDS = "words-of-an-item"
KEY = "a-key-that-no-line-contains"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The stderr of `threecx serve`."""
    root, ours = logging.getLogger(), logging.getLogger("threecx.service")
    before, level = [*root.handlers], ours.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log_module.log_to_stderr()
    monkeypatch.undo()
    # pytest's own handlers come after it: the first one's traceback is kept with the record for the others.
    root.handlers.sort(key=before.__contains__)
    yield stream
    for handler in {*root.handlers} - {*before}:
        root.removeHandler(handler)
    ours.setLevel(level)


def deletes(pbx: dict[str, Any], *ids: Any, **options: Any) -> dict[str, Any]:
    items = [{"json": {"note": WORDS}, "parameters": {"Id": each}} for each in ids]
    return {"operation": "DeleteCallFlowApp", "items": items, "options": options, "pbx": pbx}


def line_after(said: io.StringIO, place: int, seconds: float = 10) -> str:
    """The text after `place`, as soon as it contains a whole line."""
    deadline = time.monotonic() + seconds
    while "\n" not in said.getvalue()[place:] and time.monotonic() < deadline:
        time.sleep(0.02)
    return said.getvalue()[place:]


@pytest.mark.parametrize("headers", [{}, NDJSON])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "3 items, 1 done, 1 failed, 1 not tried"),
        ({"continueOnFail": True}, "3 items, 2 done, 1 failed, 0 not tried"),
        ({"dryRun": True}, "3 items, dry run, 3 done, 0 failed, 0 not tried"),
        ({"prepareOnly": True}, "3 items, check only, 3 done, 0 failed, 0 not tried"),
    ],
)
def test_batch_is_one_line(
    said: io.StringIO,
    service: httpx.Client,
    pbx: dict[str, Any],
    options: dict[str, Any],
    told: str,
    headers: dict[str, str],
) -> None:
    body = deletes(pbx, 40, 4711, 41, **{"concurrency": 1, **options})
    assert service.post("/v1/execute", json=body, headers=headers).status_code == 200
    host = pbx["baseUrl"].partition("://")[2]
    line = rf"{STAMP}INFO DeleteCallFlowApp on {host}: {told}, \d+\.\d\d s\n"
    assert re.fullmatch(line, line_after(said, 0)), said.getvalue()
    assert WORDS not in said.getvalue()
    assert pbx["clientSecret"] not in said.getvalue()


def test_unknown_outcome_is_counted(
    said: io.StringIO, service: httpx.Client, pbx: dict[str, Any], simulator: Simulator
) -> None:
    assert service.post("/v1/check", json={"pbx": pbx}).json()["ok"] is True
    simulator.faults.set("504:100%")
    [result] = service.post("/v1/execute", json=deletes(pbx, 40)).json()["results"]
    assert result["error"]["outcome"] == "unknown"
    assert "1 item, 0 done, 0 failed, 1 unknown, 0 not tried" in line_after(said, 0)


def test_profile_is_named(said: io.StringIO, simulator: Simulator) -> None:
    known = Credential.of(simulator.base_url, simulator.client_id, simulator.client_secret)
    with serving(profiles={"office\n": known}) as service:
        service.post("/v1/execute", json=deletes({"profile": "office\n"}, 40))
    # A name cannot begin a line of its own.
    assert f"DeleteCallFlowApp on profile office{chr(92)}n: 1 item, 1 done" in said.getvalue()


def test_refused_request(said: io.StringIO, service: httpx.Client, pbx: dict[str, Any]) -> None:
    body = {"operation": "DeleteCallFlowApp", "items": [{"parameters": {WORDS: 1}}], "pbx": pbx}
    assert service.post("/v1/execute", json=body).status_code == 404
    assert "1 item, refused (unknown_name), " in said.getvalue()
    assert WORDS not in said.getvalue()


def test_stopped_batch(said: io.StringIO, service: httpx.Client) -> None:
    with Simulator(latency_ms=50) as slow:
        body = {
            "operation": "ListUser",
            "items": [{"parameters": {"limit": 1}}] * 400,
            "options": {"concurrency": 1},
            "pbx": pbx_of(slow),
        }
        with service.stream("POST", "/v1/execute", json=body, headers=NDJSON) as answer:
            next(answer.iter_raw())
        line = line_after(said, 0)
    found = re.search(r"400 items, (\d+) done, 0 failed, (\d+) not tried, [\d.]+ s, stopped\n", line)
    assert found, line
    assert int(found[1]) + int(found[2]) == 400


def test_refused_keys(said: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "QUIET_TIME", 3)
    wrong = {"authorization": "Bearer not-the-key"}
    with serving(key="right") as service:
        for _ in range(5):
            assert service.post("/v1/fields", json={}, headers=wrong).status_code == 401
        assert said.getvalue().count("\n") == 1
        time.sleep(3.2)
        service.post("/v1/fields", json={})
        service.get("/health")
    first, second = said.getvalue().splitlines()
    assert re.fullmatch(
        rf"{STAMP}WARNING refused a request from 127\.0\.0\.1: the executor key is wrong", first
    )
    assert second.endswith("127.0.0.1: the executor key is missing (4 more since the previous line)")
    assert "not-the-key" not in said.getvalue()


async def broken(*_: object, **__: object) -> None:
    try:
        raise KeyError(WORDS)
    except KeyError as error:
        raise ExceptionGroup(WORDS, [ValueError(WORDS)]) from error


@pytest.mark.parametrize("headers", [{}, NDJSON])
def test_bug_has_a_traceback_without_messages(
    said: io.StringIO,
    service: httpx.Client,
    pbx: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
) -> None:
    monkeypatch.setattr(Executor, "run", broken)
    answer = service.post("/v1/execute", json=deletes(pbx, 40), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    shown = said.getvalue()
    assert "DeleteCallFlowApp on 127.0.0.1" in shown
    assert shown.count("in broken\n") == 2
    assert [line for line in shown.splitlines() if line.isalpha()] == [
        "ValueError",
        "KeyError",
        "ExceptionGroup",
    ]
    assert WORDS not in shown


def test_bug_in_another_request(
    said: io.StringIO, service: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body_fields(*_: object) -> None:
        raise KeyError(WORDS)

    monkeypatch.setattr(handlers, "describe_body_fields", body_fields)
    answer = service.post("/v1/fields", json={"operation": "UpdateUser"})
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert "in body_fields\n" in line_after(said, 0)
    assert said.getvalue().endswith("KeyError\n")
    assert WORDS not in said.getvalue()


def test_bug_in_items(
    said: io.StringIO, service: httpx.Client, pbx: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_items(*_: object, **__: object) -> None:
        raise KeyError(WORDS)

    monkeypatch.setattr("threecx_node.execution.payloads.to_items", to_items)
    answer = service.post("/v1/execute", json=deletes(pbx, 40, 41, continueOnFail=True, concurrency=1))
    assert answer.json()["results"][0]["error"]["code"] == "bug"
    fault, line = line_after(said, 0).splitlines()
    assert "ERROR DeleteCallFlowApp on 127.0.0.1" in fault
    assert "2 items, item 0: internal error in the executor: KeyError (to_items, line " in fault
    # The deletions were carried out before.
    assert "0 done, 0 failed, 2 unknown" in line
    assert WORDS not in said.getvalue()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_command_logs_to_stderr(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    with (
        Simulator(latency_ms=200) as slow,
        start("--key-file", str(key), "--port", "0", "--grace", "0") as process,
    ):
        url = read_url(process)
        assert httpx.post(f"{url}/v1/fields", json={}).status_code == 401
        body = {
            "operation": "ListUser",
            "items": [{"parameters": {"limit": 1}}] * 60,
            "options": {"concurrency": 1},
            "pbx": pbx_of(slow),
        }
        headers = {"authorization": f"Bearer {KEY}"}
        with ThreadPoolExecutor(1) as thread:
            call = thread.submit(httpx.post, f"{url}/v1/execute", json=body, headers=headers, timeout=30)
            wait_for_requests(slow, 3)
            process.send_signal(signal.SIGTERM)
            assert call.result().status_code == 200
        _, rest = process.communicate(timeout=20)
    refused, ended = rest.splitlines()
    assert refused.endswith("WARNING refused a request from 127.0.0.1: the executor key is missing")
    assert re.search(r"ListUser on 127\.0\.0\.1:\d+: 60 items, .* not tried, .* s, stopped$", ended)
    assert KEY not in rest
    assert slow.client_secret not in rest
