"""Describe the entries of lists in bodies: their schemas, their identity, and the fields that follow from others.

An update replaces a list as a whole, so an entry that lacks a field loses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .catalog import Catalog
    from .models import Property

# Fields that identify an entry of a list, the most specific first.
_KEYS = (
    *("Id", "Number", "MacAddress", "Name", "RoleName", "GroupId", "GroupID", "Key", "Input", "Filename", "TrunkId"),
    *("DID", "ParamId", "Queue", "UserAgent", "SourcePattern", "PhoneNumber", "Prefix", "Type", "FriendlyName"),
    *("DayOfWeek", "From"),
)  # fmt: skip
_OF_A_DN = frozenset({"Id", "Number", "Name", "Type", "Tags", "Hidden", "MemberOf"})
# Fields that the PBX derives from the others of the entry, or from the entity that the entry refers to.
_DERIVED: Mapping[str, frozenset[str]] = {
    "Pbx.AgentRoutingDirectory": _OF_A_DN,
    "Pbx.Destination": frozenset({"Name", "Tags", "Type"}),
    "Pbx.DeviceLine": frozenset({"Name"}),
    "Pbx.EmergencyGeoTrunkLocation": frozenset({"Id", "Location", "TrunkDn"}),
    "Pbx.Greeting": frozenset({"DisplayName"}),
    "Pbx.InboundRule": frozenset({"Id", "TrunkDN"}),
    "Pbx.OutboundRoute": frozenset({"TrunkName"}),
    "Pbx.Peer": _OF_A_DN,
    "Pbx.PeerGroup": frozenset({"GroupID", "Name", "Number"}),
    "Pbx.Phone": frozenset({"Id", "Interface", "Name", "ProvisioningLinkExt", "ProvisioningLinkLocal"}),
    "Pbx.PhoneDeviceVlanInfo": frozenset(
        {"Configurable", "PriorityConfigurable", "PriorityMax", "PriorityMin", "VlanIdMax", "VlanIdMin"}
    ),
    "Pbx.PhoneModel": frozenset({"AddAllowed", "CanBeSBC", "URL", "UserAgent"}),
    "Pbx.QueueAgent": _OF_A_DN,
    "Pbx.QueueManager": _OF_A_DN,
    "Pbx.ReceptionistForward": frozenset({"Id", "PeerType"}),
    "Pbx.Rights": frozenset({"Invalid"}),
    "Pbx.RingGroupMember": _OF_A_DN,
    "Pbx.UserGroup": frozenset(
        {*_OF_A_DN, "CanDelete", "GroupId", "GroupRights", "MemberName", "TranscriptionMode"}
    ),
}
# Every entry with an Id gets one from the PBX; its other keys identify it too.
_ASSIGNED = frozenset({"Id"})
# Values that an entry has where the list was sent without the field.
_DEFAULTS: Mapping[tuple[str, str], Any] = {
    ("Pbx.QueueAgent", "SkillGroup"): "1",
    ("Pbx.Rights", "RoleName"): "users",
}
_EMPTY: tuple[Any, ...] = (None, "", False, 0, [], {}, "PT0S", "00:00:00", "00:00:00.0000000", "None")
_NO_GUID = "00000000-0000-0000-0000-000000000000"

_whole: WeakKeyDictionary[Catalog, frozenset[str]] = WeakKeyDictionary()


def whole_schemas(catalog: Catalog) -> frozenset[str]:
    """Return the schemas that a body contains in a list and that have no update of their own.

    Simplify returns such an object whole: an update takes back the whole list.
    """
    if (found := _whole.get(catalog)) is None:
        entries: set[str] = set()
        seen: set[str] = set()
        bodies = list(catalog.bodies())
        for kind, body in bodies:
            if kind in ("create", "update", "action"):
                properties = catalog.properties(body) if isinstance(body, str) else body
                _collect(catalog, properties, entries, seen)
        updated = {body for kind, body in bodies if kind == "update" and isinstance(body, str)}
        found = _whole[catalog] = frozenset(entries - updated)
    return found


def _collect(catalog: Catalog, properties: Mapping[str, Property], entries: set[str], seen: set[str]) -> None:
    for each in properties.values():
        name = each.type.name
        if not catalog.is_schema(name):
            continue
        if each.type.collection:
            entries.add(name)
        if name not in seen:
            seen.add(name)
            _collect(catalog, catalog.properties(name), entries, seen)


def lasting_fields(catalog: Catalog, schema: str, release: str | None) -> Mapping[str, Property]:
    """Return the properties of an entry that are lost where a list is sent without them."""
    derived = _DERIVED.get(schema, frozenset()) | _ASSIGNED
    return {
        name: each for name, each in catalog.properties_in(schema, release).items() if name not in derived
    }


class StoredEntries:
    """The stored entries of one list, by what identifies them."""

    def __init__(self, stored: Sequence[Mapping[str, Any]], schema: Mapping[str, Property]) -> None:
        self._by_key: dict[str, dict[Any, Mapping[str, Any] | None]] = {}
        for key in _keys_of(schema):
            found: dict[Any, Mapping[str, Any] | None] = {}
            for each in stored:
                if (value := _identity(each, key)) is not None:
                    # Two entries with the same value are not identified by it.
                    found[value] = None if value in found else each
            self._by_key[key] = found

    def find(self, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the stored entry that has the identity of `entry`, None where it is a new one."""
        for key, stored in self._by_key.items():
            if (found := stored.get(_identity(entry, key))) is not None:
                return found
        return None


def _identity(entry: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key; an Id of 0 is that of a template, so it identifies nothing."""
    value = entry.get(key)
    return value if isinstance(value, (str, int)) and value else None


def name_entry(entry: Mapping[str, Any], schema: Mapping[str, Property], place: int) -> str:
    """Return what names an entry in a message: its name or number, else its place in the list."""
    for key in ("Name", "Number", *_keys_of(schema)):
        if key in schema and (value := entry.get(key)):
            return str(value)
    return str(place)


def _keys_of(schema: Mapping[str, Property]) -> Iterator[str]:
    return (key for key in _KEYS if key in schema)


def has_default(catalog: Catalog, schema: str, declared: Property, value: Any) -> bool:
    """Return whether a stored value is that of a field that was never set.

    Those are empty values, the first member of an enum, and objects all of whose fields have their default.
    """
    if any(value == each and type(value) is type(each) for each in _EMPTY) or value == _NO_GUID:
        return True
    if (default := _DEFAULTS.get((schema, declared.name))) is not None and value == default:
        return True
    type_name = declared.type.name
    if (enum := catalog.enums.get(type_name)) is not None:
        return bool(enum.members) and value == enum.members[0]
    if isinstance(value, float):
        return value == 0
    if declared.type.collection or not catalog.is_schema(type_name) or not isinstance(value, Mapping):
        return False
    if type_name == "Pbx.Rights":
        # The other rights are those of the role.
        return has_default(
            catalog, type_name, catalog.properties(type_name)["RoleName"], value.get("RoleName")
        )
    fields = lasting_fields(catalog, type_name, None)
    return all(
        has_default(catalog, type_name, fields[name], each) for name, each in value.items() if name in fields
    )
