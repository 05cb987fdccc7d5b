"""A batch's items → requests ready to send, or each item's error. Pure: nothing is sent from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..catalog.summary_fields import simple_fields
from ..errors import ItemError, ParameterError, ThreeCxError, UnknownNameError
from ..expressions.template import Template
from ..messages import HttpRequest, RequestValues
from ..parameters.resolve import ParameterNames, Resolved, resolve
from ..request.build import RequestBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..catalog import Catalog, Operation, OperationVersion
    from ..options import Options
    from .results import Item

ENTITY_KEY = "Id"


NOTHING = Resolved(RequestValues())


@dataclass(slots=True)
class Prepared:
    """One item, ready: its request, or a look-up that must come first, or why it cannot be sent."""

    index: int
    resolved: Resolved = NOTHING
    request: HttpRequest | None = None
    error: ThreeCxError | None = None


class Preparation:
    """Prepares the items of one operation for one release."""

    def __init__(self, catalog: Catalog, operation: Operation, release: str | None, options: Options) -> None:
        self.catalog = catalog
        self.operation = operation
        self.release = release
        self.shape: OperationVersion = operation.version(release)
        self.names = ParameterNames(catalog, operation, self.shape, release)
        self._builder = RequestBuilder(
            catalog, operation, release, max_body_bytes=options.limits.max_body_bytes, zone=options.zone
        )
        self._lookups: dict[str, RequestBuilder] = {}

    @cached_property
    def simple_fields(self) -> tuple[str, ...]:
        """What Simplify keeps of an entity; empty where the answer has no entity."""
        type_name = self.shape.returns.type
        return simple_fields(self.catalog, type_name) if self.catalog.is_schema(type_name) else ()

    def prepare(self, items: Sequence[Item], parameters: Mapping[str, Any]) -> Iterator[Prepared]:
        """Each item in turn; raises UnknownNameError where the parameters themselves are wrong."""
        template = Template(parameters, [item.json for item in items])
        for index, item in enumerate(items):
            try:
                values = template.parameters(index)
                if item.parameters:
                    values |= item.parameters
                resolved = resolve(self.names, values, item.json)
                request = None if resolved.by_number else self.build(resolved)
                # What is looked up first is checked now, like everything else.
                for _ in self.look_up(resolved):
                    pass
            except RecursionError:
                error = ParameterError(
                    "a value is nested too deeply", description="Give it flat.", item_index=index
                )
                yield Prepared(index, error=error)
            except ItemError as error:
                error.item_index = index
                error.description = error.description or _remedy(error.message)
                yield Prepared(index, error=error)
            else:
                yield Prepared(index, resolved, request)

    def build(self, resolved: Resolved) -> HttpRequest:
        """The request of resolved values."""
        return self._builder.build(resolved.values)

    def look_up(self, resolved: Resolved) -> Iterator[tuple[str, HttpRequest]]:
        """For each key given by number: its name, and the request that finds the entity's ID."""
        for name in resolved.by_number:
            builder = self._look_up_builder(name)
            parameter = builder.shape.parameters[0].name
            query = {"$select": ENTITY_KEY} if "$select" in builder.shape.query else {}
            yield name, builder.build(RequestValues({parameter: resolved.values.parameters.get(name)}, query))

    def with_key(self, resolved: Resolved, name: str, value: Any) -> Resolved:
        """`resolved` with the key that a look-up found."""
        values = replace(resolved.values, parameters={**resolved.values.parameters, name: value})
        left = tuple(each for each in resolved.by_number if each != name)
        return replace(resolved, values=values, by_number=left)

    def _look_up_builder(self, name: str) -> RequestBuilder:
        if name not in self._lookups:
            entity_set = self.shape.path.partition(f"({{{name}}})")[0]
            for each in self.catalog.operations(resource=self.operation.resource):
                shape = each.version(self.release)
                one_number = [parameter.name.casefold() for parameter in shape.parameters] == ["number"]
                in_set = shape.path.startswith((f"{entity_set}(", f"{entity_set}/"))
                if one_number and in_set and shape.method == "GET" and shape.returns.kind == "entity":
                    self._lookups[name] = RequestBuilder(self.catalog, each, self.release)
                    break
            else:
                raise UnknownNameError(
                    f"{self.operation.id}: 3CX cannot look up {name} by number", description="Give its ID."
                )
        return self._lookups[name]


def _remedy(message: str) -> str:
    """What to do about a value that does not fit; what it should be stands in the message."""
    if "{{" in message:
        return "Begin the value with = to make it an expression; nothing was sent for this item."
    return "Give another value for this item, or take the item out; nothing was sent for it."
