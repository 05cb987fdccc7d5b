"""Calls, their legs and segments, and what listeners and callers of the engine get.

A call has legs: one for each DN (and device) that takes part. The Call Control API calls a leg a participant. Times
are UTC, from the clock of the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from .clock import Timer

Status = Literal["Dialing", "Ringing", "Connected"]
Direction = Literal["inbound", "outbound", "internal"]
FinalStatus = Literal["success", "failed", "rejected"]
ChangeKind = Literal["upsert", "remove", "dtmf", "prompt", "call_ended"]

# The types of DNs, as the Call Control API writes them.
EXTENSION = "Wextension"
EXTERNAL = "Wexternalline"
QUEUE = "Wqueue"
RING_GROUP = "Wringgroup"
RECEPTIONIST = "Wivr"
ROUTE_POINT = "Wroutepoint"
PARKING = "Wparkextension"
SPECIAL_MENU = "Wspecialmenu"
FAX = "Wfaxextension"
NO_TYPE = "None"

# Why a leg or a call ended, besides 3CX's reasons such as NoAnswer.
HUNG_UP = "HungUp"
ANSWERED_ELSEWHERE = "AnsweredElsewhere"
CANCELLED = "Cancelled"
ROUTED = "Routed"
TRANSFERRED = "Transferred"
DIVERTED = "Diverted"
ABANDONED = "Abandoned"
NO_ANSWER = "NoAnswer"
BUSY = "PhoneBusy"
NOT_REGISTERED = "PhoneNotRegistered"
NO_DESTINATIONS = "NoDestinations"


class CallError(Exception):
    """A request that the engine refuses, with the status of its response: 403, 404, 422 or 424."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a call as others see it: its DN, the number and the name that it shows, its type, its DID."""

    dn: str = ""
    number: str = ""
    name: str = ""
    type: str = NO_TYPE
    did: str = ""


UNKNOWN = Party()


@dataclass(frozen=True, slots=True)
class Device:
    """A registered phone or app; only one with `direct_control` can be answered through the API."""

    dn: str
    device_id: str
    user_agent: str
    direct_control: bool


@dataclass(eq=False, slots=True)
class Segment:
    """One part of a call: a DN that rang or answered; `via` is the queue, ring group or receptionist before it."""

    source: Party
    destination: Party
    started: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    via: str = ""
    open_legs: int = 0


@dataclass(eq=False, slots=True)
class Leg:
    """One participant: a DN, and often a device, in a call."""

    id: int
    leg_id: int
    call: Call = field(repr=False)
    own: Party
    status: Status
    party: Party = UNKNOWN
    device_id: str = ""
    direct_control: bool = False
    originated_by: Party = UNKNOWN
    referred_by: Party = UNKNOWN
    on_behalf_of: Party = UNKNOWN
    data: Mapping[str, Any] = field(default_factory=dict)
    party_data: Mapping[str, Any] = field(default_factory=dict)
    # The attempt to deliver the call by which this leg rings, and what a queue or a menu does on it.
    offer: Offer | None = field(default=None, repr=False)
    service: Service | None = field(default=None, repr=False)
    segment: Segment | None = field(default=None, repr=False)
    removed: bool = False

    @property
    def dn(self) -> str:
        """The DN of the participant."""
        return self.own.dn

    @property
    def dn_type(self) -> str:
        """The type of the DN."""
        return self.own.type

    @property
    def call_id(self) -> int:
        """The ID of the call."""
        return self.call.id

    @property
    def party_dn(self) -> str:
        """The DN of the other side."""
        return self.party.dn

    @property
    def party_dn_type(self) -> str:
        """The type of the other side's DN."""
        return self.party.type

    @property
    def party_caller_name(self) -> str:
        """The name that the other side shows."""
        return self.party.name

    @property
    def party_caller_id(self) -> str:
        """The number that the other side shows."""
        return self.party.number

    @property
    def party_did(self) -> str:
        """The DID that the other side dialled."""
        return self.party.did

    @property
    def originated_by_dn(self) -> str:
        """The DN that started the call."""
        return self.originated_by.dn

    @property
    def originated_by_type(self) -> str:
        """The type of the DN that started the call."""
        return self.originated_by.type

    @property
    def referred_by_dn(self) -> str:
        """The DN that transferred or diverted the call to this one."""
        return self.referred_by.dn

    @property
    def referred_by_type(self) -> str:
        """The type of the DN that transferred or diverted the call."""
        return self.referred_by.type

    @property
    def on_behalf_of_dn(self) -> str:
        """The queue, ring group or extension for which this DN rings."""
        return self.on_behalf_of.dn

    @property
    def on_behalf_of_type(self) -> str:
        """The type of the DN for which this DN rings."""
        return self.on_behalf_of.type


class Service:
    """The work of a queue, a menu or a mailbox on its leg; closed when the leg ends or the call goes on."""

    def close(self) -> None:
        """Stop all that is planned."""

    def press(self, digits: str) -> None:
        """Take keys that the other side pressed."""

    def time_out(self) -> bool:
        """Do now what follows when its time is over; return whether there is such a thing."""
        return False


@dataclass(eq=False, slots=True)
class Offer:
    """One attempt to deliver a side of a call to a destination: the legs that ring, and what follows if none does."""

    call: Call
    side: int
    destination: str
    failed: Callable[[str], None]
    referred_by: Party = UNKNOWN
    on_behalf_of: Party = UNKNOWN
    via: str = ""
    timeout: float | None = None
    # The participant that stays until this offer is answered (routeto).
    parent: Leg | None = None
    legs: list[Leg] = field(default_factory=list)
    timer: Timer | None = None
    ring_time: float = 0
    # The members of a group that ring one after the other, and still have to.
    waiting: list[str] = field(default_factory=list)
    forwards: int = 0


@dataclass(eq=False, slots=True)
class Call:
    """A call: who called whom, its present legs, and its segments from the start."""

    id: int
    direction: Direction
    caller: Party
    dialled: str
    started: datetime
    did: str = ""
    external_number: str = ""
    legs: dict[int, Leg] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)
    attached_data: Mapping[str, Any] = field(default_factory=dict)
    answered: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    status_since: datetime | None = None
    last_leg_id: int = 0
    # The two connected sides (the caller first), the attempts to deliver one of them, and planned hand-overs.
    sides: list[Leg | None] = field(default_factory=lambda: [None, None])
    offers: list[Offer] = field(default_factory=list)
    handovers: list[Timer] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The state of the call, in the words of the list of active calls."""
        first, second = self.sides
        if self.ended is not None or first is None or second is None:
            return "Ended" if self.ended is not None else "Transferring" if self.answered else "Routing"
        return "Talking" if second.dn_type in (EXTENSION, EXTERNAL) else "Connected"


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a listener hears, in order.

    `data` is the leg of "upsert" and "remove", the digits of "dtmf", and the call of "call_ended".
    """

    kind: ChangeKind
    dn: str
    participant_id: int
    data: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action: `reason` says why it failed; `leg` is the participant that it is about."""

    final_status: FinalStatus
    reason: str = "None"
    reason_text: str = ""
    leg: Leg | None = None
