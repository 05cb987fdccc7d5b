"""Find the gate of a PBX: one per PBX, process and event loop, for as long as a client uses it."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

from .gate import Gate, Member

_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, Gate]] = WeakKeyDictionary()


def find_gate(host: str) -> Gate:
    """Return the gate of the PBX at `host`, name and port, in the running event loop."""
    gates = _gates.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    return gates.setdefault(host, Gate(host))


def list_gates() -> list[Gate]:
    """Return the gates in the running event loop, by host."""
    gates = _gates.get(asyncio.get_running_loop())
    return sorted(gates.values(), key=lambda each: each.host) if gates else []


class Membership:
    """The membership of one client in the gate of the PBX at `host`, in the event loop in which it is first used.

    A client that does not share has a gate of its own.
    """

    def __init__(self, host: str, connections: int, *, is_shared: bool) -> None:
        self._host = host
        self._connections = connections
        self._is_shared = is_shared
        self._member: Member | None = None

    def join(self) -> Member:
        """Return the member of the gate."""
        if self._member is None:
            gate = find_gate(self._host) if self._is_shared else Gate(self._host)
            self._member = gate.join(self._connections)
        return self._member

    def end(self) -> None:
        """Leave the gate."""
        member, self._member = self._member, None
        if member is not None:
            member.gate.part(member)
