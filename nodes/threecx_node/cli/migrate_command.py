"""`threecx migrate`: a workflow file with nodes of a generated 3CX node in, the same with ours out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..n8n.migrate import Migration, NodeReport

_STDOUT = "-"
_MARK = "\ufeff"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate")(migrate)


def migrate(
    workflow: Annotated[
        str,
        typer.Argument(
            metavar="WORKFLOW.json", help="A workflow that n8n exported, or - for standard input."
        ),
    ],
    from_type: Annotated[
        list[str] | None,
        typer.Option(
            "--from-type",
            metavar="TYPE",
            help="Also nodes of this type, like n8n-nodes-mypbx.pbx; those ending in .threecx are known.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write it, - for standard output; without, into the file itself, kept beside it as .bak.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
) -> None:
    """Turn nodes of a generated 3CX node into ours.

    Nothing else in the file changes. A node with something that ours cannot say stays as it is, and the reason
    is told; the exit code is 1 then.
    """
    from ..catalog import load_catalog
    from ..n8n.migrate import migrate as migrated
    from .inputs import read_text

    text = read_text(workflow, "the workflow", keep_mark=True)
    mark = _MARK if text.startswith(_MARK) else ""
    done = migrated(text.removeprefix(_MARK), load_catalog(), from_types=tuple(from_type or ()))
    target = output or workflow
    _tell(done, to_stderr=target == _STDOUT and not dry_run)
    if not dry_run:
        _write(mark + done.text, target, in_place=output is None, changed=done.turned > 0)
    if any(each.problems for each in done.reports):
        raise typer.Exit(1)


def _tell(done: Migration, *, to_stderr: bool) -> None:
    several = len({each.workflow for each in done.reports}) > 1
    for report in done.reports:
        for line in _lines(report, several=several):
            typer.echo(line, err=to_stderr)
    left = len(done.reports) - done.turned
    kept = f", {left} left as {'it is' if left == 1 else 'they are'}" if left else ""
    told = f"{done.turned} of {len(done.reports)} generated 3CX nodes turned into n8n-nodes-threecx.threeCx{kept}."
    if done.turned:
        told += " Choose the credential 3CX API in them."
    typer.echo(
        told if done.reports else "There is no generated 3CX node in it (--from-type names others).",
        err=to_stderr,
    )


def _lines(report: NodeReport, *, several: bool) -> Iterator[str]:
    where = f"{report.workflow}: {report.node}" if several else report.node
    if report.problems:
        yield f"{where}: left as it is"
    else:
        yield f"{where}: {report.operation}"
    for line in (*report.problems, *report.notes):
        yield f"  - {line}"


def _write(text: str, target: str, *, in_place: bool, changed: bool) -> None:
    data = text.encode()
    if target == _STDOUT:
        # As it is: no newline is added, none is changed.
        typer.get_binary_stream("stdout").write(data)
        return
    if in_place and not changed:
        return
    import shutil

    from ..errors import InputError

    # The file that a link leads to, not the link.
    path = Path(target).resolve()
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device: there is nothing to replace. A folder says so itself.
            path.write_bytes(data)
            return
        if in_place:
            shutil.copy2(path, _free_backup(path))
        _replace(path, data)
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror}", description="Name another --output."
        ) from error


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all: a workflow that is half written is lost."""
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
            # As any new file of this user; mkstemp lets nobody else read.
            mask = os.umask(0)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _free_backup(path: Path) -> Path:
    """`name.bak`, or `name.bak2` and so on where an earlier one is there."""
    number = 1
    while (found := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    return found
