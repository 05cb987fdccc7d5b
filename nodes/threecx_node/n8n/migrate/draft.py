"""Collect the parameters of this package's node while another node is converted, with notes and problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...canvas.resource_mapping import describe_body_fields
from ...descriptor import load_definition, properties_of
from ...parameters.table import fold_name
from .conversions import ConversionError, convert_list, convert_value, is_expression
from .mapper import build_mapper

if TYPE_CHECKING:
    from ...catalog import Catalog, Operation
    from ...descriptor import NodeProperty

_LISTS = frozenset({"$select", "$expand", "$orderby"})


class NodeDraft:
    """The parameters of a new node; methods that set one raise ConversionError where it has no equivalent."""

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self.catalog = catalog
        self.operation = operation
        self.parameters: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self.body: dict[str, Any] = {}
        self.notes: list[str] = []
        self.problems: list[str] = []
        self.fields: Mapping[str, Mapping[str, Any]] = {
            fold_name(each["id"]): each for each in describe_body_fields(catalog, operation.id, None)
        }
        self.properties: Mapping[str, NodeProperty] = dict(
            _flatten(properties_of(load_definition(), operation.id))
        )
        # Path parameters of the newest and of earlier releases.
        path = {fold_name(each.name) for version in operation.versions for each in version.parameters}
        self.path = {name: each["name"] for name, each in self.properties.items() if name in path}
        self.is_list = "returnall" in self.properties

    def set_property(self, declared: NodeProperty, value: Any) -> None:
        """Set a path parameter or If-Match; an empty value leaves it out."""
        if not is_empty(value):
            set_once(self.parameters, declared["name"], convert_value(declared, value))

    def set_query(self, name: str, value: Any) -> None:
        """Set a query option."""
        folded = fold_name(name)
        if folded == "$top" and self.is_list:
            set_once(self.parameters, "limit", convert_value(self.properties["limit"], value))
        elif folded not in self.properties:
            raise ConversionError(f"{self.operation.id} does not accept {name}")
        else:
            declared = self.properties[folded]
            as_one = declared["name"] not in _LISTS or is_expression(value)
            converted = convert_value(declared, value) if as_one else convert_list(value)
            set_once(self.options, declared["name"], converted)

    def set_request_options(self, given: Mapping[str, Any]) -> None:
        """Take over the timeout of a request's options, and note the others."""
        timeout = given.get("timeout")
        if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0:
            self.options["timeout"] = timeout // 1000 if timeout % 1000 == 0 else timeout / 1000
        if given.get("allowUnauthorizedCerts"):
            self.notes.append("whether certificates are verified is set in the credential 3CX API")
        known = {"allowUnauthorizedCerts", *(("timeout",) if "timeout" in self.options else ())}
        if left := sorted(set(given) - known):
            self.notes.append(f"request options were removed: {', '.join(left)}")

    def finish(self) -> None:
        """Complete the parameters that depend on the whole node: the body, all entries of a list, and the options."""
        if self.body:
            self.parameters["body"] = build_mapper(self.catalog, self.operation, self.body)
        if self.is_list and not {"limit", "returnAll"} & set(self.parameters):
            self.parameters["returnAll"] = True
            self.notes.append("the node had no $top: it now returns all entries; set Limit to return fewer")
        if "simplify" in self.properties:
            # The other node returned whole entities.
            self.parameters["simplify"] = False
        if self.options:
            self.parameters["options"] = self.options
        for each in self.properties.values():
            if each["type"] == "resourceLocator" and each["name"] not in self.parameters:
                self.notes.append(f"{each['displayName']} is empty: set it in the new node")


def set_once(slots: dict[str, Any], name: str, value: Any) -> None:
    """Set a parameter that has no other value yet. Raises ConversionError."""
    if slots.get(name, value) != value:
        raise ConversionError("it is set twice, to different values")
    slots[name] = value


def is_empty(value: Any) -> bool:
    """Return whether a generated node would leave the value out."""
    return value is None or value == "" or (isinstance(value, Mapping) and not value)


def _flatten(properties: Iterator[NodeProperty]) -> Iterator[tuple[str, NodeProperty]]:
    """Yield the folded name of each property and the property, those inside the options collection included."""
    for each in properties:
        if each["type"] == "collection":
            yield from _flatten(iter(each["options"]))
        else:
            yield fold_name(each["name"]), each
