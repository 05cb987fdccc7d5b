"""The directory of the calls: their questions about numbers, answered from the entities of the PBX."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..calls.directory import VOICEMAIL, DnEntry
from ..calls.models import (
    EXTENSION,
    EXTERNAL,
    FAX,
    NO_TYPE,
    PARKING,
    QUEUE,
    RECEPTIONIST,
    RING_GROUP,
    ROUTE_POINT,
)
from .department_hours import choose_destination
from .dial_plan import build_display_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ..odata.records import Entity, Record
    from ..store.memory import MemoryStore
    from .dial_plan import DialPlan

_TYPES: Mapping[str, str] = {
    "Users": EXTENSION,
    "ServicePrincipals": ROUTE_POINT,
    "Queues": QUEUE,
    "RingGroups": RING_GROUP,
    "Receptionists": RECEPTIONIST,
    "Fax": FAX,
    "Parkings": PARKING,
    "Trunks": EXTERNAL,
    "CallFlowApps": ROUTE_POINT,
}
# An app is registered for every user; desk phones come in addition.
_APP = "3CX Softphone"
# The DNs that the PBX itself plays have one device.
_MEDIA_SERVER = "3CX Media Server"
_PLAYED = frozenset({QUEUE, RECEPTIONIST, ROUTE_POINT})

# Numbers outside, as they are dialled; shorter ones are only those of emergency services.
_EXTERNAL_NUMBER = re.compile(r"(\+|00)?[0-9]{6,24}", re.ASCII)
MAX_CONTACTS = 500
_EMERGENCY_NUMBERS = frozenset({"112", "911", "999"})

# The property of a user's profile that says where a call goes, without "Internal" or "External".
_FORWARDS: Mapping[str, str] = {
    "NoAnswer": "NoAnswer",
    "PhoneBusy": "Busy",
    "PhoneNotRegistered": "NotRegistered",
}
_AWAY_PROFILES = frozenset({"Away", "Out of office", "Custom 2"})
_TO_OUTSIDE = "External"
_TO_MAILBOX = frozenset({"VoiceMail", "VoiceMailOfDestination"})


class CallDirectory:
    """The numbers of one PBX, as its calls see them."""

    def __init__(self, store: MemoryStore, dial_plan: DialPlan, now: Callable[[], datetime]) -> None:
        self._now = now
        self._store = store
        self._dial_plan = dial_plan
        self._entries: dict[str, tuple[Record, DnEntry]] = {}

    def find(self, number: str) -> DnEntry | None:
        """Return a DN, None if there is none of this number."""
        owner = self._store.find_owner(number)
        record = self._store.get(*owner) if owner else None
        if owner is None or record is None:
            return None
        known = self._entries.get(number)
        # A changed entity has another record.
        if known is None or known[0] is not record:
            known = self._entries[number] = (record, _build_entry(owner[0], record.value))
        return known[1]

    def list_user_agents(self, dn: str) -> list[str]:
        """Return the user agents of the devices that are registered from the start."""
        owner = self._store.find_owner(dn)
        record = self._store.get(*owner) if owner else None
        if owner is None or record is None:
            return []
        if _TYPES.get(owner[0]) in _PLAYED:
            return [_MEDIA_SERVER]
        if owner[0] != "Users" or not record.value["IsRegistered"]:
            return []
        return [*self._list_phones(dn), _APP]

    def find_forward(self, dn: str, reason: str, *, external: bool) -> str:
        """Return where a call to an extension goes for a reason ("" at once, NoAnswer, …), "" for nowhere."""
        owner = self._store.find_owner(dn)
        record = self._store.get(*owner) if owner else None
        if owner is None or owner[0] != "Users" or record is None:
            return ""
        profile = _find_profile(record.value)
        if profile is None:
            return ""
        suffix = "External" if external else "Internal"
        if profile["Name"] in _AWAY_PROFILES:
            route = profile.get("AwayRoute") or {}
            return "" if reason else _read_destination(route.get(suffix), dn)
        name = _FORWARDS.get(reason)
        route = profile.get("AvailableRoute") or {}
        return _read_destination(route.get(f"{name}{suffix}"), dn) if name else ""

    def find_inbound_trunk(self, did: str) -> tuple[DnEntry, str] | None:
        """Return the trunk of a DID (of any for "") and the destination of its calls, "" if it has none."""
        trunk = self._find_trunk(lambda trunk: not did or did in (trunk.get("DidNumbers") or []))
        if trunk is None:
            return None
        for record in self._store.table("InboundRules").values():
            rule = record.value
            number = (rule.get("TrunkDN") or {}).get("Number")
            if (rule.get("Data") == did if did else True) and number in (None, "", trunk.dn):
                return trunk, _read_destination(choose_destination(self._store, rule, self._now()), "")
        return trunk, ""

    def find_outbound_trunk(self, number: str) -> DnEntry | None:
        """Return the trunk for a call to an external number, None if there is none."""
        if number not in _EMERGENCY_NUMBERS and not _EXTERNAL_NUMBER.fullmatch(number):
            return None
        return self._find_trunk(lambda trunk: bool(trunk.get("EnableOutboundCalls", True)))

    def is_logged_in(self, agent: str) -> bool:
        """Return whether an agent of queues takes their calls."""
        owner = self._store.find_owner(agent)
        record = self._store.get(*owner) if owner else None
        return record is not None and record.value.get("QueueStatus") != "LoggedOut"

    def list_numbers(self, dn_type: str) -> list[str]:
        """Return the numbers of the DNs of a type."""
        return [
            record.value["Number"]
            for name, each in _TYPES.items()
            if each == dn_type
            for record in self._store.table(name).values()
        ]

    def list_contacts(self) -> list[str]:
        """Return numbers outside that are in the phone book, at most some hundreds."""
        contacts = islice(self._store.table("Contacts").values(), MAX_CONTACTS)
        numbers = [str(record.value.get("PhoneNumber") or "") for record in contacts]
        return [number for number in numbers if _EXTERNAL_NUMBER.fullmatch(number)]

    def find_name(self, number: str) -> str:
        """Return the name of an external number in the phone book, "" if it is not there."""
        for record in self._store.table("Contacts").values():
            contact = record.value
            if number and number in (contact.get("PhoneNumber"), contact.get("MobileNumber")):
                return f"{contact.get('FirstName') or ''} {contact.get('LastName') or ''}".strip()
        return ""

    def _find_trunk(self, matches: Any) -> DnEntry | None:
        for record in self._store.table("Trunks").values():
            if matches(record.value):
                return self.find(record.value["Number"])
        return None

    def _list_phones(self, dn: str) -> list[str]:
        phones = []
        for record in self._store.table("SipDevices").values():
            if ((record.value.get("DN") or {}).get("Number")) == dn:
                registrar = record.value.get("Registrar") or {}
                phones.append(registrar.get("UserAgent") or "SIP phone")
        return phones


def _build_entry(set_name: str, entity: Entity) -> DnEntry:
    shared: dict[str, Any] = {
        "dn": entity["Number"],
        "name": build_display_name(set_name, entity),
        "type": _TYPES.get(set_name, NO_TYPE),
    }
    build = _DETAILS.get(set_name)
    return DnEntry(**shared, **(build(entity) if build is not None else {}))


def _find_profile(user: Entity) -> Entity | None:
    name = user.get("CurrentProfileName")
    return next((each for each in user.get("ForwardingProfiles") or [] if each["Name"] == name), None)


def _describe_user(user: Entity) -> dict[str, Any]:
    profile = _find_profile(user) or {}
    return {
        "ring_time": profile.get("NoAnswerTimeout") or 20,
        "accepts_more_calls": bool(profile.get("AcceptMultipleCalls")),
        "is_enabled": user.get("Enabled") is not False,
    }


def _describe_queue(queue: Entity) -> dict[str, Any]:
    return {
        "members": tuple(agent["Number"] for agent in queue["Agents"]),
        "ring_time": queue.get("RingTimeout") or 20,
        "rings_all": "RingAll" in (queue.get("PollingStrategy") or "RingAll"),
        "pause": queue.get("WrapUpTime") or 1,
        "max_wait": queue.get("MasterTimeout") or 1800,
        "fallback": _read_destination(queue.get("ForwardNoAnswer"), queue["Number"]),
    }


def _describe_ring_group(group: Entity) -> dict[str, Any]:
    return {
        "members": tuple(member["Number"] for member in group["Members"]),
        "ring_time": group.get("RingTime") or 20,
        "rings_all": group.get("RingStrategy") != "Hunt",
        "fallback": _read_destination(group.get("ForwardNoAnswer"), group["Number"]),
    }


def _describe_receptionist(menu: Entity) -> dict[str, Any]:
    return {
        "menu": {
            entry["Input"]: _read_menu_entry(entry.get("ForwardType"), entry.get("ForwardDN"))
            for entry in menu["Forwards"]
            if entry.get("Input")
        },
        "ring_time": menu.get("Timeout") or 3,
        "invalid_key": menu.get("InvalidKeyForwardDN") or "",
        "fallback": _read_menu_entry(menu.get("TimeoutForwardType"), menu.get("TimeoutForwardDN")),
    }


_DETAILS: Mapping[str, Any] = {
    "Users": _describe_user,
    "Queues": _describe_queue,
    "RingGroups": _describe_ring_group,
    "Receptionists": _describe_receptionist,
    "CallFlowApps": lambda _app: {"answers_itself": True},
}


def _read_menu_entry(kind: str | None, dn: str | None) -> str:
    if kind in (None, "", "EndCall", "RepeatPrompt", "CallByName", "CustomInput") or not dn:
        return ""
    return f"{VOICEMAIL}{dn}" if kind in _TO_MAILBOX else dn


def _read_destination(destination: Entity | None, own: str) -> str:
    """Return the number of a 3CX destination, "" if it ends the call."""
    given = destination or {}
    kind = given.get("To")
    if kind in _TO_MAILBOX:
        number = given.get("Number") or own
        return f"{VOICEMAIL}{number}" if number else ""
    if kind == _TO_OUTSIDE:
        return str(given.get("External") or "")
    return "" if kind in (None, "", "None") else str(given.get("Number") or "")
