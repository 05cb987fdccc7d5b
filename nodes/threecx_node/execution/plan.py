"""Plans a batch: every item becomes a request, with all that the sending half needs, or an error. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..advice import VALUE_ADVICE
from ..catalog.api_request import API_REQUEST, get_responder
from ..catalog.call_control import DEVICE_ID, DN, GET_DN, PLACE_CALL
from ..catalog.call_control import NAMESPACE as CALL_CONTROL
from ..catalog.list_entries import whole_schemas
from ..catalog.summary_fields import simple_fields
from ..errors import InputError, ItemError, ParameterError, ThreeCxError
from ..expressions.template import Template
from ..messages import HttpRequest, RequestValues
from ..options import RESPONSE_FORMATS
from ..parameters.batch import check_shared_options, settle_batch_options
from ..parameters.columns import MAX_LEFT_OUT, describe_left_out
from ..parameters.files import DEFAULT_BINARY_PROPERTY, load_shared_file
from ..parameters.resolve import ResolvedParameters, resolve_parameters
from ..parameters.table import ParameterTable
from ..request.api_request import ApiRequestBuilder
from ..request.build import RequestBuilder
from ..request.odata import expanded_properties
from ..values.record import record
from ..values.undefined import is_missing
from .early_ends import unplanned
from .look_ups import ENTITY_KEY, LookUp
from .paging import Paging, page_options
from .settle import OutcomeChecker
from .stored_lists import ListComparison, StoredLists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..catalog import Catalog, Operation, OperationVersion
    from ..options import Options
    from ..parameters.wait import Wait
    from .results import Item


@record
class PlannedItem:
    """The work of the sending half for one item: its request, or the error why it has none.

    Keys that a look-up gives are still open in `request`. `paging` is None where the response is not a list in
    pages. `kept_fields` are the fields of an entity that Simplify keeps, all where it is empty. `response_format` is
    one of RESPONSE_FORMATS. Of an API request, `responder` is the operation whose responses its response is like.
    `stored_lists` are compared with the body before an update that may lose some of them. `wait` is what a new call is
    waited for, `call_id` the call that an action is about, where it is known.
    """

    index: int
    request: HttpRequest | None = None
    look_ups: tuple[LookUp, ...] = ()
    wait: Wait | None = None
    call_id: int | None = None
    stored_lists: StoredLists | None = None
    paging: Paging | None = None
    kept_fields: tuple[str, ...] = ()
    binary_property: str = DEFAULT_BINARY_PROPERTY
    response_format: str = RESPONSE_FORMATS[0]
    has_filter: bool = False
    error: ThreeCxError | None = None
    responder: Operation | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch ready to send: one planned item per input item, in order, and the options of the batch.

    `notes` are sentences for the user about the batch as a whole; none of them is an error. `checker` finds out what
    became of a change. `release` is the one whose form the requests have, None for the newest.
    """

    catalog: Catalog
    operation: Operation
    version: OperationVersion
    builder: RequestBuilder
    items: Sequence[PlannedItem]
    options: Options
    comparison: ListComparison
    checker: OutcomeChecker
    notes: tuple[str, ...] = ()
    release: str | None = None


