"""Check the arguments of a report as a PBX does: what does not exist is a 404, and some may not be empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

# Arguments whose numbers must exist, and the set of their entities.
_NUMBERS: Mapping[str, str] = {
    "groupFilter": "Groups",
    "groupNumber": "Groups",
    "groupStr": "Groups",
    "queueDnStr": "Queues",
    "queueDns": "Queues",
    "ringGroupDns": "RingGroups",
}
# Reports that are a 404 without a queue, and reports without rows where the group is empty. In the others, nothing
# means all.
_NEED_A_QUEUE = {"ReportAbandonedQueueCalls": "queueDns", "ReportAgentsInQueueStatistics": "queueDnStr"}
_NEED_A_GROUP = {
    "ReportCallCostByExtensionGroup": "groupFilter",
    "ReportExtensionStatisticsByGroup": "groupNumber",
}
# These accept the name of a time zone too.
_ACCEPT_ZONE_NAMES = frozenset({"ReportCallDistribution", "ReportUserActivity"})
_OFFSET = re.compile(r"[+-](?:0\d|1[0-4]):[0-5]\d|UTC|GMT|Z")
_ZONE_NAME = re.compile(r"[A-Z][\w+-]*(?:/[\w+-]+)+")


def check_arguments(pbx: Pbx, head: str, arguments: ReportArguments) -> None:
    """Raise ODataError (404) for a queue, group or time zone that does not exist, and for a missing queue."""
    needed = _NEED_A_QUEUE.get(head)
    if needed is not None and not arguments.numbers(needed):
        raise ODataError(404, f"{needed}: this report needs the number of a queue.")
    for name, set_name in _NUMBERS.items():
        for number in sorted(arguments.numbers(name)):
            dn = pbx.entities.dial_plan.find_by_number(number)
            if dn is None or dn.set_name != set_name:
                raise ODataError(404, f"{name}: {number!r} is not in {set_name}.")
    zone = arguments.given.get("clientTimeZone", "UTC")
    accepts_name = head in _ACCEPT_ZONE_NAMES and _ZONE_NAME.fullmatch(zone)
    if not accepts_name and not _OFFSET.fullmatch(zone):
        raise ODataError(404, f"clientTimeZone: {zone!r} is not an offset such as +08:00.")


def covers_entities(head: str, arguments: ReportArguments) -> bool:
    """Return whether the report covers anything: some have no rows where their group is empty."""
    needed = _NEED_A_GROUP.get(head)
    return needed is None or bool(arguments.numbers(needed))
