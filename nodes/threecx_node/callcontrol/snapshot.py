"""Read a list of all DNs with the participants of their calls. One that cannot be read does not spoil the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import UnusableResponseError
from .entities import Participant

if TYPE_CHECKING:
    from .wire import Key


@dataclass(slots=True)
class Snapshot:
    """The participants of all DNs at one moment, and the types of the DNs by their numbers.

    `unreadable` are participants whose state cannot be read, and `unreadable_dns` are DNs with a participant without an
    ID.
    """

    participants: dict[Key, Participant] = field(default_factory=dict)
    dn_types: dict[str, str] = field(default_factory=dict)
    unreadable: set[Key] = field(default_factory=set)
    unreadable_dns: set[str] = field(default_factory=set)

    def may_have(self, key: Key) -> bool:
        """Return whether a participant is there, or may be there."""
        return key in self.participants or key in self.unreadable or key[0] in self.unreadable_dns


def read_snapshot(document: Any, *, host: str = "the PBX") -> Snapshot:
    """Return the snapshot of a list of DNs. Raises UnusableResponseError for a document that is not one."""
    if isinstance(document, Mapping) and isinstance(document.get("value"), list):
        document = document["value"]
    if not isinstance(document, list):
        raise UnusableResponseError(host, 200, "a list of DNs that is not a JSON array")
    found = Snapshot()
    for each in document:
        number = each.get("dn") if isinstance(each, Mapping) else None
        if isinstance(number, bool) or not isinstance(number, (str, int)):
            raise UnusableResponseError(host, 200, "a list of DNs with an entry that is not a DN")
        _read_dn(found, str(number), each, host)
    return found


def _read_dn(found: Snapshot, dn: str, document: Mapping[str, Any], host: str) -> None:
    dn_type, participants = document.get("type"), document.get("participants")
    found.dn_types[dn] = dn_type if isinstance(dn_type, str) else ""
    if participants is not None and not isinstance(participants, list):
        found.unreadable_dns.add(dn)
        return
    for each in participants or ():
        try:
            participant = set_dn(Participant.from_json(each, host=host), dn)
        except UnusableResponseError:
            number = each.get("id") if isinstance(each, Mapping) else None
            if isinstance(number, int):
                found.unreadable.add((dn, number))
            else:
                found.unreadable_dns.add(dn)
        else:
            found.participants[dn, participant.id] = participant


def set_dn(participant: Participant, dn: str) -> Participant:
    """Return a participant with the number of the DN that it was found at, where it names none itself."""
    return participant if participant.dn else replace(participant, dn=dn)
