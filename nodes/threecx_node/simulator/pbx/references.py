"""Check that every value in a body that names another entity names an existing one.

`REFERENCES` is the table of these values: schema and property, the entities in question, and the code of the error.
Names of files, templates, languages and profiles of other systems are not in it: the simulator does not have them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..odata.errors import INVALID_TIMEZONE, NON_EXISTENT_NUMBER, NOT_FOUND, ErrorDetail, ODataError
from .defaults import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..odata.records import Entity
    from ..odata.release_model import ReleaseModel, SchemaField
    from ..store.memory import MemoryStore
    from .dial_plan import DialPlan

SINGLETONS = "(singletons)"

# `To` of a destination, and the type of a receptionist's forward, whose number is a DN of this PBX.
_INTERNAL = frozenset({"Extension", "Fax", "IVR", "Queue", "RingGroup", "RoutePoint", "VoiceMail"})


@dataclass(frozen=True, slots=True)
class Reference:
    """The check of one property: whether a value names an existing entity, and the code where it does not.

    `kind_of` is the property beside it that says whether the value names a DN of this PBX.
    """

    exists: Callable[[References, Any], bool]
    code: str = NOT_FOUND
    kind_of: str = ""

    def applies(self, owner: Entity) -> bool:
        """Return whether the value is a reference in this owner; without a kind it is one."""
        kind = owner.get(self.kind_of) if self.kind_of else None
        return kind is None or kind in _INTERNAL


class References:
    """Finds the references in the bodies for one PBX."""

    def __init__(self, model: ReleaseModel, store: MemoryStore, dial_plan: DialPlan) -> None:
        self._model = model
        self._store = store
        self._dial_plan = dial_plan

    def check(self, schema: str, values: Entity) -> None:
        """Raise ODataError (400) with one detail per value that names nothing."""
        self.check_fields(self._model.schema(schema), values, schema)

    def check_fields(self, fields: Mapping[str, SchemaField], values: Entity, schema: str = "") -> None:
        """Check the values of fields that belong to no schema, such as the parameters of an action."""
        if details := list(self._find_dangling(schema, fields, values, "")):
            raise ODataError.of(400, *details)

    def _find_dangling(
        self, schema: str, fields: Mapping[str, SchemaField], values: Entity, path: str
    ) -> Iterator[ErrorDetail]:
        for name, value in values.items():
            field = fields.get(name)
            if field is None:
                continue
            reference = REFERENCES.get((schema, name))
            items = value if field.collection and value else [value]
            for index, item in enumerate(items):
                target = f"{path}{name}/{index}" if field.collection else f"{path}{name}"
                if not item or item == -1:
                    continue
                if reference and reference.applies(values) and not reference.exists(self, item):
                    yield ErrorDetail(target, reference.code)
                elif field.kind == "complex":
                    inner = self._model.schema(field.type)
                    yield from self._find_dangling(field.type, inner, item, f"{target}/")

    # The entities that a value may name.

    def has_dn(self, number: str) -> bool:
        """Return whether a DN has the number."""
        return self._dial_plan.find_by_number(number) is not None

    def has_dns(self, numbers: str) -> bool:
        """Return whether all numbers of a text with commas belong to DNs."""
        return all(self.has_dn(number.strip()) for number in numbers.split(",") if number.strip())

    def has_queue(self, number: str) -> bool:
        """Return whether a queue has the number."""
        dn = self._dial_plan.find_by_number(number)
        return dn is not None and dn.set_name == "Queues"

    def has_trunk_number(self, number: str) -> bool:
        """Return whether a trunk has the number."""
        dn = self._dial_plan.find_by_number(number)
        return dn is not None and dn.set_name == "Trunks"

    def has_peer(self, peer: Entity) -> bool:
        """Return whether a DN has the number of a peer, or else its ID; an empty peer names nothing."""
        if peer.get("Number"):
            return self.has_dn(peer["Number"])
        return not peer.get("Id") or self._dial_plan.find_by_id(peer["Id"]) is not None

    def has_trunk_peer(self, peer: Entity) -> bool:
        """Return whether a peer is a trunk; an empty peer names nothing."""
        if peer.get("Number"):
            return self.has_trunk_number(peer["Number"])
        return not peer.get("Id") or self.has_trunk(peer["Id"])

    def has_trunk(self, key: int) -> bool:
        """Return whether a trunk has the ID."""
        return self._store.get("Trunks", key) is not None

    def has_trunk_name(self, name: str) -> bool:
        """Return whether a trunk has the name, or the name is a trunk's number."""
        trunks = (record.value for record in self._store.table("Trunks").values())
        return any(name in ((trunk["Gateway"] or {}).get("Name"), trunk["Number"]) for trunk in trunks)

    def has_group(self, key: int) -> bool:
        """Return whether a group has the ID."""
        return self._store.get("Groups", key) is not None

    def has_group_name(self, text: str) -> bool:
        """Return whether a group has the text as its number, name or ID."""
        groups = (record.value for record in self._store.table("Groups").values())
        return any(text in (group["Number"], group["Name"], str(group["Id"])) for group in groups)

    def has_user(self, key: int) -> bool:
        """Return whether a user has the ID."""
        return self._store.get("Users", key) is not None

    def has_role(self, name: str) -> bool:
        """Return whether the PBX has the role."""
        return name in ROLES

    def has_sbc(self, name: str) -> bool:
        """Return whether an SBC has the name."""
        sbcs = (record.value for record in self._store.table("Sbcs").values())
        return any(name in (sbc["Name"], sbc["DisplayName"]) for sbc in sbcs)

    def has_location(self, key: str) -> bool:
        """Return whether an emergency location has the ID."""
        return self._store.get("EmergencyGeoLocations", key) is not None

    def has_geo_location(self, location: Entity) -> bool:
        """Return whether an emergency location has the ID of this one."""
        return not location.get("Id") or self.has_location(location["Id"])

    def has_time_zone(self, key: str) -> bool:
        """Return whether 3CX has the time zone; before the seed has filled the list, it has all."""
        record = self._store.get(SINGLETONS, "Defs")
        zones = record.value["TimeZones"] if record else []
        return not zones or any(zone["Id"] == key for zone in zones)


