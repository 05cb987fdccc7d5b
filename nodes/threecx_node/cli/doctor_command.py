"""`threecx doctor`: find out what keeps a client from its work."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
from .streams import print_line, say

if TYPE_CHECKING:
    from ..setup.findings import Finding

_LABELS = {
    "tls": "TLS",
    "callControl": "Call Control",
    "monitored": "monitored DNs",
}
_MARKS = {"ok": "ok", "problem": "PROBLEM", "notChecked": "not checked"}


class Output(StrEnum):
    """The form of the findings on standard output."""

    text = "text"
    json = "json"


class Skippable(StrEnum):
    """The checks that can be left out."""

    tls = "tls"
    role = "role"
    call_control = "callControl"
    licence = "licence"
    monitored = "monitored"
    recordings = "recordings"
    token = "token"  # noqa: S105 (the name of a check)
    release = "release"
    clock = "clock"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


@take_pbx_options()
def doctor(
    context: typer.Context,
    skip: Annotated[
        list[Skippable] | None,
        typer.Option(
            "--skip",
            help="Leave out a check, for example that of a right that this client does not need. Can be repeated.",
        ),
    ] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="Form of the findings.")] = Output.text,
    timeout: Annotated[
        float,
        typer.Option(
            "--timeout", metavar="SECONDS", min=1, max=600, help="Time limit for all checks together."
        ),
    ] = 30,
    watch: Annotated[
        float,
        typer.Option(
            "--watch",
            metavar="SECONDS",
            min=0,
            max=600,
            help="How long to watch whether another program ends the access token; part of the time limit.",
        ),
    ] = 2,
    profile: option_types.Profile = None,
    profiles: option_types.ProfilesFile = None,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
    catalog: option_types.Catalog = None,
) -> None:
    """Diagnose a client: one line for each check, with what to do about each problem.

    Checks the connection, TLS, port and login, what the client may read, its right to Call Control, the licence, the
    monitored DNs, the right to recordings, whether another program uses the same client, the release and the clocks.
    Changes nothing on the PBX. The exit code is 0 without a problem, 1 with one, 3 if the PBX cannot be reached or
    refuses the login.
    """
    import asyncio

    from ..catalog import load_catalog
    from ..setup.doctor import DoctorOptions, examine
    from . import inputs
    from .output import write_json

    facts = load_catalog(catalog)
    credential = inputs.choose_credential(context, profile, profiles, pbx)
    if credential.note:
        say(f"threecx: note: {credential.note}")
    options = DoctorOptions(
        skip=frozenset(each.value for each in skip or ()), timeout=timeout, watch=min(watch, timeout)
    )
    on_finding = _print_finding if output is Output.text else None
    report = asyncio.run(examine(credential, catalog=facts, options=options, on_finding=on_finding))
    if output is Output.json:
        write_json(report.to_json())
    raise typer.Exit(report.exit_code)


def _print_finding(finding: Finding) -> None:
    label = _LABELS.get(finding.name, finding.name)
    print_line(f"{_MARKS[finding.status]:<12} {label:<14} {finding.describe()}")
