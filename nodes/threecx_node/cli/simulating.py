"""`threecx simulator`: the test PBX in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..simulator import Simulator

# A PBX's own: HTTPS, or here plain HTTP where no TLS was asked for.
PORT = 5001


def run_simulator(
    ports: list[int] | None, *, client_id: str | None, client_secret: str | None, **options: Any
) -> None:
    """Serves until interrupted; says on stderr where, and with which made-up credential.

    `options` are the simulator's own.
    """
    from ..simulator import CLIENT_ID, CLIENT_SECRET, run

    run(
        port=ports or [PORT],
        client_id=client_id or CLIENT_ID,
        client_secret=client_secret or CLIENT_SECRET,
        on_ready=_say_where,
        **options,
    )


def _say_where(pbx: Simulator) -> None:
    where = " and ".join(pbx.base_urls)
    typer.echo(f"A simulated 3CX {pbx.release} listens on {where}; Ctrl-C ends it.", err=True)
    typer.echo(f"  What it holds, in a browser: {pbx.base_url}/", err=True)
    typer.echo("  In another terminal:", err=True)
    typer.echo(f"  export THREECX_BASE_URL={pbx.base_url}", err=True)
    typer.echo(
        f"  export THREECX_CLIENT_ID={pbx.client_id} THREECX_CLIENT_SECRET={pbx.client_secret}", err=True
    )
    if pbx.ca_file is not None:
        typer.echo(f"  export THREECX_CA_FILE={pbx.ca_file}", err=True)
    typer.echo("  threecx execute ListCallFlowApp --output table", err=True)
