"""`threecx execute`: run an operation for a file of items, or a node as a canvas copies it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import option_types

if TYPE_CHECKING:
    import asyncio

    from threecx_credentials import Credential

    from ..catalog import Catalog, Operation
    from ..execution.results import Batch, Item, Result
    from ..n8n.node_json import Node
    from ..options import Options


class Output(StrEnum):
    """The form of the results on standard output."""

    json = "json"
    ndjson = "ndjson"
    table = "table"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("execute")(execute)


def execute(
    operation: Annotated[
        str | None,
        typer.Argument(
            metavar="OPERATION", help="Operation ID, for example DeleteCallFlowApp; not with --node."
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="NAME=VALUE",
            help="Parameter of the operation; a VALUE that begins with = is an expression, @FILE is a file to "
            "upload. Can be repeated.",
        ),
    ] = None,
    body: Annotated[
        str | None, typer.Option("--body", metavar="JSON|@FILE", help="Body of the request.")
    ] = None,
    items: Annotated[
        str | None,
        typer.Option(
            "--items",
            metavar="FILE|-",
            help="JSON file with a list of input items; - reads standard input.",
            show_default="one empty item",
        ),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            "--node",
            metavar="FILE|-",
            help="Node as the canvas copies it, to run instead of OPERATION; - reads standard input.",
        ),
    ] = None,
    node_name: Annotated[
        str | None,
        typer.Option("--node-name", metavar="NAME", help="Node to run, if --node contains several."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the results.")] = Output.json,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the requests, send nothing.")] = False,
    continue_on_fail: Annotated[
        bool, typer.Option("--continue-on-fail", help="Continue with the other items after an error.")
    ] = False,
    allow_incomplete_lists: Annotated[
        bool,
        typer.Option(
            "--allow-incomplete-lists",
            help="Send updates whose lists lack fields that the PBX has stored; these are then lost.",
        ),
    ] = False,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency", metavar="N", min=1, max=100, help="Number of requests at the same time."
        ),
    ] = 8,
    timeout: Annotated[
        float,
        typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Time limit for each response."),
    ] = 60,
    max_body_bytes: Annotated[
        int,
        typer.Option("--max-body-bytes", metavar="N", min=1, help="Size limit for the body of each request."),
    ] = 10 * 1024 * 1024,
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="RELEASE",
            help="3CX release to assume until the PBX has reported its own, for example 20.0.7.",
        ),
    ] = None,
    catalog: option_types.Catalog = None,
    base_url: option_types.BaseUrl = None,
    client_id: option_types.ClientId = None,
    client_secret: option_types.ClientSecret = None,
    client_secret_file: option_types.ClientSecretFile = None,
    verify_tls: option_types.VerifyTls = True,
    ca_file: option_types.CaFile = None,
) -> None:
    """Run an operation for a list of items.

    List operations return up to 50 entities, unless -p returnAll=true or -p limit=N is given.
    """
    from ..catalog import load_catalog
    from ..options import Options
    from . import inputs

    facts = load_catalog(catalog)
    copied = _read_node(facts, operation, node, node_name)
    found = facts.operation(copied.operation)
    given = inputs.find_file(found, inputs.read_parameters(parameter or []))
    parameters = {**copied.parameters, **given}
    if body is not None:
        parameters["body"] = inputs.read_body(body)
    options = Options(
        dry_run=dry_run,
        continue_on_fail=continue_on_fail or copied.continue_on_fail,
        release=release,
        concurrency=concurrency,
        timeout=timeout,
        max_body_bytes=max_body_bytes,
        allow_incomplete_lists=allow_incomplete_lists,
    ).with_batch_options(copied.batch_options)
    input_items = inputs.read_items(items)
    if not input_items:
        _write([], output)
        return
    credential = (
        inputs.build_dry_run_credential(base_url)
        if options.dry_run
        else inputs.build_credential(
            base_url, client_id, client_secret, client_secret_file, verify_tls=verify_tls, ca_file=ca_file
        )
    )
    batch = _run(facts, found.id, input_items, parameters, credential, options, output)
    if output is not Output.ndjson:
        _write(batch.results, output, _choose_columns(facts, found))
    for note in batch.notes:
        typer.echo(f"threecx: note: {note}", err=True)
    if summary := batch.summary():
        typer.echo(f"threecx: {summary}", err=True)
    raise typer.Exit(batch.exit_code)


def _read_node(facts: Catalog, operation: str | None, node: str | None, node_name: str | None) -> Node:
    """Return the copied node in the file `node`, or a node without parameters for the argument `operation`."""
    from ..errors import UsageError
    from ..n8n.node_json import Node, read_node
    from . import inputs

    if node is None:
        if operation is None:
            raise UsageError(
                "OPERATION is missing",
                description="Give an operation ID, as `threecx operations` lists them, or --node FILE.",
            )
        return Node(operation, {})
    if operation is not None:
        raise UsageError("both OPERATION and --node are given", description="Give one of them.")
    return read_node(inputs.read_json(node, "node"), facts, name=node_name)


def _run(
    facts: Catalog,
    operation: str,
    items: list[Mapping[str, Any] | Item],
    parameters: Mapping[str, Any],
    credential: Credential,
    options: Options,
    output: Output,
) -> Batch:
    import asyncio

    from ..execution.executor import Executor
    from .output import progress, write_line

    async def run() -> Batch:
        stop = asyncio.Event()
        _stop_on_interrupt(stop)
        async with Executor(credential, connections=options.concurrency, catalog=facts) as executor:
            with progress(len(items), operation) as advance:

                async def write(result: Result) -> None:
                    if not result.more:
                        advance()
                    write_line({"item": result.index, **result.to_json()})

                on_part = write if output is Output.ndjson else None
                return await executor.run(
                    operation,
                    items,
                    parameters,
                    options=options,
                    on_result=lambda _: advance(),
                    on_part=on_part,
                    stop=stop,
                )

    return asyncio.run(run())


def _stop_on_interrupt(stop: asyncio.Event) -> None:
    """Stop on the first Ctrl-C after the requests under way, so that their results are known; on the second at once."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        typer.echo(
            "threecx: stopping after the requests under way; press Ctrl-C again to stop at once", err=True
        )

    try:
        loop.add_signal_handler(signal.SIGINT, interrupt)
    except NotImplementedError:
        # On Windows, Ctrl-C stops at once.
        return


def _choose_columns(facts: Catalog, operation: Operation) -> tuple[str, ...]:
    from ..catalog.summary_fields import simple_fields

    type_name = operation.version().returns.type
    return simple_fields(facts, type_name) if facts.is_schema(type_name) else ()


def _write(results: Any, output: Output, columns: tuple[str, ...] = ()) -> None:
    from .output import write_json, write_results

    if output is Output.json:
        write_json([each.to_json() for each in results])
    elif output is Output.table:
        write_results(results, columns)
