"""The reports' functions: Get… gives rows as a list, Download… the same rows as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...defaults import complete
from ...files import csv_file
from ...registry import Call, handles, handles_heads
from ..common import made, not_found
from . import agent_rows, call_rows, chart_rows, other_rows, queue_rows  # noqa: F401 - they register rows
from .arguments import Arguments, read_arguments
from .history import ReportedCall, calls_in
from .registry import find_rows

if TYPE_CHECKING:
    from ...pbx import Pbx
    from ...state import Entity

_EVERYTHING = Arguments({}, "", "9999", {})


@handles_heads("Report")
def _report(pbx: Pbx, call: Call) -> Any:
    """Rows of the report that the path begins with; one that this version does not know has none."""
    schema, head = call.route.shape.returns.type, call.route.head
    arguments = read_arguments(call.arguments)
    rows_of = find_rows(schema, head)
    rows = rows_of(pbx, arguments) if rows_of else []
    if call.route.shape.returns.kind != "file":
        return [complete(pbx.model, schema, row) for row in rows]
    fields = pbx.model.schema(schema).values()
    columns = [field.name for field in fields if field.kind != "complex" and not field.collection]
    cells = ([row.get(column) for column in columns] for row in rows)
    return csv_file(f"{head}.csv", columns, cells)


@handles("GetCallQualityReport", "GetOldCallQualityReport")
def _quality(pbx: Pbx, call: Call) -> Entity:
    wanted = call.arguments.get("cdrId", call.arguments.get("call_id"))
    for found in calls_in(pbx, _EVERYTHING):
        if str(found.id) == str(wanted):
            return _quality_of(pbx, found)
    raise not_found("cdrId" if "cdrId" in call.arguments else "call_id")


def _quality_of(pbx: Pbx, found: ReportedCall) -> Entity:
    parties = [
        {
            "Number": party.dn or party.number,
            "Codec": "PCMA",
            "Duration": found.talking,
            "MOSFromPBX": 4.4,
            "MOSToPBX": 4.4,
            "RxPackets": found.talking * 50,
            "TxPackets": found.talking * 50,
            "Inbound": party is found.source,
        }
        for party in (found.source, found.target)
    ]
    return made(pbx, "Pbx.QualityReport", MOS=4.4, OverallScore=5, Party1=parties[0], Party2=parties[1])
