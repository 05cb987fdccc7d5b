"""Telemetry of the machine: constant figures of a quiet office, with current times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..odata.literals import format_date_time
from .common import build_entity, list_entities
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_SAMPLES = 12
_STEP = timedelta(minutes=5)
_GIGABYTE = 2**30


@handles("SystemTelemetry")
def _list_system_samples(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [
        build_entity(
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
        for index, moment in _list_moments()
    ]


@handles("NetworkTelemetry")
def _list_network_samples(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    names = [interface["Id"] for interface in list_entities(pbx, "NetworkInterfaces")]
    return [
        build_entity(
            pbx,
            "Pbx.NetworkTelemetry",
            Id=name,
            Time=moment,
            KbpsReceived=120.5 + index,
            KbpsSent=118.5 + index,
        )
        for name in names
        for index, moment in _list_moments()
    ]


@handles("ServiceTelemetry")
def _list_service_samples(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    names = sorted(pbx.model.enum("Pbx.PhoneSystemService"))
    _, latest = list(_list_moments())[-1]
    return [
        build_entity(
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
def _list_request_statistics(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    if invocation.arguments["endDate"] < invocation.arguments["startDate"]:
        return []
    return [
        build_entity(
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


def _list_moments() -> Iterator[tuple[int, str]]:
    end = datetime.now(UTC)
    for index in range(_SAMPLES):
        yield index, format_date_time(end - _STEP * (_SAMPLES - 1 - index))
