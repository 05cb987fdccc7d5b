"""The entities of the Call Control API: DNs, their devices, the participants of calls, and the results of actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import UnusableResponseError

FinalStatus = Literal["success", "failed", "rejected", "unknown"]

# 3CX documents a text, and its own programs read a number.
_FINAL_STATUS: Mapping[str, FinalStatus] = {
    "success": "success",
    "failed": "failed",
    "rejected": "rejected",
    "1": "success",
    "-1": "failed",
    "0": "rejected",
}
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One leg of a call, at the DN `dn`. `other` has the fields that are not known here, by their names."""

    id: int
    dn: str
    status: str = ""
    call_id: int = 0
    leg_id: int = 0
    device_id: str = ""
    party_dn: str = ""
    party_dn_type: str = ""
    party_caller_name: str = ""
    party_caller_id: str = ""
    party_did: str = ""
    direct_control: bool = False
    originated_by_dn: str = ""
    originated_by_type: str = ""
    referred_by_dn: str = ""
    referred_by_type: str = ""
    on_behalf_of_dn: str = ""
    on_behalf_of_type: str = ""
    other: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, document: Any, *, host: str = "the PBX") -> Participant:
        """Return the participant of a document of the PBX; null and missing texts are empty.

        Raises UnusableResponseError for a document of another shape; it names `host`.
        """
        fields = _Fields(document, "a participant", host)
        return cls(
            id=fields.take_id("id"),
            call_id=fields.take_number("callid"),
            leg_id=fields.take_number("legid"),
            direct_control=fields.take_flag("direct_control"),
            **{name: fields.take_text(name) for name in _PARTICIPANT_TEXTS},
            other=fields.rest,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the document in the form of the PBX."""
        return {
            "id": self.id,
            "callid": self.call_id,
            "legid": self.leg_id,
            "direct_control": self.direct_control,
            **{name: getattr(self, name) for name in _PARTICIPANT_TEXTS},
            **self.other,
        }


_PARTICIPANT_TEXTS = (
    "dn", "status", "device_id", "party_dn", "party_dn_type", "party_caller_name", "party_caller_id", "party_did",
    "originated_by_dn", "originated_by_type", "referred_by_dn", "referred_by_type", "on_behalf_of_dn",
    "on_behalf_of_type",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone or an app that is registered at a DN. Its ID changes when it registers again."""

    dn: str
    device_id: str
    user_agent: str = ""
    other: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, document: Any, *, host: str = "the PBX") -> Device:
        """Return the device of a document of the PBX. Raises UnusableResponseError for one of another shape."""
        fields = _Fields(document, "a device", host)
        texts = {name: fields.take_text(name) for name in ("dn", "device_id", "user_agent")}
        return cls(**texts, other=fields.rest)

    def to_json(self) -> dict[str, Any]:
        """Return the document in the form of the PBX."""
        return {"dn": self.dn, "device_id": self.device_id, "user_agent": self.user_agent, **self.other}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dn:
    """A number of the PBX whose calls the client may watch, with its devices and the participants of its calls."""

    dn: str
    type: str = ""
    devices: tuple[Device, ...] = ()
    participants: tuple[Participant, ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, document: Any, *, host: str = "the PBX") -> Dn:
        """Return the DN of a document of the PBX. Raises UnusableResponseError for one of another shape."""
        fields = _Fields(document, "a DN", host)
        return cls(
            dn=fields.take_text("dn"),
            type=fields.take_text("type"),
            devices=tuple(Device.from_json(each, host=host) for each in fields.take_list("devices")),
            participants=tuple(
                Participant.from_json(each, host=host) for each in fields.take_list("participants")
            ),
            other=fields.rest,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the document in the form of the PBX."""
        return {
            "dn": self.dn,
            "type": self.type,
            "devices": [each.to_json() for each in self.devices],
            "participants": [each.to_json() for each in self.participants],
            **self.other,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """The result of an action: a call that was refused or not answered is a result too.

    `final_status` is "unknown" for a status that is not known here. `participant` is the one that the action made or
    changed, None where the PBX named none.
    """

    final_status: FinalStatus
    reason: str = ""
    reason_text: str = ""
    participant: Participant | None = None
    other: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, document: Any, *, host: str = "the PBX") -> ActionResult:
        """Return the result of a document of the PBX. Raises UnusableResponseError for one of another shape.

        A document without a status is a success, because it came with an HTTP status of success.
        """
        fields = _Fields(document, "the result of an action", host)
        status = fields.take_text("finalstatus").strip().lower()
        result = fields.take("result")
        return cls(
            final_status=_FINAL_STATUS.get(status, "unknown") if status else "success",
            reason=fields.take_text("reason"),
            reason_text=fields.take_text("reasontext"),
            participant=None if result is None else Participant.from_json(result, host=host),
            other=fields.rest,
        )


class _Fields:
    """Takes the fields of one document by their types; `rest` are those that were not taken."""

    def __init__(self, document: Any, what: str, host: str) -> None:
        self._what = what
        self._host = host
        if not isinstance(document, Mapping):
            raise UnusableResponseError(host, 200, f"{what} that is not a JSON object")
        self.rest: dict[str, Any] = dict(document)

    def take(self, name: str) -> Any:
        """Return the value of a field as it is, None where it is missing."""
        return self.rest.pop(name, None)

    def take_text(self, name: str) -> str:
        """Return a text. Null is an empty text, and a number its digits, because DNs are digits."""
        value = self.take(name)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._error(name, value)

    def take_number(self, name: str) -> int:
        """Return a whole number; null is 0."""
        value = self.take(name)
        if value is None or value == "":
            return 0
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _LONGEST_SHOWN:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._error(name, value)

    def take_id(self, name: str) -> int:
        """Return a whole number that must be there."""
        if self.rest.get(name) is None:
            raise UnusableResponseError(self._host, 200, f"{self._what} without {name}")
        return self.take_number(name)

    def take_flag(self, name: str) -> bool:
        """Return true or false; null is false."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._error(name, value)

    def take_list(self, name: str) -> list[Any]:
        """Return a list; null is an empty one."""
        value = self.take(name)
        if value is None or isinstance(value, list):
            return value or []
        raise self._error(name, value)

    def _error(self, name: str, value: Any) -> UnusableResponseError:
        kind = type(value).__name__
        return UnusableResponseError(self._host, 200, f"{self._what} whose {name} has the type {kind}")
