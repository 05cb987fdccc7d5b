"""Contacts: by number, of one person, of one source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Call, handles
from .common import number_owner, required

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..pbx import Pbx
    from ..state import Entity, Key

# Whose phonebook a personal contact is in: contact id → {"Number"}.
OWNERS = "(contact owners)"

_PHONES = ("PhoneNumber", "Mobile2", "Home", "Business", "Business2", "Other", "Pager")
# Deletes of whole sources before release 20.0.9, when contacts did not tell their source: `Tag` does here.
_OLD_SOURCES = {
    "CRMContactsBulkDelete": ("CRM", False),
    "GooglePersonalContactsBulkDelete": ("Google", True),
    "Office365ContactsBulkDelete": ("M365", False),
    "Office365PersonalContactsBulkDelete": ("M365", True),
}


@handles("GetContactsByNumber")
def _by_number(pbx: Pbx, call: Call) -> list[Entity]:
    wanted = call.arguments["number"]
    return [
        record.value
        for record in pbx.views.records("Contacts")
        if wanted and any(record.value.get(phone) == wanted for phone in _PHONES)
    ]


@handles("CreateContactByNumber")
def _create_by_number(pbx: Pbx, call: Call) -> Entity:
    """A contact of the company, or with a number of that person."""
    number = call.body.get("number")
    if number:
        number_owner(pbx, number, "number")
    key, record = pbx.entities.create("Contacts", required(call, "contact"))
    if number:
        pbx.store.put(OWNERS, key, {"Number": number})
    return record.value


@handles("DeleteContactsByType")
def _delete_by_type(pbx: Pbx, call: Call) -> None:
    number = call.body.get("number")
    if number:
        number_owner(pbx, number, "number")
    source = required(call, "contactSource")
    _delete(
        pbx, lambda key, contact: contact["ContactType"] == source and _owner(pbx, key) == (number or None)
    )


@handles("DeletePersonalContactsByType")
def _delete_personal(pbx: Pbx, call: Call) -> None:
    source = required(call, "contactSource")
    _delete(pbx, lambda key, contact: contact["ContactType"] == source and _owner(pbx, key) is not None)


@handles("DeleteDepartmentContactsByType")
def _delete_of_departments(pbx: Pbx, call: Call) -> None:
    source = required(call, "contactSource")
    _delete(pbx, lambda _key, contact: contact["ContactType"] == source and bool(contact["Department"]))


@handles("AllContactsBulkDelete")
def _delete_all(pbx: Pbx, _call: Call) -> None:
    _delete(pbx, lambda _key, _contact: True)


@handles(*_OLD_SOURCES)
def _delete_old_source(pbx: Pbx, call: Call) -> None:
    source, personal = _OLD_SOURCES[call.route.operation.id]
    _delete(
        pbx,
        lambda _key, contact: contact["Tag"] == source and (contact["ContactType"] == "Personal") == personal,
    )


@handles("DeleteCrmContacts")
def _delete_crm(pbx: Pbx, _call: Call) -> None:
    _delete(pbx, lambda _key, contact: "CRM" in (contact["ContactType"], contact["Tag"]))


def _owner(pbx: Pbx, key: Key) -> str | None:
    record = pbx.store.get(OWNERS, key)
    return record.value["Number"] if record else None


def _delete(pbx: Pbx, chosen: Callable[[Key, Entity], bool]) -> None:
    for key, record in list(pbx.store.table("Contacts").items()):
        if chosen(key, record.value):
            pbx.entities.delete("Contacts", key)
            pbx.store.delete(OWNERS, key)
