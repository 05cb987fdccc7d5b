"""Web meetings: their servers, the request to set one up, the key for the meeting API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import EntityNotFoundError
from ..pbx.entities import merge_patch
from .common import build_entity, change_singleton, generate_secret, read_document, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

MCU_ID = "5d0b5a3e-1111-4c52-9a63-0c2f6a7b8c01"
_REQUEST = "Pbx.MCURequestStatus"


@handles("GenerateApiKey")
def _generate_key(pbx: Pbx, _invocation: Invocation) -> str:
    key = generate_secret()
    change_singleton(pbx, "ConferenceSettings", ApiKey=key)
    return key


@handles("DeleteApiKey")
def _delete_key(pbx: Pbx, _invocation: Invocation) -> None:
    change_singleton(pbx, "ConferenceSettings", ApiKey="")


@handles("GetWebMeetingZones")
def _list_zones(_pbx: Pbx, _invocation: Invocation) -> list[str]:
    return ["eu-central", "eu-west", "us-east", "us-west"]


@handles("GetMCURequestStatus")
def _get_request(pbx: Pbx, _invocation: Invocation) -> Entity:
    return read_document(pbx, _REQUEST, _REQUEST)


@handles("UpdateMCURequestStatus")
def _update_request(pbx: Pbx, invocation: Invocation) -> None:
    old = read_document(pbx, _REQUEST, _REQUEST)
    store_document(
        pbx, _REQUEST, merge_patch(pbx.model, pbx.model.schema(_REQUEST), old, require(invocation, "request"))
    )


@handles("GetMCURows")
def _list_servers(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [_build_server(pbx)]


@handles("GetMCURow")
def _get_server(pbx: Pbx, invocation: Invocation) -> Entity:
    if invocation.arguments["guid"] != MCU_ID:
        raise EntityNotFoundError("guid")
    return _build_server(pbx)


@handles("GetOnboardMcuData")
def _list_server_data(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    detail = {"Guid": MCU_ID, "Host": "meet.office.example", "Active": True, "Enabled": True}
    values = {"Fqdn": "meet.office.example", "Online": True, "Connected": True, "Available": True}
    return [build_entity(pbx, "Pbx.OnBoardMcuData", Mcu=detail, FreeDiskSpace=8 * 2**30, **values)]


@handles("GetOnboardMeetings")
def _list_meetings(_pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return []


def _build_server(pbx: Pbx) -> Entity:
    return build_entity(
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
