"""Find what is left for a node that requests a token: the nodes of the workflow that still use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TOKEN = re.compile(r"\$(?:json|input)\b[^}]*access_token")


def find_users(name: str, followers: Sequence[str], nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the nodes that use the output of the node `name`, in the order of the workflow.

    They name it in an expression or in code, or follow it and use its `access_token`.
    """
    quoted = re.escape(name)
    named = re.compile(
        rf"\$\(\s*(['\"`]){quoted}\1\s*\)|\$node\[\s*(['\"`]){quoted}\2\s*\]|\$items\(\s*(['\"`]){quoted}\3"
        rf"|\$node\.{quoted}(?![\w$])"
    )
    users = []
    for node in nodes:
        texts = list(_find_texts(node.get("parameters")))
        follows = node.get("name") in followers and any(_TOKEN.search(each) for each in texts)
        if node.get("name") != name and (follows or any(named.search(each) for each in texts)):
            users.append(str(node.get("name") or ""))
    return users


def has_token(node: Mapping[str, Any]) -> bool:
    """Return whether a node sends a token that another node requested."""
    return any("access_token" in each for each in _find_texts(node.get("parameters")))


def _find_texts(value: Any) -> Iterator[str]:
    """Yield all texts of a value; nothing is called recursively, since a file can be nested deeply."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
