"""`threecx listen`: show live calls in a terminal."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .streams import say_in_json

if TYPE_CHECKING:
    from collections.abc import Sequence


class ListenOutput(StrEnum):
    """The form of the events on standard output."""

    table = "table"
    ndjson = "ndjson"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("listen")(listen)


def listen(
    context: typer.Context,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--events",
            metavar="NAMES",
            help="Events to show, separated by commas: started, ringing, answered, transferred, missed, ended. Can be "
            "repeated.",
            show_default="all",
        ),
    ] = None,
    extension: Annotated[
        list[str] | None,
        typer.Option(
            "--extension",
            metavar="NUMBERS",
            help="Extensions whose calls are shown, separated by commas. Can be repeated.",
            show_default="all that the client monitors",
        ),
    ] = None,
    output: Annotated[
        ListenOutput,
        typer.Option("--output", "-o", help="Form of the events: a table, or a line of JSON each."),
    ] = ListenOutput.table,
    raw: Annotated[
        bool, typer.Option("--raw", help="Show the changes of the legs of calls instead of events of calls.")
    ] = False,
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="A call is over after this time without a leg. Raise it if calls wait in queues that the client does "
            "not monitor.",
        ),
    ] = 2.0,
    log_format: option_types.LogFormatOption = option_types.LogFormat.text,
    profile: option_types.Profile = None,
    profiles: option_types.ProfilesFile = None,
    base_url: option_types.BaseUrl = None,
    client_id: option_types.ClientId = None,
    client_secret: option_types.ClientSecret = None,
    client_secret_file: option_types.ClientSecretFile = None,
    verify_tls: option_types.VerifyTls = True,
    ca_file: option_types.CaFile = None,
) -> None:
    """Show live calls until Ctrl-C.

    The client needs the Call Control right, and sees the extensions that it monitors. Use a client ID of its own: a
    second program that logs in with the same client ends the connection.
    """
    from . import inputs
    from .run_listen import Selection, run_listen

    say_in_json(log_format is option_types.LogFormat.json)
    selection = Selection.of(_split(events), _split(extension), raw=raw)
    credential = inputs.choose_credential(
        context,
        profile,
        profiles,
        base_url,
        client_id,
        client_secret,
        client_secret_file,
        verify_tls=verify_tls,
        ca_file=ca_file,
    )
    run_listen(credential, selection, is_table=output is ListenOutput.table, grace=grace)


def _split(given: Sequence[str] | None) -> list[str]:
    """Return the values of an option that can be repeated, and of which each can be a list."""
    return [part.strip() for each in given or () for part in each.split(",") if part.strip()]
