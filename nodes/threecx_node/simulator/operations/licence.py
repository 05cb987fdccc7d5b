"""Licences of the PBX and of groups, their licensee and their partner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..odata.errors import INVALID, NOT_FOUND, EntityNotFoundError, ErrorDetail, ODataError
from .common import DOCUMENTS, build_entity, change_singleton, format_now, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_KEY = re.compile(r"[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}")
_WHOLE_PBX = "pbx"
# The names of the licensee's data in the action and in the licence's status.
_LICENSEE = {
    "CompanyName": "CompanyName",
    "ContactName": "ContactName",
    "Country": "CountryName",
    "Email": "EMail",
    "Phone": "Telephone",
}


@handles("GetLicenseParameters")
def _get_parameters(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_entity(pbx, "Pbx.License", **build_licence_values(pbx))


@handles("RefreshLicenseStatus")
def _refresh_status(pbx: Pbx, _invocation: Invocation) -> None:
    store_document(pbx, "licence refresh", {"At": format_now()})


@handles("EditLicenseInfo")
def _edit_licensee(pbx: Pbx, invocation: Invocation) -> None:
    given = require(invocation, "licenseParams")
    change_singleton(pbx, "LicenseStatus", **{_LICENSEE[name]: value for name, value in given.items()})


@handles("ReplaceLicenseKey")
def _replace_key(pbx: Pbx, invocation: Invocation) -> None:
    key = _require_key(invocation)
    change_singleton(pbx, "LicenseStatus", LicenseKey=key, Activated=True, LicenseActive=True)
    change_singleton(pbx, "SystemStatus", LicenseKey=key)


@handles("ReplaceGroupLicenseKey", "ReplaceMyGroupLicenseKey")
def _replace_group_key(pbx: Pbx, invocation: Invocation) -> None:
    key = _require_key(invocation)
    store_document(pbx, f"licence {_find_group_id(pbx, invocation)}", {"LicenseKey": key})


@handles("PartnerInfo", "GetMyGroupPartnerInfo")
def _get_partner(pbx: Pbx, invocation: Invocation) -> Entity:
    reseller = invocation.arguments["resellerId"]
    if not reseller:
        raise EntityNotFoundError("resellerId")
    return build_entity(pbx, "Pbx.ResellerInfo", Id=reseller, Name=f"Partner {reseller}")


@handles("LinkPartner", "LinkGroupPartner", "LinkMyGroupPartner")
def _link_partner(pbx: Pbx, invocation: Invocation) -> None:
    reseller, group = require(invocation, "resellerId"), _find_group_id(pbx, invocation)
    store_document(pbx, f"partner {group}", {"Id": reseller})
    if group == _WHOLE_PBX:
        change_singleton(pbx, "LicenseStatus", ResellerName=f"Partner {reseller}")


@handles("UnlinkPartner", "UnlinkGroupPartner", "UnlinkMyGroupPartner")
def _unlink_partner(pbx: Pbx, invocation: Invocation) -> None:
    group = _find_group_id(pbx, invocation)
    pbx.store.delete(DOCUMENTS, f"partner {group}")
    if group == _WHOLE_PBX:
        change_singleton(pbx, "LicenseStatus", ResellerName="")


def build_licence_values(pbx: Pbx) -> Entity:
    """Return the limits of the licence."""
    status = pbx.views.singleton("LicenseStatus").value
    return {
        "IsEnterprise": True,
        "IsProfessional": False,
        "MaxSimCalls": status["MaxSimCalls"],
        "ProductCode": status["ProductCode"],
    }


def _require_key(invocation: Invocation) -> str:
    key = str(require(invocation, "licenseKey"))
    if not _KEY.fullmatch(key):
        raise ODataError.of(400, ErrorDetail("licenseKey", INVALID))
    return key


def _find_group_id(pbx: Pbx, invocation: Invocation) -> str:
    """Return the id of the licensed group: the whole PBX, the client's own group, or the one in the body."""
    if invocation.route.head == "LicenseStatus":
        return _WHOLE_PBX
    given = invocation.body.get("groupId")
    if invocation.route.head == "MyGroup" or given is None:
        return str(pbx.views.singleton("MyGroup").value["Id"])
    known = (pbx.store.get("Groups", int(given)) if given.isdecimal() and len(given) < 10 else None) or next(
        (r for r in pbx.store.table("Groups").values() if given in (r.value["Number"], r.value["Name"])), None
    )
    if known is None:
        raise ODataError.of(400, ErrorDetail("groupId", NOT_FOUND))
    return str(known.value["Id"])
