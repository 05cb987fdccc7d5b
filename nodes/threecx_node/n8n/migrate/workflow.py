"""Replace the generated 3CX nodes in the text of a workflow; every byte outside these nodes stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .json_spans import NodeSpan, find_nodes, format_node
from .node_migration import MigrationError, is_tool, migrate_node

if TYPE_CHECKING:
    from ...catalog import Catalog

# Upper and lower case differ: the type of this package's node ends with `.threeCx`.
GENERATED_ENDING = ".threecx"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """The report on one generated node: a node with `problems` is unchanged, `notes` are for the user to check.

    `operation` is the operation's id, empty where it is not known.
    """

    workflow: str
    node: str
    operation: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """The new text and a report on each generated node, in the order of the file."""

    text: str
    reports: tuple[NodeReport, ...]

    @property
    def replaced(self) -> int:
        """Return the number of nodes that were replaced."""
        return sum(not each.problems for each in self.reports)


def migrate(text: str, catalog: Catalog, *, from_types: tuple[str, ...] = ()) -> Migration:
    """Replace the nodes whose type ends with `.threecx` or is one of `from_types`.

    `text` is a workflow, a list of workflows or a copied fragment. Raises InputError where it is none of these.
    """
    reports = []
    parts = []
    done = 0
    for span in find_nodes(text):
        if not _is_generated(str(span.node.get("type", "")), from_types):
            continue
        name, workflow = str(span.node.get("name", "")), _to_printable(span.workflow.get("name"))
        try:
            node, operation, notes = migrate_node(span.node, catalog, followers=_find_followers(span, name))
        except MigrationError as error:
            reports.append(NodeReport(workflow, _to_printable(name), problems=error.reasons))
            continue
        reports.append(NodeReport(workflow, _to_printable(name), operation, notes))
        parts += [text[done : span.start], format_node(node, text, span)]
        done = span.end
    return Migration("".join([*parts, text[done:]]), tuple(reports))


def _is_generated(type_name: str, from_types: tuple[str, ...]) -> bool:
    base = type_name.removesuffix("Tool") if is_tool(type_name) else type_name
    return base.endswith(GENERATED_ENDING) or type_name in from_types or base in from_types


def _find_followers(span: NodeSpan, name: str) -> tuple[str, ...]:
    """Return the names of the nodes that receive the output of a node."""
    connections = span.workflow.get("connections")
    of_node = connections.get(name) if isinstance(connections, Mapping) else None
    outputs = of_node.get("main") if isinstance(of_node, Mapping) else None
    lists = [each for each in outputs if isinstance(each, list)] if isinstance(outputs, list) else []
    targets = [each for output in lists for each in output if isinstance(each, Mapping)]
    return tuple(dict.fromkeys(_to_printable(each["node"]) for each in targets if "node" in each))


def _to_printable(name: Any) -> str:
    """Return a name for the report: JSON can contain a lone surrogate, a terminal cannot show it."""
    return str(name or "").encode("utf-8", "replace").decode()
