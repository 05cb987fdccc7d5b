"""`threecx listen`: show live calls in a terminal."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
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


@take_pbx_options()
def listen(
    context: typer.Context,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--events",
            metavar="NAMES",
            help="Events to show, separated by commas: started, ringing, answered, transferred, missed, ended. With "
            "--executor, also events of records, such as recording.ready. Can be repeated.",
            show_default="all of live calls",
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
    executor: Annotated[
        str | None,
        typer.Option(
            "--executor",
            metavar="URL",
            help="Get the events from a running executor, with its profile --profile, and do not connect to the PBX.",
        ),
    ] = None,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
    after: Annotated[
        str | None,
        typer.Option(
            "--after",
            metavar="POSITION",
            help="With --executor: first show the stored events after this position, which --output ndjson shows; "
            "oldest shows all that are stored.",
            show_default="new events only",
        ),
    ] = None,
    log_format: option_types.LogFormatOption = option_types.LogFormat.text,
    profile: option_types.Profile = None,
    profiles: option_types.ProfilesFile = None,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
) -> None:
    """Show live calls until Ctrl-C.

    The client needs the Call Control right, and sees the extensions that it monitors. Use a client ID of its own: a
    second program that logs in with the same client ends the connection. With --executor, that of the executor is
    shared, and events that occur while this command does not run, or has lost its connection, are shown too.
    """
    from . import inputs
    from .run_listen import Selection, run_listen

    say_in_json(log_format is option_types.LogFormat.json)
    if executor is not None:
        _refuse_with_executor(context)
        from .executor_address import ExecutorAddress
        from .remote_events import Subscriber, choose_events
        from .remote_pbx import describe_pbx
        from .run_attached import run_attached

        subscriber = Subscriber(
            ExecutorAddress.of(executor, key, key_file),
            describe_pbx(context, profile, pbx),
            choose_events(_split(events, "--events")),
            _split(extension, "--extension"),
            after,
        )
        run_attached(subscriber, is_table=output is ListenOutput.table)
        return
    _refuse_without_executor(context)
    selection = Selection.of(_split(events, "--events"), _split(extension, "--extension"), raw=raw)
    credential = inputs.choose_credential(context, profile, profiles, pbx)
    run_listen(credential, selection, is_table=output is ListenOutput.table, grace=grace)


def _refuse_with_executor(context: typer.Context) -> None:
    """Raise UsageError for an option that only a connection to the PBX has."""
    for name, advice in (
        ("raw", "The executor sends events of calls, and no changes of legs."),
        ("grace", "The executor chooses when a call is over."),
        ("profiles", "--profile names a profile of the executor."),
        ("ca_file", "Set ca_file in the profile of the executor."),
    ):
        _refuse(context, name, "--executor", advice)


def _refuse_without_executor(context: typer.Context) -> None:
    """Raise UsageError for an option that only an executor has."""
    _refuse(
        context, "after", "no --executor", "Only an executor stores events. Give its URL with --executor."
    )
    _refuse(context, "key_file", "no --executor", "Give the URL of the executor with --executor.")


def _refuse(context: typer.Context, name: str, beside: str, advice: str) -> None:
    from ..errors import UsageError

    source = context.get_parameter_source(name)
    if source is not None and source.name == "COMMANDLINE":
        [option] = (each.opts[0] for each in context.command.params if each.name == name)
        raise UsageError(
            f"{option} and {beside} are both given"
            if beside.startswith("--")
            else f"{option} needs --executor",
            description=advice,
        )


def _split(given: Sequence[str] | None, option: str) -> list[str]:
    """Return the values of an option that can be repeated, and of which each can be a list.

    Raises UsageError where it is given without a value, for example from a variable that is not set.
    """
    from ..errors import UsageError

    parts = [part.strip() for each in given or () for part in each.split(",") if part.strip()]
    if given and not parts:
        raise UsageError(
            f"{option} is empty", description="Give a value, or leave the option out to show all."
        )
    return parts
