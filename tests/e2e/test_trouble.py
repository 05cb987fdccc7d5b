"""Errors in n8n: an executor that dies, hangs or is another server, a stopped run, and very many items."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.e2e.conftest import TRIGGER, Canvas
from tests.effects import deleting_pbx
from threecx_node.simulator import Simulator
from tools.lab.executor import ExecutorProcess
from tools.lab.processes import find_free_port
from tools.lab.stage import CREDENTIAL_TYPE

GET = "GetCallFlowApp"
PARAMETERS: dict[str, Any] = {
    "resource": "CallFlowApps",
    "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
}


def slow_node(canvas: Canvas, pbx: Simulator, executor: ExecutorProcess) -> dict[str, Any]:
    data = canvas.stage.credential_data(baseUrl=pbx.base_url, executorUrl=executor.url)
    slow = canvas.stage.client.create_credential("Slow 3CX", CREDENTIAL_TYPE, data)
    return canvas.node(GET, PARAMETERS) | {"credentials": {CREDENTIAL_TYPE: slow}}


class Waiting(NamedTuple):
    """Two executions whose executor stops responding: the node asks for a minute what became of their items."""

    dead_executor: str
    dead: str
    deaf_executor: str
    deaf: str


@pytest.fixture(scope="module", autouse=True)
def waiting(canvas: Canvas) -> Iterator[Waiting]:
    # They are started before all other tests and looked at after them, so that no test waits alone.
    client = canvas.stage.client
    executor = ExecutorProcess(canvas.stage.folder).start()
    try:
        with Simulator(latency_ms=300) as pbx:
            items = canvas.items([{"Id": 40}] * 80)
            workflow = client.create_workflow("Dies", [TRIGGER, items, slow_node(canvas, pbx, executor)])
            dead = client.start(workflow)
            wait_for_requests(pbx, 12)
            executor.kill()
    finally:
        executor.stop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        data = canvas.stage.credential_data(executorUrl=address)
        credential = client.create_credential("Hanging", CREDENTIAL_TYPE, data)
        items = canvas.items([{"Id": 40}, {"Id": 41}])
        node = canvas.node(GET, PARAMETERS) | {"credentials": {CREDENTIAL_TYPE: credential}}
        deaf = client.start(client.create_workflow("Hangs", [TRIGGER, items, node]))
        yield Waiting(executor.url, dead, address, deaf)


def test_executor_that_hangs_blocks_no_other_workflow(canvas: Canvas, waiting: Waiting) -> None:
    [app] = canvas.make_apps(1)
    other = canvas.run(canvas.node(GET, {**PARAMETERS, "Id": {**PARAMETERS["Id"], "value": str(app)}}))
    assert other.items("3CX")[0]["json"]["Id"] == app
    assert canvas.stage.client.call("GET", f"/executions/{waiting.deaf}")["status"] == "running"


def test_executor_that_is_started_again_reports_the_outcomes(canvas: Canvas) -> None:
    port = find_free_port()
    options = ("--state-dir", str(canvas.stage.folder / "state"))
    executor = ExecutorProcess(canvas.stage.folder, port, options=options).start()
    try:
        with deleting_pbx() as pbx:
            killed = threading.Event()

            def kill(done: int) -> None:
                if done == 30 and not killed.is_set():
                    executor.kill()
                    killed.set()

            pbx.after = kill
            data = canvas.stage.credential_data(
                baseUrl=pbx.env["THREECX_BASE_URL"], apiKey="x", executorUrl=executor.url
            )
            credential = canvas.stage.client.create_credential("Killed", CREDENTIAL_TYPE, data)
            node = canvas.node(
                "DeleteContact", {**PARAMETERS, "resource": "Contacts"}, onError="continueRegularOutput"
            ) | {"credentials": {CREDENTIAL_TYPE: credential}}
            client = canvas.stage.client
            items = canvas.items([{"Id": number} for number in range(80)])
            running = client.start(client.create_workflow("Killed", [TRIGGER, items, node]))
            assert killed.wait(60)
            executor = ExecutorProcess(canvas.stage.folder, port, options=options).start()
            output = client.wait(running, 120).items("3CX")
            counts = dict(pbx.counts)
    finally:
        executor.stop()
    assert len(output) == 80
    errors = [each["json"].get("error") for each in output]
    unknown = [each for each in errors if each and each.get("outcome") == "unknown"]
    assert len(unknown) <= 8
    for number, error in enumerate(errors):
        if error is None:
            assert counts[number] == 1
        elif error.get("outcome") != "unknown":
            assert (error["code"], counts.get(number)) == ("not_attempted", None)
    assert sum(error is None for error in errors) >= 22


def test_stopped_execution_sends_no_more(canvas: Canvas) -> None:
    with Simulator(latency_ms=300) as pbx:
        items = canvas.items([{"Id": 40}] * 300)
        client = canvas.stage.client
        node = slow_node(canvas, pbx, canvas.stage.executor)
        running = client.start(client.create_workflow("Stopped", [TRIGGER, items, node]))
        wait_for_requests(pbx, 4)
        client.stop(running)
        assert client.wait(running, 60).status == "canceled"
        time.sleep(1)
        sent = len(pbx.requests)
        time.sleep(1.5)
        assert len(pbx.requests) == sent
        assert sent < 150


def test_ten_thousand_items_keep_their_order(canvas: Canvas) -> None:
    count = 10_000
    code = f"return Array.from({{length: {count}}}, (_, Id) => ({{ json: {{ Id: Id + 1 }} }}));"
    make = {"name": "Items", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": code}}
    node = canvas.node("DeleteCallFlowApp", {**PARAMETERS, "options": {"dryRun": True}})
    done = canvas.run(make, node, timeout=180)
    assert done.status == "success", done.error
    items = done.items("3CX")
    assert len(items) == count
    assert [item["json"]["url"].rpartition("(")[2] for item in items[::999]] == [
        f"{number})" for number in range(1, count + 1, 999)
    ]


def test_other_server_is_named(canvas: Canvas) -> None:
    # n8n itself answers with web pages.
    address = canvas.stage.n8n.url
    data = canvas.stage.credential_data(executorUrl=address)
    tested = canvas.stage.client.test_credential(canvas.credential, CREDENTIAL_TYPE, data)
    assert tested["status"] == "Error"
    assert f"The server at {address} is not a threecx executor" in tested["message"]
    wrong = canvas.stage.client.create_credential("Not an executor", CREDENTIAL_TYPE, data)
    node = canvas.node(GET, {**PARAMETERS, "Id": 40}) | {"credentials": {CREDENTIAL_TYPE: wrong}}
    error = canvas.run(node).node_error("3CX")
    assert error["message"] == f"The server at {address} is not a threecx executor"


def test_executor_that_dies_leaves_a_summary(canvas: Canvas, waiting: Waiting) -> None:
    error = canvas.stage.client.wait(waiting.dead, 150).node_error("3CX")
    texts = f"{error['message']} {error['description']}"
    assert waiting.dead_executor in texts
    assert "Done: items 0" in texts
    assert "unknown whether it was carried out" in texts


def test_executor_that_hangs_is_named(canvas: Canvas, waiting: Waiting) -> None:
    error = canvas.stage.client.wait(waiting.deaf, 180).node_error("3CX")
    assert error["message"] == f"The executor at {waiting.deaf_executor} stopped responding"
    assert "Unknown whether it was carried out: items 0-1" in error["description"]


def wait_for_requests(pbx: Simulator, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(pbx.requests) < count:
        assert time.monotonic() < deadline, f"the PBX saw {len(pbx.requests)} requests"
        time.sleep(0.05)
