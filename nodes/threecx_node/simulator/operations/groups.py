"""Groups (departments) and queues beside their sets: restrictions, companies, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..defaults import new_entity
from ..registry import Call, handles
from .common import keep, not_found, now, owned, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity


@handles("GetRestrictions", "GetMyGroupRestrictions")
def _restrictions(pbx: Pbx, call: Call) -> Entity:
    if call.arguments:
        owned(pbx, "Groups", call)
    return new_entity(pbx.model, "Pbx.Restrictions")


@handles("DeleteCompanyById")
def _delete_company(pbx: Pbx, call: Call) -> None:
    pbx.entities.delete("Groups", required(call, "id"))


@handles("DeleteCompanyByNumber")
def _delete_company_by_number(pbx: Pbx, call: Call) -> None:
    owner = pbx.store.owner_of(required(call, "number"))
    if owner is None or owner[0] != "Groups":
        raise not_found("number")
    pbx.entities.delete(*owner)


@handles("ResetQueueStatistics")
def _reset_statistics(pbx: Pbx, call: Call) -> None:
    """A queue's live counters start anew; reports go on counting all calls."""
    owned(pbx, "Queues", call)
    keep(pbx, f"queue statistics {call.arguments['Id']}", {"ResetAt": now()})
