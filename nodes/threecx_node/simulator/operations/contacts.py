"""Contacts by number, of one person, of one source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .common import require, require_dn
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..odata.records import Entity, Key
    from ..pbx.pbx import Pbx

# The owner of each personal contact: contact id → {"Number"}.
OWNERS = "(contact owners)"

_PHONES = ("PhoneNumber", "Mobile2", "Home", "Business", "Business2", "Other", "Pager")
# Deletes of whole sources before release 20.0.9, when contacts had no source; `Tag` stands for it here.
_OLD_SOURCES = {
    "CRMContactsBulkDelete": ("CRM", False),
    "GooglePersonalContactsBulkDelete": ("Google", True),
    "Office365ContactsBulkDelete": ("M365", False),
    "Office365PersonalContactsBulkDelete": ("M365", True),
}


@handles("GetContactsByNumber")
def _find_by_number(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    """Return the personal contacts of a DN, or the contacts that have a telephone number.

    3CX does not document which of them is meant: both are found.
    """
    wanted = invocation.arguments["number"]
    return [
        record.value
        for record in pbx.views.records("Contacts")
        if wanted
        and (
            _find_owner(pbx, record.value["Id"]) == wanted
            or any(record.value.get(phone) == wanted for phone in _PHONES)
        )
    ]


@handles("CreateContactByNumber")
def _create_by_number(pbx: Pbx, invocation: Invocation) -> Entity:
    """Create a contact of the company, or a personal contact if a number is given."""
    number = invocation.body.get("number")
    if number:
        require_dn(pbx, number, "number")
    key, record = pbx.entities.create("Contacts", require(invocation, "contact"))
    if number:
        pbx.store.put(OWNERS, key, {"Number": number})
    return record.value


@handles("DeleteContactsByType")
def _delete_by_type(pbx: Pbx, invocation: Invocation) -> None:
    number = invocation.body.get("number")
    if number:
        require_dn(pbx, number, "number")
    source = require(invocation, "contactSource")
    _delete_matching(
        pbx,
        lambda key, contact: contact["ContactType"] == source and _find_owner(pbx, key) == (number or None),
    )


@handles("DeletePersonalContactsByType")
def _delete_personal_contacts(pbx: Pbx, invocation: Invocation) -> None:
    source = require(invocation, "contactSource")
    _delete_matching(
        pbx, lambda key, contact: contact["ContactType"] == source and _find_owner(pbx, key) is not None
    )


@handles("DeleteDepartmentContactsByType")
def _delete_department_contacts(pbx: Pbx, invocation: Invocation) -> None:
    source = require(invocation, "contactSource")
    _delete_matching(
        pbx, lambda _key, contact: contact["ContactType"] == source and bool(contact["Department"])
    )


@handles("AllContactsBulkDelete")
def _delete_all(pbx: Pbx, _invocation: Invocation) -> None:
    _delete_matching(pbx, lambda _key, _contact: True)


@handles(*_OLD_SOURCES)
def _delete_old_source(pbx: Pbx, invocation: Invocation) -> None:
    source, personal = _OLD_SOURCES[invocation.route.operation.id]
    _delete_matching(
        pbx,
        lambda _key, contact: contact["Tag"] == source and (contact["ContactType"] == "Personal") == personal,
    )


@handles("DeleteCrmContacts")
def _delete_crm(pbx: Pbx, _invocation: Invocation) -> None:
    _delete_matching(pbx, lambda _key, contact: "CRM" in (contact["ContactType"], contact["Tag"]))


def _find_owner(pbx: Pbx, key: Key) -> str | None:
    record = pbx.store.get(OWNERS, key)
    return record.value["Number"] if record else None


def _delete_matching(pbx: Pbx, chosen: Callable[[Key, Entity], bool]) -> None:
    for key, record in list(pbx.store.table("Contacts").items()):
        if chosen(key, record.value):
            pbx.entities.delete("Contacts", key)
            pbx.store.delete(OWNERS, key)
