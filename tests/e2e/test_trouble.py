"""What a person is told when the executor dies in mid batch, a run is stopped, or there is very much to do."""

from __future__ import annotations

import time
from typing import Any

from scripts.stage import CREDENTIAL_TYPE, ExecutorProcess

from tests.e2e.conftest import TRIGGER, Canvas
from threecx_node.simulator import Simulator

GET = "GetCallFlowApp"
PARAMETERS: dict[str, Any] = {
    "resource": "CallFlowApps",
    "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
}


def slow_node(canvas: Canvas, pbx: Simulator, executor: ExecutorProcess) -> dict[str, Any]:
    data = canvas.stage.credential_data(baseUrl=pbx.base_url, executorUrl=executor.url)
    slow = canvas.stage.client.create_credential("Slow 3CX", CREDENTIAL_TYPE, data)
    return canvas.node(GET, PARAMETERS) | {"credentials": {CREDENTIAL_TYPE: slow}}


def test_an_executor_that_dies_in_mid_batch_leaves_a_tally(canvas: Canvas) -> None:
    executor = ExecutorProcess(canvas.stage.folder).start()
    try:
        with Simulator(latency_ms=300) as pbx:
            items = canvas.items([{"Id": 40}] * 80)
            client = canvas.stage.client
            workflow = client.create_workflow("Dies", [TRIGGER, items, slow_node(canvas, pbx, executor)])
            running = client.start(workflow)
            wait_for_requests(pbx, 12)
            executor.kill()
            error = client.wait(running, 60).node_error("3CX")
    finally:
        executor.stop()
    told = f"{error['message']} {error['description']}"
    assert executor.url in told
    assert "done: items 0" in told
    assert "unknown whether it was carried out" in told


def test_a_stopped_execution_sends_no_more(canvas: Canvas) -> None:
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


def test_ten_thousand_items_come_back_in_order(canvas: Canvas) -> None:
    count = 10_000
    code = f"return Array.from({{length: {count}}}, (_, Id) => ({{ json: {{ Id: Id + 1 }} }}));"
    make = {"name": "Items", "type": "n8n-nodes-base.code", "typeVersion": 2, "parameters": {"jsCode": code}}
    node = canvas.node("DeleteCallFlowApp", {**PARAMETERS, "options": {"dryRun": True}})
    done = canvas.run(make, node, seconds=180)
    assert done.status == "success", done.error
    items = done.items("3CX")
    assert len(items) == count
    assert [item["json"]["url"].rpartition("(")[2] for item in items[::999]] == [
        f"{number})" for number in range(1, count + 1, 999)
    ]


def wait_for_requests(pbx: Simulator, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(pbx.requests) < count:
        assert time.monotonic() < deadline, f"the PBX saw {len(pbx.requests)} requests"
        time.sleep(0.05)
