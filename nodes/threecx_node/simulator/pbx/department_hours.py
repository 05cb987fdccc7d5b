"""Find where an inbound rule sends a call: by the hours of the default department, and its holidays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .holidays import is_on
from .references import SINGLETONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..odata.records import Entity
    from ..store.memory import MemoryStore

_CLOSED, _HOLIDAY = "OutOfOfficeHours", "Holidays"
# The modes that are set by hand. A rule has no destination of its own for breaks.
_FORCED: Mapping[str, str] = {
    "ForceClosed": _CLOSED,
    "ForceHoliday": _HOLIDAY,
    "ForceOpened": "",
    "ForceBreak": "",
}


def choose_destination(store: MemoryStore, rule: Entity, moment: datetime) -> Any:
    """Return the destination of the calls of an inbound rule at a moment."""
    state = _find_state(store, moment)
    if state and rule.get(f"AlterDestinationDuring{state}"):
        return rule.get(f"{state}Destination")
    return rule.get("OfficeHoursDestination")


def _find_state(store: MemoryStore, moment: datetime) -> str:
    """Return why the default department is closed, "" where it is open."""
    groups = (record.value for record in store.table("Groups").values())
    group = next((each for each in groups if each.get("IsDefault")), None)
    if group is None:
        return ""
    flags = {each.strip() for each in str(group.get("CurrentGroupHours") or "").split(",")}
    forced = next((state for mode, state in _FORCED.items() if mode in flags), None)
    if forced is not None and not _is_over(group.get("OverrideExpiresAt"), moment):
        return forced
    local = moment.astimezone(_find_zone(store, group)).replace(tzinfo=None)
    return _HOLIDAY if any(is_on(each, local) for each in _list_holidays(store, group)) else ""


def _is_over(until: str | None, moment: datetime) -> bool:
    """Return whether a mode has ended; the first year is that of a moment that was never set."""
    end = datetime.fromisoformat(until) if until else None
    return end is not None and end.year > 1 and end <= moment


def _find_zone(store: MemoryStore, group: Entity) -> ZoneInfo | Any:
    record = store.get(SINGLETONS, "Defs")
    zones = record.value["TimeZones"] if record else []
    names = (each["IanaName"] for each in zones if each["Id"] == group.get("TimeZoneId"))
    name = next(names, None)
    return ZoneInfo(name) if name else UTC


def _list_holidays(store: MemoryStore, group: Entity) -> Iterator[Entity]:
    own = (None, "", group.get("Number"), group.get("Name"))
    for record in store.table("Holidays").values():
        if record.value.get("Group") in own:
            yield record.value
    yield from group.get("OfficeHolidays") or ()
