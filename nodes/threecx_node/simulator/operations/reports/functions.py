"""The functions of reports: Get… returns rows as a list, Download… the same rows as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...http.files import build_csv
from ...odata.errors import EntityNotFoundError
from ...pbx.defaults import complete
from ..common import build_entity
from ..dispatch import Invocation, handles, handles_prefix
from . import agent_rows, call_rows, chart_rows, other_rows, queue_rows  # noqa: F401 - importing registers their functions
from .arguments import ReportArguments, read_arguments
from .checks import check_arguments, covers_entities
from .history import ReportedCall, list_calls
from .row_functions import find_row_function

if TYPE_CHECKING:
    from ...odata.records import Entity
    from ...pbx.pbx import Pbx

_EVERYTHING = ReportArguments({}, "", "9999", {})


@handles_prefix("Report")
def _run_report(pbx: Pbx, invocation: Invocation) -> Any:
    """Return the rows of the report in the path; a report that the simulator does not compute is empty."""
    schema, head = invocation.route.version.returns.type, invocation.route.head
    arguments = read_arguments(invocation.arguments)
    check_arguments(pbx, head, arguments)
    compute = find_row_function(schema, head)
    rows = compute(pbx, arguments) if compute and covers_entities(head, arguments) else []
    if invocation.route.version.returns.kind != "file":
        return [complete(pbx.model, schema, row) for row in rows]
    fields = pbx.model.schema(schema).values()
    columns = [field.name for field in fields if field.kind != "complex" and not field.collection]
    cells = ([row.get(column) for column in columns] for row in rows)
    return build_csv(f"{head}.csv", columns, cells)


@handles("GetCallQualityReport", "GetOldCallQualityReport")
def _get_quality(pbx: Pbx, invocation: Invocation) -> Entity:
    wanted = invocation.arguments.get("cdrId", invocation.arguments.get("call_id"))
    for found in list_calls(pbx, _EVERYTHING):
        if str(found.id) == str(wanted):
            return _build_quality(pbx, found)
    raise EntityNotFoundError("cdrId" if "cdrId" in invocation.arguments else "call_id")


def _build_quality(pbx: Pbx, found: ReportedCall) -> Entity:
    parties = [
        {
            "Number": party.dn or party.number,
            "Codec": "PCMA",
            "Duration": round(found.talking),
            "MOSFromPBX": 4.4,
            "MOSToPBX": 4.4,
            "RxPackets": round(found.talking) * 50,
            "TxPackets": round(found.talking) * 50,
            "Inbound": party is found.source,
        }
        for party in (found.source, found.target)
    ]
    return build_entity(
        pbx, "Pbx.QualityReport", MOS=4.4, OverallScore=5, Party1=parties[0], Party2=parties[1]
    )
