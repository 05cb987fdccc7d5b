"""Whole sets as CSV files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.files import FileDownload, build_csv
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

# Downloads whose rows are the entities of the set that the path begins with.
_DOWNLOADS = {
    "DownloadCallHistory": "call-history.csv",
    "DownloadChatHistory": "chat-history.csv",
    "DownloadChatMessagesHistory": "chat-messages.csv",
    "DownloadEventLogs": "event-logs.csv",
    "ExportCallCosts": "call-costs.csv",
    "ExportCallerIdRules": "caller-id-rules.csv",
    "ExportContacts": "contacts.csv",
    "ExportExtensions": "extensions.csv",
}


@handles(*_DOWNLOADS)
def _download_set(pbx: Pbx, invocation: Invocation) -> FileDownload:
    entity_set = pbx.model.sets[invocation.route.head]
    fields = pbx.model.schema(entity_set.schema).values()
    columns = [field.name for field in fields if field.kind != "complex" and not field.collection]
    rows = ([record.value.get(column) for column in columns] for record in pbx.views.records(entity_set.name))
    return build_csv(_DOWNLOADS[invocation.route.operation.id], columns, rows)
