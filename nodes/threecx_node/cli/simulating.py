"""`threecx simulator`: the test PBX in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..simulator import Simulator


def run_simulator(
    *,
    host: str,
    port: int,
    release: str | None,
    latency: int,
    client_id: str | None,
    client_secret: str | None,
) -> None:
    """Serves until interrupted; says on stderr where, and with which made-up credential."""
    from ..simulator import CLIENT_ID, CLIENT_SECRET, run

    def ready(pbx: Simulator) -> None:
        typer.echo(f"A simulated 3CX {pbx.release} listens on {pbx.base_url}; Ctrl-C ends it.", err=True)
        typer.echo("  In another terminal:", err=True)
        typer.echo(f"  export THREECX_BASE_URL={pbx.base_url}", err=True)
        typer.echo(
            f"  export THREECX_CLIENT_ID={pbx.client_id} THREECX_CLIENT_SECRET={pbx.client_secret}", err=True
        )
        typer.echo("  threecx execute ListCallFlowApp --output table", err=True)

    run(
        host=host,
        port=port,
        release=release,
        latency_ms=latency,
        client_id=client_id or CLIENT_ID,
        client_secret=client_secret or CLIENT_SECRET,
        on_ready=ready,
    )
