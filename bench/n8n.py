"""Measure the node in n8n: deletes compared with n8n's HTTP Request node, and the time to open a workflow."""

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
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE, Stage

ITEMS = 1_000
ROUNDS = 5
MOST_CONNECTIONS = 8
MOST_BLOCKED_MS = 200.0
MOST_ENTRY_BYTES = 250_000
MOST_OPENING_MS = 5.0
_TRIGGER = {"name": "Start", "type": "n8n-nodes-base.manualTrigger"}
_MAKE = {
    "name": "Items",
    "type": "n8n-nodes-base.code",
    "typeVersion": 2,
    "parameters": {"jsCode": f"return Array.from({{length: {ITEMS}}}, (_, Id) => ({{ json: {{ Id }} }}));"},
}


@bench("n8n")
def n8n() -> list[Row]:
    """Return the medians of the node's execution times, as n8n records them, in alternating rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="threecx-bench-") as folder,
        _bare_pbx(Path(folder)) as pbx,
        Stage(Path(folder)) as stage,
    ):
        workflows = {
            "3CX": _create_node_workflow(stage, pbx),
            "HTTP Request": _create_http_workflow(stage, pbx),
        }
        times: dict[str, list[float]] = {name: [] for name in workflows}
        blocked = dict.fromkeys(workflows, 0.0)
        connections = dict.fromkeys(workflows, 0)
        for number in range(ROUNDS + 1):
            for name, workflow in workflows.items():
                httpx.get(f"{pbx}/most")
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
    ratio = median(times["3CX"]) / median(times["HTTP Request"])
    return [
        *rows,
        Row("3CX / HTTP Request", f"{ratio:.2f}", "at most 1", ratio <= 1),
        Row(
            "connections to the PBX, 3CX",
            str(connections["3CX"]),
            f"at most {MOST_CONNECTIONS}",
            connections["3CX"] <= MOST_CONNECTIONS,
        ),
        Row(
            "slowest /healthz while 3CX runs",
            f"{blocked['3CX']:.0f} ms",
            f"at most {MOST_BLOCKED_MS:.0f} ms",
            blocked["3CX"] <= MOST_BLOCKED_MS,
        ),
    ]


def _measure_opening(stage: Stage, folder: Path) -> list[Row]:
    """Return the size of the node's description, and the time that n8n needs to open a workflow with it."""
    entry = stage.client.node_type(NODE_TYPE)
    file = folder / "entry.json"
    size = file.write_bytes(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())
    script = Path(__file__).with_name("new_workflow.cjs")
    installation = stage.installation
    command = [str(installation.node), str(script), str(installation.folder), str(file)]
    took = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return [
        Row(
            "the node in /types/nodes.json",
            f"{size / 1000:.0f} KB",
            f"under {MOST_ENTRY_BYTES / 1000:.0f} KB",
            size < MOST_ENTRY_BYTES,
        ),
        Row(
            "new Workflow() with it",
            f"{took['median']:.1f} ms (the first in a process {took['first']:.1f} ms)",
            f"under {MOST_OPENING_MS:.0f} ms",
            took["median"] < MOST_OPENING_MS,
        ),
    ]


def _run_workflow(stage: Stage, workflow: dict[str, Any]) -> tuple[float, Execution]:
    """Run a workflow; return n8n's slowest /healthz response during the run, in milliseconds, and the execution."""
    ended = threading.Event()
    waits: list[float] = []

    def poll() -> None:
        with httpx.Client(base_url=stage.n8n.url, timeout=60) as client:
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


def _create_node_workflow(stage: Stage, pbx: str) -> dict[str, Any]:
    credential = stage.client.create_credential("Bare", CREDENTIAL_TYPE, stage.credential_data(baseUrl=pbx))
    node = {
        "name": "Delete",
        "type": NODE_TYPE,
        "parameters": {
            "resource": "CallFlowApps",
            "operation": "DeleteCallFlowApp",
            "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
        },
        "credentials": {CREDENTIAL_TYPE: credential},
    }
    return stage.client.create_workflow("3CX", [_TRIGGER, _MAKE, node])


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
