"""Read the messages of the event socket, and write requests over it. Nothing here does I/O.

A message is `{"sequence": 12, "event": {"event_type": 0, "entity": "/callcontrol/150/participants/8106"}}`. Types: 0 a
participant is new or has changed, 1 it is gone, 2 digits that were dialled, 3 a prompt was played to its end, 4 the
response to a request that was sent over the socket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal
from urllib.parse import quote, unquote

from ..values.json import dumps, loads

BASE_PATH = "/callcontrol"
SOCKET_PATH = f"{BASE_PATH}/ws"
# Only a response to a request of the client is larger.
LARGEST_EVENT = 256 * 1024

Key = tuple[str, int]
"""A participant: the number of its DN, and its ID."""
EventKind = Literal["upsert", "remove", "dtmf", "prompt_finished"]

_KINDS: Mapping[int, EventKind] = {0: "upsert", 1: "remove", 2: "dtmf", 3: "prompt_finished"}
_RESPONSE = 4
_PARAMETERS = {"devices": "deviceId", "participants": "participantId"}
_ENTITY = re.compile(r"/callcontrol/([^/?#]{1,100})/participants/([0-9]{1,18})/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """An event of the participant `key`; `digits` are those of "dtmf".

    `sequence` is the number of the message, None where it has none.
    """

    kind: EventKind
    key: Key
    digits: str = ""
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class SocketResponse:
    """The response to the request `request_id`: its HTTP status, and the value of its body."""

    request_id: str
    status: int
    body: Any
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message that cannot be used; `reason` is one of a few texts, so that equal ones can be counted."""

    reason: str
    sequence: int | None = None


Message = SocketEvent | SocketResponse | Skipped


def read_message(data: str | bytes, *, is_response_expected: bool) -> Message:
    """Return what a message of the socket says. Never raises.

    A large message is read only where a response to a request is expected.
    """
    if len(data) > LARGEST_EVENT and not is_response_expected:
        return Skipped("larger than an event can be")
    try:
        message = loads(data)
    except (ValueError, RecursionError):
        return Skipped("not JSON")
    event = message.get("event") if isinstance(message, Mapping) else None
    if not isinstance(event, Mapping):
        return Skipped("not an event")
    sequence = _read_number(message.get("sequence"))
    kind = _read_number(event.get("event_type"))
    attached = _read_attached(event.get("attached_data"))
    if kind == _RESPONSE:
        return _read_response(attached, sequence)
    if kind is None or kind not in _KINDS:
        return Skipped("an event of an unknown type", sequence)
    key = read_entity(event.get("entity"))
    if key is None:
        return Skipped("an event whose entity is not a participant", sequence)
    digits = _read_digits(attached) if _KINDS[kind] == "dtmf" else ""
    return SocketEvent(_KINDS[kind], key, digits, sequence)


def read_entity(path: Any) -> Key | None:
    """Return the participant that a path names, None for any other path."""
    found = _ENTITY.fullmatch(path) if isinstance(path, str) else None
    return (unquote(found[1]), int(found[2])) if found is not None else None


def make_request(request_id: str, path: str, data: Mapping[str, Any] | None = None) -> str:
    """Return the message that sends a request over the socket."""
    message: dict[str, Any] = {"RequestID": request_id, "Path": path}
    if data is not None:
        message["RequestData"] = data
    return dumps(message).decode()


def make_path(*segments: str) -> str:
    """Return the encoded path of these segments, below the base path."""
    return "".join(f"/{quote(each, safe='')}" for each in segments)


def make_participant_path(key: Key) -> str:
    """Return the encoded path of a participant, below the base path."""
    return make_path(key[0], "participants", str(key[1]))


def name_parameters(path: str) -> list[str]:
    """Return the names, as in the catalog, of the parameters whose values a path of `make_path` has."""
    dn, *rest = path.strip("/").split("/")
    names = pairwise(rest)
    return ["dn"] * bool(dn) + [_PARAMETERS[each] for each, _ in names if each in _PARAMETERS]


def _read_response(attached: Any, sequence: int | None) -> Message:
    if not isinstance(attached, Mapping):
        return Skipped("a response without its data", sequence)
    request_id, status = attached.get("RequestID"), _read_number(attached.get("StatusCode"))
    if not isinstance(request_id, (str, int)) or status is None:
        return Skipped("a response without request ID and status", sequence)
    return SocketResponse(str(request_id), status, _read_attached(attached.get("Response")), sequence)


def _read_attached(value: Any) -> Any:
    """Return a value that is JSON, or a text that contains JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _read_number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_digits(attached: Any) -> str:
    digits = attached.get("dtmf_input") if isinstance(attached, Mapping) else attached
    return str(digits)[:100] if isinstance(digits, (str, int)) and not isinstance(digits, bool) else ""
