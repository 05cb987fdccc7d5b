"""Read what a leg says about its call: types of DNs, states, direction, parties."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .call_events import Direction
    from .entities import Participant


class DnKind(Enum):
    """The kinds of DNs that matter for a call."""

    EXTENSION = auto()
    TRUNK = auto()
    QUEUE = auto()
    RING_GROUP = auto()
    ROUTE_POINT = auto()
    OTHER = auto()
    UNKNOWN = auto()


_KINDS = {
    "wextension": DnKind.EXTENSION,
    "wexternalline": DnKind.TRUNK,
    "wqueue": DnKind.QUEUE,
    "wroutepoint": DnKind.ROUTE_POINT,
    "none": DnKind.UNKNOWN,
    "": DnKind.UNKNOWN,
}
_EXTERNAL = re.compile(r"\+\d{5,}|\d{7,}", re.ASCII)


@lru_cache(maxsize=256)
def read_kind(dn_type: str) -> DnKind:
    """Return the kind of a type of DN, such as `Wextension`."""
    name = dn_type.strip().lower()
    # No public source names the type of a ring group.
    return DnKind.RING_GROUP if "ring" in name else _KINDS.get(name, DnKind.OTHER)


def read_state(participant: Participant) -> str:
    """Return `dialing`, `ringing`, `connected`, or another state of 3CX in lower case."""
    return participant.status.strip().lower()


def read_direction(participant: Participant, own: DnKind, *, is_caller: bool) -> Direction:
    """Return the direction of the call of a leg, as far as this leg shows it. `own` is the kind of its DN."""
    party = read_kind(participant.party_dn_type)
    if own is DnKind.TRUNK:
        # A trunk is the caller of a call that comes in.
        return "inbound" if is_caller else "outbound" if read_state(participant) == "ringing" else "unknown"
    if is_caller:
        if party is DnKind.TRUNK:
            return "outbound"
        return "unknown" if party is DnKind.UNKNOWN else "internal"
    return _read_origin(participant, party)


def _read_origin(participant: Participant, party: DnKind) -> Direction:
    """Return the direction of a call that came to a DN other than a trunk."""
    origin = read_kind(participant.originated_by_type)
    if DnKind.TRUNK in (party, origin) or participant.party_did:
        return "inbound"
    if is_external(participant.party_caller_id):
        return "inbound"
    return "internal" if DnKind.EXTENSION in (party, origin) else "unknown"


def is_external(number: str) -> bool:
    """Return whether a number looks like one outside the PBX: with a plus sign, or longer than extensions are."""
    return _EXTERNAL.fullmatch(number) is not None


def find_dn(participant: Participant, kind: DnKind) -> str:
    """Return the DN of that kind through which the call came to the leg, empty where there is none."""
    for dn, dn_type in (
        (participant.on_behalf_of_dn, participant.on_behalf_of_type),
        (participant.party_dn, participant.party_dn_type),
        (participant.referred_by_dn, participant.referred_by_type),
        (participant.originated_by_dn, participant.originated_by_type),
    ):
        if dn and read_kind(dn_type) is kind:
            return dn
    return ""


def find_referrer(participant: Participant) -> str:
    """Return the extension that sent the call on to this leg, empty where there is none."""
    is_extension = read_kind(participant.referred_by_type) is DnKind.EXTENSION
    return participant.referred_by_dn if is_extension else ""


def list_types(participant: Participant) -> tuple[tuple[str, str], ...]:
    """Return the DNs whose types a leg names, with these types."""
    return (
        (participant.party_dn, participant.party_dn_type),
        (participant.originated_by_dn, participant.originated_by_type),
        (participant.referred_by_dn, participant.referred_by_type),
        (participant.on_behalf_of_dn, participant.on_behalf_of_type),
    )
