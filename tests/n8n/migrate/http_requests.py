"""Workflows with HTTP Request nodes that call 3CX, and their migration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from tests.n8n.migrate.generated import CATALOG, NEW
from tests.support import credential
from threecx_node import Executor, Options
from threecx_node.n8n.migrate import Migration, migrate
from threecx_node.n8n.node_json import read_node

HTTP = "n8n-nodes-base.httpRequest"
PBX = "https://pbx.example:5001"
AUTHORIZATION = {"name": "Authorization", "value": "=Bearer {{ $('Get token').item.json.access_token }}"}


def http_node(
    url: str, method: str = "GET", *, name: str = "Call", version: float = 4.2, **parameters: Any
) -> dict[str, Any]:
    return {
        "parameters": {
            **({"method": method} if method != "GET" else {}),
            "url": url if "://" in url or url.startswith("=") else f"{PBX}/xapi/v1{url}",
            "sendHeaders": True,
            "headerParameters": {"parameters": [AUTHORIZATION]},
            "options": {},
            **parameters,
        },
        "id": "1",
        "name": name,
        "type": HTTP,
        "typeVersion": version,
        "position": [0, 0],
    }


def json_body(text: Any) -> dict[str, Any]:
    return {"sendBody": True, "specifyBody": "json", "jsonBody": text}


def pairs(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a query, of headers or of a body that is given field by field."""
    switch, name = {
        "query": ("sendQuery", "queryParameters"),
        "headers": ("sendHeaders", "headerParameters"),
        "body": ("sendBody", "bodyParameters"),
    }[kind]
    entries = [{"name": each, "value": value} for each, value in values.items()]
    return {switch: True, name: {"parameters": entries}}


def flow(*nodes: Mapping[str, Any], **more: Any) -> str:
    return json.dumps({"name": "Flow", "nodes": nodes, "connections": {}, **more})


def migrate_http(node: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Migrate one node and return its parameters and the notes."""
    done = migrate(flow(node), CATALOG)
    [report] = done.reports
    assert not report.problems, report.problems
    [new] = json.loads(done.text)["nodes"]
    assert new["type"] == NEW
    return new["parameters"], report.notes


def problems_of(node: Mapping[str, Any]) -> str:
    """Return the problems of a node that is not migrated."""
    text = flow(node)
    done = migrate(text, CATALOG)
    assert done.text == text
    [report] = done.reports
    return "; ".join(report.problems)


def report_of(done: Migration, name: str) -> Any:
    return next(each for each in done.reports if each.node == name)


def dry_run(parameters: dict[str, Any], item: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the request that a migrated node sends for an item."""
    node = read_node({"type": NEW, "name": "3CX", "parameters": parameters}, CATALOG)

    async def ask() -> Any:
        async with Executor(credential()) as executor:
            return await executor.run(
                node.operation, [item or {}], node.parameters, options=Options(dry_run=True)
            )

    [result] = asyncio.run(ask()).results
    assert result.error is None, result.error.one_line()
    return dict(result.request or {})


def response(**more: Any) -> dict[str, Any]:
    return {"options": {"response": {"response": more}}}
