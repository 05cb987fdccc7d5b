"""One call in progress: its legs, and the events that follow from their changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .call_events import CallEvent
from .leg_facts import DnKind, find_dn, find_referrer, is_external, read_direction, read_kind, read_state

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from .call_events import CallEventType, Direction
    from .entities import Participant

# A DN whose type is not known is most likely an extension: these are what a client monitors.
_EXTENSIONS = frozenset({DnKind.EXTENSION, DnKind.UNKNOWN})
_RINGING = _EXTENSIONS | {DnKind.ROUTE_POINT}
# Extensions that are named in the events of one call.
_MOST_EXTENSIONS = 200
# Legs of one call whose events are remembered.
_MOST_REPORTED = 2_000


class LegKey(NamedTuple):
    """The address of a leg: the DN and the ID of the participant."""

    dn: str
    participant_id: int


class Moment(NamedTuple):
    """A time, the time since the tracker began, and whether the change was inferred."""

    at: datetime
    elapsed: timedelta
    inferred: bool


@dataclass(slots=True)
class Leg:
    """A leg of a call. The flags say what it has been: `is_late` is set where the call was answered before it came."""

    participant: Participant
    kind: DnKind
    is_late: bool = False
    is_moved: bool = False
    is_caller: bool = False
    has_rung: bool = False
    is_connected: bool = False
    is_seen_waiting: bool = False


@dataclass(slots=True)
class _Facts:
    """Facts of a call that its legs name; the first leg that names one decides."""

    direction: Direction = "unknown"
    external_number: str = ""
    caller_name: str = ""
    caller_dn: str = ""
    called_dn: str = ""
    did: str = ""
    queue: str = ""
    ring_group: str = ""
    # An ordered set.
    extensions: dict[str, None] = field(default_factory=dict)

    def learn(self, key: LegKey, leg: Leg) -> None:
        """Take over what a leg says."""
        participant = leg.participant
        party = read_kind(participant.party_dn_type)
        if self.direction == "unknown":
            self.direction = read_direction(participant, leg.kind, is_caller=leg.is_caller)
        if leg.kind in _EXTENSIONS:
            self.add_extension(key.dn)
        number = participant.party_caller_id
        is_outside = party is DnKind.TRUNK or (self.direction == "inbound" and is_external(number))
        if is_outside and leg.kind is not DnKind.TRUNK:
            self.external_number = self.external_number or number
        self.queue = self.queue or (
            key.dn if leg.kind is DnKind.QUEUE else find_dn(participant, DnKind.QUEUE)
        )
        is_group = leg.kind is DnKind.RING_GROUP
        self.ring_group = self.ring_group or (key.dn if is_group else find_dn(participant, DnKind.RING_GROUP))
        if leg.is_caller:
            if leg.kind is not DnKind.TRUNK:
                self.caller_dn = self.caller_dn or key.dn
                self.called_dn = self.called_dn or participant.party_dn
        else:
            self._learn_caller(key, participant, party, leg.kind)

    def _learn_caller(self, key: LegKey, participant: Participant, party: DnKind, kind: DnKind) -> None:
        """Take over what a leg that was called says of its caller."""
        if kind is DnKind.TRUNK:
            return
        self.did = self.did or participant.party_did
        self.caller_name = self.caller_name or participant.party_caller_name
        self.called_dn = self.called_dn or key.dn
        if party is DnKind.EXTENSION:
            self.caller_dn = self.caller_dn or participant.party_dn

    def add_extension(self, dn: str) -> None:
        """Note that an extension takes part."""
        if len(self.extensions) < _MOST_EXTENSIONS:
            self.extensions[dn] = None

    @property
    def caller_number(self) -> str:
        """Return the number of the caller."""
        return self.external_number if self.direction == "inbound" else self.caller_dn

    @property
    def called_number(self) -> str:
        """Return the number that was called."""
        if self.direction == "outbound":
            return self.external_number
        if self.direction == "inbound" and self.did:
            return self.did
        return self.ring_group or self.queue or self.called_dn


class LiveCall:
    """The state of one call. `legs` are those that are there now; a call without any is over, unless one comes soon.

    `grace` is the time within which a leg that comes and one that goes are two sides of one transfer.
    """

    def __init__(self, pbx: str, call_id: int, *, grace: timedelta) -> None:
        self.id = call_id
        # The losses of messages before the call was last heard of.
        self.losses = 0
        self.legs: dict[LegKey, Leg] = {}
        self._pbx = pbx
        self._grace = grace
        self._facts = _Facts()
        self._started_at: datetime | None = None
        self._answered_at: datetime | None = None
        self._answered_by = ""
        # The extension that has rung, and whether others have too.
        self._rung: LegKey | None = None
        self._have_many_rung = False
        # The leg of the events of the whole call.
        self._main = LegKey("", 0)
        self._changed: Moment | None = None
        # The extension that has left the call after it was answered, and the legs that have joined it since.
        self._departed = ""
        self._joined: dict[LegKey, timedelta] = {}
        # The events of legs that were reported; a leg that is moved to another call may come back.
        self._reported: dict[tuple[str, LegKey], None] = {}
        # Legs to which the call was transferred, whatever their kind.
        self._targets: set[LegKey] = set()

    def update_leg(
        self, key: LegKey, participant: Participant, kind: DnKind, moment: Moment, *, is_moved: bool = False
    ) -> list[CallEvent]:
        """Take over the state of a leg, and return the events that follow. `is_moved`: it came from another call."""
        leg = self.legs.get(key)
        if leg is None:
            leg = Leg(participant, kind, is_late=self._answered_at is not None, is_moved=is_moved)
            self.legs[key] = leg
        leg.participant = participant
        state = read_state(participant)
        leg.is_caller = leg.is_caller or state == "dialing" or participant.originated_by_dn == key.dn
        self._facts.learn(key, leg)
        self._changed = moment
        events = []
        if self._started_at is None:
            self._started_at = moment.at
            self._main = key
            # An internal call starts at its caller, whichever leg is known first.
            caller = self._facts.caller_dn if self._facts.direction == "internal" else ""
            extension = caller or (key.dn if kind in _EXTENSIONS else "")
            events.append(self._build("call.started", key, moment, extension=extension))
        if state == "connected":
            events += self._connect(key, leg, moment)
        else:
            leg.is_seen_waiting = True
            if state == "ringing":
                events += self._ring(key, leg, moment)
        return events

    def restore_leg(self, key: LegKey, leg: Leg) -> None:
        """Take a leg back that was removed by mistake, with what it has been."""
        self.legs[key] = leg
        if self._departed == key.dn:
            self._departed = ""

    def update_gone_leg(
        self, key: LegKey, leg: Leg, participant: Participant, moment: Moment
    ) -> list[CallEvent]:
        """Take over a state that arrived after the leg had gone: only an answer is still of interest."""
        leg.participant = participant
        if self._answered_at is None and read_state(participant) == "connected":
            return self._connect(key, leg, moment)
        return []

    def remove_leg(self, key: LegKey, moment: Moment) -> list[CallEvent]:
        """Take note that a leg has gone, and return the events that follow."""
        leg = self.legs.pop(key)
        events = self._depart(key, leg, moment)
        self._joined.pop(key, None)
        self._targets.discard(key)
        self._changed = moment
        if not self.legs and self._answered_at is None:
            self._main = key
        return events

    def end(self) -> list[CallEvent]:
        """Return the last events of the call, at the time of its last change. Legs that are left are given up."""
        if self._changed is None:
            return []
        end = self._changed._replace(inferred=self._changed.inferred or bool(self.legs))
        events = []
        key, extension = self._find_last_party()
        if self._answered_at is None and self._is_incoming:
            events.append(self._build("call.missed", key, end, extension=extension, ended_at=end.at))
        events.append(self._build("call.ended", key, end, extension=extension, ended_at=end.at))
        return events

    def _find_last_party(self) -> tuple[LegKey, str]:
        """Return the leg of the last events and their extension.

        It is the one that has answered, or to which the call was transferred; else the one that has rung, and none
        where several have.
        """
        if self._answered_at is not None:
            return self._main, self._answered_by
        if self._rung is not None:
            return self._rung, "" if self._have_many_rung else self._rung.dn
        return self._main, self._main.dn if self._main.dn in self._facts.extensions else ""

    @property
    def _is_incoming(self) -> bool:
        direction = self._facts.direction
        return direction == "inbound" or (direction != "outbound" and self._rung is not None)

    def _ring(self, key: LegKey, leg: Leg, moment: Moment) -> list[CallEvent]:
        if leg.has_rung or leg.is_caller or leg.is_connected or leg.kind not in _RINGING:
            return []
        leg.has_rung = True
        self._have_many_rung = self._have_many_rung or (self._rung is not None and self._rung.dn != key.dn)
        self._rung = key
        # Each device of an extension may have a leg of its own.
        others = [other for place, other in self.legs.items() if place.dn == key.dn and other is not leg]
        if any(other.has_rung and not other.is_connected for other in others) or self._is_repeat(
            "ringing", key
        ):
            return []
        referrer = find_referrer(leg.participant)
        return [self._build("call.ringing", key, moment, extension=key.dn, transferred_from=referrer)]

    def _connect(self, key: LegKey, leg: Leg, moment: Moment) -> list[CallEvent]:
        if leg.is_connected:
            return []
        leg.is_connected = True
        if self._answered_at is None:
            return self._answer(key, leg, moment)
        if key.dn == self._answered_by:
            # Another leg of the same party, such as a transfer that came back.
            self._departed = ""
            return []
        if (leg.is_caller and not leg.is_moved) or not leg.is_late:
            return []
        if leg.kind is DnKind.TRUNK and not (leg.is_seen_waiting or leg.is_moved):
            # A trunk of the call from its beginning, of which a change arrived late.
            return []
        if self._departed:
            return self._transfer(self._departed, key, moment)
        self._joined[key] = moment.elapsed
        return []

    def _answer(self, key: LegKey, leg: Leg, moment: Moment) -> list[CallEvent]:
        """Return the answer of the call if this connection is one: a queue or a receptionist does not answer it."""
        extension = key.dn
        if leg.is_caller:
            party = read_kind(leg.participant.party_dn_type)
            if leg.kind is DnKind.TRUNK or party not in (DnKind.TRUNK, DnKind.EXTENSION):
                return []
            if party is DnKind.EXTENSION:
                extension = leg.participant.party_dn
                key = next((place for place in self.legs if place.dn == extension), key)
                self._facts.add_extension(extension)
        elif leg.kind not in _EXTENSIONS:
            return []
        self._answered_at = moment.at
        self._answered_by = extension
        self._main = key
        return [self._build("call.answered", key, moment, extension=extension)]

    def _depart(self, key: LegKey, leg: Leg, moment: Moment) -> list[CallEvent]:
        """Note that a party has left an answered call; return the transfer if another has just joined it."""
        is_party = leg.is_connected and (leg.kind in _EXTENSIONS or key in self._targets)
        if self._answered_at is None or not is_party:
            return []
        joined = [
            other
            for other, when in self._joined.items()
            if other != key and moment.elapsed - when <= self._grace
        ]
        if joined:
            return self._transfer(key.dn, joined[-1], moment)
        self._departed = key.dn
        return []

    def _transfer(self, origin: str, target: LegKey, moment: Moment) -> list[CallEvent]:
        self._departed = ""
        self._joined.clear()
        self._targets.add(target)
        self._answered_by = target.dn
        self._main = target
        if self._is_repeat("transferred", target):
            return []
        return [self._build("call.transferred", target, moment, extension=target.dn, transferred_from=origin)]

    def _is_repeat(self, name: str, key: LegKey) -> bool:
        """Note an event of a leg, and return whether it was reported before."""
        if (name, key) in self._reported:
            return True
        if len(self._reported) >= _MOST_REPORTED:
            del self._reported[next(iter(self._reported))]
        self._reported[name, key] = None
        return False

    def _build(
        self,
        event_type: CallEventType,
        key: LegKey,
        moment: Moment,
        *,
        extension: str,
        transferred_from: str = "",
        ended_at: datetime | None = None,
    ) -> CallEvent:
        facts = self._facts
        name = event_type.removeprefix("call.")
        # A leg can ring, and be the target of a transfer, several times in one call; all others happen once.
        is_of_leg = event_type in ("call.ringing", "call.transferred")
        place = f"{key.dn}.{key.participant_id}" if is_of_leg else "call"
        return CallEvent(
            id=f"{self._pbx}/{self.id}/{place}/{name}",
            type=event_type,
            time=moment.at,
            pbx=self._pbx,
            inferred=moment.inferred,
            call_id=self.id,
            dn=key.dn,
            participant_id=key.participant_id,
            direction=facts.direction,
            extension=extension,
            extensions=tuple(facts.extensions),
            external_number=facts.external_number,
            caller_number=facts.caller_number,
            caller_name=facts.caller_name,
            called_number=facts.called_number,
            did=facts.did,
            queue=facts.queue,
            ring_group=facts.ring_group,
            transferred_from=transferred_from,
            started_at=self._started_at,
            answered_at=self._answered_at,
            ended_at=ended_at,
        )
