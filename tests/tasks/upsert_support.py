"""Run upserts on a simulator, and change it as another program does."""

from __future__ import annotations

from typing import Any

import httpx

from tests.tasks.support import run_task
from threecx_node import Item
from threecx_node.simulator import Simulator


def count(pbx: Simulator, method: str, name: str) -> int:
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


def refuse_again(pbx: Simulator, task: str, **parameters: Any) -> str:
    """Return the error of a row where others were changed before."""
    pbx.forget_requests()
    [result] = run_task(pbx, task, [Item({}, parameters)])
    assert result.error is not None, result.to_json()
    return result.error.one_line()
