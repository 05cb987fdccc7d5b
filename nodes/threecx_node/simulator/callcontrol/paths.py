"""Parse the paths of the Call Control API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from ..odata.errors import ODataError, PathNotFoundError

ROOT = "/callcontrol"
SOCKET_PATH = "/callcontrol/ws"

ACTIONS = (
    "drop",
    "answer",
    "divert",
    "routeto",
    "transferto",
    "attach_participant_data",
    "attach_party_data",
)


class Kind(Enum):
    """The resources that a path can name."""

    ALL = "all"
    DN = "dn"
    DEVICES = "devices"
    DEVICE = "device"
    PARTICIPANTS = "participants"
    PARTICIPANT = "participant"
    MAKE_CALL = "makecall"
    ACTION = "action"
    STREAM = "stream"
    SOCKET = "socket"


_READ = ("GET",)
_METHODS = {Kind.MAKE_CALL: ("POST",), Kind.ACTION: ("POST",), Kind.STREAM: ("GET", "POST")}


@dataclass(frozen=True, slots=True)
class Target:
    """The resource of a path; texts are decoded."""

    kind: Kind
    dn: str = ""
    device_id: str | None = None
    participant_id: int = 0
    action: str = ""

    def check_method(self, method: str) -> None:
        """Raise ODataError (405) for a method that the path does not accept."""
        allowed = _METHODS.get(self.kind, _READ)
        if method not in allowed:
            names = ", ".join(allowed)
            raise ODataError(405, f"The path accepts {names}, not {method[:20]}.", headers={"allow": names})


def build_participant_path(dn: str, participant_id: int) -> str:
    """Return the path of a participant, as events name it."""
    return f"{ROOT}/{dn}/participants/{participant_id}"


def parse_path(path: str) -> Target:
    """Return the target of a percent-encoded path without a query; raise PathNotFoundError."""
    root, *segments = path.removeprefix("/").removesuffix("/").split("/")
    if root.lower() != ROOT[1:] or "" in segments:
        raise PathNotFoundError
    if not segments:
        return Target(Kind.ALL)
    if segments == ["ws"]:
        return Target(Kind.SOCKET)
    # Any text may be a DN or an ID; the words between them are known, in any case.
    dn, *rest = (unquote(each) for each in segments)
    return _parse_devices(dn, rest) or _parse_participants(dn, rest) or _parse_dn(dn, rest)


def _parse_dn(dn: str, rest: list[str]) -> Target:
    match [each.lower() for each in rest]:
        case []:
            return Target(Kind.DN, dn)
        case ["makecall"]:
            return Target(Kind.MAKE_CALL, dn)
    raise PathNotFoundError


def _parse_devices(dn: str, rest: list[str]) -> Target | None:
    if not rest or rest[0].lower() != "devices":
        return None
    match rest[1:]:
        case []:
            return Target(Kind.DEVICES, dn)
        case [device_id]:
            return Target(Kind.DEVICE, dn, device_id)
        case [device_id, last] if last.lower() == "makecall":
            return Target(Kind.MAKE_CALL, dn, device_id)
    raise PathNotFoundError


def _parse_participants(dn: str, rest: list[str]) -> Target | None:
    if not rest or rest[0].lower() != "participants":
        return None
    match rest[1:]:
        case []:
            return Target(Kind.PARTICIPANTS, dn)
        case [number]:
            return Target(Kind.PARTICIPANT, dn, participant_id=_parse_id(number))
        case [number, last] if last.lower() == "stream":
            return Target(Kind.STREAM, dn, participant_id=_parse_id(number))
        case [number, last] if last.lower() in ACTIONS:
            return Target(Kind.ACTION, dn, participant_id=_parse_id(number), action=last.lower())
    raise PathNotFoundError


def _parse_id(text: str) -> int:
    # The longest int32 has ten digits.
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise PathNotFoundError
    return int(text)
