"""`threecx migrate`: replace the nodes of a workflow that call 3CX by nodes of this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import option_types
from .streams import print_line, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..n8n.migrate import Migration, NodeReport

_STDOUT = "-"
_KINDS = {"generated": "generated 3CX nodes", "http": "HTTP Request nodes", "admin": "nodes of 3CX Admin"}
_MARK = "\ufeff"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    workflow: Annotated[
        str,
        typer.Argument(metavar="WORKFLOW.json", help="Workflow exported from n8n; - reads standard input."),
    ],
    from_type: Annotated[
        list[str] | None,
        typer.Option(
            "--from-type",
            metavar="TYPE",
            help="Replace nodes of this type too, for example n8n-nodes-mypbx.pbx, not only of types that end in "
            ".threecx. Can be repeated.",
        ),
    ] = None,
    pbx: Annotated[
        str | None,
        typer.Option(
            "--pbx",
            metavar="URL",
            help="Of a workflow that calls several PBXs, replace only the HTTP requests to this one.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; - writes to standard output.",
            show_default="WORKFLOW.json itself, after copying it to a .bak file",
        ),
    ] = None,
    everyday: Annotated[
        bool,
        typer.Option(
            "--everyday",
            help="Move nodes of 3CX Admin to the node 3CX, where it has the operation and all that is set.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the changes, write nothing.")] = False,
    catalog: option_types.Catalog = None,
) -> None:
    """Replace generated 3CX nodes, and HTTP Request nodes that call 3CX, in a workflow.

    The node of this package takes their place; everything else in the file stays the same. A node that cannot be
    replaced is left unchanged and reported with the reason; the exit code is then 1.
    """
    from ..catalog import load_catalog
    from ..n8n.migrate import migrate as migrate_text
    from .inputs import read_text

    text = read_text(workflow, "the workflow", keep_mark=True)
    mark = _MARK if text.startswith(_MARK) else ""
    done = migrate_text(
        text.removeprefix(_MARK),
        load_catalog(catalog),
        from_types=tuple(from_type or ()),
        pbx=pbx,
        everyday=everyday,
    )
    target = output or workflow
    _report(done, to_stderr=target == _STDOUT and not dry_run)
    if not dry_run:
        _write(mark + done.text, target, in_place=output is None, changed=done.replaced > 0)
    if any(each.problems for each in done.reports):
        raise typer.Exit(1)


def _report(done: Migration, *, to_stderr: bool) -> None:
    write = say if to_stderr else print_line
    several = len({each.workflow for each in done.reports}) > 1
    for report in done.reports:
        for line in _format_report(report, several=several):
            write(line)
    write(_summarize(done))


def _summarize(done: Migration) -> str:
    counts = [(name, *done.count(kind)) for kind, name in _KINDS.items()]
    parts = [f"{replaced} of {total} {name} replaced" for name, replaced, total in counts if total]
    if not parts:
        return (
            "The workflow contains no generated 3CX node and no HTTP Request node that calls 3CX "
            "(--from-type adds other types)."
        )
    left = sum(total - replaced for _, replaced, total in counts)
    unchanged = f", {left} left unchanged" if left else ""
    choose = " Choose the credential 3CX API in them." if done.replaced else ""
    return f"{' and '.join(parts)}{unchanged}.{choose}"


def _format_report(report: NodeReport, *, several: bool) -> Iterator[str]:
    where = f"{report.workflow}: {report.node}" if several else report.node
    if report.problems or (report.kind == "admin" and report.notes):
        yield f"{where}: left unchanged"
    elif report.kind == "token":
        yield f"{where}: requests a token, left unchanged"
    else:
        yield f"{where}: {report.operation}"
    for line in (*report.problems, *report.notes):
        yield f"  - {line}"


def _write(text: str, target: str, *, in_place: bool, changed: bool) -> None:
    data = text.encode()
    if target == _STDOUT:
        # As binary data: no newline is added or changed.
        typer.get_binary_stream("stdout").write(data)
        return
    if in_place and not changed:
        return
    import shutil

    from ..errors import InputError

    # Replace the file that a link points to, not the link.
    path = Path(target).resolve()
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device cannot be replaced. For a folder, the system reports the error.
            path.write_bytes(data)
            return
        if in_place:
            _refuse_read_only(path)
            shutil.copy2(path, _free_backup(path))
        _replace(path, data)
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror}", description="Choose another --output."
        ) from error


def _refuse_read_only(path: Path) -> None:
    """Refuse a file whose owner made it read-only: replacing it needs only the right to write to its folder."""
    from ..errors import InputError

    if not path.stat().st_mode & 0o222:
        raise InputError(f"{path} is read-only", description="Choose a file to write with --output FILE.")


def _replace(path: Path, data: bytes) -> None:
    """Write the file whole or not at all: a workflow that is partly written would be lost."""
    import os
    import shutil
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if path.exists():
            shutil.copymode(path, draft)
        else:
            # With the mode of any new file of this user; mkstemp denies access to others.
            mask = os.umask(0)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _free_backup(path: Path) -> Path:
    """Return `name.bak`, or `name.bak2` and so on if that exists."""
    number = 1
    while (found := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    return found
