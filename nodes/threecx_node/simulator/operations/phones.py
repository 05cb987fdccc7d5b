"""Phones, SBCs, FXS gateways and firmware: found by MAC address, told to reboot, provisioned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..refusals import INVALID, NOT_FOUND, Problem, refuse
from ..registry import Call, handles
from .common import all_of, changed, made, new_secret, not_found, owned, required, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_MAC = re.compile(r"[0-9A-F]{12}")


@handles("GetPhoneRegistrar")
def _registrar(pbx: Pbx, call: Call) -> Entity:
    found = _registrars(pbx).get(_plain_mac(call.arguments["mac"]))
    if found is None:
        raise not_found("mac")
    return found


@handles("GetPhoneRegistrars")
def _many_registrars(pbx: Pbx, call: Call) -> list[Entity]:
    known = _registrars(pbx)
    wanted = dict.fromkeys(_plain_mac(mac) for mac in required(call, "macs"))
    return [known[mac] for mac in wanted if mac in known]


@handles("RebootPhone", "ReprovisionPhone")
def _to_phone(pbx: Pbx, call: Call) -> None:
    _known_mac(pbx, call)


@handles("UpgradePhone")
def _upgrade(pbx: Pbx, call: Call) -> None:
    mac = _known_mac(pbx, call)
    _set_firmware(pbx, mac, required(call, "version"))


@handles("ReprovisionAllPhones")
def _reprovision_all(pbx: Pbx, call: Call) -> None:
    all_of(pbx, "Users", required(call, "ids"))


@handles("InstallFirmware")
def _install_firmware(_pbx: Pbx, call: Call) -> None:
    phone = required(call, "phone")
    if not phone.get("Model") and not phone.get("UserAgent"):
        raise refuse(400, Problem("phone/Model", "WARNINGS.XAPI.REQUIRED"))


@handles("PushFirmware")
def _push_firmware(pbx: Pbx, call: Call) -> None:
    device = owned(pbx, "SipDevices", call).value
    firmware = pbx.store.get("Firmwares", required(call, "firmwareId"))
    if firmware is None:
        raise refuse(400, Problem("firmwareId", NOT_FOUND))
    mac = _plain_mac((device["Registrar"] or {}).get("MAC") or "")
    _set_firmware(pbx, mac, firmware.value["Version"] or "")


@handles("PushFirmwareForPhones")
def _push_to_all(pbx: Pbx, call: Call) -> None:
    firmware = owned(pbx, "Firmwares", call).value
    for mac, registrar in _registrars(pbx).items():
        if registrar["Model"] == firmware["Model"]:
            _set_firmware(pbx, mac, firmware["Version"] or "")


@handles("CleanUp")
def _clean_up(pbx: Pbx, _call: Call) -> Entity:
    """Deletes the firmware that no registered phone's model needs."""
    models = {registrar["Model"] for registrar in _registrars(pbx).values()}
    for key, record in list(pbx.store.table("Firmwares").items()):
        if record.value["Model"] not in models:
            pbx.store.delete("Firmwares", key)
    return {}


@handles("GetFirmwareState")
def _firmware_state(pbx: Pbx, _call: Call) -> Entity:
    names = [firmware["Filename"] for firmware in set_records(pbx, "Firmwares") if firmware["Filename"]]
    return made(
        pbx,
        "Pbx.FirmwareState",
        Id="firmware",
        Count=len(names),
        FileNames=names,
        TotalSize=len(names) * 32 * 2**20,
    )


@handles("Provision")
def _provision(pbx: Pbx, call: Call) -> None:
    """Gives a phone that was found in the network to a user."""
    device = owned(pbx, "DeviceInfos", call).value
    user = pbx.store.get("Users", required(call, "userId"))
    if user is None:
        raise refuse(400, Problem("userId", NOT_FOUND))
    if device["Assigned"] and not call.body.get("reprovision"):
        raise refuse(400, Problem("Id", "WARNINGS.XAPI.MAC_USED_BY"))
    changed(pbx, "DeviceInfos", call.arguments["Id"], Assigned=True, AssignedUser=user.value["Number"])


@handles("PushConfig")
def _push_config(pbx: Pbx, call: Call) -> None:
    owned(pbx, "Sbcs", call)


@handles("RegenerateWebCredentials")
def _fxs_credentials(pbx: Pbx, call: Call) -> Entity:
    owned(pbx, "Fxs", call)
    key = call.arguments["MacAddress"]
    changed(pbx, "Fxs", key, Password=new_secret())
    return pbx.plain("Pbx.Fxs", pbx.entities.record("Fxs", key).value)


def _registrars(pbx: Pbx) -> dict[str, Entity]:
    """What is known of every phone, by its MAC address in plain form."""
    found: dict[str, Entity] = {}
    for user in set_records(pbx, "Users"):
        for phone in user["Phones"]:
            mac = phone.get("MacAddress")
            if mac:
                found[_plain_mac(mac)] = made(pbx, "Pbx.PhoneRegistrar", MAC=mac, Model=phone.get("Name"))
    for device in set_records(pbx, "DeviceInfos"):
        if device["MAC"]:
            shared = ("MAC", "Model", "UserAgent", "Vendor", "FirmwareVersion", "InterfaceLink")
            values = {name: device[name] for name in shared}
            registrar = made(pbx, "Pbx.PhoneRegistrar", IpAddress=device["NetworkAddress"], **values)
            found[_plain_mac(device["MAC"])] = registrar
    for device in set_records(pbx, "SipDevices"):
        registrar = device["Registrar"] or {}
        if registrar.get("MAC"):
            found[_plain_mac(registrar["MAC"])] = registrar
    return found


def _known_mac(pbx: Pbx, call: Call) -> str:
    mac = _plain_mac(required(call, "mac"))
    if not _MAC.fullmatch(mac):
        raise refuse(400, Problem("mac", INVALID))
    if mac not in _registrars(pbx):
        raise refuse(400, Problem("mac", NOT_FOUND))
    return mac


def _set_firmware(pbx: Pbx, mac: str, version: str) -> None:
    for device in set_records(pbx, "SipDevices"):
        registrar = device["Registrar"] or {}
        if _plain_mac(registrar.get("MAC") or "") == mac:
            changed(pbx, "SipDevices", device["Id"], Registrar={**registrar, "FirmwareVersion": version})


def _plain_mac(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()
