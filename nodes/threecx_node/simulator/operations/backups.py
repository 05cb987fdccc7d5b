"""Backups: a backup stores the entities of the PBX, and restoring it puts them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..odata.errors import REQUIRED, ErrorDetail, ODataError
from ..pbx.call_log import SEGMENTS
from ..pbx.call_records import ACTIVE_CALLS
from ..pbx.recordings import FILES, WORK
from .common import build_entity, clear_table, format_now, get_addressed, list_entities, require
from .dispatch import Invocation, handles
from .journal import JOURNAL

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

# The contents of each backup: {"tables": {name: [[key, entity], …]}, "password": …}
CONTENTS = "(backup contents)"

# Tables that a backup neither contains nor restores.
_EXCLUDED = frozenset({"Backups", CONTENTS, JOURNAL, ACTIVE_CALLS, WORK, FILES})
# Tables that it contains only if its options say so.
_OPTIONAL_TABLES = {"CallHistoryView": "CallHistory", SEGMENTS: "CallHistory", "Recordings": "Recordings"}
_SIZE = 48 * 2**20


@handles("Backup")
def _create_backup(pbx: Pbx, invocation: Invocation) -> None:
    description = require(invocation, "description")
    name = str(description["Name"]).removesuffix(".zip") + ".zip"
    contents = description.get("Contents") or {}
    password = (contents.get("EncryptBackupPassword") or {}).get("Value")
    if contents.get("EncryptBackup") and not password:
        raise ODataError.of(400, ErrorDetail("description/Contents/EncryptBackupPassword", REQUIRED))
    values = {
        "FileName": name,
        "CreationTime": format_now(),
        "DownloadLink": f"/backups/{name}",
        "Size": _SIZE,
    }
    pbx.entities.create("Backups", values)
    for deleted in [key for key in pbx.store.table(CONTENTS) if pbx.store.get("Backups", key) is None]:
        pbx.store.delete(CONTENTS, deleted)
    kept = {table: _copy_rows(pbx, table) for table in _choose_tables(pbx, contents)}
    secret = password if contents.get("EncryptBackup") else None
    pbx.store.put(CONTENTS, name, {"tables": kept, "password": secret})


@handles("Restore")
def _restore_backup(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "Backups", invocation)
    stored = pbx.store.get(CONTENTS, invocation.arguments["FileName"])
    if stored is None:
        # A backup of the seed has no contents: it restores the seed.
        _restore_seed(pbx)
        return
    if stored.value["password"] and stored.value["password"] != invocation.body.get("password"):
        raise ODataError.of(400, ErrorDetail("password", "WARNINGS.XAPI.INVALID_PASSWORD"))
    for table, rows in stored.value["tables"].items():
        _restore_table(pbx, table, rows)


@handles("GetBackupExtras")
def _describe_backup(pbx: Pbx, invocation: Invocation) -> Entity:
    backup = get_addressed(pbx, "Backups", invocation).value
    stored = pbx.store.get(CONTENTS, invocation.arguments["FileName"])
    encrypted = bool(stored and stored.value["password"])
    return build_entity(
        pbx, "Pbx.BackupExtras", Footprint=backup["Size"], IsEncrypted=encrypted, Version=pbx.version
    )


@handles("GetCanCreateBackup")
def _can_create_backup(_pbx: Pbx, _invocation: Invocation) -> bool:
    return True


@handles("GetLocalBackupSize")
def _sum_sizes(pbx: Pbx, _invocation: Invocation) -> int:
    return sum(backup["Size"] or 0 for backup in list_entities(pbx, "Backups"))


@handles("PurgeLocalBackups")
def _delete_all_backups(pbx: Pbx, _invocation: Invocation) -> None:
    for table in ("Backups", CONTENTS):
        clear_table(pbx, table)


@handles("GetFailoverScripts")
def _list_failover_scripts(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    names = ("failover-pre-start.sh", "failover-post-start.sh")
    return [build_entity(pbx, "Pbx.FailoverScriptFile", Filename=name) for name in names]


@handles("GetSftpHostKey")
def _get_sftp_host_key(_pbx: Pbx, invocation: Invocation) -> str:
    path = require(invocation, "sftpPath")
    if "." not in path and "/" not in path:
        raise ODataError.of(400, ErrorDetail("sftpPath", "WARNINGS.XAPI.INVALID_PATH"))
    return "SHA256:2b1f0cJ3mVqk5yGZb0o8r7nP4sT6uW9xA1dE3fH5iKM"


def _choose_tables(pbx: Pbx, contents: Entity) -> list[str]:
    return [
        name
        for name in pbx.store.table_names
        if name not in _EXCLUDED and (name not in _OPTIONAL_TABLES or contents.get(_OPTIONAL_TABLES[name]))
    ]


def _copy_rows(pbx: Pbx, table: str) -> list[list[Any]]:
    return [[key, record.value] for key, record in pbx.store.table(table).items()]


def _restore_table(pbx: Pbx, table: str, rows: list[list[Any]]) -> None:
    kept = dict(rows)
    for key in list(pbx.store.table(table)):
        if key not in kept:
            pbx.store.delete(table, key)
    for key, value in kept.items():
        record = pbx.store.get(table, key)
        if record is None or record.value != value:
            pbx.store.put(table, key, value)


def _restore_seed(pbx: Pbx) -> None:
    # The reset ends the calls, and what was planned for them.
    names = _EXCLUDED - {ACTIVE_CALLS, WORK}
    kept = {table: _copy_rows(pbx, table) for table in pbx.store.table_names if table in names}
    pbx.reset()
    for table, rows in kept.items():
        _restore_table(pbx, table, rows)
        # The seed restarted the ids; new rows must not overwrite the kept ones.
        pbx.store.skip_ids(table, max((key for key, _ in rows if isinstance(key, int)), default=0))
