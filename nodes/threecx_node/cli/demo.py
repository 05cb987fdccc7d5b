"""Run an example: a copied node, a list of items, a simulated PBX, and the results.

Nothing is faked: the simulator listens on a free port of this machine, and the node and the items are read from the
files that are printed first.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, MemoryTokenStore

from ..catalog import Catalog, load_catalog
from ..n8n.node_json import Node, read_node
from ..options import Options
from ..tasks.executor import Executor
from . import inputs
from .output import progress, write_json, write_results, write_text

if TYPE_CHECKING:
    from ..execution.results import Batch

EXAMPLE = "delete-call-flow-apps"
_PACKAGE = Path(__file__).resolve().parents[1]


def run_demo(node_file: str | None, items_file: str | None) -> int:
    """Run the demo and print it. Return exit code 0 even if items failed, since the example contains such items."""
    from ..simulator import Simulator

    folder = _examples() / EXAMPLE
    node_file = node_file or _shorten(folder / "node.json")
    items_file = items_file or _shorten(folder / "items.json")
    catalog = load_catalog()
    node = read_node(inputs.read_json(node_file, "node"), catalog)
    items = inputs.read_items(items_file)
    with Simulator() as pbx:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        _print_introduction(catalog, node, node_file, items_file, len(items), pbx.base_url)
        batch = asyncio.run(_run(catalog, credential, node, items))
    write_text("Results as a table:")
    write_results(batch.results)
    write_text("The same as JSON, one entry per item:")
    write_json([each.to_json() for each in batch.results])
    write_text("")
    write_text(_conclusion(batch))
    return 0


def _print_introduction(
    catalog: Catalog, node: Node, node_file: str, items_file: str, items: int, base_url: str
) -> None:
    operation = catalog.operation(node.operation)
    resource = catalog.resource_texts(operation.resource)["name"]
    lines = [
        f"A simulated 3CX listens on {base_url}, for this demo only.",
        f"Node   {node_file}: {resource}, {operation.action}",
    ]
    lines += [f"       {name} {_value_text(value)}" for name, value in node.parameters.items()]
    lines += [f"Items  {items_file}: {items}", ""]
    write_text("\n".join(lines))


async def _run(catalog: Catalog, credential: Credential, node: Node, items: Any) -> Batch:
    # Continue after an error, to show that it affects no other item.
    options = Options(continue_on_fail=True).with_batch_options(node.batch_options)
    async with Executor(credential, catalog=catalog, token_store=MemoryTokenStore()) as executor:
        with progress(len(items), node.operation) as advance:
            return await executor.run(
                node.operation, items, node.parameters, options=options, on_result=lambda _: advance()
            )


def _value_text(value: Any) -> str:
    """Return a parameter's value as the canvas shows it: an expression without its leading =."""
    if isinstance(value, dict) and "__rl" in value:
        value = value["value"]
    return str(value).removeprefix("=") if value != "" else "(empty)"


def _conclusion(batch: Batch) -> str:
    failed = len(batch.failed)
    done = len(batch.results) - failed - len(batch.not_tried)
    return f"{done} of {len(batch.results)} items done, {failed} failed with advice how to fix it."


def _examples() -> Path:
    """Return the folder of the examples: in the checkout, or in the installed package."""
    checkout = _PACKAGE.parents[1] / "examples"
    return checkout if checkout.is_dir() and _PACKAGE.parent.name == "nodes" else _PACKAGE / "examples"


def _shorten(path: Path) -> str:
    """Return a path relative to the current folder if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
