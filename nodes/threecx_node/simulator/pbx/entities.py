"""Create, update and delete entities: the common rules of all sets, and the rules of single sets."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from ..odata.errors import (
    ALREADY_IN_USE,
    FORBIDDEN_CHANGE,
    GROUP_CANNOT_BE_DELETED,
    GROUP_HAS_MEMBERS,
    NOT_FOUND,
    REQUIRED,
    EntityNotFoundError,
    ErrorDetail,
    ODataError,
)
from .agent_sessions import record_queue_status
from .defaults import complete
from .dial_plan import DialPlan, build_display_name
from .holidays import check_holiday, check_holidays, has_dates
from .references import SINGLETONS, References

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..odata.records import Entity, Key, Record
    from ..odata.release_model import EntitySet, ReleaseModel, SchemaField
    from ..store.memory import MemoryStore

# The sequence of ids that all DNs share.
DN_IDS = "dn"
OWNER_NUMBER = "100"

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "BlackListNumbers": ("CallerId",),
    "Blocklist": ("IPAddrMask",),
    "Fxs": ("MacAddress",),
    "Holidays": ("Name",),
    "Parameters": ("Name",),
    "Playlists": ("Name",),
    "ScheduledReports": ("Name",),
    "TenantProperties": ("Name",),
    "WebsiteLinks": ("Link",),
}
# Properties besides the key that must be unique in their set.
_UNIQUE: Mapping[str, tuple[str, ...]] = {
    "BlackListNumbers": ("CallerId",),
    "Blocklist": ("IPAddrMask",),
    "Groups": ("Name",),
    "Parameters": ("Name",),
}
# Lists inside an entity whose entries refer to DNs, and the schema of the entries.
_EXTENSIONS_ONLY = frozenset({"Pbx.QueueAgent", "Pbx.QueueManager", "Pbx.RingGroupMember"})
_DN_LISTS: Mapping[str, Mapping[str, str]] = {
    "Groups": {"Members": "Pbx.UserGroup"},
    "Queues": {"Agents": "Pbx.QueueAgent", "Managers": "Pbx.QueueManager"},
    "RingGroups": {"Members": "Pbx.RingGroupMember"},
    "ServicePrincipals": {"Peers": "Pbx.Peer"},
    "Trunks": {"ReceiveExtensions": "Pbx.Peer"},
}


class Entities:
    """The entity sets of one release in one store. Callers open the transaction; methods raise ODataError."""

    def __init__(self, model: ReleaseModel, store: MemoryStore) -> None:
        self.model = model
        self.store = store
        self.dial_plan = DialPlan(model, store)
        self.references = References(model, store, self.dial_plan)

    def record(self, set_name: str, key: Key, target: str = "Id") -> Record:
        """Return the record of a key; raise EntityNotFoundError that names `target`."""
        found = self.store.get(set_name, key)
        if found is None:
            raise EntityNotFoundError(target)
        return found

    def create(self, set_name: str, given: Entity) -> tuple[Key, Record]:
        """Create an entity from the client's values, defaults, an id and a number; return its key and record."""
        entity_set = self.model.sets[set_name]
        missing = [name for name in _REQUIRED.get(set_name, ()) if not given.get(name)]
        if missing:
            raise ODataError.of(400, *(ErrorDetail(name, REQUIRED) for name in missing))
        if set_name == "Contacts" and not any(given.get(n) for n in ("FirstName", "LastName", "CompanyName")):
            raise ODataError.of(
                400, ErrorDetail("FirstName", "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY")
            )
        self._check_unique(set_name, given, None)
        self.references.check(entity_set.schema, given)
        if set_name == "Holidays":
            check_holiday(given)
        values = dict(given)
        groups = values.pop("Groups", None) if entity_set.is_dn else None
        if entity_set.is_dn:
            values["Number"] = self.dial_plan.take_number(set_name, values.get("Number"))
        key = self._choose_key(entity_set, values)
        if entity_set.key:
            values[entity_set.key] = key
        self._resolve_lists(set_name, values)
        entity = complete(self.model, entity_set.schema, values)
        if entity_set.is_dn:
            # Derived from the groups' members when it is read.
            del entity["Groups"]
        self._set_derived(set_name, entity, given)
        record = self.store.put(set_name, key, entity)
        if entity_set.is_dn and set_name != "Groups":
            self._join_groups(set_name, key, groups)
            record = self.record(set_name, key)
        return key, record

    def update(self, set_name: str, key: Key, patch: Entity) -> Record:
        """Merge `patch` into an entity; collections are replaced as a whole, key and number cannot change."""
        entity_set = self.model.sets[set_name]
        old = self.record(set_name, key, entity_set.key or "Id").value
        values = dict(patch)
        self._check_unchangeable(entity_set, old, values)
        self._check_unique(set_name, values, key)
        self.references.check(entity_set.schema, values)
        groups = values.pop("Groups", None) if entity_set.is_dn else None
        self._resolve_lists(set_name, values)
        merged = merge_patch(self.model, self.model.schema(entity_set.schema), old, values)
        if set_name == "Holidays" and has_dates(values):
            check_holiday(merged)
        self._set_derived(set_name, merged, patch)
        if set_name == "Users" and merged["Enabled"] != old["Enabled"] and "IsRegistered" not in patch:
            # A disabled user cannot register; the devices of an enabled one register again.
            merged["IsRegistered"] = bool(merged["Enabled"])
        self.store.put(set_name, key, merged)
        if set_name == "Users":
            record_queue_status(self.store, old, merged)
        if groups is not None and set_name != "Groups":
            self._join_groups(set_name, key, groups)
        return self.record(set_name, key)

    def update_singleton(self, name: str, patch: Entity) -> None:
        """Merge `patch` into a singleton."""
        schema = self.model.singletons[name]
        fields = self.model.schema(schema)
        self.references.check(schema, patch)
        check_holidays(patch.get("OfficeHolidays") or (), "OfficeHolidays")
        old = self.record(SINGLETONS, name).value
        self.store.put(SINGLETONS, name, merge_patch(self.model, fields, old, patch))

    def delete(self, set_name: str, key: Key) -> None:
        """Delete an entity and every reference to it; raise ODataError (400) if the PBX needs it."""
        entity_set = self.model.sets[set_name]
        entity = self.record(set_name, key, entity_set.key or "Id").value
        check = _DELETE_CHECKS.get(set_name)
        if check is not None and (code := check(entity)) is not None:
            raise ODataError(400, code)
        self.store.delete(set_name, key)
        if entity_set.is_dn:
            self.dial_plan.remove_references(entity["Number"])

    def _choose_key(self, entity_set: EntitySet, values: Entity) -> Key:
        if entity_set.key_type == "Guid":
            return str(uuid.uuid4())
        if entity_set.key_type != "String":
            # The PBX chooses the id; the client's one is ignored (the template of an Init function has 0).
            return self.store.next_id(DN_IDS if entity_set.is_dn else entity_set.name)
        key = values.get(entity_set.key or "") or f"{entity_set.name}-{self.store.next_id(entity_set.name)}"
        if self.store.get(entity_set.name, key) is not None:
            raise ODataError.of(400, ErrorDetail(entity_set.key or "Id", ALREADY_IN_USE))
        return str(key)

    def _check_unique(self, set_name: str, values: Entity, own_key: Key | None) -> None:
        for name in _UNIQUE.get(set_name, ()):
            wanted = values.get(name)
            if wanted and any(
                record.value[name] == wanted and key != own_key
                for key, record in self.store.table(set_name).items()
            ):
                raise ODataError.of(400, ErrorDetail(name, ALREADY_IN_USE))

    def _check_unchangeable(self, entity_set: EntitySet, old: Entity, values: Entity) -> None:
        if entity_set.key and entity_set.key in values:
            # Templates and generated clients send 0 for an unknown id.
            if values[entity_set.key] not in (old[entity_set.key], 0):
                raise ODataError.of(400, ErrorDetail(entity_set.key, FORBIDDEN_CHANGE))
            values[entity_set.key] = old[entity_set.key]
        if entity_set.is_dn and "Number" in values and values["Number"] != old["Number"]:
            raise ODataError.of(400, ErrorDetail("Number", FORBIDDEN_CHANGE))

    def _resolve_lists(self, set_name: str, values: Entity) -> None:
        check_holidays(values.get("OfficeHolidays") or (), "OfficeHolidays")
        for name, schema in _DN_LISTS.get(set_name, {}).items():
            if name in values:
                wanted = "Extension" if schema in _EXTENSIONS_ONLY else ""
                values[name] = self.dial_plan.resolve_members(values[name], schema, name, wanted)
        if set_name == "OutboundRules" and "Routes" in values:
            values["Routes"] = [self._name_trunk(route) for route in values["Routes"]]
        if set_name == "InboundRules" and values.get("TrunkDN"):
            values["TrunkDN"] = self.dial_plan.resolve_members([values["TrunkDN"]], "Pbx.Peer", "TrunkDN")[0]

    def _name_trunk(self, route: Entity) -> Entity:
        trunk = self.store.get("Trunks", route.get("TrunkId") or 0)
        return {**route, "TrunkName": build_display_name("Trunks", trunk.value)} if trunk else route

    def _set_derived(self, set_name: str, entity: Entity, given: Entity) -> None:
        if set_name == "Users":
            _check_profile(entity, given)
            if not given.get("DisplayName") and ("FirstName" in given or "LastName" in given):
                entity["DisplayName"] = build_display_name(set_name, entity)
            for name in ("AuthID", "AuthPassword", "AccessPassword", "VMPIN", "ClickToCallId"):
                entity[name] = entity[name] or _derive_secret(name, entity["Number"])
        if set_name == "Groups":
            entity["HasMembers"] = bool(entity["Members"])
            # A PBX always has exactly one default group; clients cannot change that.
            defaults = [key for key, group in self._list_groups() if group["IsDefault"]]
            entity["IsDefault"] = entity["Id"] in defaults if defaults else entity["IsDefault"]

    def _join_groups(self, set_name: str, key: Key, groups: list[Entity] | None) -> None:
        dn = self.dial_plan.find_by_id(key)
        if dn is None:
            return
        if groups is None:
            groups = [{"GroupId": key} for key, group in self._list_groups() if group["IsDefault"]]
        self.dial_plan.set_memberships(dn, groups)
        memberships = self.dial_plan.list_memberships(dn.number)
        entity = self.record(set_name, key).value
        if set_name == "Users" and memberships:
            ids = [membership["GroupId"] for membership in memberships]
            if entity["PrimaryGroupId"] not in ids:
                self.store.put(set_name, key, {**entity, "PrimaryGroupId": ids[0]})

    def _list_groups(self) -> list[tuple[Key, Entity]]:
        return [(key, record.value) for key, record in self.store.table("Groups").items()]


