"""Plan a batch of a task: the typed values of each item, or its error. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ..catalog.tasks.upserts import MATCH_ON
from ..execution.plan import PlannedItem, Planner
from ..parameters.call_handle import HANDLE
from ..request.body import BodyEncoder
from ..values.json import loads
from ..values.record import record
from ..values.undefined import is_missing
from .registry import CODES
from .values import Locator, Values, read_values

if TYPE_CHECKING:
    from ..catalog import Catalog, Operation
    from ..catalog.tasks import Task
    from ..execution.results import Item
    from ..options import Options
    from ..parameters.resolve import ResolvedParameters


@record
class PlannedTask(PlannedItem):
    """The values of one item. Items with the same `order_key` are carried out one after the other, in their order."""

    values: Values = field(default_factory=lambda: Values({}))
    order_key: str = ""


class TaskPlanner(Planner):
    """Plans batches of one task in one release."""

    def __init__(
        self, catalog: Catalog, operation: Operation, task: Task, release: str, options: Options, pbx: str
    ) -> None:
        super().__init__(catalog, operation, release, options, pbx)
        self._task = task
        self._code = CODES[task.id]
        has_fields = any(each.type == "fields" for each in task.parameters)
        self._fields = self._make_encoder(catalog, operation, release) if has_fields else None
        self._takes_handle = any(each.type == "handle" for each in task.parameters)

    def _make_encoder(self, catalog: Catalog, operation: Operation, release: str) -> BodyEncoder:
        return BodyEncoder(
            catalog,
            operation.id,
            catalog.body_properties(operation.version(release), release),
            release,
            self._options.max_body_bytes,
            self._options.tzinfo,
        )

    def _resolve(
        self, item: Item, values: Mapping[str, Any], written: Mapping[str, Any]
    ) -> ResolvedParameters:
        resolved = super()._resolve(item, self._mark_locators(values, written), written)
        parameters = resolved.values.parameters
        if self._takes_handle and is_missing(parameters.get(HANDLE)):
            parameters = {**parameters, HANDLE: item.json.get(HANDLE)}
        if self._fields is not None and parameters.get(MATCH_ON) in (None, "", []):
            parameters = {**parameters, MATCH_ON: _find_matched_columns(written)}
        return replace(resolved, values=replace(resolved.values, parameters=parameters))

    def _encode_fields(self, body: Any) -> Any:
        """Return the fields of a body as the PBX takes them. Raises BodyError."""
        if self._fields is None:
            return body
        body = {} if is_missing(body) else body
        if isinstance(body, Mapping):
            self._fields.check_names(body)
        return loads(self._fields.encode(body))

    def _mark_locators(self, values: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with a Locator in the place of each resource locator that a person wrote."""
        return {name: self._mark(name, value, written.get(name)) for name, value in values.items()}

    def _mark(self, name: str, value: Any, written: Any) -> Any:
        if not isinstance(value, Mapping) or not isinstance(written, Mapping):
            return value
        if written.get("__rl") is True:
            return Locator(str(written.get("mode", "")), value.get("value"))
        return self._mark_locators(value, written) if name.casefold() == "options" else value

    def _plan_item(self, index: int, resolved: ResolvedParameters) -> PlannedTask:
        values = read_values(
            self._task,
            resolved.values.parameters,
            self._encode_fields(resolved.values.body),
            self._options.tzinfo,
            self._pbx,
        )
        if self._code.check is not None:
            self._code.check(values)
        return PlannedTask(
            index,
            kept_fields=self._choose_fields(resolved),
            values=values,
            order_key=self._code.order_key(self._task, values),
        )

    def _choose_fields(self, resolved: ResolvedParameters) -> tuple[str, ...]:
        """Return the fields of an item that are returned, none for all of them."""
        if not resolved.output_fields:
            return self._task.summary if resolved.simplify else ()
        known = {each.name.casefold(): each.name for each in self._task.returns}
        return tuple(known.get(name.casefold(), name) for name in resolved.output_fields)


def _find_matched_columns(written: Mapping[str, Any]) -> Any:
    """Return the columns that a mapper matches on, None where there is no mapper or it names none."""
    return next(
        (
            value["matchingColumns"]
            for name, value in written.items()
            if name.casefold() == "body" and isinstance(value, Mapping) and value.get("matchingColumns")
        ),
        None,
    )
