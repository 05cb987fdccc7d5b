"""`threecx import-spec`: build a catalog from OpenAPI documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-spec")(import_spec)


def import_spec(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="OpenAPI document of a 3CX release, or RELEASE=FILE if the file does not contain the release.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Catalog to write.",
            show_default="the catalog in this package",
        ),
    ] = None,
) -> None:
    """Build a catalog from OpenAPI documents of 3CX.

    To use a PBX that is newer than this package, pass the result to other commands with --catalog.
    """
    try:
        import yaml  # noqa: F401 (to report early that it is missing)
    except ImportError as error:
        from ..errors import ConfigurationError

        raise ConfigurationError(
            "PyYAML is not installed, which reads OpenAPI documents",
            description='Run: pip install "threecx-node[import-spec]"',
        ) from error
    from ..catalog.load import SHIPPED
    from ..codegen.catalog import import_documents, render

    document = import_documents(files)
    target = output or SHIPPED
    target.write_bytes(render(document))
    typer.echo(
        f"{target}: {len(document['operations'])} operations, {len(document['schemas'])} schemas, "
        f"{len(document['enums'])} enums of {', '.join(document['releases'])}",
        err=True,
    )