_DN = Reference(References.has_dn, NON_EXISTENT_NUMBER)
_PEER = Reference(References.has_peer, NON_EXISTENT_NUMBER)
_GROUP_NAME = Reference(References.has_group_name)
_LOCATION = Reference(References.has_location)
_ROLE = Reference(References.has_role)
_SBC = Reference(References.has_sbc)
_TIME_ZONE = Reference(References.has_time_zone, INVALID_TIMEZONE)

REFERENCES: Mapping[tuple[str, str], Reference] = {
    ("Pbx.AgentRoutingAction", "Number"): _DN,
    ("Pbx.AgentRoutingDirectory", "Number"): _DN,
    ("Pbx.AgentSettings", "PhonebookOverride"): _PEER,
    ("Pbx.CallParkingSettings", "AutoPickupForwardDN"): _DN,
    ("Pbx.CustomQueueRingtone", "Queue"): Reference(References.has_queue, NON_EXISTENT_NUMBER),
    ("Pbx.Destination", "Number"): Reference(References.has_dn, NON_EXISTENT_NUMBER, kind_of="To"),
    ("Pbx.DeviceLine", "Number"): _DN,
    ("Pbx.EmergencyGeoTrunkLocation", "Location"): Reference(References.has_geo_location),
    ("Pbx.EmergencyGeoTrunkLocation", "TrunkDn"): Reference(References.has_trunk_number, NON_EXISTENT_NUMBER),
    ("Pbx.EmergencyNotificationsSettings", "EmergencyDNPrompt"): _PEER,
    ("Pbx.Fxs", "Group"): _GROUP_NAME,
    ("Pbx.FxsProvisioning", "SbcName"): _SBC,
    ("Pbx.GeneralSettingsForPbx", "OperatorExtension"): _DN,
    ("Pbx.Group", "TimeZoneId"): _TIME_ZONE,
    ("Pbx.Holiday", "Group"): _GROUP_NAME,
    ("Pbx.HotelServices", "HotelGroups"): _GROUP_NAME,
    ("Pbx.InboundRule", "TrunkDN"): Reference(References.has_trunk_peer, NON_EXISTENT_NUMBER),
    ("Pbx.MultiEditUserData", "EmergencyLocationId"): _LOCATION,
    ("Pbx.OfficeHours", "TimeZoneId"): _TIME_ZONE,
    ("Pbx.OutboundRoute", "TrunkId"): Reference(References.has_trunk),
    ("Pbx.OutboundRoute", "TrunkName"): Reference(References.has_trunk_name),
    ("Pbx.OutboundRule", "GroupIds"): Reference(References.has_group),
    ("Pbx.OutboundRule", "GroupNames"): _GROUP_NAME,
    ("Pbx.PhoneSettings", "SbcName"): _SBC,
    ("Pbx.Receptionist", "InvalidKeyForwardDN"): _DN,
    ("Pbx.Receptionist", "TimeoutForwardDN"): Reference(
        References.has_dn, NON_EXISTENT_NUMBER, kind_of="TimeoutForwardType"
    ),
    ("Pbx.ReceptionistForward", "ForwardDN"): Reference(
        References.has_dn, NON_EXISTENT_NUMBER, kind_of="ForwardType"
    ),
    ("Pbx.Rights", "RoleName"): _ROLE,
    ("Pbx.Sbc", "Group"): _GROUP_NAME,
    ("Pbx.Sbc", "PhoneUserId"): Reference(References.has_user),
    ("Pbx.ScheduledReport", "DN"): Reference(References.has_dns, NON_EXISTENT_NUMBER),
    ("Pbx.SetRoute", "TrunkId"): Reference(References.has_trunk),
    ("Pbx.User", "EmergencyLocationId"): _LOCATION,
    ("Pbx.User", "PrimaryGroupId"): Reference(References.has_group),
    ("Pbx.Weblink", "DN"): _PEER,
    ("Pbx.Weblink", "Group"): _GROUP_NAME,
}
