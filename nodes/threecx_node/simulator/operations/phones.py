"""Phones, SBCs, FXS gateways and firmware: found by MAC address, rebooted, provisioned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..odata.errors import INVALID, NOT_FOUND, EntityNotFoundError, ErrorDetail, ODataError
from .common import (
    build_entity,
    change_entity,
    generate_secret,
    get_addressed,
    get_records,
    list_entities,
    require,
)
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_MAC = re.compile(r"[0-9A-F]{12}")


@handles("GetPhoneRegistrar")
def _get_registrar(pbx: Pbx, invocation: Invocation) -> Entity:
    found = _list_registrars(pbx).get(_normalize_mac(invocation.arguments["mac"]))
    if found is None:
        raise EntityNotFoundError("mac")
    return found


@handles("GetPhoneRegistrars")
def _get_registrars(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    known = _list_registrars(pbx)
    wanted = dict.fromkeys(_normalize_mac(mac) for mac in require(invocation, "macs"))
    return [known[mac] for mac in wanted if mac in known]


@handles("RebootPhone", "ReprovisionPhone")
def _send_to_phone(pbx: Pbx, invocation: Invocation) -> None:
    _require_mac(pbx, invocation)


@handles("UpgradePhone")
def _upgrade_phone(pbx: Pbx, invocation: Invocation) -> None:
    mac = _require_mac(pbx, invocation)
    _set_firmware(pbx, mac, require(invocation, "version"))


@handles("ReprovisionAllPhones")
def _reprovision_all(pbx: Pbx, invocation: Invocation) -> None:
    get_records(pbx, "Users", require(invocation, "ids"))


@handles("InstallFirmware")
def _install_firmware(_pbx: Pbx, invocation: Invocation) -> None:
    phone = require(invocation, "phone")
    if not phone.get("Model") and not phone.get("UserAgent"):
        raise ODataError.of(400, ErrorDetail("phone/Model", "WARNINGS.XAPI.REQUIRED"))


@handles("PushFirmware")
def _push_firmware(pbx: Pbx, invocation: Invocation) -> None:
    device = get_addressed(pbx, "SipDevices", invocation).value
    firmware = pbx.store.get("Firmwares", require(invocation, "firmwareId"))
    if firmware is None:
        raise ODataError.of(400, ErrorDetail("firmwareId", NOT_FOUND))
    mac = _normalize_mac((device["Registrar"] or {}).get("MAC") or "")
    _set_firmware(pbx, mac, firmware.value["Version"] or "")


@handles("PushFirmwareForPhones")
def _push_firmware_to_all(pbx: Pbx, invocation: Invocation) -> None:
    firmware = get_addressed(pbx, "Firmwares", invocation).value
    for mac, registrar in _list_registrars(pbx).items():
        if registrar["Model"] == firmware["Model"]:
            _set_firmware(pbx, mac, firmware["Version"] or "")


@handles("CleanUp")
def _clean_up(pbx: Pbx, _invocation: Invocation) -> Entity:
    """Delete the firmware that no registered phone needs."""
    models = {registrar["Model"] for registrar in _list_registrars(pbx).values()}
    for key, record in list(pbx.store.table("Firmwares").items()):
        if record.value["Model"] not in models:
            pbx.store.delete("Firmwares", key)
    return {}


@handles("GetFirmwareState")
def _get_firmware_state(pbx: Pbx, _invocation: Invocation) -> Entity:
    names = [firmware["Filename"] for firmware in list_entities(pbx, "Firmwares") if firmware["Filename"]]
    return build_entity(
        pbx,
        "Pbx.FirmwareState",
        Id="firmware",
        Count=len(names),
        FileNames=names,
        TotalSize=len(names) * 32 * 2**20,
    )


@handles("Provision")
def _provision_phone(pbx: Pbx, invocation: Invocation) -> None:
    """Assign a phone that was detected in the network to a user."""
    device = get_addressed(pbx, "DeviceInfos", invocation).value
    user = pbx.store.get("Users", require(invocation, "userId"))
    if user is None:
        raise ODataError.of(400, ErrorDetail("userId", NOT_FOUND))
    if device["Assigned"] and not invocation.body.get("reprovision"):
        raise ODataError.of(400, ErrorDetail("Id", "WARNINGS.XAPI.MAC_USED_BY"))
    change_entity(
        pbx, "DeviceInfos", invocation.arguments["Id"], Assigned=True, AssignedUser=user.value["Number"]
    )


@handles("PushConfig")
def _push_config(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "Sbcs", invocation)


@handles("RegenerateWebCredentials")
def _regenerate_fxs_credentials(pbx: Pbx, invocation: Invocation) -> Entity:
    get_addressed(pbx, "Fxs", invocation)
    key = invocation.arguments["MacAddress"]
    change_entity(pbx, "Fxs", key, Password=generate_secret())
    return pbx.select_plain("Pbx.Fxs", pbx.entities.record("Fxs", key).value)


def _list_registrars(pbx: Pbx) -> dict[str, Entity]:
    """Return the registrar of every phone by its normalized MAC address."""
    found: dict[str, Entity] = {}
    for user in list_entities(pbx, "Users"):
        for phone in user["Phones"]:
            mac = phone.get("MacAddress")
            if mac:
                found[_normalize_mac(mac)] = build_entity(
                    pbx, "Pbx.PhoneRegistrar", MAC=mac, Model=phone.get("Name")
                )
    for device in list_entities(pbx, "DeviceInfos"):
        if device["MAC"]:
            shared = ("MAC", "Model", "UserAgent", "Vendor", "FirmwareVersion", "InterfaceLink")
            values = {name: device[name] for name in shared}
            registrar = build_entity(pbx, "Pbx.PhoneRegistrar", IpAddress=device["NetworkAddress"], **values)
            found[_normalize_mac(device["MAC"])] = registrar
    for device in list_entities(pbx, "SipDevices"):
        registrar = device["Registrar"] or {}
        if registrar.get("MAC"):
            found[_normalize_mac(registrar["MAC"])] = registrar
    return found


def _require_mac(pbx: Pbx, invocation: Invocation) -> str:
    mac = _normalize_mac(require(invocation, "mac"))
    if not _MAC.fullmatch(mac):
        raise ODataError.of(400, ErrorDetail("mac", INVALID))
    if mac not in _list_registrars(pbx):
        raise ODataError.of(400, ErrorDetail("mac", NOT_FOUND))
    return mac


def _set_firmware(pbx: Pbx, mac: str, version: str) -> None:
    for device in list_entities(pbx, "SipDevices"):
        registrar = device["Registrar"] or {}
        if _normalize_mac(registrar.get("MAC") or "") == mac:
            change_entity(
                pbx, "SipDevices", device["Id"], Registrar={**registrar, "FirmwareVersion": version}
            )


def _normalize_mac(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()
