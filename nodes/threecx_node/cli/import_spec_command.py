"""`threecx import-spec`: build a catalog from OpenAPI documents."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import option_types
from .streams import print_line, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..codegen.catalog import Comparison

# Differences that are listed in each group; --json lists all.
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-spec")(import_spec)


def import_spec(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="URL|FILE...",
            help="URL of a PBX (https://pbx.example.com), or OpenAPI document of a 3CX release. "
            "RELEASE=URL or RELEASE=FILE if the release is not known from the PBX or the file's name.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Catalog to write.",
            show_default="catalog-RELEASE.json for a URL, else the catalog in this package",
        ),
    ] = None,
    as_json: option_types.AsJson = False,
    verify_tls: option_types.VerifyTls = True,
    ca_file: option_types.CaFile = None,
) -> None:
    """Build a catalog from OpenAPI documents of 3CX.

    To use a PBX that is newer than this package, give its URL, and pass the result to other commands with --catalog.
    The PBX serves its document without a login.
    """
    try:
        import yaml  # noqa: F401 (to report early that it is missing)
    except ImportError as error:
        from ..errors import ConfigurationError

        raise ConfigurationError(
            "PyYAML is not installed, which reads OpenAPI documents",
            description='Run: pip install "threecx-node[import-spec]"',
        ) from error
    from ..catalog.catalog import Catalog
    from ..catalog.load import SHIPPED, load_catalog
    from ..codegen.catalog import compare_catalogs, import_documents, render
    from .output import write_json

    document = import_documents(files, verify_tls=verify_tls, ca_file=ca_file, on_note=_print_note)
    target = output or _choose_target(files, document["releases"][-1], SHIPPED)
    comparison = compare_catalogs(Catalog(document), load_catalog(SHIPPED))
    _write_catalog(target, render(document))
    say(
        f"{target}: {len(document['operations'])} operations, {len(document['schemas'])} schemas, "
        f"{len(document['enums'])} enums of {', '.join(document['releases'])}"
    )
    if as_json:
        write_json({"catalog": str(target), "releases": document["releases"], **comparison.to_json()})
        return
    for line in _describe(comparison):
        print_line(line)
    if target != SHIPPED:
        name = shlex.quote(str(target))
        say(f"Use it with --catalog {name}, or: export THREECX_CATALOG={name}")


def _print_note(note: str) -> None:
    say(f"threecx: note: {note}")


def _choose_target(sources: Sequence[str], release: str, shipped: Path) -> Path:
    """Return where to write the catalog; that of one PBX never replaces the catalog of this package."""
    from ..codegen.catalog import is_url, split_source

    is_pbx = any(is_url(split_source(each)[1]) for each in sources)
    return Path(f"catalog-{release}.json") if is_pbx else shipped


def _write_catalog(target: Path, content: bytes) -> None:
    from ..errors import ConfigurationError

    try:
        target.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write the catalog {target}: {error.strerror}",
            description="Give another file with --output.",
        ) from error


def _describe(comparison: Comparison) -> Iterator[str]:
    if not (comparison.added or comparison.removed or comparison.changed):
        yield f"3CX {comparison.release} has the same operations as {comparison.other_release} of this package"
        return
    yield f"3CX {comparison.release} compared with {comparison.other_release} of this package:"
    changed = [f"{name} ({'; '.join(what)})" for name, what in comparison.changed.items()]
    groups: dict[str, Any] = {"added": comparison.added, "removed": comparison.removed, "changed": changed}
    for word, names in groups.items():
        noun = "operation" if len(names) == 1 else "operations"
        yield f"{len(names)} {noun} {word}{':' if names else ''}"
        yield from (f"  {_cut(name)}" for name in names[:_SHOWN])
        if len(names) > _SHOWN:
            yield f"  and {len(names) - _SHOWN} more; --json lists all"


def _cut(text: str) -> str:
    line = "".join(each if each.isprintable() else "?" for each in text[:200])
    return line if len(text) <= 200 else f"{line}…"
