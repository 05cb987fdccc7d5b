"""The findings of a diagnosis: one for each check, with what to do where it is not ok."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..errors import ThreeCxError

CheckName = Literal[
    "reachability",
    "tls",
    "port",
    "login",
    "role",
    "callControl",
    "licence",
    "monitored",
    "recordings",
    "token",
    "release",
    "clock",
]
CHECKS: tuple[CheckName, ...] = get_args(CheckName)
"""All checks, in the order in which they are reported."""

Status = Literal["ok", "problem", "notChecked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `advice` says what to do about a problem."""

    name: CheckName
    status: Status
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """Return `{"name", "status", "message", "advice"}`, the advice only where there is one."""
        document = {"name": self.name, "status": self.status, "message": self.message}
        return {**document, "advice": self.advice} if self.advice else document

    def describe(self) -> str:
        """Return the message and the advice as one line."""
        return f"{self.message.rstrip('.')}. {self.advice}" if self.advice else self.message


@dataclass(slots=True)
class Report:
    """The findings about one client of one PBX; a check that was not reached is reported as not checked."""

    pbx: str
    client_id: str
    version: str | None = None
    findings: dict[CheckName, Finding] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Finding]:
        return (self.findings[name] for name in CHECKS if name in self.findings)

    @property
    def ok(self) -> bool:
        """Return whether no check found a problem."""
        return all(each.status != "problem" for each in self)

    @property
    def exit_code(self) -> int:
        """The exit code: 0 no problem, 1 a problem, 3 the PBX cannot be reached or refuses the login."""
        if self.findings["login"].status != "ok":
            return 3
        return 0 if self.ok else 1

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        self.findings[finding.name] = finding

    def to_json(self) -> dict[str, Any]:
        """Return `{"ok", "pbx", "clientId", "version", "checks": […]}`."""
        return {
            "ok": self.ok,
            "pbx": self.pbx,
            "clientId": self.client_id,
            "version": self.version,
            "checks": [each.to_json() for each in self],
        }


def make_ok(name: CheckName, message: str) -> Finding:
    """Return the finding of a check without a problem."""
    return Finding(name, "ok", message)


def make_problem(name: CheckName, message: str, advice: str) -> Finding:
    """Return a problem and what to do about it."""
    return Finding(name, "problem", message, advice)


def make_unchecked(name: CheckName, reason: str) -> Finding:
    """Return the finding of a check that was not made, and why."""
    return Finding(name, "notChecked", reason)


def describe_error(name: CheckName, error: ThreeCxError) -> Finding:
    """Return the problem that an error describes."""
    return make_problem(name, error.message, error.description)
