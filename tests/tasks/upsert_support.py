"""Run upserts on a simulator, and change it as another program does."""

from __future__ import annotations

from typing import Any

import httpx

from tests.tasks.support import run_task
from threecx_node.simulator import Simulator


def count(pbx: Simulator, method: str, name: str) -> int:
    """Return how many requests of a method were about the entities of a set."""
    return sum(each.method == method and f"/{name}" in each.path for each in pbx.requests)


def upsert(pbx: Simulator, rows: list[dict[str, Any]], task: str = "UpsertContact", **parameters: Any) -> Any:
    """Return the items of a batch whose rows all succeed."""
    shared = {"body": {"mappingMode": "autoMapInputData", "value": None}, **parameters}
    results = run_task(pbx, task, rows, shared)
    assert [each.error for each in results] == [None] * len(rows)
    return [(each.items or [{}])[0]["json"] for each in results]


def request(pbx: Simulator, method: str, path: str, **values: Any) -> Any:
    """Send a request as another program does."""
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    answer = httpx.request(
        method, f"{pbx.base_url}/xapi/v1/{path}", json=values or None, headers=headers, timeout=30
    )
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def create(pbx: Simulator, name: str, **values: Any) -> int:
    """Return the ID of an entity that another program creates."""
    return int(request(pbx, "POST", name, **values)["Id"])
