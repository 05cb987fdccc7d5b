"""Prepare the live calls for the page: a row for each participant, with what a person could do there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..calls.models import EXTENSION, EXTERNAL, RECEPTIONIST, SPECIAL_MENU
from .masking import escape_invisible

if TYPE_CHECKING:
    from ..calls.models import Call, Leg, Party
    from ..pbx.pbx import Pbx

ANSWER, HANG_UP, PRESS = "answer", "hangup", "press"
# The suggestions of a form at most: a browser that gets 5,000 of them is slow.
_SUGGESTIONS = 200
_TONES = {"Connected": "good", "Ringing": "waiting", "Dialing": "waiting"}
# The kinds of numbers that can be called besides extensions.
_SERVICES = ("Queues", "RingGroups", "Receptionists", "CallFlowApps")

Suggestion = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a participant; `keys` are those that it presses on the phone."""

    action: str
    text: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class LegRow:
    """A participant of a call; `first` begins the rows of a call."""

    id: str
    first: bool
    call: int
    href: str
    dn: str
    participant_id: int
    participant: str
    device: str
    party: str
    status: str
    tone: str
    since: str
    moment: str
    buttons: tuple[Button, ...]


def list_legs(pbx: Pbx) -> list[LegRow]:
    """Return the participants of all live calls, oldest first."""
    rows = []
    with pbx.calls.lock:
        for call in pbx.calls.calls():
            for index, leg in enumerate(call.legs.values()):
                rows.append(
                    _build_row(call, leg, _name_device(pbx, leg), _list_buttons(pbx, leg), first=index == 0)
                )
    return rows


def suggest_callers(pbx: Pbx) -> list[Suggestion]:
    """Return numbers from outside that could call: those of the contacts."""
    with pbx.store.lock:
        contacts = [record.value for record in islice(pbx.store.table("Contacts").values(), _SUGGESTIONS)]
    return [
        (contact["PhoneNumber"], escape_invisible(str(contact["CompanyName"] or contact["LastName"] or "")))
        for contact in contacts
        if contact["PhoneNumber"]
    ]


def suggest_destinations(pbx: Pbx) -> list[Suggestion]:
    """Return numbers that could be called: extensions with a phone first, then services, and the DIDs of the PBX."""
    with pbx.store.lock:
        users = (record.value for record in pbx.store.table("Users").values())
        found = [
            (user["Number"], escape_invisible(str(user["DisplayName"] or "")))
            for user in islice((user for user in users if user["IsRegistered"]), _SUGGESTIONS)
        ]
        for set_name in _SERVICES:
            services = (record.value for record in islice(pbx.store.table(set_name).values(), _SUGGESTIONS))
            found += [(each["Number"], escape_invisible(str(each["Name"] or ""))) for each in services]
        dids = islice(pbx.views.records("DidNumbers"), _SUGGESTIONS)
        return [*found, *((record.value["Number"], "Number of the PBX") for record in dids)]


def name_party(party: Party) -> str:
    """Return the number and the name of a party; a mailbox has a name only."""
    if party.type == SPECIAL_MENU:
        return party.name
    return escape_invisible(f"{party.number or party.dn} {party.name}".strip())


def _name_device(pbx: Pbx, leg: Leg) -> str:
    """Return the phone or app of an extension's leg: two phones of one extension may ring."""
    devices = pbx.calls.devices(leg.dn) if leg.dn_type == EXTENSION else []
    names = (device.user_agent for device in devices if device.device_id == leg.device_id)
    return escape_invisible(next(names, ""))


def _build_row(call: Call, leg: Leg, device: str, buttons: list[Button], *, first: bool) -> LegRow:
    since = (call.status_since or call.started).astimezone()
    return LegRow(
        id=f"leg-{leg.id}",
        first=first,
        call=call.id,
        href=f"/?{urlencode({'set': 'ActiveCalls', 'key': call.id})}",
        dn=leg.dn,
        participant_id=leg.id,
        participant=name_party(leg.own),
        device=device,
        party=name_party(leg.party),
        status=leg.status,
        tone=_TONES.get(leg.status, "waiting"),
        since=since.strftime("%H:%M:%S"),
        moment=since.isoformat(timespec="milliseconds"),
        buttons=tuple(buttons),
    )


def _list_buttons(pbx: Pbx, leg: Leg) -> list[Button]:
    if leg.dn_type not in (EXTENSION, EXTERNAL):
        return []
    # A phone that rings is declined, not hung up.
    if leg.status == "Ringing":
        return [Button(ANSWER, "Answer"), Button(HANG_UP, "Decline")]
    menu = pbx.calls.directory.find(leg.party_dn) if leg.party_dn_type == RECEPTIONIST else None
    keys = [Button(PRESS, f"Press {keys}", keys) for keys in menu.menu] if menu is not None else []
    return [*keys, Button(HANG_UP, "Hang up")]
