"""Trunks: provisioned from a provider, exported, tested; and which of their numbers rings whom."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from ..files import FileAnswer
from ..refusals import ALREADY_IN_USE, NOT_FOUND, Problem, refuse
from ..registry import Call, handles
from .common import made, not_found, now, number_owner, owned, required, set_records

if TYPE_CHECKING:
    from ..dialplan import Dn
    from ..pbx import Pbx
    from ..state import Entity

# The numbers that every provider of the simulated world has for sale.
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
def _export(pbx: Pbx, call: Call) -> FileAnswer:
    trunk = owned(pbx, "Trunks", call).value
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
    return FileAnswer(text.encode(), "application/xml", f"trunk-{trunk['Number']}.xml")


@handles("FinalizeTrunkProvisioning")
def _finalize(pbx: Pbx, call: Call) -> Entity:
    model = required(call, "model")
    numbers = [phone["PhoneNumber"] for phone in model.get("PhoneNumbers") or [] if phone.get("PhoneNumber")]
    taken = {number for trunk in set_records(pbx, "Trunks") for number in trunk["DidNumbers"]}
    if taken & set(numbers):
        raise refuse(400, Problem("model/PhoneNumbers", ALREADY_IN_USE))
    provider = model.get("Type") or model.get("TrunkType") or "Twilio"
    values = {
        "DidNumbers": numbers,
        "ExternalNumber": numbers[0] if numbers else "",
        "Gateway": {"Name": model.get("Name") or provider, "Host": f"sip.{provider.lower()}.example"},
    }
    _, record = pbx.entities.create("Trunks", values)
    return pbx.plain("Pbx.Trunk", record.value)


@handles("ProvisionTrunk")
def _provision(pbx: Pbx, call: Call) -> Entity:
    provider = str(required(call, "model").get("TrunkType") or "Voxtelesys").lower()
    return made(pbx, "Pbx.ProvisionedTrunk", FinalizeURL=f"https://{provider}.example/finalize")


@handles("GetProviderPhones")
def _provider_phones(pbx: Pbx, call: Call) -> Entity:
    model = required(call, "model")
    size = model.get("PhonesPageSize") or 10
    start = _page_start(model.get("NextPageToken"))
    end = start + max(1, size)
    following = str(end) if end < len(_FOR_SALE) else None
    phones = _phones(pbx)[start:end]
    return made(pbx, "Pbx.ProviderPhones", Phones=phones, NextPageToken=following)


@handles("GetProviderAvailablePhoneNumbers")
def _available_numbers(pbx: Pbx, _call: Call) -> Entity:
    return made(pbx, "Pbx.AutoProvisionTrunk", AvailableNumbers=_phones(pbx))


@handles("RefreshRegistration")
def _refresh(pbx: Pbx, call: Call) -> None:
    pbx.entities.record("Trunks", required(call, "id"), "id")


@handles("SetRoutes")
def _set_routes(pbx: Pbx, call: Call) -> None:
    """Makes the numbers in `Routes` ring a DN, and no others of those that ring it by an inbound rule."""
    # Completed, so that entries of which parts are missing refuse rather than fail.
    request = made(pbx, "Pbx.SetRouteRequest", **required(call, "routes"))
    dn = pbx.entities.dial_plan.by_id(request["Id"])
    if dn is None or dn.set_name not in _DESTINATIONS:
        raise refuse(400, Problem("routes/Id", NOT_FOUND))
    wanted = {route["DID"]: route for route in request["Routes"]}
    for did, route in wanted.items():
        trunk = pbx.store.get("Trunks", route["TrunkId"])
        if trunk is None or did not in trunk.value["DidNumbers"]:
            raise refuse(400, Problem("routes/Routes", NOT_FOUND))
    for key, record in list(pbx.store.table("InboundRules").items()):
        rule = record.value
        if rule["Data"] in wanted or _rings(rule, dn):
            pbx.store.delete("InboundRules", key)
    for did, route in wanted.items():
        _create_rule(pbx, dn, did, route)


@handles("GetRoutes")
def _routes(pbx: Pbx, call: Call) -> list[Entity]:
    found = []
    for dn_id in dict.fromkeys(required(call, "ids")):
        dn = pbx.entities.dial_plan.by_id(dn_id)
        if dn is None:
            raise not_found("ids")
        routes = [
            {
                "DID": rule["Data"],
                "DisplayName": rule["RuleName"],
                "TrunkId": (rule["TrunkDN"] or {}).get("Id") or 0,
            }
            for rule in set_records(pbx, "InboundRules")
            if _rings(rule, dn)
        ]
        found.append(made(pbx, "Pbx.SetRouteRequest", Id=dn.id, Routes=routes))
    return found


@handles("TestInboundCall")
def _test_inbound(pbx: Pbx, call: Call) -> Entity:
    trunk = owned(pbx, "Trunks", call).value
    return _test_result(pbx, trunk, "ForwardingEndsCall", "An inbound call was answered")


@handles("TestOutboundCall")
def _test_outbound(pbx: Pbx, call: Call) -> Entity:
    trunk = owned(pbx, "Trunks", call).value
    destination = required(call, "destination")
    if contact := call.body.get("contact"):
        number_owner(pbx, contact, "contact")
    return _test_result(
        pbx, trunk, "OutboundCallSuccessful", f"An outbound call to {destination} was answered"
    )


@handles("RunAnalysis")
def _analyse(pbx: Pbx, call: Call) -> list[Entity]:
    trunk = owned(pbx, "Trunks", call).value
    if not trunk["IsOnline"]:
        return [_finding(pbx, "RegistrationFailed", "Error", "The trunk is not registered")]
    return [_finding(pbx, "RegisteredOK", "Info", "The trunk is registered")]


def _test_result(pbx: Pbx, trunk: Entity, code: str, text: str) -> Entity:
    line = f"{text} on trunk {trunk['Number']}"
    report = _finding(pbx, code, "Info", text)
    return made(pbx, "Pbx.TrunkTestResult", Log=[{"Text": line, "TimeStamp": now()}], Reports=[report])


def _finding(pbx: Pbx, code: str, level: str, text: str) -> Entity:
    return made(pbx, "Pbx.TrunkReport", Code=code, Level=level, Params=[], Template=text)


def _phones(pbx: Pbx) -> list[Entity]:
    taken = {number for trunk in set_records(pbx, "Trunks") for number in trunk["DidNumbers"]}
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


def _page_start(token: str | None) -> int:
    return int(token) if token and token.isdecimal() and len(token) < 9 else 0


def _rings(rule: Entity, dn: Dn) -> bool:
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
