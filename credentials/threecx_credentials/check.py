"""Test a credential: log in, and find out which data it may read.

The test only reads. 3CX does not report the role of a client, but the role follows from the data that it refuses:
a System Administrator may not read the call history, a User hardly anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HEALTH = "/Defs?$select=Id"
PROBES: Mapping[str, str] = {
    "users": "/Users?$top=1&$select=Id",
    "callHistory": "/CallHistoryView?$top=1",
}

Get = Callable[[str], Awaitable[tuple[int, str | None]]]
"""Reads a path below the base URL of the API, and returns HTTP status and version of the PBX."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a test: `status` is that of the health check, `may` the data that can be read."""

    status: int
    version: str | None
    may: Mapping[str, bool] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether the credential can be used."""
        return 200 <= self.status < 300

    @property
    def role(self) -> str:
        """Return the role of 3CX that fits the data that can be read."""
        if self.may.get("callHistory"):
            return "System Owner"
        return "System Administrator" if self.may.get("users") else "User"

    def to_json(self) -> dict[str, Any]:
        """Return `{"ok", "version", "role", "may"}`."""
        document: dict[str, Any] = {"ok": self.ok, "version": self.version}
        if self.ok:
            document |= {"role": self.role, "may": dict(self.may)}
        return document


async def check(get: Get) -> CheckResult:
    """Send the health check, then each probe. Exceptions of `get` are passed on."""
    status, version = await get(HEALTH)
    if not 200 <= status < 300:
        return CheckResult(status, version)
    may = {name: 200 <= (await get(path))[0] < 300 for name, path in PROBES.items()}
    return CheckResult(status, version, may)
