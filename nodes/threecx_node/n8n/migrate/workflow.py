"""Replace the nodes that call 3CX in the text of a workflow; every byte outside these nodes stays as it is.

They are nodes of a generated 3CX node, and HTTP Request nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from .everyday import is_admin, move_node
from .http_calls import HttpCalls
from .json_spans import NodeSpan, find_nodes, format_node
from .node_migration import MigrationError, is_tool, migrate_node
from .token_nodes import find_users

if TYPE_CHECKING:
    from ...catalog import Catalog

# Upper and lower case differ: the type of this package's node ends with `.threeCx`.
GENERATED_ENDING = ".threecx"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """The report on one node: a node with `problems` is unchanged, `notes` are for the user to check.

    `operation` is the operation's id, empty where it is not known. `kind` is what the node was: a generated node, an
    HTTP request to 3CX's API, an HTTP request for a token, which is never changed, or a node of 3CX Admin.
    """

    workflow: str
    node: str
    operation: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    kind: Literal["generated", "http", "token", "admin"] = "generated"

    @property
    def is_replaced(self) -> bool:
        """Return whether the node was replaced; one of 3CX Admin that stays what it is has no problem, but a note."""
        return not self.problems and not (self.kind == "admin" and self.notes)


@dataclass(frozen=True, slots=True)
class Migration:
    """The new text and a report on each node that calls 3CX, in the order of the file."""

    text: str
    reports: tuple[NodeReport, ...]

    @property
    def replaced(self) -> int:
        """Return the number of nodes that were replaced."""
        return sum(self.count(kind)[0] for kind in ("generated", "http", "admin"))

    def count(self, kind: str) -> tuple[int, int]:
        """Return how many nodes of a kind were replaced, and how many there are."""
        of_kind = [each for each in self.reports if each.kind == kind]
        return sum(each.is_replaced for each in of_kind), len(of_kind)


def migrate(
    text: str,
    catalog: Catalog,
    *,
    from_types: tuple[str, ...] = (),
    pbx: str | None = None,
    everyday: bool = False,
) -> Migration:
    """Replace the HTTP requests to 3CX, and the nodes whose type ends with `.threecx` or is one of `from_types`.

    `text` is a workflow, a list of workflows or a copied fragment. Of a workflow that calls several PBXs, only the HTTP
    requests to the address `pbx` are replaced. With `everyday`, nodes of 3CX Admin become everyday nodes where these
    say the same. Raises InputError where the text is none of these.
    """
    reports: list[NodeReport] = []
    parts: list[str] = []
    done = 0
    for _, group in groupby(find_nodes(text), key=lambda span: id(span.workflow)):
        for span, node, report in _migrate_workflow(list(group), catalog, from_types, pbx, everyday=everyday):
            reports.append(report)
            if node is not None:
                parts += [text[done : span.start], format_node(node, text, span)]
                done = span.end
    return Migration("".join([*parts, text[done:]]), tuple(reports))


_Step = tuple[NodeSpan, dict[str, Any] | None, NodeReport]


def _migrate_workflow(
    spans: list[NodeSpan],
    catalog: Catalog,
    from_types: tuple[str, ...],
    pbx: str | None,
    *,
    everyday: bool,
) -> Iterator[_Step]:
    """Yield the nodes of one workflow that call 3CX, each with its new node (None: unchanged) and its report."""
    calls = HttpCalls([span.node for span in spans], pbx)
    steps: list[_Step] = []
    nodes: list[Mapping[str, Any]] = []
    for index, span in enumerate(spans):
        step = _move_node(span, catalog) if everyday and is_admin(str(span.node.get("type", ""))) else None
        step = step or _migrate_node(span, index, calls, catalog, from_types)
        if step is not None:
            steps.append(step)
        nodes.append(span.node if step is None or step[1] is None else step[1])
    for span, node, report in steps:
        if report.kind == "token":
            yield span, node, replace(report, notes=(_describe_token(span, nodes),))
        else:
            yield span, node, report


def _migrate_node(
    span: NodeSpan, index: int, calls: HttpCalls, catalog: Catalog, from_types: tuple[str, ...]
) -> _Step | None:
    name = str(span.node.get("name", ""))
    report = NodeReport(_to_printable(span.workflow.get("name")), _to_printable(name))
    try:
        if _is_generated(str(span.node.get("type", "")), from_types):
            node, operation, notes = migrate_node(span.node, catalog, followers=_find_followers(span))
        elif calls.is_token(index):
            return span, None, replace(report, kind="token")
        elif calls.is_api(index):
            report = replace(report, kind="http")
            node, operation, notes = calls.migrate(index, catalog)
        else:
            return None
    except MigrationError as error:
        return span, None, replace(report, problems=error.reasons)
    return span, node, replace(report, operation=operation, notes=notes)


def _move_node(span: NodeSpan, catalog: Catalog) -> _Step:
    name = _to_printable(span.node.get("name"))
    report = NodeReport(_to_printable(span.workflow.get("name")), name, kind="admin")
    try:
        node, operation = move_node(span.node, catalog)
    except MigrationError as error:
        return span, None, replace(report, notes=error.reasons)
    return span, node, replace(report, operation=operation)


def _describe_token(span: NodeSpan, nodes: list[Mapping[str, Any]]) -> str:
    """Return what to do with a node that requests a token; `nodes` are those of the new workflow."""
    followers = _find_followers(span)
    users = find_users(str(span.node.get("name", "")), followers, nodes)
    if users:
        return f"it is still needed: {_join(users)} uses its token"
    after = f" and connect the node before it to {_join(followers)}" if followers else ""
    return (
        f"it is no longer needed: the executor requests its own token. Remove the node{after}. "
        "If it uses the client ID of the credential, each of its requests ends the executor's token"
    )


def _join(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(repr(_to_printable(each)) for each in names)


def _is_generated(type_name: str, from_types: tuple[str, ...]) -> bool:
    base = type_name.removesuffix("Tool") if is_tool(type_name) else type_name
    return base.endswith(GENERATED_ENDING) or type_name in from_types or base in from_types


def _find_followers(span: NodeSpan) -> tuple[str, ...]:
    """Return the names of the nodes that receive the output of a node."""
    connections = span.workflow.get("connections")
    of_node = connections.get(str(span.node.get("name", ""))) if isinstance(connections, Mapping) else None
    outputs = of_node.get("main") if isinstance(of_node, Mapping) else None
    lists = [each for each in outputs if isinstance(each, list)] if isinstance(outputs, list) else []
    targets = [each for output in lists for each in output if isinstance(each, Mapping)]
    return tuple(dict.fromkeys(_to_printable(each["node"]) for each in targets if "node" in each))


def _to_printable(name: Any) -> str:
    """Return a name for the report: JSON can contain a lone surrogate, a terminal cannot show it."""
    return str(name or "").encode("utf-8", "replace").decode()
