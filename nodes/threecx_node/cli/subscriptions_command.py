"""`threecx subscriptions`: the webhooks of a running executor."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
from .streams import print_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRET_VARIABLE = "THREECX_WEBHOOK_SECRET"  # noqa: S105 (the name of a variable)


class Output(StrEnum):
    """The form of the result on standard output."""

    table = "table"
    json = "json"


SubscriptionId = Annotated[str, typer.Argument(metavar="ID", help="ID of the subscription.")]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Form of the result.")]

_commands = typer.Typer(
    help="Manage subscriptions to events: a running executor sends them to a URL, as signed webhooks.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_commands, name="subscriptions")


@_commands.command("list")
def list_subscriptions(
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
    output: OutputOption = Output.table,
) -> None:
    """List the subscriptions of an executor, with the state of each."""
    from . import executor_calls, subscription_texts

    found = executor_calls.list_subscriptions(_open(executor, key, key_file))
    if output is Output.json:
        _write_json(found)
    else:
        subscription_texts.write_list(found)


@_commands.command("add")
@take_pbx_options(without=["ca_file"])
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="URL to which the events are sent.")],
    events: Annotated[
        list[str],
        typer.Option(
            "--events",
            metavar="NAMES",
            help="Events to send, separated by commas, such as call.missed,recording.ready; missed is short for "
            "call.missed. Can be repeated.",
        ),
    ],
    extension: Annotated[
        list[str] | None,
        typer.Option(
            "--extension",
            metavar="NUMBERS",
            help="Extensions whose events are sent, separated by commas. Can be repeated.",
            show_default="all",
        ),
    ] = None,
    direction: Annotated[
        str,
        typer.Option(
            "--direction", metavar="NAME", help="Calls of this direction only: inbound, outbound or internal."
        ),
    ] = "",
    number: Annotated[
        str,
        typer.Option(
            "--number",
            metavar="NUMBER",
            help="Calls with this number outside only; * at its start or end stands for any digits.",
        ),
    ] = "",
    group: Annotated[
        str,
        typer.Option(
            "--group",
            metavar="NAME",
            help="Calls through this queue or group only; for the event log, entries of this group.",
        ),
    ] = "",
    severity: Annotated[
        str,
        typer.Option(
            "--severity",
            metavar="LEVEL",
            help="Entries of the event log from this severity on: info, warning or error.",
        ),
    ] = "",
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret", envvar=SECRET_VARIABLE, hidden=True, callback=option_types.refuse_on_command_line
        ),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            metavar="FILE",
            help="File with the secret that signs the webhooks: whsec_ and Base64. Alternatively, set "
            f"{SECRET_VARIABLE} to it.",
            show_default="a new secret, which is shown once",
        ),
    ] = None,
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="A note for people.")
    ] = "",
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="NAME", help="Profile of the executor, which names the PBX and the client."
        ),
    ] = None,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
    output: OutputOption = Output.table,
) -> None:
    """Subscribe a URL to events of a PBX.

    The client needs a profile of the executor, or its address, Client ID and API key, which the executor then stores
    encrypted. Events that the client may not see are reported.
    """
    from ..events.model.event_types import find_typed
    from . import executor_calls, subscription_texts
    from .remote_pbx import describe_pbx, read_webhook_secret

    body: dict[str, Any] = {
        "pbx": describe_pbx(context, profile, pbx),
        "events": [find_typed(name).name for name in _split(events)],
        "filter": _make_filter(
            extensions=_split(extension), direction=direction, number=number, group=group, severity=severity
        ),
        "url": url,
        "secret": read_webhook_secret(secret, secret_file),
        "description": description,
    }
    made = executor_calls.add_subscription(
        _open(executor, key, key_file),
        {name: value for name, value in body.items() if value not in (None, "", {})},
    )
    if output is Output.json:
        _write_json(made)
    else:
        subscription_texts.print_subscription(made)


@_commands.command("show")
def show(
    subscription_id: SubscriptionId,
    deliveries: Annotated[
        int,
        typer.Option(
            "--deliveries", metavar="N", min=0, max=500, help="Number of deliveries to show, newest first."
        ),
    ] = 10,
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
    output: OutputOption = Output.table,
) -> None:
    """Show a subscription: its state, what it cannot get, and its last deliveries."""
    from . import executor_calls, subscription_texts

    found = executor_calls.show_subscription(_open(executor, key, key_file), subscription_id, deliveries)
    if output is Output.json:
        _write_json(found)
        return
    subscription_texts.print_subscription(found)
    if deliveries:
        subscription_texts.write_deliveries(found["lastDeliveries"])


@_commands.command("remove")
def remove(
    subscription_id: SubscriptionId,
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
) -> None:
    """Remove a subscription. Its events that are not delivered yet are discarded."""
    from . import executor_calls

    executor_calls.remove_subscription(_open(executor, key, key_file), subscription_id)
    print_line(f"removed {subscription_id}")


@_commands.command("test")
def send_test(
    subscription_id: SubscriptionId,
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
    output: OutputOption = Output.table,
) -> None:
    """Send a test event to the URL of a subscription.

    The exit code is 1 if it is not accepted."""
    from . import executor_calls, subscription_texts

    result = executor_calls.send_test(_open(executor, key, key_file), subscription_id)
    if output is Output.json:
        _write_json(result)
    else:
        print_line(subscription_texts.describe_test(result))
    if not result.get("delivered"):
        raise typer.Exit(1)


@_commands.command("resume")
def resume(
    subscription_id: SubscriptionId,
    executor: option_types.Executor = option_types.EXECUTOR_URL,
    key: option_types.ServiceKey = None,
    key_file: option_types.ServiceKeyFile = None,
) -> None:
    """Send again to the URL of a subscription that is parked, because deliveries have failed for too long."""
    from . import executor_calls

    executor_calls.resume_subscription(_open(executor, key, key_file), subscription_id)
    print_line(f"resumed {subscription_id}")


def _open(executor: str, key: str | None, key_file: Path | None) -> Any:
    from .executor_address import ExecutorAddress

    return ExecutorAddress.of(executor, key, key_file)


def _split(given: Sequence[str] | None) -> list[str]:
    return [part.strip() for each in given or () for part in each.split(",") if part.strip()]


def _make_filter(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value}


def _write_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    from .output import write_json

    write_json(value)
