"""Deletes of many at once: by ids, by period, all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Call, handles
from .common import all_of, required
from .journal import forget

if TYPE_CHECKING:
    from ..pbx import Pbx

# Sets that one call deletes from, by the ids in its body.
_BULK_DELETES = {
    "BatchContactsDelete": "Contacts",
    "BulkFaxDelete": "Fax",
    "BulkInboundRulesDelete": "InboundRules",
    "BulkIpsDelete": "Blocklist",
    "BulkLinksDelete": "WebsiteLinks",
    "BulkNumbersDelete": "BlackListNumbers",
    "BulkRecordingsDelete": "Recordings",
    "DeleteContactsById": "Contacts",
}
# Sets that lose what lies in a period, with the property that says when it was.
_BY_PERIOD = {
    "PurgeCalls": {"CallHistoryView": "SegmentStartTime"},
    "PurgeChats": {"ChatHistoryView": "TimeSent", "ChatMessagesHistoryView": "TimeSent"},
}


@handles(*_BULK_DELETES)
def _bulk_delete(pbx: Pbx, call: Call) -> None:
    set_name = _BULK_DELETES[call.route.operation.id]
    # All or none: what does not exist is found before anything goes.
    for key, _ in all_of(pbx, set_name, required(call, "ids")):
        pbx.entities.delete(set_name, key)


@handles(*_BY_PERIOD)
def _purge_period(pbx: Pbx, call: Call) -> None:
    """All, or what lies between Start and Stop; an end that is not given is open, both open is nothing."""
    period = required(call, "period")
    start, stop = period.get("Start"), period.get("Stop")
    if not period.get("All") and not start and not stop:
        return
    for set_name, when in _BY_PERIOD[call.route.operation.id].items():
        for key, record in list(pbx.store.table(set_name).items()):
            moment = record.value[when]
            inside = (not start or start <= moment) and (not stop or moment <= stop)
            if period.get("All") or inside:
                pbx.store.delete(set_name, key)


@handles("PurgeEventLog")
def _purge_events(pbx: Pbx, _call: Call) -> None:
    _empty(pbx, "EventLogs")


@handles("PurgeLogs")
def _purge_activity(pbx: Pbx, _call: Call) -> None:
    forget(pbx)


@handles("PurgeAllLogs")
def _purge_all_logs(pbx: Pbx, _call: Call) -> None:
    _empty(pbx, "EventLogs")
    forget(pbx)


def _empty(pbx: Pbx, table: str) -> None:
    for key in list(pbx.store.table(table)):
        pbx.store.delete(table, key)
