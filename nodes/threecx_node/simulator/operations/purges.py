"""Delete many entities at once: by ids, by period, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pbx.call_log import SEGMENTS
from .common import clear_table, get_records, require
from .dispatch import Invocation, handles
from .journal import clear_journal

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

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
# Sets whose entities of a period are deleted, with the property that has their time.
_BY_PERIOD = {
    "PurgeCalls": {"CallHistoryView": "SegmentStartTime"},
    "PurgeChats": {"ChatHistoryView": "TimeSent", "ChatMessagesHistoryView": "TimeSent"},
}


@handles(*_BULK_DELETES)
def _bulk_delete(pbx: Pbx, invocation: Invocation) -> None:
    set_name = _BULK_DELETES[invocation.route.operation.id]
    # All or none: missing entities are found before the first delete.
    for key, _ in get_records(pbx, set_name, require(invocation, "ids")):
        pbx.entities.delete(set_name, key)


@handles(*_BY_PERIOD)
def _purge_period(pbx: Pbx, invocation: Invocation) -> None:
    """Delete everything, or the entities between Start and Stop, one of which may be missing; both missing is none."""
    period = require(invocation, "period")
    start, stop = period.get("Start"), period.get("Stop")
    if not period.get("All") and not start and not stop:
        return
    for set_name, when in _BY_PERIOD[invocation.route.operation.id].items():
        for key, record in list(pbx.store.table(set_name).items()):
            moment = record.value[when]
            inside = (not start or start <= moment) and (not stop or moment <= stop)
            if period.get("All") or inside:
                pbx.store.delete(set_name, key)
                if set_name == "CallHistoryView":
                    pbx.store.delete(SEGMENTS, key)


@handles("PurgeEventLog")
def _purge_events(pbx: Pbx, _invocation: Invocation) -> None:
    clear_table(pbx, "EventLogs")


@handles("PurgeLogs")
def _purge_activity(pbx: Pbx, _invocation: Invocation) -> None:
    clear_journal(pbx)


@handles("PurgeAllLogs")
def _purge_all_logs(pbx: Pbx, _invocation: Invocation) -> None:
    clear_table(pbx, "EventLogs")
    clear_journal(pbx)
