"""`threecx execute`: run an operation for a file of items, or a node as a canvas copies it."""

from __future__ import annotations

import os
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
from .streams import say_in_json

if TYPE_CHECKING:
    from ..catalog import Catalog
    from ..n8n.node_json import Node


class Output(StrEnum):
    """The form of the results on standard output."""

    json = "json"
    ndjson = "ndjson"
    table = "table"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("execute")(execute)


@take_pbx_options()
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
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="With --dry-run: look each entry up, and show it before and after the change. Only reads.",
        ),
    ] = False,
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
            "--concurrency", metavar="N", help="Number of requests at the same time, from 1 to 100."
        ),
    ] = 8,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            help="Time limit for each attempt to get a response, up to 600. A file may take longer as long as 8 KB per "
            "second are transferred.",
        ),
    ] = 60,
    retry_time: Annotated[
        float,
        typer.Option(
            "--retry-time",
            metavar="SECONDS",
            help="Time for sending a request again that a fault met, where that is safe; 0 sends each request once.",
        ),
    ] = 30,
    max_body_bytes: Annotated[
        int,
        typer.Option("--max-body-bytes", metavar="N", help="Size limit for the body of each request."),
    ] = 10 * 1024 * 1024,
    max_response: option_types.MaxResponse = None,
    max_items: Annotated[
        int,
        typer.Option(
            "--max-items", metavar="N", help="Limit for the entities of a list that is read without a limit."
        ),
    ] = 1_000_000,
    download: Annotated[
        str | None,
        typer.Option(
            "--download",
            metavar="FOLDER|FILE",
            help="Save the files of the results there instead of writing them as Base64.",
        ),
    ] = None,
    max_deletes: Annotated[
        int | None,
        typer.Option(
            "--max-deletes",
            metavar="N",
            help="Entities that may be deleted; a batch that would delete more is refused before anything is sent.",
        ),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="RELEASE",
            help="3CX release to assume until the PBX has reported its own, for example 20.0.7.",
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal",
            metavar="FILE",
            help="New file that records each change before and after it is sent, to continue the batch with --resume.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="FILE",
            help="Journal of an earlier run of the same command: sends only what remains.",
        ),
    ] = None,
    stats: Annotated[
        bool,
        typer.Option(
            "--stats",
            help="Write the number of requests, retries and token requests, and latencies to standard error.",
        ),
    ] = False,
    log_format: option_types.LogFormatOption = option_types.LogFormat.text,
    catalog: option_types.Catalog = None,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
) -> None:
    """Run an operation for a list of items.

    List operations return up to 50 entities, unless -p returnAll=true or -p limit=N is given.
    """
    from ..catalog import load_catalog
    from ..execution.journal import BatchIdentity, refuse_journal_for_dry_run
    from ..options import Options, read_traceparent
    from . import inputs
    from .output import write_json, write_results
    from .run_batch import open_journal, run_batch

    say_in_json(log_format is option_types.LogFormat.json)
    facts = load_catalog(catalog)
    copied = _read_node(facts, operation, node, node_name)
    found = facts.operation(copied.operation)
    given = inputs.find_file(found, inputs.read_parameters(parameter or []))
    parameters = {**copied.parameters, **given}
    if body is not None:
        parameters["body"] = inputs.read_body(body)
    options = Options(
        dry_run=dry_run,
        verify=verify,
        continue_on_fail=continue_on_fail or copied.continue_on_fail,
        release=release,
        concurrency=concurrency,
        timeout=timeout,
        retry_time=retry_time,
        max_body_bytes=max_body_bytes,
        max_response_bytes=option_types.read_max_response(max_response),
        max_items=max_items,
        download_to=download,
        max_deletes=max_deletes,
        allow_incomplete_lists=allow_incomplete_lists,
        # As programs that trace start other programs.
        traceparent=read_traceparent(os.environ.get("TRACEPARENT", "")),
    ).with_batch_options(copied.batch_options)
    if verify and not options.dry_run:
        from ..errors import UsageError

        raise UsageError(
            "--verify is given without --dry-run",
            description="Give both: a batch that is sent is not looked up.",
        )
    input_items = inputs.read_items(items)
    if options.dry_run and (journal or resume):
        refuse_journal_for_dry_run()
    if not input_items:
        if output is Output.json:
            write_json([])
        elif output is Output.table:
            write_results([])
        return
    credential = (
        inputs.build_dry_run_credential(pbx.base_url)
        # A dry run of a task reads, to find out what it would change.
        if options.dry_run and not verify and found.task is None
        else inputs.build_credential(pbx)
    )
    opened = None
    if journal or resume:
        identity = BatchIdentity.of(found.id, input_items, parameters, options, credential)
        opened = open_journal(journal, resume, identity)
    with opened or nullcontext():
        code = run_batch(
            facts, found, input_items, parameters, credential, options, output.value, opened, with_stats=stats
        )
    raise typer.Exit(code)


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
