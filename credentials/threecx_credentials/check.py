"""Test a credential: log in, and find out which data it may read.

The test only reads. 3CX does not report the role of a client, but the role follows from the data that it refuses:
a System Administrator may not read the call history, a User hardly anything. A client that listens to calls may have no
right to the Configuration API at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .fields import BASE_PATH

HEALTH = f"{BASE_PATH}/Defs?$select=Id"
PROBES: Mapping[str, str] = {
    "users": f"{BASE_PATH}/Users?$top=1&$select=Id",
    "callHistory": f"{BASE_PATH}/CallHistoryView?$top=1",
}
CALL_CONTROL = "/callcontrol"
_FORBIDDEN = 403

Get = Callable[[str], Awaitable[tuple[int, str | None]]]
"""Reads a path of the PBX, and returns HTTP status and version of the PBX."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a test: `status` is that of the health check, `may` the data that can be read."""

    status: int
    version: str | None
    may: Mapping[str, bool] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether the credential can be used, for the Configuration API or for Call Control."""
        return 200 <= self.status < 300 or bool(self.may.get("callControl"))

    @property
    def role(self) -> str:
        """Return the role of 3CX that fits the data that can be read."""
        if self.status == _FORBIDDEN:
            return "Call Control only"
        if self.may.get("callHistory"):
            return "System Owner"
        return "System Administrator" if self.may.get("users") else "User"

    def describe_rights(self) -> str:
        """Return the role, and whether the client may use Call Control."""
        is_both = self.may.get("callControl") and self.status != _FORBIDDEN
        return f"{self.role}, with Call Control" if is_both else self.role

    def to_json(self) -> dict[str, Any]:
        """Return `{"ok", "version", "role", "may"}`."""
        document: dict[str, Any] = {"ok": self.ok, "version": self.version}
        if self.ok:
            document |= {"role": self.role, "may": dict(self.may)}
        return document


async def check(get: Get) -> CheckResult:
    """Send the health check, then each probe. Exceptions of `get` are passed on."""
    status, version = await get(HEALTH)
    may: dict[str, bool] = {}
    if _is_success(status):
        may = {name: _is_success((await get(path))[0]) for name, path in PROBES.items()}
    elif status != _FORBIDDEN:
        return CheckResult(status, version)
    control, newer = await get(CALL_CONTROL)
    return CheckResult(status, version or newer, {**may, "callControl": _is_success(control)})


def _is_success(status: int) -> bool:
    return 200 <= status < 300
