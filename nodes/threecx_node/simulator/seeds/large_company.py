"""A large company: 5,000 users in 100 departments, 50 queues, 200,000 rows of call history.

Users are stored. They are copied from one created user, because creating all 5,000 by the rules would take minutes.
Calls are computed from their number when they are read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..pbx.defaults import complete
from ..pbx.entities import DN_IDS
from .empty_office import fill_empty_office
from .office_builder import select_known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..odata.records import Entity, Key
    from ..odata.release_model import ReleaseModel
    from ..pbx.pbx import Pbx
    from ..store.lazy_table import ComputeRow

USERS = 5_000
DEPARTMENTS = 100
QUEUES = 50
CALLS = 200_000

_FIRST_NUMBER = 1000
# A call every minute: 200,000 of them are 139 days, from the first Monday of the year on.
_EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
_MINUTES_A_DAY = 24 * 60

_FIRST_NAMES = (
    "Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas",
    "Kirsten", "Liam", "Mei", "Noah", "Oona", "Pavel", "Quinn", "Rosa", "Sven", "Tara",
)  # fmt: skip
_LAST_NAMES = (
    "Almeida", "Bernard", "Chen", "Dahl", "Eriksen", "Fischer", "García", "Horváth", "Ivanova", "Jenkins",
    "Kowalski", "Lindqvist", "Murphy", "Novák", "O'Brien", "Papadakis", "Rossi", "Söderberg", "Virtanen", "Weber",
    "Yilmaz", "Zimmermann", "Okafor",
)  # fmt: skip
_CALLERS = tuple(
    (f"+1202555{index:04d}", f"{_FIRST_NAMES[index % 20]} {_LAST_NAMES[index % 23]}") for index in range(997)
)


def fill_large_company(pbx: Pbx) -> None:
    """Create the stored entities of the large company in an empty PBX."""
    fill_empty_office(pbx)
    numbers = [str(_FIRST_NUMBER + index) for index in range(USERS - 1)]
    departments = [
        pbx.entities.create("Groups", {"Name": f"Department {index + 1}"})[0] for index in range(DEPARTMENTS)
    ]
    _create_users(pbx, numbers, departments)
    for index, key in enumerate(departments):
        _set_members(pbx, int(key), numbers[index::DEPARTMENTS])
    for index in range(QUEUES):
        agents = [{"Number": number} for number in numbers[index * 20 : index * 20 + 20]]
        values = {"Number": str(800 + index), "Name": f"Queue {index + 1}", "Agents": agents}
        pbx.entities.create("Queues", values)
    trunk = {"Number": "10000", "DidNumbers": ["+35725555100"], "Gateway": {"Name": "Island Telecom"}}
    pbx.entities.create("Trunks", select_known(pbx.model, pbx.model.sets["Trunks"].schema, trunk))


def _create_users(pbx: Pbx, numbers: list[str], departments: list[Key]) -> None:
    # The first user is created by the rules; the others are copies of it.
    first, record = pbx.entities.create("Users", {"Number": numbers[0], **_build_person(0)})
    for index, number in enumerate(numbers):
        key = first if index == 0 else pbx.store.next_id(DN_IDS)
        own = {
            **_build_person(index),
            "Id": key,
            "Number": number,
            "DisplayName": " ".join(_choose_name(index)),
            "AuthID": f"auth{number}",
            "PrimaryGroupId": departments[index % DEPARTMENTS],
        }
        pbx.store.put("Users", key, {**record.value, **own})
    dn = pbx.entities.dial_plan.find_by_number(numbers[0])
    if dn is not None:
        # Creating it added it to the default group; its department is set with those of the others.
        pbx.entities.dial_plan.set_memberships(dn, [])


def _build_person(index: int) -> Entity:
    first, last = _choose_name(index)
    number = _FIRST_NUMBER + index
    return {
        "FirstName": first,
        "LastName": last,
        "EmailAddress": f"user{number}@large.example",
        "Mobile": f"+357995{number}",
        "IsRegistered": index % 5 != 0,
    }


def _choose_name(index: int) -> tuple[str, str]:
    return _FIRST_NAMES[index % len(_FIRST_NAMES)], _LAST_NAMES[index % len(_LAST_NAMES)]


def _set_members(pbx: Pbx, key: int, numbers: list[str]) -> None:
    entries = [{"CanDelete": True, "GroupId": key, "Number": number} for number in numbers]
    members = pbx.entities.dial_plan.resolve_members(entries, "Pbx.UserGroup", "Members")
    group = pbx.entities.record("Groups", key).value
    pbx.store.put("Groups", key, {**group, "Members": members, "HasMembers": True})


def compute_calls(model: ReleaseModel) -> ComputeRow:
    """Return the function that computes a row of the call history from its number, 1 for the oldest."""
    pattern = complete(model, "Pbx.CallHistoryView", {})
    days = [_EPOCH + timedelta(days=day) for day in range(CALLS // _MINUTES_A_DAY + 1)]
    dates = [f"{day:%Y-%m-%d}T" for day in days]
    minutes = [f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(_MINUTES_A_DAY)]
    fields = model.schema("Pbx.CallHistoryView")

    def compute(number: int) -> Entity:
        index = number - 1
        day, minute = divmod(index, _MINUTES_A_DAY)
        phone, name = _CALLERS[index % len(_CALLERS)]
        inside = str(_FIRST_NUMBER + index * 7 % (USERS - 1))
        seconds = 0 if index % 7 == 3 else 1 + index * 11 % 59
        moment = dates[day] + minutes[minute]
        return {
            **pattern,
            "SegmentId": number,
            "SrcDn": "10000",
            "SrcDnType": 1,
            "SrcExternal": True,
            "SrcCallerNumber": phone,
            "SrcDisplayName": name,
            "DstDn": inside,
            "DstInternal": True,
            "DstCallerNumber": inside,
            "DstDisplayName": " ".join(_choose_name(int(inside) - _FIRST_NUMBER)),
            "CallAnswered": seconds > 0,
            "CallTime": f"PT{seconds}S",
            "SegmentStartTime": f"{moment}00.000Z",
            "SegmentEndTime": f"{moment}{seconds:02d}.000Z",
        }

    if not compute(1).keys() <= fields.keys():
        raise ValueError(f"the call history of release {model.release} has other fields")
    return compute


LARGE_ROWS: Mapping[str, tuple[int, Callable[[ReleaseModel], ComputeRow], str]] = {
    "CallHistoryView": (CALLS, compute_calls, "SegmentStartTime")
}
"""The tables that are computed: their numbers of rows, how to compute them, and the field that grows with the IDs."""
