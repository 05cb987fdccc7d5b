"""Functions and actions of groups (departments) and queues: restrictions, companies, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import EntityNotFoundError
from ..pbx.defaults import build_default_entity
from .common import format_now, get_addressed, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx


@handles("GetRestrictions", "GetMyGroupRestrictions")
def _get_restrictions(pbx: Pbx, invocation: Invocation) -> Entity:
    if invocation.arguments:
        get_addressed(pbx, "Groups", invocation)
    return build_default_entity(pbx.model, "Pbx.Restrictions")


@handles("DeleteCompanyById")
def _delete_company(pbx: Pbx, invocation: Invocation) -> None:
    pbx.entities.delete("Groups", require(invocation, "id"))


@handles("DeleteCompanyByNumber")
def _delete_company_by_number(pbx: Pbx, invocation: Invocation) -> None:
    owner = pbx.store.find_owner(require(invocation, "number"))
    if owner is None or owner[0] != "Groups":
        raise EntityNotFoundError("number")
    pbx.entities.delete(*owner)


@handles("ResetQueueStatistics")
def _reset_statistics(pbx: Pbx, invocation: Invocation) -> None:
    """Reset the live counters of a queue; reports still count all calls."""
    get_addressed(pbx, "Queues", invocation)
    store_document(pbx, f"queue statistics {invocation.arguments['Id']}", {"ResetAt": format_now()})
