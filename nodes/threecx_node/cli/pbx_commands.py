"""`threecx check`, `threecx simulator` and `threecx demo`: the commands around a PBX."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("check")(check)
    app.command("simulator")(simulator)
    app.command("demo")(demo)


def check(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
    base_url: options.BaseUrl = None,
    client_id: options.ClientId = None,
    client_secret_file: options.ClientSecretFile = None,
    verify_tls: options.VerifyTls = None,
    ca_file: options.CaFile = None,
) -> None:
    """Test the credential.

    Logs in, reads the PBX's version and what the client may see; changes nothing.
    """
    import asyncio

    from . import inputs
    from .checking import check_credential
    from .output import write_json

    credential = inputs.credential(
        base_url, client_id, client_secret_file, verify_tls=verify_tls, ca_file=ca_file
    )
    result = asyncio.run(check_credential(credential))
    if as_json:
        write_json(result.to_json())
    else:
        may = [name for name, allowed in result.may.items() if allowed]
        typer.echo(f"{credential.base_url}: 3CX {result.version or 'of unknown version'}")
        typer.echo(
            f"logged in as {credential.client_id}, role {result.role}; may read {', '.join(may) or 'little'}"
        )


def simulator(
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Port to listen on; 0 takes a free one."),
    ] = 5001,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    release: Annotated[
        str | None, typer.Option("--release", metavar="RELEASE", help="3CX release to behave like.")
    ] = None,
    latency: Annotated[
        int, typer.Option("--latency", min=0, metavar="MS", help="Wait before each answer.")
    ] = 0,
    client_id: Annotated[
        str | None, typer.Option("--client-id", metavar="ID", help="The client that may log in; 900 without.")
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            "--client-secret", metavar="KEY", help="Its API key: a made-up one, this is no real PBX."
        ),
    ] = None,
) -> None:
    """Run a simulated PBX to try things on.

    A small office, in memory, on this machine; what is changed is gone when it ends.
    """
    from .simulating import run_simulator

    run_simulator(
        host=host,
        port=port,
        release=release,
        latency=latency,
        client_id=client_id,
        client_secret=client_secret,
    )


def demo(
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="FILE", help="The node to run; deleting call flow apps without."),
    ] = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="FILE", help="The items; the example's without.")
    ] = None,
) -> None:
    """Run an example from node to results.

    Starts a simulated PBX, runs a copied node on a list of items and prints what it gave.
    """
    from .demo import run_demo

    raise typer.Exit(run_demo(node, items))
