"""Read sets, singletons and properties, both stored ones and those that are derived from others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..odata.errors import EntityNotFoundError, PathNotFoundError
from ..odata.literals import format_date_time
from ..odata.records import Entity, Key, Record
from .defaults import complete
from .dial_plan import PEER_TYPES, Dn
from .entities import OWNER_NUMBER, Entities
from .references import SINGLETONS

if TYPE_CHECKING:
    from datetime import datetime

    from ..odata.release_model import ReleaseModel
    from ..store.memory import MemoryStore

DerivedProperty = Callable[[Entity], Any]


class Views:
    """Read access to one PBX: to everything that is stored, and everything that is derived."""

    def __init__(
        self, model: ReleaseModel, store: MemoryStore, entities: Entities, now: Callable[[], datetime]
    ) -> None:
        # The time of the calls, which a test can stop.
        self._now = now
        self._model = model
        self._store = store
        self._entities = entities
        self._derived_sets: Mapping[str, Callable[[], dict[Key, Record]]] = {
            "Peers": self._derive_peers,
            "DidNumbers": self._derive_did_numbers,
            "ActiveCalls": self._derive_active_calls,
            "LastCdrAndChatMessageTimestamp": self._derive_last_timestamps,
            "ReportGroup": self._derive_report_groups,
        }
        self._derived_singletons: Mapping[str, Callable[[Entity], Entity]] = {
            "SystemStatus": self._derive_system_status
        }
        self._aliases: Mapping[str, Callable[[], tuple[str, Key]]] = {
            "MyUser": self._find_my_user,
            "MyGroup": self._find_my_group,
        }
        self._properties: Mapping[tuple[str, str], DerivedProperty] = {
            **{(schema, "Groups"): self._list_groups for schema in model.dn_schemas},
            ("Pbx.Peer", "MemberOf"): self._list_peer_groups,
            ("Pbx.DidNumber", "RoutingRule"): self._find_routing_rule,
        }
        # Derived sets, with the version of the store that they were derived from.
        self._cache: dict[str, tuple[int, dict[Key, Record]]] = {}

    def records(self, set_name: str) -> Collection[Record]:
        """Return all records of a set."""
        return self._table(set_name).values()

    def record(self, set_name: str, key: Key) -> Record:
        """Return the record of a key; raise EntityNotFoundError that names the key property."""
        found = self._table(set_name).get(key)
        if found is None:
            raise EntityNotFoundError(self._model.sets[set_name].key or "Id")
        return found

    def record_by_number(self, set_name: str, number: str) -> Record:
        """Return the record of a number; raise EntityNotFoundError."""
        if set_name == "Peers":
            dn = self._entities.dial_plan.find_by_number(number)
            if dn is not None:
                return self.record("Peers", dn.id)
        elif (owner := self._store.find_owner(number)) and owner[0] == set_name:
            return self._entities.record(*owner)
        raise EntityNotFoundError("Number")

    def alias(self, name: str) -> tuple[str, Key] | None:
        """Return set and key of the entity that a singleton is an alias of (`MyUser`), None for a plain singleton."""
        return self._aliases[name]() if name in self._aliases else None

    def singleton(self, name: str) -> Record:
        """Return the record of a singleton; raise PathNotFoundError for an unknown one."""
        if alias := self.alias(name):
            return self.record(*alias)
        record = self._store.get(SINGLETONS, name)
        if record is None:
            raise PathNotFoundError()
        derive = self._derived_singletons.get(name)
        return Record(derive(record.value), record.version) if derive else record

    def navigation(self, schema: str, name: str) -> DerivedProperty | None:
        """Return the function that reads a derived property, None for a stored one."""
        return self._properties.get((schema, name))

    def _table(self, set_name: str) -> Mapping[Key, Record]:
        derive = self._derived_sets.get(set_name)
        if derive is None:
            return self._store.table(set_name)
        cached = self._cache.get(set_name)
        if cached is None or cached[0] != self._store.version or set_name == "ActiveCalls":
            cached = self._cache[set_name] = (self._store.version, derive())
        return cached[1]

    def _build_record(self, schema: str, values: Entity) -> Record:
        return Record(complete(self._model, schema, values), self._store.version)

    def _derive_peers(self) -> dict[Key, Record]:
        return {
            dn.id: self._build_record("Pbx.Peer", _build_peer(dn))
            for dn in self._entities.dial_plan.list_dns()
        }

    def _derive_did_numbers(self) -> dict[Key, Record]:
        found: dict[Key, Record] = {}
        for record in self._store.table("Trunks").values():
            trunk = record.value
            for number in trunk["DidNumbers"]:
                template = (trunk["Gateway"] or {}).get("TemplateFilename")
                values = {"Number": number, "TrunkId": trunk["Id"], "TemplateFileName": template}
                found[number] = self._build_record("Pbx.DidNumber", values)
        return found

    def _derive_active_calls(self) -> dict[Key, Record]:
        now = format_date_time(self._now())
        return {
            key: Record({**record.value, "ServerNow": now}, record.version)
            for key, record in self._store.table("ActiveCalls").items()
        }

    def _derive_last_timestamps(self) -> dict[Key, Record]:
        # Calls are stored in the order of their end, so the latest start is among the last of them.
        last = self._store.list_latest("CallHistoryView", 1000)
        calls = [record.value["SegmentStartTime"] for record in last]
        chats = [record.value["TimeSent"] for record in self._store.table("ChatHistoryView").values()]
        if not calls:
            return {}
        values = {"LastCdrStartedAt": max(calls), "LastChatMessageTimeSent": max(chats, default=None)}
        return {1: self._build_record("Pbx.LastCdrAndChatMessageTimestamp", values)}

    def _derive_report_groups(self) -> dict[Key, Record]:
        return {
            key: self._build_record(
                "Pbx.ReportGroup", {"GroupID": key, "GroupName": record.value["Name"] or ""}
            )
            for key, record in self._store.table("Groups").items()
        }

    def _derive_system_status(self, stored: Entity) -> Entity:
        trunks = self._store.table("Trunks")
        extensions = [record.value for record in self._store.table("Users").values()]
        now = {
            "CallsActive": len(self._store.table("ActiveCalls")),
            "ExtensionsTotal": len(extensions),
            "ExtensionsRegistered": sum(1 for user in extensions if user["IsRegistered"]),
            "UserExtensions": len(extensions),
            "TrunksTotal": len(trunks),
            "TrunksRegistered": sum(1 for record in trunks.values() if record.value["IsOnline"]),
            "OutboundRules": len(self._store.table("OutboundRules")),
        }
        return {**stored, **{name: value for name, value in now.items() if name in stored}}

    def _find_my_user(self) -> tuple[str, Key]:
        owner = self._store.find_owner(OWNER_NUMBER)
        if owner is None:
            raise EntityNotFoundError()
        return owner

    def _find_my_group(self) -> tuple[str, Key]:
        for key, record in self._store.table("Groups").items():
            if record.value["IsDefault"]:
                return "Groups", key
        raise EntityNotFoundError()

    def _list_groups(self, entity: Entity) -> list[Entity]:
        return self._entities.dial_plan.list_memberships(entity["Number"])

    def _list_peer_groups(self, peer: Entity) -> list[Entity]:
        return [
            complete(
                self._model,
                "Pbx.PeerGroup",
                {
                    "GroupID": membership["GroupId"],
                    "Name": membership["Name"],
                    "Number": membership["Number"],
                    "RoleName": (membership.get("Rights") or {}).get("RoleName") or "users",
                },
            )
            for membership in self._entities.dial_plan.list_memberships(peer["Number"])
        ]

    def _find_routing_rule(self, did: Entity) -> Entity | None:
        for record in self._store.table("InboundRules").values():
            if record.value["Data"] == did["Number"]:
                return record.value
        return None


def _build_peer(dn: Dn) -> Entity:
    return {"Id": dn.id, "Number": dn.number, "Name": dn.name, "Type": PEER_TYPES[dn.set_name]}
