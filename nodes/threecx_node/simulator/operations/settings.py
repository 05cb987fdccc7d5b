"""Documents that a Get… function gives and a Set… action changes: what was set is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..entities import merge
from ..registry import Call, handles
from .common import document, keep, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

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
def _settings(pbx: Pbx, call: Call) -> Entity:
    schema = call.route.shape.returns.type
    return document(pbx, schema, schema)


@handles(*_WRITES)
def _set_settings(pbx: Pbx, call: Call) -> None:
    (field,) = pbx.model.body_fields(call.route.shape).values()
    old = document(pbx, field.type, field.type)
    given = required(call, field.name)
    keep(pbx, field.type, merge(pbx.model, pbx.model.schema(field.type), old, given))
