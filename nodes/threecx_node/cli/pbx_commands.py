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

    from ..canvas.credential_test import check_credential
    from . import inputs
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
        list[int] | None,
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help="Port to listen on, may be given several times; 0 takes a free one; 5001 without.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    release: Annotated[
        str | None,
        typer.Option(
            "--release", metavar="RELEASE", help="3CX release to behave like; the newest, or the data file's."
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed",
            metavar="SEED",
            help="What a new PBX holds: office (25 users), empty, large (5,000 users, 200,000 calls), or a JSON "
            'file like {"Users": [{"Number": "101"}]}; office without.',
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="SQLite file that the state lives in, made where it is missing; in memory without.",
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak HTTPS, with a certificate made for it.")] = False,
    tls_cert: Annotated[
        str | None,
        typer.Option("--tls-cert", metavar="FILE", help="Speak HTTPS with this PEM certificate."),
    ] = None,
    tls_key: Annotated[
        str | None,
        typer.Option("--tls-key", metavar="FILE", help="Its key, where that is in a file of its own."),
    ] = None,
    http_port: Annotated[
        list[int] | None,
        typer.Option(
            "--http-port",
            metavar="N",
            min=0,
            max=65535,
            help="Port for plain HTTP beside HTTPS, as a PBX has 5004; may be given several times.",
            show_default=False,
        ),
    ] = None,
    latency: Annotated[
        int, typer.Option("--latency", min=0, metavar="MS", help="Wait before each answer.")
    ] = 0,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="SPEC",
            help="What goes wrong and how often, like 429:5%,503:2%:10,drop:1%,drop-after:1%,slow:1%:3000,401:1%; "
            "token-503:5% for the login.",
            show_default=False,
        ),
    ] = "",
    fault_seed: Annotated[
        int | None,
        typer.Option(
            "--fault-seed",
            metavar="N",
            help="The same faults for the same requests; other ones at each run without.",
        ),
    ] = None,
    role: Annotated[
        str,
        typer.Option("--role", metavar="ROLE", help="System Owner, System Administrator or User."),
    ] = "System Owner",
    control: Annotated[
        bool,
        typer.Option(
            "--control", help="HttpResponse /_simulator/ to this machine: requests, state, reset, faults."
        ),
    ] = False,
    public_page: Annotated[
        bool,
        typer.Option("--public-page", help="Show the page at / to other machines too, not to this one only."),
    ] = False,
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

    A small office, in memory, on this machine; what is changed is gone when it ends, unless --data keeps it.
    """
    from .simulating import run_simulator

    run_simulator(
        port,
        host=host,
        http_port=http_port or [],
        tls=tls,
        tls_cert=tls_cert,
        tls_key=tls_key,
        release=release,
        seed=seed,
        data=data,
        latency_ms=latency,
        faults=faults,
        fault_seed=fault_seed,
        role=role,
        control=control,
        public_page=public_page,
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
