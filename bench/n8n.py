"""Measure the nodes in n8n: deletes compared with n8n's HTTP Request node, and the time to open a workflow."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from mirakuru import HTTPExecutor

from bench.registry import Row, bench
from tools.lab.n8n_client import Execution
from tools.lab.processes import LabProcess, find_free_port
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE, TRIGGER_TYPE, Stage

ITEMS = 1_000
ROUNDS = 5
MOST_CONNECTIONS = 8
MOST_BLOCKED_MS = 200.0
MOST_RATIO = 0.85
MOST_OPENING_MS = 5.0
EVERYDAY_TYPE = "n8n-nodes-threecx.threeCxPhoneSystem"
# The nodes that delete, and for all nodes the most bytes in /types/nodes.json.
NODES = {"3CX": EVERYDAY_TYPE, "3CX Admin": NODE_TYPE}
MOST_ENTRY_BYTES = {"3CX": 100_000, "3CX Admin": 250_000, "3CX Trigger": 30_000}
_TRIGGER = {"name": "Start", "type": "n8n-nodes-base.manualTrigger"}
_MAKE = {
    "name": "Items",
    "type": "n8n-nodes-base.code",
    "typeVersion": 2,
    "parameters": {"jsCode": f"return Array.from({{length: {ITEMS}}}, (_, Id) => ({{ json: {{ Id }} }}));"},
}


@bench("n8n")
def n8n() -> list[Row]:
    """Return the medians of the nodes' execution times, as n8n records them, in alternating rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="threecx-bench-") as folder,
        _bare_pbx(Path(folder)) as pbx,
        Stage(Path(folder)) as stage,
    ):
        credential = stage.client.create_credential(
            "Bare", CREDENTIAL_TYPE, stage.credential_data(baseUrl=pbx)
        )
        workflows = {name: _create_node_workflow(stage, name, credential) for name in NODES}
        workflows["HTTP Request"] = _create_http_workflow(stage, pbx)
        times: dict[str, list[float]] = {name: [] for name in workflows}
        blocked = dict.fromkeys(workflows, 0.0)
        connections = dict.fromkeys(workflows, 0)
        for number in range(ROUNDS + 1):
            for name, workflow in workflows.items():
                _wait_for_few_connections(pbx)
                worst, done = _run_workflow(stage, workflow)
                most = httpx.get(f"{pbx}/most").json()
                if number == 0:
                    continue  # warm-up
                times[name].append(done.run_data["Delete"][-1]["executionTime"])
                blocked[name] = max(blocked[name], worst)
                connections[name] = max(connections[name], most - 1)
        opening = _measure_opening(stage, Path(folder))
    return [*_rows(times, blocked, connections), *opening]


def _rows(times: dict[str, list[float]], blocked: dict[str, float], connections: dict[str, int]) -> list[Row]:
    rows = [
        Row(
            f"1,000 deletes, {name}",
            f"{median(each):,.0f} ms ({min(each):,.0f} to {max(each):,.0f}), "
            f"{connections[name]} connections, slowest /healthz {blocked[name]:.0f} ms",
        )
        for name, each in times.items()
    ]
    for name in NODES:
        # Rounds that follow each other: other work on the machine affects both.
        ratio = median(mine / theirs for mine, theirs in zip(times[name], times["HTTP Request"], strict=True))
        rows += [
            Row(f"{name} / HTTP Request", f"{ratio:.2f}", f"at most {MOST_RATIO}", ratio <= MOST_RATIO),
            Row(
                f"connections to the PBX, {name}",
                str(connections[name]),
                f"at most {MOST_CONNECTIONS}",
                connections[name] <= MOST_CONNECTIONS,
            ),
            Row(
                f"slowest /healthz while {name} runs",
                f"{blocked[name]:.0f} ms",
                f"at most {MOST_BLOCKED_MS:.0f} ms",
                blocked[name] <= MOST_BLOCKED_MS,
            ),
        ]
    return rows


