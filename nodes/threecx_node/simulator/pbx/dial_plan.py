"""The dial plan: numbers, names and memberships.

Every user, queue, trunk, group … is a DN: ids and numbers are unique over all of them. Memberships are stored
once, in the groups' `Members`; the `Groups` of a DN are derived from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..odata.errors import (
    ALREADY_IN_USE,
    INVALID,
    NO_MORE_NUMBERS,
    NON_EXISTENT_NUMBER,
    NOT_FOUND,
    ErrorDetail,
    ODataError,
)
from .defaults import complete

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..odata.records import Entity, Key
    from ..odata.release_model import ReleaseModel
    from ..store.memory import MemoryStore

_NUMBER = re.compile(r"[\w*#+.-]{1,50}", re.ASCII)

PEER_TYPES: Mapping[str, str] = {
    "Users": "Extension",
    "ServicePrincipals": "Extension",
    "Queues": "Queue",
    "RingGroups": "RingGroup",
    "Receptionists": "IVR",
    "Fax": "Fax",
    "Parkings": "Parking",
    "Trunks": "ExternalLine",
    "Groups": "Group",
    "CallFlowApps": "RoutePoint",
}

# The number ranges for new DNs. 100 belongs to the owner and is never assigned.
_SERVICE_RANGES = (("{}", range(800, 900)), ("{}", range(8000, 9000)))
_RANGES: Mapping[str, tuple[tuple[str, range], ...]] = {
    "Users": (("{}", range(101, 800)), ("{}", range(1000, 8000))),
    "ServicePrincipals": (("{}", range(900, 1000)), ("{}", range(9000, 10000))),
    "Trunks": (("{}", range(10000, 20000)),),
    "Groups": (("GRP{:04d}", range(1, 10000)),),
    "Parkings": (("SP{:02d}", range(1, 100)), ("SP{}", range(100, 1000))),
}


@dataclass(frozen=True, slots=True)
class Dn:
    """A DN with its id, number, name and type, as other entities refer to it."""

    set_name: str
    id: int
    number: str
    name: str
    type: str


class DialPlan:
    """The numbers and memberships in one store."""

    def __init__(self, model: ReleaseModel, store: MemoryStore) -> None:
        self._model = model
        self._store = store
        self._memberships: tuple[int, dict[str, list[Entity]]] = (-1, {})

    def find_by_number(self, number: str) -> Dn | None:
        """Return the DN that owns a number, None if the number is free."""
        owner = self._store.find_owner(number)
        record = self._store.get(*owner) if owner else None
        return _build_dn(owner[0], record.value) if owner and record else None

    def find_by_id(self, dn_id: Any) -> Dn | None:
        """Return the DN of an id, of any kind, None if there is none."""
        for name in PEER_TYPES:
            if record := self._store.get(name, dn_id):
                return _build_dn(name, record.value)
        return None

    def list_dns(self) -> Iterator[Dn]:
        """Yield every DN, kind by kind."""
        for name in PEER_TYPES:
            for record in self._store.table(name).values():
                yield _build_dn(name, record.value)

    def take_number(self, set_name: str, wanted: str | None) -> str:
        """Return `wanted` if it is free, a free number if it is empty; raise ODataError (400) otherwise."""
        if not wanted:
            return self.find_free_number(set_name)
        if not _NUMBER.fullmatch(wanted):
            raise ODataError.of(400, ErrorDetail("Number", INVALID))
        if self._store.find_owner(wanted):
            raise ODataError.of(400, ErrorDetail("Number", ALREADY_IN_USE))
        return wanted

    def find_free_number(self, set_name: str) -> str:
        """Return the first free number in the range of a set; raise ODataError (400) if none is free."""
        for form, numbers in _RANGES.get(set_name, _SERVICE_RANGES):
            for number in numbers:
                if self._store.find_owner(form.format(number)) is None:
                    return form.format(number)
        raise ODataError.of(400, ErrorDetail("Number", NO_MORE_NUMBERS))

    def resolve_members(
        self, items: Iterable[Entity], schema: str, target: str, wanted: str = ""
    ) -> list[Entity]:
        """Return list entries that refer to DNs by Number (or Id), with the DN's id, number and name filled in.

        Raises ODataError (400) that names `target` for a DN that does not exist, or is not of the type `wanted`.
        """
        resolved = []
        for item in items:
            dn = self._find_dn(item)
            if dn is None or (wanted and dn.type != wanted):
                raise ODataError.of(400, ErrorDetail(target, NON_EXISTENT_NUMBER))
            entry = {**item, "Id": dn.id, "Number": dn.number}
            entry["MemberName" if schema == "Pbx.UserGroup" else "Name"] = dn.name
            if schema in ("Pbx.UserGroup", "Pbx.Peer"):
                entry["Type"] = dn.type
            resolved.append(self._complete_entry(schema, entry))
        return resolved

    def list_memberships(self, number: str) -> list[Entity]:
        """Return the groups of a DN, as its `Groups` lists them."""
        version, index = self._memberships
        if version != self._store.version:
            index = {}
            for record in self._store.table("Groups").values():
                group = record.value
                for member in group["Members"]:
                    membership = {
                        **member,
                        "GroupId": group["Id"],
                        "Id": group["Id"],
                        "Name": group["Name"],
                        "Number": group["Number"],
                        "Type": "Group",
                    }
                    index.setdefault(member["Number"], []).append(membership)
            self._memberships = (self._store.version, index)
        return index.get(number, [])

    def set_memberships(self, dn: Dn, groups: Iterable[Entity]) -> None:
        """Make `groups` (each with GroupId, Id, Number or Name) the only groups of a DN."""
        wanted: dict[Key, Entity] = {}
        for given in groups:
            group_id = self._find_group(given)
            if group_id is None:
                raise ODataError.of(400, ErrorDetail("Groups", NOT_FOUND))
            wanted[group_id] = given
        for key, record in list(self._store.table("Groups").items()):
            members = record.value["Members"]
            others = [member for member in members if member["Number"] != dn.number]
            if key in wanted:
                given_rights = {name: wanted[key][name] for name in ("Rights",) if wanted[key].get(name)}
                entry = {"CanDelete": True, "GroupId": key, **given_rights, "Number": dn.number}
                others += self.resolve_members([entry], "Pbx.UserGroup", "Groups")
            if others != members:
                self._store.put(
                    "Groups", key, {**record.value, "Members": others, "HasMembers": bool(others)}
                )

    def remove_references(self, number: str) -> None:
        """Remove a deleted DN from every list that refers to it."""
        for table, names in (
            ("Groups", ("Members",)),
            ("Queues", ("Agents", "Managers")),
            ("RingGroups", ("Members",)),
            ("ServicePrincipals", ("Peers",)),
        ):
            for key, record in list(self._store.table(table).items()):
                changed: dict[str, Any] = {}
                for name in names:
                    remaining = [item for item in record.value[name] if item["Number"] != number]
                    if len(remaining) != len(record.value[name]):
                        changed[name] = remaining
                if changed:
                    if table == "Groups":
                        changed["HasMembers"] = bool(changed["Members"])
                    self._store.put(table, key, {**record.value, **changed})

    def _find_dn(self, item: Entity) -> Dn | None:
        if number := item.get("Number"):
            return self.find_by_number(number)
        return self.find_by_id(item.get("Id"))

    def _find_group(self, given: Entity) -> Key | None:
        for candidate in (given.get("GroupId"), given.get("Id")):
            if candidate and self._store.get("Groups", candidate):
                key: Key = candidate
                return key
        for name in ("Number", "Name"):
            for key, record in self._store.table("Groups").items():
                if given.get(name) and record.value[name] == given[name]:
                    return key
        return None

    def _complete_entry(self, schema: str, entry: Entity) -> Entity:
        fields = self._model.schema(schema)
        return complete(self._model, schema, {name: value for name, value in entry.items() if name in fields})


def build_display_name(set_name: str, entity: Entity) -> str:
    """Return the name of a DN in lists."""
    if set_name == "Users":
        name = f"{entity.get('FirstName') or ''} {entity.get('LastName') or ''}".strip()
        return name or str(entity["Number"])
    if set_name == "Trunks":
        return str((entity.get("Gateway") or {}).get("Name") or entity["Number"])
    return str(entity.get("Name") or entity["Number"])


def _build_dn(set_name: str, entity: Entity) -> Dn:
    return Dn(
        set_name, entity["Id"], entity["Number"], build_display_name(set_name, entity), PEER_TYPES[set_name]
    )
