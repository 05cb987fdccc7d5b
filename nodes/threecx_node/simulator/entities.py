"""Create, update, delete: what every entity set does, and the few rules that only one kind has."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from .agents import note_login
from .defaults import complete
from .dialplan import DialPlan, display_name
from .refusals import (
    ALREADY_IN_USE,
    FORBIDDEN_CHANGE,
    GROUP_CANNOT_BE_DELETED,
    GROUP_HAS_MEMBERS,
    REQUIRED,
    Problem,
    Refusal,
    not_found,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .model import EntitySet, Field, Model
    from .state import Entity, Key, MemoryStore, Record

# The one sequence of ids that all DNs share.
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
# Besides the key: what no two entities of a set may share.
_UNIQUE: Mapping[str, tuple[str, ...]] = {
    "BlackListNumbers": ("CallerId",),
    "Blocklist": ("IPAddrMask",),
    "Groups": ("Name",),
    "Parameters": ("Name",),
}
# Lists inside an entity whose entries name DNs, and the entries' schema.
_DN_LISTS: Mapping[str, Mapping[str, str]] = {
    "Groups": {"Members": "Pbx.UserGroup"},
    "Queues": {"Agents": "Pbx.QueueAgent", "Managers": "Pbx.QueueManager"},
    "RingGroups": {"Members": "Pbx.RingGroupMember"},
    "ServicePrincipals": {"Peers": "Pbx.Peer"},
    "Trunks": {"ReceiveExtensions": "Pbx.Peer"},
}


class Entities:
    """The entity sets of one release over one store; callers hold a transaction."""

    def __init__(self, model: Model, store: MemoryStore) -> None:
        self.model = model
        self.store = store
        self.dial_plan = DialPlan(model, store)

    def record(self, set_name: str, key: Key, target: str = "Id") -> Record:
        """The record of a key; refuses with 404."""
        found = self.store.get(set_name, key)
        if found is None:
            raise not_found(target)
        return found

    def create(self, set_name: str, given: Entity) -> tuple[Key, Record]:
        """A new entity from what the client said, completed by defaults, its id and its number."""
        entity_set = self.model.sets[set_name]
        missing = [name for name in _REQUIRED.get(set_name, ()) if not given.get(name)]
        if missing:
            raise refuse(400, *(Problem(name, REQUIRED) for name in missing))
        if set_name == "Contacts" and not any(given.get(n) for n in ("FirstName", "LastName", "CompanyName")):
            raise refuse(400, Problem("FirstName", "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY"))
        self._check_unique(set_name, given, None)
        values = dict(given)
        groups = values.pop("Groups", None) if entity_set.is_dn else None
        if entity_set.is_dn:
            values["Number"] = self.dial_plan.take_number(set_name, values.get("Number"))
        key = self._new_key(entity_set, values)
        if entity_set.key:
            values[entity_set.key] = key
        self._resolve_lists(set_name, values)
        entity = complete(self.model, entity_set.schema, values)
        if entity_set.is_dn:
            # Derived from the groups' members whenever somebody asks.
            del entity["Groups"]
        self._derive(set_name, entity, given)
        record = self.store.put(set_name, key, entity)
        if entity_set.is_dn and set_name != "Groups":
            self._join_groups(set_name, key, groups)
            record = self.record(set_name, key)
        return key, record

    def update(self, set_name: str, key: Key, patch: Entity) -> Record:
        """Merges `patch` into an entity; collections are replaced whole, key and number cannot change."""
        entity_set = self.model.sets[set_name]
        old = self.record(set_name, key, entity_set.key or "Id").value
        values = dict(patch)
        self._check_unchangeable(entity_set, old, values)
        self._check_unique(set_name, values, key)
        groups = values.pop("Groups", None) if entity_set.is_dn else None
        self._resolve_lists(set_name, values)
        merged = merge(self.model, self.model.schema(entity_set.schema), old, values)
        self._derive(set_name, merged, patch)
        self.store.put(set_name, key, merged)
        if set_name == "Users":
            note_login(self.store, old, merged)
        if groups is not None and set_name != "Groups":
            self._join_groups(set_name, key, groups)
        return self.record(set_name, key)

    def update_singleton(self, name: str, patch: Entity) -> None:
        """Merges `patch` into a singleton."""
        fields = self.model.schema(self.model.singletons[name])
        old = self.record(SINGLETONS, name).value
        self.store.put(SINGLETONS, name, merge(self.model, fields, old, patch))

    def delete(self, set_name: str, key: Key) -> None:
        """Removes an entity and every mention of it; refuses what the PBX needs."""
        entity_set = self.model.sets[set_name]
        entity = self.record(set_name, key, entity_set.key or "Id").value
        if guard := _DELETE_GUARDS.get(set_name):
            problem = guard(entity)
            if problem is not None:
                raise Refusal(400, problem)
        self.store.delete(set_name, key)
        if entity_set.is_dn:
            self.dial_plan.forget(entity["Number"])

    def _new_key(self, entity_set: EntitySet, values: Entity) -> Key:
        if entity_set.key_type == "Guid":
            return str(uuid.uuid4())
        if entity_set.key_type != "String":
            # Whatever Id the client sent (an Init function's template has 0), the PBX chooses.
            return self.store.next_id(DN_IDS if entity_set.is_dn else entity_set.name)
        key = values.get(entity_set.key or "") or f"{entity_set.name}-{self.store.next_id(entity_set.name)}"
        if self.store.get(entity_set.name, key) is not None:
            raise refuse(400, Problem(entity_set.key or "Id", ALREADY_IN_USE))
        return str(key)

    def _check_unique(self, set_name: str, values: Entity, own_key: Key | None) -> None:
        for name in _UNIQUE.get(set_name, ()):
            wanted = values.get(name)
            if wanted and any(
                record.value[name] == wanted and key != own_key
                for key, record in self.store.table(set_name).items()
            ):
                raise refuse(400, Problem(name, ALREADY_IN_USE))

    def _check_unchangeable(self, entity_set: EntitySet, old: Entity, values: Entity) -> None:
        if entity_set.key and entity_set.key in values:
            # 0 is what templates and generated clients send for "not known".
            if values[entity_set.key] not in (old[entity_set.key], 0):
                raise refuse(400, Problem(entity_set.key, FORBIDDEN_CHANGE))
            values[entity_set.key] = old[entity_set.key]
        if entity_set.is_dn and "Number" in values and values["Number"] != old["Number"]:
            raise refuse(400, Problem("Number", FORBIDDEN_CHANGE))

    def _resolve_lists(self, set_name: str, values: Entity) -> None:
        for name, schema in _DN_LISTS.get(set_name, {}).items():
            if name in values:
                values[name] = self.dial_plan.resolve(values[name], schema, name)
        if set_name == "InboundRules" and values.get("TrunkDN"):
            values["TrunkDN"] = self.dial_plan.resolve([values["TrunkDN"]], "Pbx.Peer", "TrunkDN")[0]

    def _derive(self, set_name: str, entity: Entity, given: Entity) -> None:
        if set_name == "Users":
            if not given.get("DisplayName") and ("FirstName" in given or "LastName" in given):
                entity["DisplayName"] = display_name(set_name, entity)
            for name in ("AuthID", "AuthPassword", "AccessPassword", "VMPIN", "ClickToCallId"):
                entity[name] = entity[name] or _generated(name, entity["Number"])
        if set_name == "Groups":
            entity["HasMembers"] = bool(entity["Members"])
            # The PBX has one default group from its first day on; nobody makes another, or takes it away.
            defaults = [key for key, group in self._groups() if group["IsDefault"]]
            entity["IsDefault"] = entity["Id"] in defaults if defaults else entity["IsDefault"]

    def _join_groups(self, set_name: str, key: Key, groups: list[Entity] | None) -> None:
        dn = self.dial_plan.by_id(key)
        if dn is None:
            return
        if groups is None:
            groups = [{"GroupId": key} for key, group in self._groups() if group["IsDefault"]]
        self.dial_plan.set_memberships(dn, groups)
        memberships = self.dial_plan.memberships(dn.number)
        entity = self.record(set_name, key).value
        if set_name == "Users" and memberships:
            ids = [membership["GroupId"] for membership in memberships]
            if entity["PrimaryGroupId"] not in ids:
                self.store.put(set_name, key, {**entity, "PrimaryGroupId": ids[0]})

    def _groups(self) -> list[tuple[Key, Entity]]:
        return [(key, record.value) for key, record in self.store.table("Groups").items()]


SINGLETONS = "(singletons)"


def merge(model: Model, fields: Mapping[str, Field], old: Entity, patch: Entity) -> Entity:
    """`old` with `patch` over it: complex values merge, collections and plain values are replaced."""
    merged = dict(old)
    for name, value in patch.items():
        merged[name] = _merged_value(model, fields[name], old.get(name), value)
    return merged


def _merged_value(model: Model, field: Field, old: Any, value: Any) -> Any:
    if field.kind != "complex" or value is None:
        return value
    if field.collection:
        return [complete(model, field.type, item) for item in value]
    if old is None:
        return complete(model, field.type, value)
    return merge(model, model.schema(field.type), old, value)


def _guard_group(entity: Entity) -> str | None:
    if entity["IsDefault"]:
        return GROUP_CANNOT_BE_DELETED
    return GROUP_HAS_MEMBERS if entity["Members"] else None


def _guard_user(entity: Entity) -> str | None:
    return "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED" if entity["Number"] == OWNER_NUMBER else None


def _guard_fax(entity: Entity) -> str | None:
    return "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED" if entity["FaxServer"] else None


_DELETE_GUARDS: Mapping[str, Callable[[Entity], str | None]] = {
    "Groups": _guard_group,
    "Users": _guard_user,
    "Fax": _guard_fax,
}


def _generated(purpose: str, number: Any) -> str:
    """A password or id of the simulated office: the same every time, so that runs can be compared."""
    digest = hashlib.sha256(f"{purpose}:{number}".encode()).hexdigest()
    if purpose == "VMPIN":
        return f"{int(digest[:8], 16) % 10000:04d}"
    return digest[:10]
