"""The commands of `threecx`. A command imports what it needs when it runs, so that `--help` and completion are fast."""

from __future__ import annotations

import typer

from .. import __version__
from . import (
    catalog_commands,
    check_command,
    demo_command,
    doctor_command,
    execute_command,
    import_spec_command,
    listen_command,
    migrate_command,
    serve_command,
    setup_events_command,
    simulator_command,
    subscriptions_command,
)

app = typer.Typer(
    name="threecx",
    help="Run the operations of the 3CX Configuration API, from the command line and for workflow canvases.",
    epilog="Exit codes: 0 all items succeeded, 1 some item failed or was not tried, or the results could not be "
    "written, 2 bad usage or configuration, 3 PBX unreachable or login refused, 128 + the signal's number (130, 143, "
    "129) if a second signal ended it at once.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    execute_command,
    catalog_commands,
    check_command,
    doctor_command,
    setup_events_command,
    listen_command,
    subscriptions_command,
    simulator_command,
    demo_command,
    serve_command,
    migrate_command,
    import_spec_command,
):
    module.register(app)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"threecx {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    del version
