"""A backup as the file that its DownloadLink leads to: a ZIP of what the backup holds, for who has a token."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from .files import FileAnswer
from .operations.backups import CONTENTS
from .refusals import Refusal

if TYPE_CHECKING:
    from .pbx import Pbx

BACKUPS = b"/backups/"


def backup_file(pbx: Pbx, method: str, raw_path: bytes) -> FileAnswer:
    """The ZIP; refuses what is no GET (405) and a backup that is not there (404)."""
    if method != "GET":
        raise Refusal(405, "A backup is only read here.", headers={"allow": "GET"})
    name = unquote(raw_path[len(BACKUPS) :].decode("latin-1"))
    backup = pbx.store.get("Backups", name)
    if backup is None:
        raise Refusal(404, "There is no backup of this name.")
    held = pbx.store.get(CONTENTS, name)
    is_encrypted = bool(held and held.value["password"])
    about = {**backup.value, "Version": pbx.version, "IsEncrypted": is_encrypted}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("backup.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))
        # What was to be encrypted is not handed out in the clear.
        if held is not None and not is_encrypted:
            archive.writestr("tables.json", orjson.dumps(held.value["tables"]))
    return FileAnswer(content.getvalue(), "application/zip", name)
