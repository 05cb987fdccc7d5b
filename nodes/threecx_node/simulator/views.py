"""Reads that are not plain look-ups: sets, singletons and properties that are derived from others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .defaults import complete
from .dialplan import PEER_TYPES, Dn
from .entities import OWNER_NUMBER, SINGLETONS, Entities
from .literals import format_date_time
from .refusals import no_such_path, not_found
from .state import Entity, Key, MemoryStore, Record

if TYPE_CHECKING:
    from .model import Model

Reader = Callable[[Entity], Any]


class Views:
    """Everything that can be read, stored or derived, of one PBX."""

    def __init__(self, model: Model, store: MemoryStore, entities: Entities) -> None:
        self._model = model
        self._store = store
        self._entities = entities
        self._derived_sets: Mapping[str, Callable[[], dict[Key, Record]]] = {
            "Peers": self._peers,
            "DidNumbers": self._did_numbers,
            "ActiveCalls": self._active_calls,
            "LastCdrAndChatMessageTimestamp": self._last_timestamps,
            "ReportGroup": self._report_groups,
        }
        self._derived_singletons: Mapping[str, Callable[[Entity], Entity]] = {
            "SystemStatus": self._system_status
        }
        self._aliases: Mapping[str, Callable[[], tuple[str, Key]]] = {
            "MyUser": self._my_user,
            "MyGroup": self._my_group,
        }
        self._properties: Mapping[tuple[str, str], Reader] = {
            **{(schema, "Groups"): self._groups_of for schema in model.dn_schemas},
            ("Pbx.Peer", "MemberOf"): self._member_of,
            ("Pbx.DidNumber", "RoutingRule"): self._routing_rule,
        }
        self._kept: dict[str, tuple[int, dict[Key, Record]]] = {}

    def records(self, set_name: str) -> Collection[Record]:
        """All records of a set."""
        return self._table(set_name).values()

    def record(self, set_name: str, key: Key) -> Record:
        """The record of a key; refuses with 404 that names the key property."""
        found = self._table(set_name).get(key)
        if found is None:
            raise not_found(self._model.sets[set_name].key or "Id")
        return found

    def record_by_number(self, set_name: str, number: str) -> Record:
        """The record of a number; refuses with 404."""
        if set_name == "Peers":
            dn = self._entities.dial_plan.by_number(number)
            if dn is not None:
                return self.record("Peers", dn.id)
        elif (owner := self._store.owner_of(number)) and owner[0] == set_name:
            return self._entities.record(*owner)
        raise not_found("Number")

    def alias(self, name: str) -> tuple[str, Key] | None:
        """Set and key of the entity that a singleton stands for (`MyUser`), None for a plain singleton."""
        return self._aliases[name]() if name in self._aliases else None

    def singleton(self, name: str) -> Record:
        """A singleton's record."""
        if alias := self.alias(name):
            return self.record(*alias)
        record = self._store.get(SINGLETONS, name)
        if record is None:
            raise no_such_path()
        derive = self._derived_singletons.get(name)
        return Record(derive(record.value), record.version) if derive else record

    def navigation(self, schema: str, name: str) -> Reader | None:
        """How a derived property is read, None for a stored one."""
        return self._properties.get((schema, name))

    def _table(self, set_name: str) -> Mapping[Key, Record]:
        derive = self._derived_sets.get(set_name)
        if derive is None:
            return self._store.table(set_name)
        kept = self._kept.get(set_name)
        if kept is None or kept[0] != self._store.version or set_name == "ActiveCalls":
            kept = self._kept[set_name] = (self._store.version, derive())
        return kept[1]

    def _made(self, schema: str, values: Entity) -> Record:
        return Record(complete(self._model, schema, values), self._store.version)

    def _peers(self) -> dict[Key, Record]:
        return {dn.id: self._made("Pbx.Peer", _peer(dn)) for dn in self._entities.dial_plan.all()}

    def _did_numbers(self) -> dict[Key, Record]:
        found: dict[Key, Record] = {}
        for record in self._store.table("Trunks").values():
            trunk = record.value
            for number in trunk["DidNumbers"]:
                template = (trunk["Gateway"] or {}).get("TemplateFilename")
                values = {"Number": number, "TrunkId": trunk["Id"], "TemplateFileName": template}
                found[number] = self._made("Pbx.DidNumber", values)
        return found

    def _active_calls(self) -> dict[Key, Record]:
        now = format_date_time(datetime.now(UTC))
        return {
            key: Record({**record.value, "ServerNow": now}, record.version)
            for key, record in self._store.table("ActiveCalls").items()
        }

    def _last_timestamps(self) -> dict[Key, Record]:
        # Calls come in the order of their end: the latest start is among the last of them.
        last = self._store.last("CallHistoryView", 1000)
        calls = [record.value["SegmentStartTime"] for record in last]
        chats = [record.value["TimeSent"] for record in self._store.table("ChatHistoryView").values()]
        if not calls:
            return {}
        values = {"LastCdrStartedAt": max(calls), "LastChatMessageTimeSent": max(chats, default=None)}
        return {1: self._made("Pbx.LastCdrAndChatMessageTimestamp", values)}

    def _report_groups(self) -> dict[Key, Record]:
        return {
            key: self._made("Pbx.ReportGroup", {"GroupID": key, "GroupName": record.value["Name"] or ""})
            for key, record in self._store.table("Groups").items()
        }

    def _system_status(self, stored: Entity) -> Entity:
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

    def _my_user(self) -> tuple[str, Key]:
        owner = self._store.owner_of(OWNER_NUMBER)
        if owner is None:
            raise not_found()
        return owner

    def _my_group(self) -> tuple[str, Key]:
        for key, record in self._store.table("Groups").items():
            if record.value["IsDefault"]:
                return "Groups", key
        raise not_found()

    def _groups_of(self, entity: Entity) -> list[Entity]:
        return self._entities.dial_plan.memberships(entity["Number"])

    def _member_of(self, peer: Entity) -> list[Entity]:
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
            for membership in self._entities.dial_plan.memberships(peer["Number"])
        ]

    def _routing_rule(self, did: Entity) -> Entity | None:
        for record in self._store.table("InboundRules").values():
            if record.value["Data"] == did["Number"]:
                return record.value
        return None


def _peer(dn: Dn) -> Entity:
    return {"Id": dn.id, "Number": dn.number, "Name": dn.name, "Type": PEER_TYPES[dn.set_name]}
