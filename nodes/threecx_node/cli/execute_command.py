"""`threecx execute`: an operation for a file of items, or a node as a canvas copies it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options

if TYPE_CHECKING:
    import asyncio

    from ..catalog import Catalog, Operation
    from ..execution.results import Batch, Result


class Output(StrEnum):
    """How results are written."""

    json = "json"
    ndjson = "ndjson"
    table = "table"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("execute")(execute)


def execute(
    operation: Annotated[
        str | None,
        typer.Argument(
            metavar="[OPERATION]", help="Operation id, like DeleteCallFlowApp; left out with --node."
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="NAME=VALUE",
            help="A parameter; a VALUE that begins with = is an expression.",
        ),
    ] = None,
    body: Annotated[str | None, typer.Option("--body", metavar="JSON|@FILE", help="The body.")] = None,
    items: Annotated[
        str | None,
        typer.Option("--items", metavar="FILE|-", help="JSON list of input items; one empty item without."),
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", metavar="FILE|-", help="A node as the canvas copies it.")
    ] = None,
    node_name: Annotated[
        str | None, typer.Option("--node-name", metavar="NAME", help="Which node, if the file holds several.")
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How results are written.")] = Output.json,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the requests, send nothing.")] = False,
    continue_on_fail: Annotated[
        bool, typer.Option("--continue-on-fail", help="Go on after an item's error.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, max=100, help="Requests at once.")
    ] = 8,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Seconds to wait for an answer.")
    ] = 60,
    max_body_bytes: Annotated[
        int, typer.Option("--max-body-bytes", metavar="N", min=1, help="Largest body that is sent.")
    ] = 10 * 1024 * 1024,
    release: options.Release = None,
    catalog: options.Catalog = None,
    base_url: options.BaseUrl = None,
    client_id: options.ClientId = None,
    client_secret_file: options.ClientSecretFile = None,
    verify_tls: options.VerifyTls = None,
    ca_file: options.CaFile = None,
) -> None:
    """Run an operation for a list of items.

    Lists give 50 results unless -p returnAll=true or -p limit=N says otherwise.
    """
    from ..catalog import load_catalog
    from ..options import Options
    from . import inputs

    facts = load_catalog(catalog)
    operation_id, parameters, keep_going = _what(facts, operation, node, node_name)
    parameters |= inputs.read_parameters(parameter or [])
    if body is not None:
        parameters["body"] = inputs.read_body(body)
    run_options = Options(
        dry_run=dry_run,
        continue_on_fail=continue_on_fail or keep_going,
        release=release,
        concurrency=concurrency,
        timeout=timeout,
        max_body_bytes=max_body_bytes,
    )
    found = facts.operation(operation_id)
    input_items = inputs.read_items(items)
    if not input_items:
        _write([], output)
        return
    credential = (
        inputs.credential_for_dry_run(base_url)
        if dry_run
        else inputs.credential(
            base_url, client_id, client_secret_file, verify_tls=verify_tls, ca_file=ca_file
        )
    )
    batch = _run(facts, found.id, input_items, parameters, credential, run_options, output)
    if output is not Output.ndjson:
        _write(batch.results, output, _columns(facts, found))
    if summary := batch.summary():
        typer.echo(f"threecx: {summary}", err=True)
    raise typer.Exit(batch.exit_code)


def _what(
    facts: Catalog, operation: str | None, node: str | None, node_name: str | None
) -> tuple[str, dict[str, Any], bool]:
    """Operation id and parameters: from the argument, or from a copied node."""
    from ..errors import UsageError
    from . import inputs

    if node is None:
        if operation is None:
            raise UsageError(
                "no operation is named",
                description="Give an operation id or --node FILE; `threecx operations` lists them.",
            )
        return operation, {}, False
    if operation is not None:
        raise UsageError("both an operation and --node are given", description="Give one of them.")
    from ..n8n.node_json import read_node

    found = read_node(inputs.read_json(node, "node"), facts, name=node_name)
    return found.operation, dict(found.parameters), found.continue_on_fail


def _run(
    facts: Catalog,
    operation: str,
    items: list[Mapping[str, Any]],
    parameters: Mapping[str, Any],
    credential: Any,
    run_options: Any,
    output: Output,
) -> Batch:
    import asyncio

    from ..execution.executor import Executor
    from .output import progress, write_line

    async def run() -> Batch:
        stop = asyncio.Event()
        _stop_on_interrupt(stop)
        async with Executor(credential, connections=run_options.concurrency, catalog=facts) as executor:
            with progress(len(items), operation) as advance:

                def seen(result: Result) -> None:
                    advance()
                    if output is Output.ndjson:
                        write_line({"item": result.index, **result.to_json()})

                batch = await executor.run(
                    operation, items, parameters, options=run_options, on_result=seen, stop=stop
                )
        if output is Output.ndjson:
            for each in batch.not_tried:
                write_line({"item": each.index, **each.to_json()})
        return batch

    return asyncio.run(run())


def _stop_on_interrupt(stop: asyncio.Event) -> None:
    """The first Ctrl-C lets what is under way end, so that it is known what was done; the second ends at once."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        typer.echo("threecx: stopping after the requests under way; Ctrl-C again ends at once", err=True)

    try:
        loop.add_signal_handler(signal.SIGINT, interrupted)
    except NotImplementedError:
        # Windows: Ctrl-C ends at once.
        return


def _columns(facts: Catalog, operation: Operation) -> tuple[str, ...]:
    from ..catalog.summary_fields import simple_fields

    type_name = operation.version().returns.type
    return simple_fields(facts, type_name) if facts.is_schema(type_name) else ()


def _write(results: Any, output: Output, columns: tuple[str, ...] = ()) -> None:
    from .output import write_json, write_results

    if output is Output.json:
        write_json([each.to_json() for each in results])
    elif output is Output.table:
        write_results(results, columns)
