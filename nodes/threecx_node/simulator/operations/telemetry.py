"""Figures about the machine: a quiet office's, always the same but for the time they are of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..literals import format_date_time
from ..registry import Call, handles
from .common import made, set_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..pbx import Pbx
    from ..state import Entity

_SAMPLES = 12
_STEP = timedelta(minutes=5)
_GIGABYTE = 2**30


@handles("SystemTelemetry")
def _system(pbx: Pbx, _call: Call) -> list[Entity]:
    return [
        made(
            pbx,
            "Pbx.SystemTelemetry",
            Time=moment,
            CpuUsage=4.0 + index % 5,
            FreeDiskSpace=64 * _GIGABYTE,
            TotalDiskSpace=100 * _GIGABYTE,
            FreePhysicalMemory=5 * _GIGABYTE,
            TotalPhysicalMemory=8 * _GIGABYTE,
            FreeVirtualMemory=6 * _GIGABYTE,
            TotalVirtualMemory=10 * _GIGABYTE,
            TickCount=1_000_000 + index * int(_STEP.total_seconds() * 1000),
        )
        for index, moment in _moments()
    ]


@handles("NetworkTelemetry")
def _network(pbx: Pbx, _call: Call) -> list[Entity]:
    names = [interface["Id"] for interface in set_records(pbx, "NetworkInterfaces")]
    return [
        made(
            pbx,
            "Pbx.NetworkTelemetry",
            Id=name,
            Time=moment,
            KbpsReceived=120.5 + index,
            KbpsSent=118.5 + index,
        )
        for name in names
        for index, moment in _moments()
    ]


@handles("ServiceTelemetry")
def _services(pbx: Pbx, _call: Call) -> list[Entity]:
    names = sorted(pbx.model.enum("Pbx.PhoneSystemService"))
    _, latest = list(_moments())[-1]
    return [
        made(
            pbx,
            "Pbx.ProcessTelemetry",
            Service=name,
            Time=latest,
            HandleCount=200,
            PrivateMemory=64 * 2**20,
            ProcessCount=1,
            ThreadCount=12,
        )
        for name in names
    ]


@handles("MyPhoneRequestIdTelemetry")
def _requests(pbx: Pbx, call: Call) -> list[Entity]:
    if call.arguments["endDate"] < call.arguments["startDate"]:
        return []
    return [
        made(
            pbx,
            "Pbx.MyPhoneRequestStats",
            RequestId=number,
            Count=100 // number,
            AvgDuration=3.5,
            MaxDuration=20,
            SumDuration=350 // number,
        )
        for number in (1, 2, 4)
    ]


def _moments() -> Iterator[tuple[int, str]]:
    end = datetime.now(UTC)
    for index in range(_SAMPLES):
        yield index, format_date_time(end - _STEP * (_SAMPLES - 1 - index))
