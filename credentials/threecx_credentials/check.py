"""The credential's test: can it log in, and what may it see?

It only reads. Which role the client has is told by what 3CX refuses: a System Administrator may not see the call
history, a User hardly anything.
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
"""Reads a path below the API's base URL: HTTP status and the PBX's version; raises where there is no answer."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the test found: `status` is that of the health check, `may` what can be read."""

    status: int
    version: str | None
    may: Mapping[str, bool] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the credential can be used."""
        return 200 <= self.status < 300

    @property
    def role(self) -> str:
        """The 3CX role that fits what may be read."""
        if self.may.get("callHistory"):
            return "System Owner"
        return "System Administrator" if self.may.get("users") else "User"

    def to_json(self) -> dict[str, Any]:
        """`{"ok", "version", "role", "may"}`."""
        shape: dict[str, Any] = {"ok": self.ok, "version": self.version}
        if self.ok:
            shape |= {"role": self.role, "may": dict(self.may)}
        return shape


async def check(get: Get) -> CheckResult:
    """Asks for the health check, then for each probe."""
    status, version = await get(HEALTH)
    if not 200 <= status < 300:
        return CheckResult(status, version)
    may = {name: 200 <= (await get(path))[0] < 300 for name, path in PROBES.items()}
    return CheckResult(status, version, may)
