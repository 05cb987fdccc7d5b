"""`threecx simulator`: a simulated PBX in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .streams import say, say_at_once

if TYPE_CHECKING:
    from ..simulator import Simulator

# The HTTPS port of a PBX; the simulator serves plain HTTP on it unless TLS is on.
PORT = 5001


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulator")(simulator)


def simulator(
    port: Annotated[
        list[int],
        typer.Option(
            "--port",
            metavar="N",
            min=0,
            max=65535,
            help="Port to listen on. 0 picks a free port. Can be repeated.",
        ),
    ] = [PORT],  # noqa: B006 (typer reads the default, and passes a copy)
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="RELEASE",
            help="3CX release to simulate.",
            show_default="the newest, or that of the data file",
        ),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed",
            metavar="SEED",
            help="Initial data of the PBX: office (25 users), empty, large (5,000 users, 200,000 calls), or a "
            'JSON file like {"Users": [{"Number": "101"}]}.',
            show_default="office, or that of the data file",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="FILE",
            help="SQLite file in which the data is kept; it is created if it does not exist.",
            show_default="kept in memory",
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Use HTTPS, with a generated certificate.")] = False,
    tls_cert: Annotated[
        str | None,
        typer.Option("--tls-cert", metavar="FILE", help="Use HTTPS, with this PEM certificate."),
    ] = None,
    tls_key: Annotated[
        str | None,
        typer.Option(
            "--tls-key", metavar="FILE", help="Private key of --tls-cert, if it is in a file of its own."
        ),
    ] = None,
    http_port: Annotated[
        list[int] | None,
        typer.Option(
            "--http-port",
            metavar="N",
            min=0,
            max=65535,
            help="Port for plain HTTP in addition to HTTPS, as a PBX has 5004. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    page_size: Annotated[
        int,
        typer.Option(
            "--page-size",
            metavar="N",
            min=1,
            help="Rows of a page at most; a page that was cut has a next link.",
        ),
    ] = 100,
    recording_delay: Annotated[
        float,
        typer.Option(
            "--recording-delay",
            metavar="SECONDS",
            min=0,
            help="Time from the end of a call until its recording is ready.",
        ),
    ] = 10,
    transcription_delay: Annotated[
        float,
        typer.Option(
            "--transcription-delay",
            metavar="SECONDS",
            min=0,
            help="Time from then until the recording is transcribed.",
        ),
    ] = 20,
    latency: Annotated[
        int, typer.Option("--latency", min=0, metavar="MS", help="Milliseconds to wait before each response.")
    ] = 0,
    faults: Annotated[
        str,
        typer.Option(
            "--faults",
            metavar="SPEC",
            help="Faults to inject and how often, for example 429:5%,503:2%:10,drop:1%,drop-after:1%,"
            "slow:1%:3000,401:1%; token-503:5% for token requests; socket-cut:1% for events of calls.",
            show_default=False,
        ),
    ] = "",
    fault_seed: Annotated[
        int | None,
        typer.Option(
            "--fault-seed",
            metavar="N",
            help="Inject the same faults for the same requests in each run.",
            show_default="random",
        ),
    ] = None,
    role: Annotated[
        str,
        typer.Option(
            "--role", metavar="ROLE", help="Role of the client: System Owner, System Administrator or User."
        ),
    ] = "System Owner",
    traffic: Annotated[
        str,
        typer.Option(
            "--traffic",
            metavar="RATE",
            help="Let calls of all kinds begin by themselves at this rate, such as 6/min or 30/h.",
            show_default="no calls",
        ),
    ] = "",
    traffic_seed: Annotated[
        int | None,
        typer.Option(
            "--traffic-seed", metavar="N", help="Make the same calls in each run.", show_default="random"
        ),
    ] = None,
    past_days: Annotated[
        int,
        typer.Option(
            "--past-days",
            metavar="N",
            min=0,
            max=31,
            help="Put the calls of the last N days into the history, with recordings and voicemails.",
            show_default="none",
        ),
    ] = 0,
    answer_after: Annotated[
        float | None,
        typer.Option(
            "--answer-after",
            metavar="SECONDS",
            min=0,
            max=86400,
            help="Let people answer every ringing phone after this time.",
            show_default="not at all",
        ),
    ] = None,
    hang_up_after: Annotated[
        float | None,
        typer.Option(
            "--hang-up-after",
            metavar="SECONDS",
            min=0,
            max=86400,
            help="Let people hang up this long after they answered.",
            show_default="not at all",
        ),
    ] = None,
    no_call_control: Annotated[
        bool,
        typer.Option(
            "--no-call-control", help="Simulate a PBX on which the Call Control API is turned off (404)."
        ),
    ] = False,
    monitored: Annotated[
        str | None,
        typer.Option(
            "--monitored",
            metavar="NUMBERS",
            help="DNs whose calls the client sees, such as 100,101, or all.",
            show_default="those of its service principal",
        ),
    ] = None,
    owner_sees_all: Annotated[
        bool,
        typer.Option(
            "--owner-sees-all", help="Let clients with the role System Owner see the calls of all DNs."
        ),
    ] = False,
    control: Annotated[
        bool,
        typer.Option(
            "--control",
            help="Enable the control API at /_simulator/ for this machine: requests, state, reset, faults.",
        ),
    ] = False,
    public_page: Annotated[
        bool,
        typer.Option("--public-page", help="Show the page at / to other machines too."),
    ] = False,
    catalog: option_types.Catalog = None,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", metavar="ID", help="Client ID that can log in.", show_default="900"),
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            "--client-secret",
            metavar="KEY",
            help="API key of the client. Never use the key of a real PBX.",
            show_default="simulator-secret",
        ),
    ] = None,
) -> None:
    """Run a simulated PBX for tests.

    It has the data of a small office and listens on this machine. Changes are lost when it ends, unless --data is
    given. Press Ctrl-C to stop it, and again to stop it at once.
    """
    from ..catalog import load_catalog
    from ..simulator import CLIENT_ID, CLIENT_SECRET, SimulatorConfig, run

    config = SimulatorConfig(
        catalog=load_catalog(catalog),
        release=release,
        seed=seed,
        data=data,
        host=host,
        port=port,
        http_port=http_port or [],
        tls=tls,
        tls_cert=tls_cert,
        tls_key=tls_key,
        client_id=client_id or CLIENT_ID,
        client_secret=client_secret or CLIENT_SECRET,
        role=role,
        page_size=page_size,
        recording_delay=recording_delay,
        transcription_delay=transcription_delay,
        latency_ms=latency,
        faults=faults,
        fault_seed=fault_seed,
        control=control,
        call_control=not no_call_control,
        traffic=traffic,
        traffic_seed=traffic_seed,
        past_days=past_days,
        answer_after=answer_after,
        hang_up_after=hang_up_after,
        monitored=_split_numbers(monitored),
        owner_sees_all=owner_sees_all,
        public_page=public_page,
    )
    run(
        config,
        on_ready=_print_addresses,
        on_signal=lambda text: say_at_once(f"threecx: {text}"),
    )


def _split_numbers(text: str | None) -> list[str] | str | None:
    if text is None or text.strip() == "all":
        return text and text.strip()
    return [number.strip() for number in text.split(",") if number.strip()]


def _print_addresses(pbx: Simulator) -> None:
    """Print on stderr where the PBX listens, and commands to use it with its made-up credential."""
    addresses = " and ".join(pbx.base_urls)
    lines = [
        f"A simulated 3CX {pbx.release} listens on {addresses}; press Ctrl-C to stop it.",
        f"  Its data, in a browser: {pbx.base_url}/",
        "  In another terminal:",
        f"  export THREECX_BASE_URL={pbx.base_url}",
        f"  export THREECX_CLIENT_ID={pbx.client_id} THREECX_CLIENT_SECRET={pbx.client_secret}",
    ]
    if pbx.ca_file is not None:
        lines.append(f"  export THREECX_CA_FILE={pbx.ca_file}")
    for line in [*lines, "  threecx execute ListCallFlowApp --output table"]:
        say(line)
