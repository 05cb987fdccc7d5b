"""A real n8n: a thousand deletes beside its HTTP Request node, against a bare PBX; and what the node costs to open."""

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
    """Times are those of the node itself, as n8n notes them; medians of rounds in turn."""
    with (
        tempfile.TemporaryDirectory(prefix="threecx-bench-") as folder,
        _bare_pbx(Path(folder)) as pbx,
        Stage(Path(folder)) as stage,
    ):
        workflows = {"ours": _ours(stage, pbx), "HTTP Request": _theirs(stage, pbx)}
        times: dict[str, list[float]] = {name: [] for name in workflows}
        blocked = dict.fromkeys(workflows, 0.0)
        connections = dict.fromkeys(workflows, 0)
        for number in range(ROUNDS + 1):
            for name, workflow in workflows.items():
                httpx.get(f"{pbx}/most")
                worst, done = _watched(stage, workflow)
                most = httpx.get(f"{pbx}/most").json()
                if number == 0:
                    continue  # the first of each only warms up
                times[name].append(done.run_data["Delete"][-1]["executionTime"])
                blocked[name] = max(blocked[name], worst)
                connections[name] = max(connections[name], most - 1)
        opening = _opening(stage, Path(folder))
    return [*_rows(times, blocked, connections), *opening]


def _rows(times: dict[str, list[float]], blocked: dict[str, float], connections: dict[str, int]) -> list[Row]:
    rows = [
        Row(
            f"1,000 deletes, {name}",
            f"{median(each):,.0f} ms ({min(each):,.0f} to {max(each):,.0f}), "
            f"{connections[name]} connections, /healthz {blocked[name]:.0f} ms at worst",
        )
        for name, each in times.items()
    ]
    ratio = median(times["ours"]) / median(times["HTTP Request"])
    return [
        *rows,
        Row("ours / HTTP Request", f"{ratio:.2f}", "at most 1", ratio <= 1),
        Row(
            "connections to the PBX, ours",
            str(connections["ours"]),
            f"at most {MOST_CONNECTIONS}",
            connections["ours"] <= MOST_CONNECTIONS,
        ),
        Row(
            "slowest /healthz while ours runs",
            f"{blocked['ours']:.0f} ms",
            f"at most {MOST_BLOCKED_MS:.0f} ms",
            blocked["ours"] <= MOST_BLOCKED_MS,
        ),
    ]


def _opening(stage: Stage, folder: Path) -> list[Row]:
    """What the editor loads of the node, and what n8n pays for a workflow with one."""
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


def _watched(stage: Stage, workflow: dict[str, Any]) -> tuple[float, Execution]:
    """The slowest answer of n8n's /healthz in milliseconds while a workflow ran, and the execution."""
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


def _ours(stage: Stage, pbx: str) -> dict[str, Any]:
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
    return stage.client.create_workflow("Ours", [_TRIGGER, _MAKE, node])


def _theirs(stage: Stage, pbx: str) -> dict[str, Any]:
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
    return stage.client.create_workflow("Theirs", [_TRIGGER, _MAKE, node])


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
