"""A workflow file's text → the same text with its generated 3CX nodes turned into ours.

The standard library reads the JSON; here only places are kept, so that every byte outside a turned node stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...values.json import why_not_json
from .node import CannotMigrateError, is_tool, migrate_node

if TYPE_CHECKING:
    from ...catalog import Catalog

# Case counts: ours ends with `.threeCx`.
GENERATED_ENDING = ".threecx"
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = re.compile(r"\n([ \t]*)")


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What became of one generated node: `problems` kept it as it was, `notes` want a look.

    `operation` is the operation's id, empty where it was not understood.
    """

    workflow: str
    node: str
    operation: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """The new text and a report per generated node, in the file's order."""

    text: str
    reports: tuple[NodeReport, ...]

    @property
    def turned(self) -> int:
        """How many nodes are ours now."""
        return sum(not each.problems for each in self.reports)


@dataclass(slots=True)
class _Span:
    """Where a node stands in the text, and the workflow that it belongs to."""

    start: int
    end: int
    node: Mapping[str, Any]
    workflow: Mapping[str, Any] = field(default_factory=dict)


def migrate(text: str, catalog: Catalog, *, from_types: tuple[str, ...] = ()) -> Migration:
    """Turns nodes whose type ends with `.threecx` or is one of `from_types`.

    `text` is a workflow, a list of workflows or a copied fragment. Raises InputError where it is none of these.
    """
    reports = []
    parts = []
    done = 0
    for span in _nodes(text):
        if not _is_generated(str(span.node.get("type", "")), from_types):
            continue
        name, workflow = str(span.node.get("name", "")), _shown(span.workflow.get("name"))
        try:
            new, operation, notes = migrate_node(span.node, catalog, followers=_followers(span, name))
        except CannotMigrateError as error:
            reports.append(NodeReport(workflow, _shown(name), problems=error.reasons))
            continue
        reports.append(NodeReport(workflow, _shown(name), operation, notes))
        parts += [text[done : span.start], _rendered(new, text, span)]
        done = span.end
    return Migration("".join([*parts, text[done:]]), tuple(reports))


def _is_generated(type_name: str, from_types: tuple[str, ...]) -> bool:
    base = type_name.removesuffix("Tool") if is_tool(type_name) else type_name
    return base.endswith(GENERATED_ENDING) or type_name in from_types or base in from_types


def _followers(span: _Span, name: str) -> tuple[str, ...]:
    """Names of the nodes that take what this one gives."""
    connections = span.workflow.get("connections")
    of_node = connections.get(name) if isinstance(connections, Mapping) else None
    outputs = of_node.get("main") if isinstance(of_node, Mapping) else None
    lists = [each for each in outputs if isinstance(each, list)] if isinstance(outputs, list) else []
    targets = [each for output in lists for each in output if isinstance(each, Mapping)]
    return tuple(dict.fromkeys(_shown(each["node"]) for each in targets if "node" in each))


def _shown(name: Any) -> str:
    """A name for the report: half of an emoji can stand in JSON, and on no terminal."""
    return str(name or "").encode("utf-8", "replace").decode()


def _nodes(text: str) -> Iterator[_Span]:
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise InputError("the workflow is nested too deeply to be read") from error
    except ValueError as error:
        raise InputError(
            f"the workflow is not JSON{why_not_json(error)}", description="Mend it there."
        ) from error
    start = _skip_space(text, 0)
    if isinstance(document, list):
        workflows = [(begin, each) for (begin, _), each in zip(_elements(text, start), document, strict=True)]
    else:
        workflows = [(start, document)]
    for begin, workflow in workflows:
        yield from _nodes_of(text, begin, workflow)


def _nodes_of(text: str, start: int, workflow: Any) -> Iterator[_Span]:
    nodes = workflow.get("nodes") if isinstance(workflow, Mapping) else None
    if not isinstance(nodes, list) or not all(isinstance(each, Mapping) for each in nodes):
        raise InputError(
            "this is no workflow",
            description='Give a file that n8n exported: {"nodes": […], "connections": {…}}, or a list of them.',
        )
    # Of a name that stands twice the last one counts, as for every reader of JSON.
    begin = dict(_members(text, start))["nodes"]
    for (first, last), node in zip(_elements(text, begin), nodes, strict=True):
        yield _Span(first, last, node, workflow)


def _members(text: str, start: int) -> Iterator[tuple[str, int]]:
    """(name, where its value begins) of the object that begins at `start`."""
    position = _skip_space(text, start + 1)
    while text[position] != "}":
        name, position = _DECODER.raw_decode(text, position)
        value = _skip_space(text, _skip_space(text, position) + 1)
        yield name, value
        position = _next(text, value)


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of the elements of the list that begins at `start`."""
    position = _skip_space(text, start + 1)
    while text[position] != "]":
        _, end = _DECODER.raw_decode(text, position)
        yield position, end
        position = _next(text, position)


def _next(text: str, value: int) -> int:
    """Where the next member or element begins, or the closing bracket is, behind the value at `value`."""
    _, end = _DECODER.raw_decode(text, value)
    position = _skip_space(text, end)
    return _skip_space(text, position + 1) if text[position] == "," else position


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _rendered(node: Mapping[str, Any], text: str, span: _Span) -> str:
    """The node in the form that the file has: its indent, its line ends, its way with letters beyond ASCII."""
    dump: Callable[..., str] = json.dumps
    # Half of an emoji can only be written as an escape.
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
