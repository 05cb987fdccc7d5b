"""Build the file behind the DownloadLink of a backup: a ZIP of its contents."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from ..http.files import FileDownload
from ..odata.errors import ODataError
from .backups import CONTENTS

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

BACKUP_PATH = b"/backups/"


def build_backup_file(pbx: Pbx, method: str, raw_path: bytes) -> FileDownload:
    """Return the ZIP; raise ODataError: 405 for other methods than GET, 404 for an unknown backup."""
    if method != "GET":
        raise ODataError(405, "A backup can be read with GET only.", headers={"allow": "GET"})
    name = unquote(raw_path[len(BACKUP_PATH) :].decode("latin-1"))
    backup = pbx.store.get("Backups", name)
    if backup is None:
        raise ODataError(404, "No backup has this name.")
    contents = pbx.store.get(CONTENTS, name)
    is_encrypted = bool(contents and contents.value["password"])
    about = {**backup.value, "Version": pbx.version, "IsEncrypted": is_encrypted}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("backup.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))
        # The contents of an encrypted backup are left out instead of being sent in plain text.
        if contents is not None and not is_encrypted:
            archive.writestr("tables.json", orjson.dumps(contents.value["tables"]))
    return FileDownload(content.getvalue(), "application/zip", name)
