"""Options that several commands share, each written once."""

from __future__ import annotations

from typing import Annotated

import typer

BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="PBX URL, like https://pbx.example.com:5001 [env: THREECX_BASE_URL].",
    ),
]
ClientId = Annotated[
    str | None,
    typer.Option(
        "--client-id", metavar="ID", help="Client ID of Admin > Integrations > API [env: THREECX_CLIENT_ID]."
    ),
]
ClientSecretFile = Annotated[
    str | None,
    typer.Option(
        "--client-secret-file",
        metavar="FILE",
        help="File with the API key; the key itself is no option, since others could see it "
        "[env: THREECX_CLIENT_SECRET, the key].",
    ),
]
VerifyTls = Annotated[
    bool | None,
    typer.Option(
        "--verify-tls/--no-verify-tls",
        help="Whether the PBX's certificate is checked; on unless switched off [env: THREECX_VERIFY_TLS].",
        show_default=False,
    ),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="PEM file of authorities to trust [env: THREECX_CA_FILE]."
    ),
]
Catalog = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="FILE",
        help="Catalog made by import-spec, in place of the one shipped [env: THREECX_CATALOG].",
    ),
]
Release = Annotated[
    str | None,
    typer.Option(
        "--release",
        metavar="RELEASE",
        help="3CX release, like 20.0.7; the PBX's own counts once it has told it.",
    ),
]
