"""The protocol by which the engine asks the PBX about its numbers, so that it knows no entity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .models import NO_TYPE, Party

if TYPE_CHECKING:
    from collections.abc import Mapping

# Dialled before an extension: its mailbox.
VOICEMAIL = "*4"


@dataclass(frozen=True, slots=True, kw_only=True)
class DnEntry:
    """A DN with what its type needs; times in seconds.

    `members` are those of a queue or ring group, `menu` the keys of a receptionist. `fallback` is where a call goes
    that none takes in time. An empty destination ends the call.
    """

    dn: str
    name: str
    type: str = NO_TYPE
    # A disabled user has no registered device, and takes no calls.
    is_enabled: bool = True
    accepts_more_calls: bool = False
    # Whether the PBX itself answers: a call flow app does, a program's own route point does not.
    answers_itself: bool = False
    members: tuple[str, ...] = ()
    ring_time: float = 20
    rings_all: bool = True
    pause: float = 1
    max_wait: float = 1800
    fallback: str = ""
    menu: Mapping[str, str] = field(default_factory=dict)
    invalid_key: str = ""

    @property
    def party(self) -> Party:
        """The DN as others see it."""
        return Party(self.dn, self.dn, self.name, self.type)


class Directory(Protocol):
    """The numbers of a PBX."""

    def find(self, number: str) -> DnEntry | None:
        """Return a DN, None if there is none of this number."""

    def list_user_agents(self, dn: str) -> list[str]:
        """Return the user agents of the devices that are registered from the start."""

    def find_forward(self, dn: str, reason: str, *, external: bool) -> str:
        """Return where a call to an extension goes for a reason ("" at once, NoAnswer, …), "" for nowhere."""

    def find_inbound_trunk(self, did: str) -> tuple[DnEntry, str] | None:
        """Return the trunk of a DID (of any for "") and the destination of its calls, "" if it has none."""

    def find_outbound_trunk(self, number: str) -> DnEntry | None:
        """Return the trunk for a call to an external number, None if there is none."""

    def is_logged_in(self, agent: str) -> bool:
        """Return whether an agent of queues takes their calls."""

    def list_numbers(self, dn_type: str) -> list[str]:
        """Return the numbers of the DNs of a type."""

    def list_contacts(self) -> list[str]:
        """Return numbers outside that are in the phone book, at most some hundreds."""

    def find_name(self, number: str) -> str:
        """Return the name of an external number in the phone book, "" if it is not there."""
