"""`threecx operations` and `threecx describe`: list and describe operations from the catalog."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import option_types
from .streams import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..catalog import Catalog, Operation


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("operations")(operations)
    app.command("describe")(describe)


def operations(
    resource: Annotated[
        str | None,
        typer.Option(
            "--resource",
            metavar="NAME",
            help='List this resource only, for example CallFlowApps or "Call Flow Apps".',
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            "--search", metavar="TEXT", help="List operations whose ID or description contains this text."
        ),
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", metavar="RELEASE", help="List operations of this 3CX release.")
    ] = None,
    as_json: option_types.AsJson = False,
    catalog: option_types.Catalog = None,
) -> None:
    """List the operations."""
    from ..catalog import load_catalog
    from .output import write_json, write_table

    facts = load_catalog(catalog)
    found = [
        each
        for each in _list_operations(facts, resource, release)
        if search is None or _matches(each, facts, search)
    ]
    if as_json:
        write_json([_summary(each, release) for each in found])
        return
    write_table(
        ["operation", "description", "request", "releases"],
        ([each.id, each.action, _request(each, release), _releases(each, facts)] for each in found),
    )
    say(f"{len(found)} operations")


def describe(
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help="Operation ID, for example DeleteCallFlowApp.")
    ],
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="RELEASE", help="Describe the operation in this 3CX release."),
    ] = None,
    as_json: option_types.AsJson = False,
    catalog: option_types.Catalog = None,
) -> None:
    """Describe one operation.

    Shows its parameters, its body fields with types and choices, its releases, and an example.
    """
    from ..catalog import load_catalog
    from .describe import describe_operation, to_text
    from .output import write_json, write_text

    facts = load_catalog(catalog)
    described = describe_operation(facts, facts.operation(operation), release)
    if as_json:
        write_json(described)
    else:
        write_text(to_text(described))


def _list_operations(facts: Catalog, resource: str | None, release: str | None) -> Iterator[Operation]:
    from ..catalog.api_request import API_REQUEST

    yield from facts.operations(resource=resource, release=release)
    if resource is None:
        tasks = (facts.operation(each) for each in facts.task_ids)
        yield from (each for each in tasks if release in (None, *each.releases))
        yield facts.operation(API_REQUEST)


def _matches(operation: Operation, facts: Catalog, search: str) -> bool:
    resource = facts.resource_texts(operation.resource)["name"]
    text = f"{operation.id} {operation.action} {resource} {operation.name}".casefold()
    return all(word in text for word in re.split(r"[\W_]+", search.casefold()))


def _summary(operation: Operation, release: str | None) -> dict[str, Any]:
    version = operation.version(release)
    return {
        "operation": operation.id,
        "resource": operation.resource,
        "kind": operation.kind,
        "action": operation.action,
        # A task has several requests, which depend on what the PBX contains.
        "method": "" if operation.task else version.method,
        "path": version.shown_path,
        "releases": list(operation.releases),
    }


def _request(operation: Operation, release: str | None) -> str:
    if operation.task is not None:
        return "task"
    version = operation.version(release)
    return f"{version.method} {version.shown_path}"


def _releases(operation: Operation, facts: Catalog) -> str:
    if operation.releases == facts.releases:
        return "all"
    if operation.releases[-1] == facts.newest:
        return f"since {operation.releases[0]}"
    if len(operation.releases) == 1:
        return f"only {operation.releases[0]}"
    return f"{operation.releases[0]} to {operation.releases[-1]}"
