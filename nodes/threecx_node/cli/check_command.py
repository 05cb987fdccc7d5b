"""`threecx check`: test a credential."""

from __future__ import annotations

import typer

from . import option_types
from .pbx_options import PbxOptions, take_pbx_options
from .streams import print_line, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


@take_pbx_options()
def check(
    as_json: option_types.AsJson = False,
    pbx: PbxOptions = PbxOptions(),  # noqa: B008 (it cannot be changed)
    catalog: option_types.Catalog = None,
) -> None:
    """Test a credential.

    Logs in, and reads the version of the PBX and the rights of the client. Reports whether the PBX is newer than the
    catalog. Changes nothing.
    """
    import asyncio

    from ..canvas.credential_test import check_credential, describe_newer_release
    from ..catalog import load_catalog
    from . import inputs
    from .output import write_json

    facts = load_catalog(catalog)
    credential = inputs.build_credential(pbx)
    if credential.note:
        _show_note(credential.note)
    result = asyncio.run(check_credential(credential, _show_note))
    note = describe_newer_release(facts, result.version, credential.base_url)
    if as_json:
        notes = ". ".join(each.rstrip(".") for each in (credential.note, note) if each)
        write_json({**result.to_json(), **({"note": notes} if notes else {})})
        return
    readable = ", ".join(name for name, allowed in result.may.items() if allowed) or "little"
    print_line(f"{credential.base_url}: 3CX {result.version or 'of unknown version'}")
    print_line(f"logged in as {credential.client_id}, role {result.describe_rights()}; can read {readable}")
    if note:
        print_line(note)


def _show_note(note: str) -> None:
    say(f"threecx: note: {note}")
