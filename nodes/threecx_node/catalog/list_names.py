"""Choose the fields by which a person recognises an entity in a list, and the text that they make.

"Ada Lovelace (102)" is a name with a detail. For the entities whose names are in fields of their own kind they are
chosen by hand; for all others, by the names of the fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .summary_fields import label_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .catalog import Catalog

_NUMBER = "Number"
_TO = " → "
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):.*Z")


@dataclass(frozen=True, slots=True)
class ListNames:
    """The fields of a list's texts, by their paths ("Gateway/Name").

    `names` are joined by `joint` to the name; where all of them are empty, the first of `instead` that is set takes
    their place. `details` follow in parentheses. `order` is the field by which the list is sorted, empty where its
    order is good.
    """

    names: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    order: str = ""
    joint: str = " "

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the paths of all fields."""
        return tuple(dict.fromkeys((*self.names, *self.instead, *self.details)))

    @property
    def is_nested(self) -> bool:
        """Return whether a field is inside an object, which not every PBX can search."""
        return any("/" in each for each in self.fields)

    def describe(self, entity: Mapping[str, Any], value: Any) -> str:
        """Return the text of an entity, which is `value` where it has no name."""
        name = self.joint.join(_read(entity, self.names)) or next(_read(entity, self.instead), "")
        details = [each for each in _read(entity, self.details) if each != name]
        if not name:
            return ", ".join(details) or str(value)
        return f"{name} ({', '.join(details)})" if details else name


_CHOSEN: Mapping[str, ListNames] = {
    "Pbx.ActiveCall": ListNames(("Caller", "Callee"), details=("Status",), joint=_TO),
    "Pbx.BlackListNumber": ListNames(("CallerId",), details=("Description",)),
    "Pbx.BlocklistAddr": ListNames(("IPAddrMask",), details=("Description",)),
    "Pbx.Contact": ListNames(
        ("FirstName", "LastName"), ("CompanyName", "PhoneNumber", "Business", "Email"), ("CompanyName",)
    ),
    "Pbx.CustomPrompt": ListNames(("DisplayName",), details=("Filename",)),
    "Pbx.DeviceInfo": ListNames(("Vendor", "Model"), details=("MAC",)),
    "Pbx.EmailTemplate": ListNames(("Name",), ("Subject",), ("Lang",)),
    "Pbx.EmergencyGeoLocation": ListNames(("FriendlyName",)),
    "Pbx.OAuthClient": ListNames(("ClientId",), details=("CreatedBy",)),
    "Pbx.PromptSet": ListNames(("PromptSetName",), details=("LanguageCode",)),
    "Pbx.Recording": ListNames(
        ("FromDisplayName", "ToDisplayName"),
        ("FromCallerNumber", "RecordingUrl"),
        ("StartTime",),
        "StartTime desc",
        _TO,
    ),
    "Pbx.RefreshToken": ListNames(("DisplayName",), ("CreatedByUserAgent",), ("CreatedByIp",)),
    "Pbx.SipDevice": ListNames(("Registrar/Vendor", "Registrar/Model"), details=("Registrar/MAC",)),
    "Pbx.TimeZone": ListNames(("Name",), details=("IanaName",)),
    "Pbx.Trunk": ListNames(("Gateway/Name",), ("ExternalNumber",), (_NUMBER,), _NUMBER),
}


def list_names(catalog: Catalog, schema: str) -> ListNames:
    """Return the fields that name the entities of `schema`, those that the catalog has."""
    chosen = _CHOSEN.get(schema)
    if chosen is None:
        names = label_fields(catalog, schema)
        chosen = ListNames(names, details=(_NUMBER,), order=names[0] if names else "")

    def select(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each for each in paths if _exists(catalog, schema, each))

    names = select(chosen.names)
    order = chosen.order or (names[0] if names and "/" not in names[0] else "")
    has_order = order and _exists(catalog, schema, order.partition(" ")[0])
    return ListNames(
        names, select(chosen.instead), select(chosen.details), order if has_order else "", chosen.joint
    )


def _exists(catalog: Catalog, schema: str, path: str) -> bool:
    name, _, rest = path.partition("/")
    found = catalog.properties(schema).get(name)
    if found is None or not rest:
        return found is not None
    return catalog.is_schema(found.type.name) and _exists(catalog, found.type.name, rest)


def _read(entity: Mapping[str, Any], paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        value: Any = entity
        for name in path.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        if value not in (None, ""):
            yield _MOMENT.sub(r"\1 \2 UTC", str(value))
