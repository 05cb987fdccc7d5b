"""The dial plan: numbers, names, and who is a member of what.

Every user, queue, trunk, group … is a DN: ids and numbers are unique over all of them. Memberships are kept
once, in the groups' `Members`; the `Groups` of a DN are derived from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .defaults import complete
from .refusals import (
    ALREADY_IN_USE,
    INVALID,
    NO_MORE_NUMBERS,
    NON_EXISTENT_NUMBER,
    NOT_FOUND,
    Problem,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .model import Model
    from .state import Entity, Key, MemoryStore

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

# Where a new DN's number is looked for. 100 is the office's owner and is never given away.
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
    """A DN as others refer to it."""

    set_name: str
    id: int
    number: str
    name: str
    type: str


class DialPlan:
    """Numbers and memberships over one store."""

    def __init__(self, model: Model, store: MemoryStore) -> None:
        self._model = model
        self._store = store
        self._memberships: tuple[int, dict[str, list[Entity]]] = (-1, {})

    def by_number(self, number: str) -> Dn | None:
        """Who owns a number."""
        owner = self._store.owner_of(number)
        record = self._store.get(*owner) if owner else None
        return _dn(owner[0], record.value) if owner and record else None

    def by_id(self, dn_id: Any) -> Dn | None:
        """The DN of an id, whatever its kind."""
        for name in PEER_TYPES:
            if record := self._store.get(name, dn_id):
                return _dn(name, record.value)
        return None

    def all(self) -> Iterator[Dn]:
        """Every DN, kind by kind."""
        for name in PEER_TYPES:
            for record in self._store.table(name).values():
                yield _dn(name, record.value)

    def take_number(self, set_name: str, wanted: str | None) -> str:
        """`wanted` if it is free, or a free one; refuses with 3CX's codes."""
        if not wanted:
            return self.free_number(set_name)
        if not _NUMBER.fullmatch(wanted):
            raise refuse(400, Problem("Number", INVALID))
        if self._store.owner_of(wanted):
            raise refuse(400, Problem("Number", ALREADY_IN_USE))
        return wanted

    def free_number(self, set_name: str) -> str:
        """The first number of the kind's range that nobody owns."""
        for form, numbers in _RANGES.get(set_name, _SERVICE_RANGES):
            for number in numbers:
                if self._store.owner_of(form.format(number)) is None:
                    return form.format(number)
        raise refuse(400, Problem("Number", NO_MORE_NUMBERS))

    def resolve(self, items: Iterable[Entity], schema: str, target: str) -> list[Entity]:
        """List entries that name DNs by Number (or Id), with id, number and name filled in from the DN."""
        resolved = []
        for item in items:
            dn = self._named(item)
            if dn is None:
                raise refuse(400, Problem(target, NON_EXISTENT_NUMBER))
            entry = {**item, "Id": dn.id, "Number": dn.number}
            entry["MemberName" if schema == "Pbx.UserGroup" else "Name"] = dn.name
            if schema in ("Pbx.UserGroup", "Pbx.Peer"):
                entry["Type"] = dn.type
            resolved.append(self._fit(schema, entry))
        return resolved

    def memberships(self, number: str) -> list[Entity]:
        """The groups of a DN, as its `Groups` shows them."""
        version, index = self._memberships
        if version != self._store.version:
            index = {}
            for record in self._store.table("Groups").values():
                group = record.value
                for member in group["Members"]:
                    shown = {
                        **member,
                        "GroupId": group["Id"],
                        "Id": group["Id"],
                        "Name": group["Name"],
                        "Number": group["Number"],
                        "Type": "Group",
                    }
                    index.setdefault(member["Number"], []).append(shown)
            self._memberships = (self._store.version, index)
        return index.get(number, [])

    def set_memberships(self, dn: Dn, groups: Iterable[Entity]) -> None:
        """Makes `groups` (each with GroupId, Id, Number or Name) the groups of a DN, and no others."""
        wanted: dict[Key, Entity] = {}
        for given in groups:
            group_id = self._group_id(given)
            if group_id is None:
                raise refuse(400, Problem("Groups", NOT_FOUND))
            wanted[group_id] = given
        for key, record in list(self._store.table("Groups").items()):
            members = record.value["Members"]
            others = [member for member in members if member["Number"] != dn.number]
            if key in wanted:
                kept = {name: wanted[key][name] for name in ("Rights",) if wanted[key].get(name)}
                entry = {"CanDelete": True, "GroupId": key, **kept, "Number": dn.number}
                others += self.resolve([entry], "Pbx.UserGroup", "Groups")
            if others != members:
                self._store.put(
                    "Groups", key, {**record.value, "Members": others, "HasMembers": bool(others)}
                )

    def forget(self, number: str) -> None:
        """Takes a DN that goes out of every list that names it."""
        for table, names in (
            ("Groups", ("Members",)),
            ("Queues", ("Agents", "Managers")),
            ("RingGroups", ("Members",)),
        ):
            for key, record in list(self._store.table(table).items()):
                changed = {}
                for name in names:
                    kept = [item for item in record.value[name] if item["Number"] != number]
                    if len(kept) != len(record.value[name]):
                        changed[name] = kept
                if changed:
                    if table == "Groups":
                        changed["HasMembers"] = bool(changed["Members"])  # type: ignore[assignment]
                    self._store.put(table, key, {**record.value, **changed})

    def _named(self, item: Entity) -> Dn | None:
        if number := item.get("Number"):
            return self.by_number(number)
        return self.by_id(item.get("Id"))

    def _group_id(self, given: Entity) -> Key | None:
        for candidate in (given.get("GroupId"), given.get("Id")):
            if candidate and self._store.get("Groups", candidate):
                return candidate  # type: ignore[no-any-return]
        for name in ("Number", "Name"):
            for key, record in self._store.table("Groups").items():
                if given.get(name) and record.value[name] == given[name]:
                    return key
        return None

    def _fit(self, schema: str, entry: Entity) -> Entity:
        fields = self._model.schema(schema)
        return complete(self._model, schema, {name: value for name, value in entry.items() if name in fields})


def display_name(set_name: str, entity: Entity) -> str:
    """What a DN is called in lists."""
    if set_name == "Users":
        name = f"{entity.get('FirstName') or ''} {entity.get('LastName') or ''}".strip()
        return name or str(entity["Number"])
    if set_name == "Trunks":
        return str((entity.get("Gateway") or {}).get("Name") or entity["Number"])
    return str(entity.get("Name") or entity["Number"])


def _dn(set_name: str, entity: Entity) -> Dn:
    return Dn(set_name, entity["Id"], entity["Number"], display_name(set_name, entity), PEER_TYPES[set_name])
