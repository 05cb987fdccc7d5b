"""Find the nodes of a workflow in its JSON text, and write a node in the format of that text.

The standard library parses the JSON; this module only finds positions, so that a node can be replaced and every other
byte of the text stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from ...values.json import is_deep, why_not_json

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = re.compile(r"\n([ \t]*)")


@dataclass(frozen=True, slots=True)
class NodeSpan:
    """The position of a node in the text, the node, and the workflow that contains it."""

    start: int
    end: int
    node: Mapping[str, Any]
    workflow: Mapping[str, Any]


def find_nodes(text: str) -> Iterator[NodeSpan]:
    """Yield the nodes of a workflow, a list of workflows or a copied fragment. Raises InputError for another text."""
    try:
        document = json.loads(text)
        is_too_deep = is_deep(document)
    except RecursionError:
        is_too_deep = True
    except ValueError as error:
        raise InputError(
            f"the workflow is not valid JSON{why_not_json(error)}",
            description="Fix the file or export it again.",
        ) from error
    if is_too_deep:
        raise InputError("the workflow is nested too deeply", description="Export it from n8n again.")
    start = _skip_space(text, 0)
    if isinstance(document, list):
        workflows = [
            (begin, each) for (begin, _), each in zip(_find_elements(text, start), document, strict=True)
        ]
    else:
        workflows = [(start, document)]
    for begin, workflow in workflows:
        yield from _find_nodes_of(text, begin, workflow)


def format_node(node: Mapping[str, Any], text: str, span: NodeSpan) -> str:
    """Return a node as JSON with the indent, the line ends and the escapes of the text that will contain it."""
    dump: Callable[..., str] = json.dumps
    # A lone surrogate can only be written as an escape.
    ascii_only = text.isascii() or any(
        "\ud800" <= letter <= "\udfff" for letter in json.dumps(node, ensure_ascii=False)
    )
    inner = _INDENT.search(text, span.start, span.end)
    if inner is None:
        return dump(node, ensure_ascii=ascii_only, separators=(",", ":"))
    outer = _INDENT.findall(text, 0, span.start)
    base = outer[-1] if outer else ""
    step = inner[1].removeprefix(base) or "  "
    lines = dump(node, ensure_ascii=ascii_only, indent=step).split("\n")
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline.join([lines[0], *(base + line for line in lines[1:])])


def _find_nodes_of(text: str, start: int, workflow: Any) -> Iterator[NodeSpan]:
    nodes = workflow.get("nodes") if isinstance(workflow, Mapping) else None
    if not isinstance(nodes, list) or not all(isinstance(each, Mapping) for each in nodes):
        raise InputError(
            "the file is not an n8n workflow",
            description='Give a file that n8n exported: {"nodes": […], "connections": {…}}, or a list of them.',
        )
    # Of two members with the same name, JSON parsers use the last.
    begin = dict(find_members(text, start))["nodes"]
    for (first, last), node in zip(_find_elements(text, begin), nodes, strict=True):
        yield NodeSpan(first, last, node, workflow)


def find_members(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield the name of each member of the object at `start`, and the position of its value."""
    position = _skip_space(text, start + 1)
    while text[position] != "}":
        name, position = _DECODER.raw_decode(text, position)
        value = _skip_space(text, _skip_space(text, position) + 1)
        yield name, value
        position = _find_next(text, value)


def _find_elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each element of the list at `start`."""
    position = _skip_space(text, start + 1)
    while text[position] != "]":
        _, end = _DECODER.raw_decode(text, position)
        yield position, end
        position = _find_next(text, position)


def _find_next(text: str, value: int) -> int:
    """Return the position of the member, element or closing bracket after the value at `value`."""
    _, end = _DECODER.raw_decode(text, value)
    position = _skip_space(text, end)
    return _skip_space(text, position + 1) if text[position] == "," else position


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
