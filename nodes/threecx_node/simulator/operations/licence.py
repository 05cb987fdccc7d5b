"""The licence: of the PBX and of a group, its holder, the partner who looks after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..refusals import INVALID, NOT_FOUND, Problem, refuse
from ..registry import Call, handles
from .common import DOCUMENTS, change_singleton, keep, made, not_found, now, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_KEY = re.compile(r"[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}")
_WHOLE_PBX = "pbx"
# How a holder's data are called in the action and in the licence's status.
_HOLDER = {
    "CompanyName": "CompanyName",
    "ContactName": "ContactName",
    "Country": "CountryName",
    "Email": "EMail",
    "Phone": "Telephone",
}


@handles("GetLicenseParameters")
def _parameters(pbx: Pbx, _call: Call) -> Entity:
    return made(pbx, "Pbx.License", **licence_values(pbx))


@handles("RefreshLicenseStatus")
def _refresh(pbx: Pbx, _call: Call) -> None:
    keep(pbx, "licence refresh", {"At": now()})


@handles("EditLicenseInfo")
def _edit(pbx: Pbx, call: Call) -> None:
    given = required(call, "licenseParams")
    change_singleton(pbx, "LicenseStatus", **{_HOLDER[name]: value for name, value in given.items()})


@handles("ReplaceLicenseKey")
def _replace_key(pbx: Pbx, call: Call) -> None:
    key = _checked_key(call)
    change_singleton(pbx, "LicenseStatus", LicenseKey=key, Activated=True, LicenseActive=True)
    change_singleton(pbx, "SystemStatus", LicenseKey=key)


@handles("ReplaceGroupLicenseKey", "ReplaceMyGroupLicenseKey")
def _replace_group_key(pbx: Pbx, call: Call) -> None:
    key = _checked_key(call)
    keep(pbx, f"licence {_group(pbx, call)}", {"LicenseKey": key})


@handles("PartnerInfo", "GetMyGroupPartnerInfo")
def _partner_info(pbx: Pbx, call: Call) -> Entity:
    reseller = call.arguments["resellerId"]
    if not reseller:
        raise not_found("resellerId")
    return made(pbx, "Pbx.ResellerInfo", Id=reseller, Name=f"Partner {reseller}")


@handles("LinkPartner", "LinkGroupPartner", "LinkMyGroupPartner")
def _link(pbx: Pbx, call: Call) -> None:
    reseller, group = required(call, "resellerId"), _group(pbx, call)
    keep(pbx, f"partner {group}", {"Id": reseller})
    if group == _WHOLE_PBX:
        change_singleton(pbx, "LicenseStatus", ResellerName=f"Partner {reseller}")


@handles("UnlinkPartner", "UnlinkGroupPartner", "UnlinkMyGroupPartner")
def _unlink(pbx: Pbx, call: Call) -> None:
    group = _group(pbx, call)
    pbx.store.delete(DOCUMENTS, f"partner {group}")
    if group == _WHOLE_PBX:
        change_singleton(pbx, "LicenseStatus", ResellerName="")


def licence_values(pbx: Pbx) -> Entity:
    """What the licence allows."""
    status = pbx.views.singleton("LicenseStatus").value
    return {
        "IsEnterprise": True,
        "IsProfessional": False,
        "MaxSimCalls": status["MaxSimCalls"],
        "ProductCode": status["ProductCode"],
    }


def _checked_key(call: Call) -> str:
    key = str(required(call, "licenseKey"))
    if not _KEY.fullmatch(key):
        raise refuse(400, Problem("licenseKey", INVALID))
    return key


def _group(pbx: Pbx, call: Call) -> str:
    """Whose licence: the whole PBX's, the caller's own group's, or that of the group in the body."""
    if call.route.head == "LicenseStatus":
        return _WHOLE_PBX
    given = call.body.get("groupId")
    if call.route.head == "MyGroup" or given is None:
        return str(pbx.views.singleton("MyGroup").value["Id"])
    known = (pbx.store.get("Groups", int(given)) if given.isdecimal() and len(given) < 10 else None) or next(
        (r for r in pbx.store.table("Groups").values() if given in (r.value["Number"], r.value["Name"])), None
    )
    if known is None:
        raise refuse(400, Problem("groupId", NOT_FOUND))
    return str(known.value["Id"])
