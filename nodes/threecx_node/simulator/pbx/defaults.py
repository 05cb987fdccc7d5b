"""The default values of a new entity: one for every field of its schema."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..odata.release_model import ReleaseModel, SchemaField

# Defaults are nested as deep as the API's own objects (a queue's route's destination).
_DEPTH = 4

ROLES = (
    "system_owners",
    "system_admins",
    "group_owners",
    "managers",
    "group_admins",
    "receptionists",
    "users",
)

_PROFILES = ("Available", "Away", "Out of office", "Custom 1", "Custom 2")

# Realistic values, for fields whose default is not false, 0, "" or the enum's first member.
_BY_SCHEMA: Mapping[str, Mapping[str, Any]] = {
    "Pbx.User": {
        "Enabled": True,
        "VMEnabled": True,
        "AllowOwnRecordings": True,
        "CallUsEnableChat": True,
        "CallUsEnablePhone": True,
        "CurrentProfileName": "Available",
        "EnableHotdesking": False,
        "Language": "EN",
        "MyPhonePush": True,
        "MyPhoneShowRecordings": True,
        "PbxDeliversAudio": False,
        "PinProtectTimeout": 2000,
        "QueueStatus": "LoggedIn",
        "SendEmailMissedCalls": True,
        "VMEmailOptions": "Notification",
        "TranscriptionMode": "Inherit",
    },
    "Pbx.Group": {"Language": "EN", "AllowCallService": True, "TimeZoneId": "51"},
    "Pbx.Queue": {
        "MasterTimeout": 1800,
        "MaxCallersInQueue": 20,
        "PollingStrategy": "RingAll",
        "RingTimeout": 20,
        "SLATime": 60,
        "WrapUpTime": 1,
        "CallbackEnableTime": 60,
        "IsRegistered": True,
    },
    "Pbx.RingGroup": {"RingStrategy": "RingAll", "RingTime": 20, "IsRegistered": True},
    "Pbx.Receptionist": {"Timeout": 3, "TimeoutForwardType": "EndCall", "IsRegistered": True},
    "Pbx.CallFlowApp": {"CompilationSucceeded": True, "IsRegistered": True},
    "Pbx.Trunk": {
        "Direction": "Both",
        "EnableInboundCalls": True,
        "EnableOutboundCalls": True,
        "IsOnline": True,
        "SimultaneousCalls": 10,
    },
    "Pbx.Holiday": {"TimeOfStartDate": "PT0S", "TimeOfEndDate": "PT23H59M59S"},
    "Pbx.ServicePrincipal": {"XAPIEnabled": True},
    "Pbx.Gateway": {"Port": 5060, "Lines": 10},
    "Pbx.ServiceInfo": {"Status": "Running", "RestartEnabled": True, "StartStopEnabled": True},
}
# Lists that are never empty: the schema of their items, and what differs from the defaults in each.
_LISTS: Mapping[str, Mapping[str, tuple[str, Sequence[Mapping[str, Any]]]]] = {
    "Pbx.User": {
        "ForwardingProfiles": (
            "Pbx.ForwardingProfile",
            [{"Id": i, "Name": name, "NoAnswerTimeout": 20} for i, name in enumerate(_PROFILES, start=1)],
        )
    },
    "Pbx.Group": {"Rights": ("Pbx.Rights", [{"RoleName": role} for role in ROLES])},
}


def build_default_entity(model: ReleaseModel, schema: str) -> dict[str, Any]:
    """Return an entity of `schema` with a value for every field. Its parts may be shared: replace, never change."""
    return _complete(model, schema, {}, 0)


def complete(model: ReleaseModel, schema: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with every missing field added, inside nested values too."""
    return _complete(model, schema, given, 0)


def _complete(model: ReleaseModel, schema: str, given: Mapping[str, Any], depth: int) -> dict[str, Any]:
    template, timed = _load_template(model, schema, depth)
    fields = model.schema(schema)
    entity = dict(template)
    for name in timed:
        entity[name] = _build_default(model, fields[name], depth)
    for name, value in given.items():
        # An empty list of these is completed too.
        if name in fields and (value or name not in _LISTS.get(schema, {})):
            entity[name] = _complete_value(model, fields[name], value, depth)
    return entity


# Entities are created often, and each has hundreds of defaults.
@cache
def _load_template(model: ReleaseModel, schema: str, depth: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the default values of a schema, and the names of those that contain the current time."""
    special = _BY_SCHEMA.get(schema, {})
    template: dict[str, Any] = {}
    timed: list[str] = []
    for name, field in model.schema(schema).items():
        if name in special and (field.kind != "enum" or special[name] in model.enum(field.type)):
            template[name] = special[name]
        else:
            template[name] = _build_default(model, field, depth)
            if _is_timed(model, field, depth):
                timed.append(name)
    for name, (item_schema, items) in _LISTS.get(schema, {}).items():
        template[name] = [_complete(model, item_schema, item, depth) for item in items]
    return template, tuple(timed)


def _is_timed(model: ReleaseModel, field: SchemaField, depth: int) -> bool:
    if field.collection or field.navigation:
        return False
    if field.kind == "complex":
        return not (field.nullable and depth >= _DEPTH) and bool(
            _load_template(model, field.type, depth + 1)[1]
        )
    return field.type == "DateTimeOffset" and not field.nullable


def _complete_value(model: ReleaseModel, field: SchemaField, value: Any, depth: int) -> Any:
    if field.kind != "complex" or value is None:
        return value
    if field.collection:
        return [_complete(model, field.type, item, depth + 1) for item in value]
    return _complete(model, field.type, value, depth + 1)


def _build_default(model: ReleaseModel, field: SchemaField, depth: int) -> Any:
    if field.collection:
        return []
    if field.navigation:
        return None
    if field.kind == "complex":
        if field.nullable and depth >= _DEPTH:
            return None
        return _complete(model, field.type, {}, depth + 1)
    if field.kind == "enum":
        return model.first_member(field.type)
    return _build_primitive(field)


def _build_primitive(field: SchemaField) -> Any:
    if field.type == "DateTimeOffset":
        return None if field.nullable else format_date_time(datetime.now(UTC))
    if field.type == "Guid":
        return None if field.nullable else "00000000-0000-0000-0000-000000000000"
    return _PRIMITIVES.get(field.type, "")


_PRIMITIVES: Mapping[str, Any] = {
    "Boolean": False,
    "Byte": 0,
    "Int32": 0,
    "Int64": 0,
    "Single": 0,
    "Double": 0,
    "Decimal": 0,
    "Duration": "PT0S",
    "TimeOfDay": "00:00:00",
}
