"""`threecx setup-events`: create the client that listens to calls."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
from .streams import print_line, say

if TYPE_CHECKING:
    from ..service.profile_writer import ProfileWriter
    from ..setup.events_client import EventsClient


class Output(StrEnum):
    """The form of the result on standard output."""

    text = "text"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("setup-events")(setup_events)


@take_pbx_options()
def setup_events(
    extensions: Annotated[
        str,
        typer.Option(
            "--extensions",
            metavar="NUMBERS",
            help="Extensions whose calls the client sees: numbers such as 100,101, or all.",
        ),
    ],
    number: Annotated[
        str | None,
        typer.Option(
            "--number",
            metavar="N",
            help="Number of the client, which is its client ID. An existing client of events is adapted.",
            show_default="that of the profile, of a client with these extensions, or a free number",
        ),
    ] = None,
    new_key: Annotated[
        bool,
        typer.Option(
            "--new-key", help="Generate a new API key for an existing client; the one before ends at once."
        ),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Write the client into the file with profiles, in place of showing its API key.",
        ),
    ] = None,
    profiles: option_types.ProfilesFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, change nothing.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the result.")] = Output.text,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
    catalog: option_types.Catalog = None,
) -> None:
    """Create the client that listens to calls, with Call Control for the extensions to monitor.

    The credential is that of a client that may change the configuration. The new client is another one, because 3CX
    ends the access token of a client at its next login. Its ID and API key are shown once, or written into a profile.
    If the client exists, only the extensions that differ are changed, and its key stays as it is.
    """
    import asyncio

    from ..catalog import load_catalog
    from ..execution.executor import Executor
    from ..service.profile_writer import ProfileWriter, find_reserved
    from ..setup.events_client import EventsClientRequest, set_up_events_client
    from ..setup.monitored import parse_extensions
    from . import inputs
    from .output import write_json

    wanted = parse_extensions(extensions)
    facts = load_catalog(catalog)
    credential = inputs.build_credential(pbx)
    if credential.note:
        say(f"threecx: note: {credential.note}")
    writer = ProfileWriter(profiles, profile, credential) if profile is not None else None
    request = EventsClientRequest(
        extensions=wanted,
        number=number or (writer.client_id if writer else None),
        new_key=new_key,
        dry_run=dry_run,
        reserved=find_reserved(profiles, profile, credential),
    )

    async def run() -> EventsClient:
        async with Executor(credential, catalog=facts) as executor:
            return await set_up_events_client(executor, request, writer)

    client = asyncio.run(run())
    if output is Output.json:
        write_json(client.to_json())
    else:
        _print_client(client, writer)
    if client.incomplete:
        say(f"threecx: {client.incomplete}", level="warning")
        raise typer.Exit(1)


def _print_client(client: EventsClient, writer: ProfileWriter | None) -> None:
    for step in client.steps:
        print_line(step)
    if client.key is not None:
        print_line(f"client ID  {client.number}")
        print_line(f"API key    {client.key.reveal()}")
        print_line("3CX shows the key only this once: store it now.")
    elif writer is not None and writer.client_id is not None:
        print_line(f"Test it with: threecx doctor {writer.option}")
