"""Trunks: provisioned from a provider, exported, tested; and the routes of their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from ..http.files import FileDownload
from ..odata.errors import ALREADY_IN_USE, NOT_FOUND, EntityNotFoundError, ErrorDetail, ODataError
from .common import build_entity, format_now, get_addressed, list_entities, require, require_dn
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.dial_plan import Dn
    from ..pbx.pbx import Pbx

# The numbers that every simulated provider offers.
_FOR_SALE = tuple(f"+120255501{index:02d}" for index in range(20, 32))
_DESTINATIONS = {
    "Users": "Extension",
    "Queues": "Queue",
    "RingGroups": "RingGroup",
    "Receptionists": "IVR",
    "Fax": "Fax",
    "CallFlowApps": "RoutePoint",
}


@handles("ExportTrunk")
def _export_trunk(pbx: Pbx, invocation: Invocation) -> FileDownload:
    trunk = get_addressed(pbx, "Trunks", invocation).value
    gateway = trunk["Gateway"] or {}
    fields = {
        "Name": gateway.get("Name"),
        "Host": gateway.get("Host"),
        "Port": gateway.get("Port"),
        "ExternalNumber": trunk["ExternalNumber"],
        "SimultaneousCalls": trunk["SimultaneousCalls"],
    }
    inner = "".join(f"  <{name}>{escape(str(value or ''))}</{name}>\n" for name, value in fields.items())
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<Trunk number={quoteattr(trunk["Number"])}>\n{inner}</Trunk>\n'
    return FileDownload(text.encode(), "application/xml", f"trunk-{trunk['Number']}.xml")


@handles("FinalizeTrunkProvisioning")
def _finalize_provisioning(pbx: Pbx, invocation: Invocation) -> Entity:
    model = require(invocation, "model")
    numbers = [phone["PhoneNumber"] for phone in model.get("PhoneNumbers") or [] if phone.get("PhoneNumber")]
    taken = {number for trunk in list_entities(pbx, "Trunks") for number in trunk["DidNumbers"]}
    if taken & set(numbers):
        raise ODataError.of(400, ErrorDetail("model/PhoneNumbers", ALREADY_IN_USE))
    provider = model.get("Type") or model.get("TrunkType") or "Twilio"
    values = {
        "DidNumbers": numbers,
        "ExternalNumber": numbers[0] if numbers else "",
        "Gateway": {"Name": model.get("Name") or provider, "Host": f"sip.{provider.lower()}.example"},
    }
    _, record = pbx.entities.create("Trunks", values)
    return pbx.select_plain("Pbx.Trunk", record.value)


@handles("ProvisionTrunk")
def _provision_trunk(pbx: Pbx, invocation: Invocation) -> Entity:
    provider = str(require(invocation, "model").get("TrunkType") or "Voxtelesys").lower()
    return build_entity(pbx, "Pbx.ProvisionedTrunk", FinalizeURL=f"https://{provider}.example/finalize")


@handles("GetProviderPhones")
def _list_provider_phones(pbx: Pbx, invocation: Invocation) -> Entity:
    model = require(invocation, "model")
    size = model.get("PhonesPageSize") or 10
    start = _parse_page_start(model.get("NextPageToken"))
    end = start + max(1, size)
    following = str(end) if end < len(_FOR_SALE) else None
    phones = _list_phones(pbx)[start:end]
    return build_entity(pbx, "Pbx.ProviderPhones", Phones=phones, NextPageToken=following)


@handles("GetProviderAvailablePhoneNumbers")
def _list_available_numbers(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_entity(pbx, "Pbx.AutoProvisionTrunk", AvailableNumbers=_list_phones(pbx))


@handles("RefreshRegistration")
def _refresh_registration(pbx: Pbx, invocation: Invocation) -> None:
    pbx.entities.record("Trunks", require(invocation, "id"), "id")


@handles("SetRoutes")
def _set_routes(pbx: Pbx, invocation: Invocation) -> None:
    """Route the numbers in `Routes` to a DN, and remove its other routes by inbound rules."""
    # Completed, so that incomplete entries give a 400 instead of an internal error.
    request = build_entity(pbx, "Pbx.SetRouteRequest", **require(invocation, "routes"))
    dn = pbx.entities.dial_plan.find_by_id(request["Id"])
    if dn is None or dn.set_name not in _DESTINATIONS:
        raise ODataError.of(400, ErrorDetail("routes/Id", NOT_FOUND))
    wanted = {route["DID"]: route for route in request["Routes"]}
    for did, route in wanted.items():
        trunk = pbx.store.get("Trunks", route["TrunkId"])
        if trunk is None or did not in trunk.value["DidNumbers"]:
            raise ODataError.of(400, ErrorDetail("routes/Routes", NOT_FOUND))
    for key, record in list(pbx.store.table("InboundRules").items()):
        rule = record.value
        if rule["Data"] in wanted or _rings_dn(rule, dn):
            pbx.store.delete("InboundRules", key)
    for did, route in wanted.items():
        _create_rule(pbx, dn, did, route)


@handles("GetRoutes")
def _list_routes(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    found = []
    for dn_id in dict.fromkeys(require(invocation, "ids")):
        dn = pbx.entities.dial_plan.find_by_id(dn_id)
        if dn is None:
            raise EntityNotFoundError("ids")
        routes = [
            {
                "DID": rule["Data"],
                "DisplayName": rule["RuleName"],
                "TrunkId": (rule["TrunkDN"] or {}).get("Id") or 0,
            }
            for rule in list_entities(pbx, "InboundRules")
            if _rings_dn(rule, dn)
        ]
        found.append(build_entity(pbx, "Pbx.SetRouteRequest", Id=dn.id, Routes=routes))
    return found


@handles("TestInboundCall")
def _test_inbound(pbx: Pbx, invocation: Invocation) -> Entity:
    trunk = get_addressed(pbx, "Trunks", invocation).value
    return _build_test_result(pbx, trunk, "ForwardingEndsCall", "An inbound call was answered")


@handles("TestOutboundCall")
def _test_outbound(pbx: Pbx, invocation: Invocation) -> Entity:
    trunk = get_addressed(pbx, "Trunks", invocation).value
    destination = require(invocation, "destination")
    if contact := invocation.body.get("contact"):
        require_dn(pbx, contact, "contact")
    return _build_test_result(
        pbx, trunk, "OutboundCallSuccessful", f"An outbound call to {destination} was answered"
    )


@handles("RunAnalysis")
def _analyse_trunk(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    trunk = get_addressed(pbx, "Trunks", invocation).value
    if not trunk["IsOnline"]:
        return [_build_finding(pbx, "RegistrationFailed", "Error", "The trunk is not registered")]
    return [_build_finding(pbx, "RegisteredOK", "Info", "The trunk is registered")]


def _build_test_result(pbx: Pbx, trunk: Entity, code: str, text: str) -> Entity:
    line = f"{text} on trunk {trunk['Number']}"
    report = _build_finding(pbx, code, "Info", text)
    return build_entity(
        pbx, "Pbx.TrunkTestResult", Log=[{"Text": line, "TimeStamp": format_now()}], Reports=[report]
    )


def _build_finding(pbx: Pbx, code: str, level: str, text: str) -> Entity:
    return build_entity(pbx, "Pbx.TrunkReport", Code=code, Level=level, Params=[], Template=text)


def _list_phones(pbx: Pbx) -> list[Entity]:
    taken = {number for trunk in list_entities(pbx, "Trunks") for number in trunk["DidNumbers"]}
    return [
        {
            "Sid": f"PN{index:04d}",
            "PhoneNumber": number,
            "FriendlyName": number,
            "IsInTrunk": number in taken,
            "IsMessagingEnabled": True,
        }
        for index, number in enumerate(_FOR_SALE)
    ]


def _parse_page_start(token: str | None) -> int:
    return int(token) if token and token.isdecimal() and len(token) < 9 else 0


def _rings_dn(rule: Entity, dn: Dn) -> bool:
    destination = rule["OfficeHoursDestination"] or {}
    return rule["Condition"] == "BasedOnDID" and destination.get("Number") == dn.number


def _create_rule(pbx: Pbx, dn: Dn, did: str, route: Entity) -> None:
    target = {"To": _DESTINATIONS[dn.set_name], "Number": dn.number, "Name": dn.name, "Type": dn.type}
    values = {
        "RuleName": route["DisplayName"] or did,
        "Condition": "BasedOnDID",
        "Data": did,
        "TrunkDN": {"Id": route["TrunkId"]},
        "OfficeHoursDestination": target,
        "OutOfOfficeHoursDestination": target,
    }
    pbx.entities.create("InboundRules", values)