def _measure_opening(stage: Stage, folder: Path) -> list[Row]:
    """Return the sizes of the nodes' descriptions, and the time that n8n needs to open a workflow with each."""
    rows = []
    for name, most in MOST_ENTRY_BYTES.items():
        entry = stage.client.node_type({**NODES, "3CX Trigger": TRIGGER_TYPE}[name])
        file = folder / "entry.json"
        size = file.write_bytes(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())
        took = _open_workflows(stage, file)
        rows += [
            Row(
                f"{name} in /types/nodes.json",
                f"{size / 1000:.0f} KB",
                f"under {most / 1000:.0f} KB",
                size < most,
            ),
            Row(
                f"new Workflow() with {name}",
                f"{took['median']:.1f} ms (the first in a process {took['first']:.1f} ms)",
                f"under {MOST_OPENING_MS:.0f} ms",
                took["median"] < MOST_OPENING_MS,
            ),
        ]
    return rows


def _open_workflows(stage: Stage, entry: Path) -> dict[str, float]:
    script = Path(__file__).with_name("new_workflow.cjs")
    installation = stage.installation
    command = [str(installation.node), str(script), str(installation.folder), str(entry)]
    took: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    )
    return took


def _wait_for_few_connections(pbx: str) -> None:
    """Wait until the connections of the run before are closed, and begin to count."""
    for _ in range(300):
        httpx.get(f"{pbx}/most")
        # One connection is that of this request, others are kept by the executor.
        if httpx.get(f"{pbx}/most").json() <= MOST_CONNECTIONS + 1:
            return
        time.sleep(0.1)
    raise RuntimeError("the connections of the run before are still open after 30 s")


def _run_workflow(stage: Stage, workflow: dict[str, Any]) -> tuple[float, Execution]:
    """Run a workflow; return n8n's slowest /healthz response during the run, in milliseconds, and the execution."""
    ended = threading.Event()
    waits: list[float] = []

    limits = httpx.Limits(max_keepalive_connections=0)

    def poll() -> None:
        with httpx.Client(base_url=stage.n8n.url, timeout=60, limits=limits) as client:
            while not ended.is_set():
                began = time.perf_counter()
                client.get("/healthz")
                waits.append((time.perf_counter() - began) * 1000)
                time.sleep(0.02)

    poller = threading.Thread(target=poll)
    poller.start()
    try:
        execution = stage.client.start(workflow)
        done = stage.client.wait(execution)
    finally:
        ended.set()
        poller.join()
    if done.status != "success":
        raise RuntimeError(f"the workflow ended with {done.status}: {done.error}")
    return max(waits), done


def _create_node_workflow(stage: Stage, name: str, credential: dict[str, Any]) -> dict[str, Any]:
    node = {
        "name": "Delete",
        "type": NODES[name],
        "parameters": {
            "resource": "CallFlowApps",
            "operation": "DeleteCallFlowApp",
            "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
        },
        "credentials": {CREDENTIAL_TYPE: credential},
    }
    return stage.client.create_workflow(name, [_TRIGGER, _MAKE, node])


def _create_http_workflow(stage: Stage, pbx: str) -> dict[str, Any]:
    node = {
        "name": "Delete",
        "type": "n8n-nodes-base.httpRequest",
        "typeVersion": 4.2,
        "parameters": {
            "method": "DELETE",
            "url": f"={pbx}/xapi/v1/CallFlowApps({{{{ $json.Id }}}})",
            "sendHeaders": True,
            "headerParameters": {"parameters": [{"name": "Authorization", "value": "Bearer x"}]},
            "options": {},
        },
    }
    return stage.client.create_workflow("HTTP Request", [_TRIGGER, _MAKE, node])


@contextmanager
def _bare_pbx(folder: Path) -> Iterator[str]:
    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    with LabProcess(
        "the bare PBX",
        folder / "bare-pbx.log",
        lambda log: HTTPExecutor(
            [sys.executable, "-m", "bench.bare_pbx", str(port)],
            f"{url}/most",
            method="GET",
            timeout=30,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ),
    ):
        yield url