def merge_patch(model: ReleaseModel, fields: Mapping[str, SchemaField], old: Entity, patch: Entity) -> Entity:
    """Return `old` with `patch` applied: complex values are merged, collections and plain values replaced."""
    merged = dict(old)
    for name, value in patch.items():
        merged[name] = _merge_value(model, fields[name], old.get(name), value)
    return merged


def _merge_value(model: ReleaseModel, field: SchemaField, old: Any, value: Any) -> Any:
    if field.kind != "complex" or value is None:
        return value
    if field.collection:
        return [complete(model, field.type, item) for item in value]
    if old is None:
        return complete(model, field.type, value)
    return merge_patch(model, model.schema(field.type), old, value)


def _check_profile(user: Entity, given: Entity) -> None:
    """Raise ODataError (400) if the current profile of a user is not one of the user's profiles."""
    current = user["CurrentProfileName"]
    names = [profile["Name"] for profile in user["ForwardingProfiles"]]
    if current and current not in names and "CurrentProfileName" in given:
        raise ODataError.of(400, ErrorDetail("CurrentProfileName", NOT_FOUND))


def _check_group(entity: Entity) -> str | None:
    if entity["IsDefault"]:
        return GROUP_CANNOT_BE_DELETED
    return GROUP_HAS_MEMBERS if entity["Members"] else None


def _check_user(entity: Entity) -> str | None:
    return "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED" if entity["Number"] == OWNER_NUMBER else None


def _check_fax(entity: Entity) -> str | None:
    return "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED" if entity["FaxServer"] else None


_DELETE_CHECKS: Mapping[str, Callable[[Entity], str | None]] = {
    "Groups": _check_group,
    "Users": _check_user,
    "Fax": _check_fax,
}


def _derive_secret(purpose: str, number: Any) -> str:
    """Return a password or id for a number: always the same one, so that runs can be compared."""
    digest = hashlib.sha256(f"{purpose}:{number}".encode()).hexdigest()
    if purpose == "VMPIN":
        return f"{int(digest[:8], 16) % 10000:04d}"
    return digest[:10]
