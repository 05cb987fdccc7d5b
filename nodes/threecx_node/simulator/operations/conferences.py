"""Web meetings: the servers that hold them, the request to set one up, the key for the meeting API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..entities import merge
from ..registry import Call, handles
from .common import change_singleton, document, keep, made, new_secret, not_found, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

MCU_ID = "5d0b5a3e-1111-4c52-9a63-0c2f6a7b8c01"
_REQUEST = "Pbx.MCURequestStatus"


@handles("GenerateApiKey")
def _generate_key(pbx: Pbx, _call: Call) -> str:
    key = new_secret()
    change_singleton(pbx, "ConferenceSettings", ApiKey=key)
    return key


@handles("DeleteApiKey")
def _delete_key(pbx: Pbx, _call: Call) -> None:
    change_singleton(pbx, "ConferenceSettings", ApiKey="")


@handles("GetWebMeetingZones")
def _zones(_pbx: Pbx, _call: Call) -> list[str]:
    return ["eu-central", "eu-west", "us-east", "us-west"]


@handles("GetMCURequestStatus")
def _request(pbx: Pbx, _call: Call) -> Entity:
    return document(pbx, _REQUEST, _REQUEST)


@handles("UpdateMCURequestStatus")
def _update_request(pbx: Pbx, call: Call) -> None:
    old = document(pbx, _REQUEST, _REQUEST)
    keep(pbx, _REQUEST, merge(pbx.model, pbx.model.schema(_REQUEST), old, required(call, "request")))


@handles("GetMCURows")
def _rows(pbx: Pbx, _call: Call) -> list[Entity]:
    return [_row(pbx)]


@handles("GetMCURow")
def _one_row(pbx: Pbx, call: Call) -> Entity:
    if call.arguments["guid"] != MCU_ID:
        raise not_found("guid")
    return _row(pbx)


@handles("GetOnboardMcuData")
def _data(pbx: Pbx, _call: Call) -> list[Entity]:
    detail = {"Guid": MCU_ID, "Host": "meet.office.example", "Active": True, "Enabled": True}
    values = {"Fqdn": "meet.office.example", "Online": True, "Connected": True, "Available": True}
    return [made(pbx, "Pbx.OnBoardMcuData", Mcu=detail, FreeDiskSpace=8 * 2**30, **values)]


@handles("GetOnboardMeetings")
def _meetings(_pbx: Pbx, _call: Call) -> list[Entity]:
    return []


def _row(pbx: Pbx) -> Entity:
    return made(
        pbx,
        "Pbx.OnBoardMcuRow",
        Guid=MCU_ID,
        Host="meet.office.example",
        Ip="192.0.2.20",
        Active=True,
        Enabled=True,
        Port=443,
        ServerOS="Linux",
        Version=pbx.version,
        Zone="eu-central",
    )
