"""Send requests and read their results."""

from __future__ import annotations

from typing import Any

import httpx


def create(api: httpx.Client, path: str, **values: Any) -> dict[str, Any]:
    """Create an entity and return it."""
    answer = api.post(path, json=values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def list_details(answer: httpx.Response, status: int = 400) -> list[tuple[str, str]]:
    """Return target and message of each detail of an error."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    return [(detail["target"], detail["message"]) for detail in error.get("details", [])]


def find(api: httpx.Client, path: str, query: str) -> dict[str, Any]:
    """Return the only entity that matches a query."""
    found: list[dict[str, Any]] = api.get(f"{path}?{query}").json()["value"]
    assert len(found) == 1
    return found[0]
