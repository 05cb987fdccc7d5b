"""`threecx demo`: a copied node, a list of items, a simulated PBX, and what came of it.

Everything happens for real: the simulator answers over HTTP on a free port of this machine, the node and the
items are the files that are named first.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential

from ..catalog import Catalog, load_catalog
from ..execution.executor import Executor
from ..n8n.node_json import Node, read_node
from ..options import Options
from . import inputs
from .output import progress, write_json, write_results, write_text

if TYPE_CHECKING:
    from ..execution.results import Batch

EXAMPLE = "delete-call-flow-apps"
_PACKAGE = Path(__file__).resolve().parents[1]


def run_demo(node_file: str | None, items_file: str | None) -> int:
    """Runs the demo and prints it; the exit code is 0 when the run went as a run goes, errors of items included."""
    from ..simulator import Simulator

    folder = _examples() / EXAMPLE
    node_file = node_file or _shown(folder / "node.json")
    items_file = items_file or _shown(folder / "items.json")
    catalog = load_catalog()
    node = read_node(inputs.read_json(node_file, "node"), catalog)
    items = inputs.read_items(items_file)
    with Simulator() as pbx:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        _introduce(catalog, node, node_file, items_file, len(items), pbx.base_url)
        batch = asyncio.run(_run(catalog, credential, node, items))
    write_text("Results as a table:")
    write_results(batch.results)
    write_text("The same as JSON, one entry per item:")
    write_json([each.to_json() for each in batch.results])
    write_text("")
    write_text(_conclusion(batch))
    return 0


def _introduce(
    catalog: Catalog, node: Node, node_file: str, items_file: str, items: int, base_url: str
) -> None:
    operation = catalog.operation(node.operation)
    resource = catalog.resources[operation.resource]["name"]
    lines = [
        f"A simulated 3CX listens on {base_url}, for this demo only.",
        f"Node   {node_file}: {resource}, {operation.action}",
    ]
    lines += [f"       {name} {_value_text(value)}" for name, value in node.parameters.items()]
    lines += [f"Items  {items_file}: {items}", ""]
    write_text("\n".join(lines))


async def _run(catalog: Catalog, credential: Credential, node: Node, items: Any) -> Batch:
    # A demo goes on after an item's error, to show that one error costs nothing but its own item.
    options = Options(continue_on_fail=True)
    async with Executor(credential, catalog=catalog) as executor:
        with progress(len(items), node.operation) as advance:
            return await executor.run(
                node.operation, items, node.parameters, options=options, on_result=lambda _: advance()
            )


def _value_text(value: Any) -> str:
    """A parameter's value as the canvas shows it: an expression without its leading =."""
    if isinstance(value, dict) and "__rl" in value:
        value = value["value"]
    return str(value).removeprefix("=") if value != "" else "(empty)"


def _conclusion(batch: Batch) -> str:
    failed = len(batch.failed)
    done = len(batch.results) - failed - len(batch.not_tried)
    return f"{done} of {len(batch.results)} items done, {failed} failed and told what to do about it."


def _examples() -> Path:
    """The examples: of the checkout, or those that came with the package."""
    checkout = _PACKAGE.parents[1] / "examples"
    return checkout if checkout.is_dir() and _PACKAGE.parent.name == "nodes" else _PACKAGE / "examples"


def _shown(path: Path) -> str:
    """A path as a person reads it: from here where it lies below here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
