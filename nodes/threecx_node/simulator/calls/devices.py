"""The registered devices of the DNs: phones and apps, with IDs that change when one registers again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import EXTENSION, FAX, ROUTE_POINT, CallError, Device

if TYPE_CHECKING:
    from .directory import Directory, DnEntry

# The apps of 3CX are controlled through the API, and so are the DNs that the PBX itself plays.
_CONTROLLED = "3CX"
_FIRST_PORT = 5063


class DeviceRegistry:
    """The devices of each DN; those of a DN are read from the directory when they are first asked for."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._devices: dict[str, list[Device]] = {}
        self._registrations = 0
        # IDs that were valid once: True for a device that is gone, False for one that registered again.
        self._gone: dict[str, bool] = {}

    def list_devices(self, dn: str) -> list[Device]:
        """Return the registered devices of a DN, empty for an unknown DN."""
        entry = self._directory.find(dn)
        if entry is None or not entry.is_enabled:
            return []
        devices = self._devices.get(dn)
        if devices is None:
            agents = self._directory.list_user_agents(dn)
            devices = self._devices[dn] = [self._build(entry, agent) for agent in agents]
        return devices

    def find(self, dn: str, device_id: str) -> Device:
        """Return a device of a DN; raise CallError (404 unknown or stale, 424 no longer registered)."""
        for device in self.list_devices(dn):
            if device.device_id == device_id:
                return device
        if self._gone.get(device_id):
            raise CallError(
                424, f"The device {device_id[:100]} is no longer registered.", "PhoneNotRegistered"
            )
        raise CallError(404, f"The DN {dn} has no device {device_id[:100]!r}.")

    def register(self, dn: str, user_agent: str) -> Device:
        """Add a device to a DN; raise CallError (404 for an unknown DN, 403 for that of a disabled user)."""
        entry = self._directory.find(dn)
        if entry is None:
            raise CallError(404, f"The DN {dn[:100]!r} does not exist.")
        if not entry.is_enabled:
            raise CallError(403, f"The user {dn} is disabled, so no device can register.")
        devices = self.list_devices(dn)
        device = self._build(entry, user_agent)
        devices.append(device)
        return device

    def reregister(self, device_id: str) -> Device:
        """Let a device register again: it gets a new ID, and the old one is stale; raise CallError (404)."""
        devices, index = self._locate(device_id)
        old = devices[index]
        entry = self._directory.find(old.dn)
        if entry is None:
            raise CallError(404, f"The DN {old.dn} does not exist.")
        self._gone[device_id] = False
        devices[index] = self._build(entry, old.user_agent)
        return devices[index]

    def unregister(self, device_id: str) -> None:
        """Remove a device; raise CallError (404) for an unknown one."""
        devices, index = self._locate(device_id)
        del devices[index]
        self._gone[device_id] = True

    def clear(self) -> None:
        """Forget all devices, and read them again."""
        self._devices.clear()
        self._gone.clear()

    def _locate(self, device_id: str) -> tuple[list[Device], int]:
        # "sip:150@…": the DN is in the ID.
        dn = device_id.partition(":")[2].partition("@")[0]
        for index, device in enumerate(self.list_devices(dn)):
            if device.device_id == device_id:
                return self._devices[dn], index
        raise CallError(404, f"The device {device_id[:100]!r} does not exist.")

    def _build(self, entry: DnEntry, user_agent: str) -> Device:
        self._registrations += 1
        number = self._registrations
        port = _FIRST_PORT + number % 1000
        # Different in each registration, and the same in each run.
        instance = f"{number * 2654435761 % 2**32:08x}"
        is_phone = entry.type in (EXTENSION, FAX)
        device_id = f"sip:{entry.dn}@127.0.0.1:{port}" + (f";rinstance={instance}" if is_phone else "")
        controlled = entry.type == ROUTE_POINT or (is_phone and user_agent.startswith(_CONTROLLED))
        return Device(entry.dn, device_id, user_agent, controlled)
