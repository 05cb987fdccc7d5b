"""Backups hold what the PBX held when they were made, and restoring one puts that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..refusals import REQUIRED, Problem, refuse
from ..registry import Call, handles
from .calls import PARTIES
from .common import made, now, owned, required, set_records
from .journal import JOURNAL

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

# What is in each backup: {"tables": {name: [[key, entity], …]}, "password": …}
CONTENTS = "(backup contents)"

# What a backup neither holds nor brings back.
_LEFT_OUT = frozenset({"Backups", CONTENTS, JOURNAL, "ActiveCalls", PARTIES})
# What it holds only if its contents say so.
_BY_CHOICE = {"CallHistoryView": "CallHistory", "Recordings": "Recordings"}
_SIZE = 48 * 2**20


@handles("Backup")
def _backup(pbx: Pbx, call: Call) -> None:
    description = required(call, "description")
    name = str(description["Name"]).removesuffix(".zip") + ".zip"
    contents = description.get("Contents") or {}
    password = (contents.get("EncryptBackupPassword") or {}).get("Value")
    if contents.get("EncryptBackup") and not password:
        raise refuse(400, Problem("description/Contents/EncryptBackupPassword", REQUIRED))
    values = {"FileName": name, "CreationTime": now(), "DownloadLink": f"/backups/{name}", "Size": _SIZE}
    pbx.entities.create("Backups", values)
    for gone in [key for key in pbx.store.table(CONTENTS) if pbx.store.get("Backups", key) is None]:
        pbx.store.delete(CONTENTS, gone)
    kept = {table: _rows(pbx, table) for table in _tables(pbx, contents)}
    secret = password if contents.get("EncryptBackup") else None
    pbx.store.put(CONTENTS, name, {"tables": kept, "password": secret})


@handles("Restore")
def _restore(pbx: Pbx, call: Call) -> None:
    owned(pbx, "Backups", call)
    held = pbx.store.get(CONTENTS, call.arguments["FileName"])
    if held is None:
        # A backup of the seed: all that it can bring back is the seed.
        _restore_seed(pbx)
        return
    if held.value["password"] and held.value["password"] != call.body.get("password"):
        raise refuse(400, Problem("password", "WARNINGS.XAPI.INVALID_PASSWORD"))
    for table, rows in held.value["tables"].items():
        _put_back(pbx, table, rows)


@handles("GetBackupExtras")
def _extras(pbx: Pbx, call: Call) -> Entity:
    backup = owned(pbx, "Backups", call).value
    held = pbx.store.get(CONTENTS, call.arguments["FileName"])
    encrypted = bool(held and held.value["password"])
    return made(pbx, "Pbx.BackupExtras", Footprint=backup["Size"], IsEncrypted=encrypted, Version=pbx.version)


@handles("GetCanCreateBackup")
def _can_create(_pbx: Pbx, _call: Call) -> bool:
    return True


@handles("GetLocalBackupSize")
def _size(pbx: Pbx, _call: Call) -> int:
    return sum(backup["Size"] or 0 for backup in set_records(pbx, "Backups"))


@handles("PurgeLocalBackups")
def _purge(pbx: Pbx, _call: Call) -> None:
    for table in ("Backups", CONTENTS):
        for key in list(pbx.store.table(table)):
            pbx.store.delete(table, key)


@handles("GetFailoverScripts")
def _failover_scripts(pbx: Pbx, _call: Call) -> list[Entity]:
    names = ("failover-pre-start.sh", "failover-post-start.sh")
    return [made(pbx, "Pbx.FailoverScriptFile", Filename=name) for name in names]


@handles("GetSftpHostKey")
def _sftp_host_key(_pbx: Pbx, call: Call) -> str:
    path = required(call, "sftpPath")
    if "." not in path and "/" not in path:
        raise refuse(400, Problem("sftpPath", "WARNINGS.XAPI.INVALID_PATH"))
    return "SHA256:2b1f0cJ3mVqk5yGZb0o8r7nP4sT6uW9xA1dE3fH5iKM"


def _tables(pbx: Pbx, contents: Entity) -> list[str]:
    return [
        name
        for name in pbx.store.table_names
        if name not in _LEFT_OUT and (name not in _BY_CHOICE or contents.get(_BY_CHOICE[name]))
    ]


def _rows(pbx: Pbx, table: str) -> list[list[Any]]:
    return [[key, record.value] for key, record in pbx.store.table(table).items()]


def _put_back(pbx: Pbx, table: str, rows: list[list[Any]]) -> None:
    kept = dict(rows)
    for key in list(pbx.store.table(table)):
        if key not in kept:
            pbx.store.delete(table, key)
    for key, value in kept.items():
        record = pbx.store.get(table, key)
        if record is None or record.value != value:
            pbx.store.put(table, key, value)


def _restore_seed(pbx: Pbx) -> None:
    kept = {table: _rows(pbx, table) for table in pbx.store.table_names if table in _LEFT_OUT}
    pbx.reset()
    for table, rows in kept.items():
        _put_back(pbx, table, rows)
        # Ids began anew with the seed; what stays must not be overwritten by what comes.
        pbx.store.skip_ids(table, max((key for key, _ in rows if isinstance(key, int)), default=0))
