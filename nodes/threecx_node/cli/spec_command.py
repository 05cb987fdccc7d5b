"""`threecx import-spec`: OpenAPI documents in, a catalog out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import-spec")(import_spec)


def import_spec(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="3CX's OpenAPI documents, one per release; or 20.0.11=FILE."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The catalog to write; the shipped one without.")
    ] = None,
) -> None:
    """Make a catalog from OpenAPI documents.

    For a PBX that is newer than this package: name the result with --catalog.
    """
    try:
        import yaml  # noqa: F401 (only to tell early that it is missing)
    except ImportError as error:
        from ..errors import ConfigurationError

        raise ConfigurationError(
            "reading OpenAPI documents needs an extra",
            description='Run pip install "threecx-node[import-spec]".',
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