class Planner:
    """Plans batches of one operation in one release."""

    def __init__(
        self, catalog: Catalog, operation: Operation, release: str | None, options: Options, pbx: str = ""
    ) -> None:
        self._pbx = pbx
        self._catalog = catalog
        self._operation = operation
        self._release = release
        self._options = options
        self._version: OperationVersion = operation.version(release)
        self._table = ParameterTable(catalog, operation, self._version, release)
        self._is_api_request = operation.id == API_REQUEST
        self._builder = (ApiRequestBuilder if self._is_api_request else RequestBuilder)(
            catalog,
            operation,
            release,
            max_body_bytes=options.max_body_bytes,
            time_zone=options.tzinfo,
        )
        self._comparison = ListComparison(catalog, operation, release)
        self._checker = OutcomeChecker(catalog, operation, release)
        self._look_up_builders: dict[str, RequestBuilder] = {}

    def plan(self, items: Sequence[Item], parameters: Mapping[str, Any]) -> Plan:
        """Return the plan of all items.

        Raises UsageError where the parameters themselves are wrong; the error of one item is in its planned item.
        """
        check_shared_options(self._table, parameters)
        planned: list[PlannedItem] = []
        # Of the first item, and of each one that has other options than the item before it.
        batch_options: list[tuple[int, Mapping[str, Any]]] = []
        left_out: dict[str, None] = {}
        for each, resolved in self._plan_items(items, load_shared_file(self._version.upload, parameters)):
            planned.append(each)
            if resolved is not None:
                if not batch_options or resolved.batch != batch_options[-1][1]:
                    batch_options.append((each.index, resolved.batch))
                if resolved.left_out and len(left_out) < MAX_LEFT_OUT:
                    left_out.update(dict.fromkeys(resolved.left_out))
        options = self._options.with_batch_options(settle_batch_options(batch_options))
        notes = options.notes + ((describe_left_out(self._table, list(left_out)),) if left_out else ())
        return Plan(
            self._catalog,
            self._operation,
            self._version,
            self._builder,
            planned,
            options,
            self._comparison,
            self._checker,
            notes,
            self._release,
        )

    def _plan_items(
        self, items: Sequence[Item], parameters: Mapping[str, Any]
    ) -> Iterator[tuple[PlannedItem, ResolvedParameters | None]]:
        try:
            template = Template(
                parameters,
                [item.json for item in items],
                time_zone=self._options.time_zone,
                find_quoting=self._table.find_quoting,
            )
        except RecursionError as too_deep:
            raise InputError(
                "the parameters are nested too deeply", description="Set them to flatter values."
            ) from too_deep
        for index, item in enumerate(items):
            resolved = None
            try:
                values, written = template.parameters(index), parameters
                if item.parameters:
                    values |= item.parameters
                    written = item.find_written(parameters)
                resolved = self._resolve(item, values, written)
                planned = self._plan_item(index, resolved)
            except RecursionError:
                error: ItemError = ParameterError(
                    "a value is nested too deeply", description="Set it to a flatter value."
                )
                planned = _refuse(index, error)
            except ItemError as error:
                planned = _refuse(index, error)
            except ThreeCxError:
                raise
            except Exception as error:  # noqa: BLE001 (an internal error of one item must not end the batch)
                planned = _refuse(index, unplanned(error))
            yield planned, resolved

    def _resolve(
        self, item: Item, values: Mapping[str, Any], written: Mapping[str, Any]
    ) -> ResolvedParameters:
        return resolve_parameters(self._table, values, item.json, item.binary, written=written, pbx=self._pbx)

    def _plan_item(self, index: int, resolved: ResolvedParameters) -> PlannedItem:
        open_keys = self._find_open_keys(resolved)
        request = self._builder.build(resolved.values, open_keys=open_keys)
        return PlannedItem(
            index,
            request,
            stored_lists=self._plan_comparison(request, resolved),
            look_ups=tuple(self._plan_look_up(name, resolved) for name in open_keys),
            wait=resolved.wait,
            call_id=resolved.call_id,
            paging=self._plan_paging(resolved) if self._version.is_paged else None,
            kept_fields=self._choose_fields(resolved),
            binary_property=resolved.binary_property,
            response_format=resolved.response_format,
            has_filter="$filter" in resolved.values.query
            or resolved.values.conditions is not None
            or (self._is_api_request and "$filter=" in request.query),
            responder=get_responder(request.method) if self._is_api_request else None,
        )

    def _plan_comparison(self, request: HttpRequest, resolved: ResolvedParameters) -> StoredLists | None:
        if resolved.allow_incomplete_lists or self._options.allow_incomplete_lists:
            return None
        return self._comparison.plan(request, resolved.values, resolved.by_number)

    def _plan_paging(self, resolved: ResolvedParameters) -> Paging:
        return Paging(
            limit=resolved.limit,
            skip=resolved.skip,
            page_size=self._options.page_size,
            max_items=self._options.max_items,
            **page_options(self._catalog, self._version, resolved.values.query),
        )

    def _choose_fields(self, resolved: ResolvedParameters) -> tuple[str, ...]:
        """Return the fields that Simplify keeps; a selection by the user takes precedence."""
        if resolved.output_fields:
            known = {name.casefold(): name for name in self._catalog.properties(self._version.returns.type)}
            return tuple(known.get(name.casefold(), name) for name in resolved.output_fields)
        query = resolved.values.query
        if not resolved.simplify or "$select" in query or not self._simple_fields:
            return ()
        return (*self._simple_fields, *self._expanded_fields(query.get("$expand")))

    def _expanded_fields(self, value: Any) -> Iterator[str]:
        """Yield the properties that a `$expand` names in any case, spelled as the PBX returns them."""
        known = {name.casefold(): name for name in self._catalog.properties(self._version.returns.type)}
        for name in expanded_properties(value):
            yield known.get(name.casefold(), name)

    @cached_property
    def _simple_fields(self) -> tuple[str, ...]:
        type_name = self._version.returns.type
        # Later operations need the handle of a call, and lists that an update takes back need all of their fields.
        is_whole = type_name.startswith(CALL_CONTROL) or type_name in whole_schemas(self._catalog)
        if is_whole or not self._catalog.is_schema(type_name):
            return ()
        return simple_fields(self._catalog, type_name)

    def _find_open_keys(self, resolved: ResolvedParameters) -> tuple[str, ...]:
        """Return the path parameters that are looked up before the request is sent."""
        is_automatic = self._operation.id == PLACE_CALL and is_missing(
            resolved.values.parameters.get(DEVICE_ID)
        )
        return (*resolved.by_number, DEVICE_ID) if is_automatic else resolved.by_number

    def _plan_look_up(self, name: str, resolved: ResolvedParameters) -> LookUp:
        builder = self._look_up_builder(name)
        parameter = builder.version.parameters[0].name
        query = {"$select": ENTITY_KEY} if "$select" in builder.version.query else {}
        # The device is found by the DN that calls, an entity by its own number.
        source = DN if name == DEVICE_ID else name
        request = builder.build(RequestValues({parameter: resolved.values.parameters.get(source)}, query))
        return LookUp(name, builder.operation, builder.version, request)

    def _look_up_builder(self, name: str) -> RequestBuilder:
        if (found := self._look_up_builders.get(name)) is None:
            if name == DEVICE_ID:
                operation = self._catalog.operation(GET_DN)
            else:
                operation = self._catalog.look_up_by_number(self._operation, name, self._release)
            found = self._look_up_builders[name] = RequestBuilder(self._catalog, operation, self._release)
        return found


def _refuse(index: int, error: ItemError) -> PlannedItem:
    error.item_index = index
    error.description = error.description or VALUE_ADVICE["other"]
    return PlannedItem(index, error=error)
