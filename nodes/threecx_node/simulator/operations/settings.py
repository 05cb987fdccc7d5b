"""Settings that a Get… function returns and a Set… action changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pbx.entities import merge_patch
from .common import read_document, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_READS = (
    "GetBackupFailoverSettings",
    "GetBackupRepositorySettings",
    "GetBackupSettings",
    "GetDirSearchSettings",
    "GetRecordingRepositorySettings",
    "GetRestoreSettings",
    "GetUpdateSettings",
)
_WRITES = tuple(f"S{name[1:]}" for name in _READS)


@handles(*_READS)
def _get_settings(pbx: Pbx, invocation: Invocation) -> Entity:
    schema = invocation.route.version.returns.type
    return read_document(pbx, schema, schema)


@handles(*_WRITES)
def _set_settings(pbx: Pbx, invocation: Invocation) -> None:
    (field,) = pbx.model.body_fields(invocation.route.version).values()
    old = read_document(pbx, field.type, field.type)
    given = require(invocation, field.name)
    store_document(pbx, field.type, merge_patch(pbx.model, pbx.model.schema(field.type), old, given))
