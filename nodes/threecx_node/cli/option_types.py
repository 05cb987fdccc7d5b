"""Options that several commands share, each defined once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

CLIENT_SECRET_VARIABLE = "THREECX_CLIENT_SECRET"  # noqa: S105 (the name of a variable)
SERVICE_KEY_VARIABLE = "THREECX_SERVICE_KEY"


def refuse_on_command_line(
    context: typer.Context, parameter: typer.CallbackParam, value: str | None
) -> str | None:
    """Return `value` if it is from the environment. Raise BadParameter for a secret on the command line."""
    source = context.get_parameter_source(str(parameter.name))
    if source is not None and source.name == "COMMANDLINE":
        option = parameter.opts[0]
        raise typer.BadParameter(
            f"other users of this machine can see a key on the command line. Use {option}-file instead, "
            f"or set {parameter.envvar}."
        )
    return value


def read_max_response(megabytes: int | None) -> int | None:
    """Return the limit of a response in bytes. Raise ConfigurationError where it is out of bounds."""
    from ..options import check_bounds

    if megabytes is None:
        return None
    check_bounds("max_response_bytes", megabytes * 2**20)
    return megabytes * 2**20


BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        envvar="THREECX_BASE_URL",
        help="URL of the PBX, for example https://pbx.example.com:5001.",
    ),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id",
        metavar="ID",
        envvar="THREECX_CLIENT_ID",
        help="Client ID, from Admin > Integrations > API in 3CX.",
    ),
]
ClientSecret = Annotated[
    str | None,
    typer.Option(
        "--client-secret", envvar=CLIENT_SECRET_VARIABLE, hidden=True, callback=refuse_on_command_line
    ),
]
ClientSecretFile = Annotated[
    str | None,
    typer.Option(
        "--client-secret-file",
        metavar="FILE",
        help=f"File with the API key of the client. Alternatively, set {CLIENT_SECRET_VARIABLE} to the key.",
    ),
]
VerifyTls = Annotated[
    bool,
    typer.Option(
        "--verify-tls/--no-verify-tls",
        envvar="THREECX_VERIFY_TLS",
        help="Verify the TLS certificate of the PBX.",
    ),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        envvar="THREECX_CA_FILE",
        help="PEM file with the certificate authorities to trust.",
    ),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="URL",
        envvar="THREECX_EXECUTOR",
        help="URL of the executor, which threecx serve prints.",
    ),
]
EXECUTOR_URL = "http://127.0.0.1:8765"
# The executor key, for the commands that call a running executor.
ServiceKey = Annotated[
    str | None,
    typer.Option("--key", envvar=SERVICE_KEY_VARIABLE, hidden=True, callback=refuse_on_command_line),
]
ServiceKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help=f"File with the executor key. Alternatively, set {SERVICE_KEY_VARIABLE} to the key.",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Client of the file with profiles, in place of --base-url, --client-id and --client-secret-file.",
    ),
]
ProfilesFile = Annotated[
    Path | None,
    typer.Option(
        "--profiles",
        metavar="FILE",
        help="TOML file with named clients.",
        show_default="threecx/profiles.toml in your configuration folder",
    ),
]
Catalog = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="FILE",
        envvar="THREECX_CATALOG",
        help="Catalog that import-spec wrote, to use instead of the one in this package.",
    ),
]
MaxResponse = Annotated[
    int | None,
    typer.Option(
        "--max-response",
        metavar="MB",
        help="Size limit for each response of the PBX.",
        show_default="64, for files 256",
    ),
]


class LogFormat(StrEnum):
    """The form of messages on standard error."""

    text = "text"
    json = "json"


LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format", help="Form of the messages on standard error: text, or a line of JSON each."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
