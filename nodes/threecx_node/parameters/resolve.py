"""Sorts the parameters of one item, by the names that people use, into what a request needs.

A name that is not a parameter of the operation may be a top-level field of its body: a generated node gave bodies in
this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import PLACE_CALL
from ..catalog.references import PARAMETERS
from ..errors import BodyError, ParameterError
from ..messages import FILTERS, RequestValues
from ..options import RESPONSE_FORMATS
from ..values.coerce import CoercionError, coerce_integer, describe
from ..values.record import record
from ..values.undefined import is_missing
from .body_fields import PRIMARY_GROUP, join_group, leave_out_empty, map_fields, parse_json, read_field
from .call_handle import fill_from_handle
from .columns import map_columns
from .files import DEFAULT_BINARY_PROPERTY, read_file
from .filters import COMBINE, read_conditions
from .output import read_flag, read_output
from .wait import Wait, read_wait, take_wait

if TYPE_CHECKING:
    from .table import ParameterTable

DEFAULT_LIMIT = 50


@record
class ResolvedParameters:
    """The parameters of one item.

    `output_fields` are the fields of each result that are wanted, all where it is empty. `limit` is the number of
    results that are wanted, None for all of them; `skip` is how many to leave out first. `by_number` names the path
    parameters whose value is a number to look up. `batch` has the options of the whole batch that the item carries, as
    they were given. `left_out` are the columns of the item that automatic mapping left out. `wait` is what a new call
    is waited for, `call_id` the call whose handle was used.
    """

    values: RequestValues
    limit: int | None = DEFAULT_LIMIT
    skip: int = 0
    simplify: bool = False
    output_fields: tuple[str, ...] = ()
    binary_property: str = DEFAULT_BINARY_PROPERTY
    response_format: str = RESPONSE_FORMATS[0]
    allow_incomplete_lists: bool = False
    by_number: tuple[str, ...] = ()
    batch: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    wait: Wait | None = None
    call_id: int | None = None


class _Sorted:
    """The parameters of one item by what they set. A dataclass would call a factory for each of its fields."""

    def __init__(self) -> None:
        self.path: dict[str, Any] = {}
        self.query: dict[str, Any] = {}
        self.filters: dict[str, Any] = {}
        self.field: dict[str, Any] = {}
        self.file: dict[str, Any] = {}
        self.output: dict[str, Any] = {}
        self.guard: dict[str, Any] = {}
        self.batch: dict[str, Any] = {}
        self.wait: dict[str, Any] = {}
        self.if_match: Any = None
        self.handle: Any = None
        self.body: Any = None
        self.mapping_mode = ""
        self.by_number: list[str] = []
        self.left_out: list[str] = []


def resolve_parameters(
    table: ParameterTable,
    parameters: Mapping[str, Any],
    item: Mapping[str, Any],
    binary: Mapping[str, Any] | None = None,
    *,
    written: Mapping[str, Any] | None = None,
    pbx: str = "",
) -> ResolvedParameters:
    """Return the parameters of one item, whose expressions are evaluated already; `item` and `binary` are its data.

    `written` are the parameters as a person wrote them, before evaluation; by default all are as written. A resource
    locator, a mapper or a group of options is one only where it was written: what an expression or an item gives is a
    value, whatever it looks like. `pbx` is the host name and port of the PBX, which the handle of a call must name.

    Raises UnknownNameError for a name that the operation does not have, ParameterError or BodyError for a value.
    """
    sorted_ = _Sorted()
    written = parameters if written is None else written
    for name, value in parameters.items():
        _sort(table, sorted_, name, value, written.get(name))
    if "$count" in table.version.query and read_flag(sorted_.output, "includeCount"):
        sorted_.query.setdefault("$count", True)
    if table.version.is_paged:
        limit, skip = _read_limit(sorted_), _read_skip(sorted_.query.pop("$skip", None))
    else:
        limit, skip = None, 0
        _limit_file(table, sorted_)
    call_id = None
    if table.takes_handle:
        call_id = fill_from_handle(table.operation.id, sorted_.path, sorted_.handle, item, pbx)
    upload = table.version.upload
    file = read_file(upload.name, sorted_.file, binary or {}, upload.max_bytes) if upload else None
    body = _build_body(table, sorted_, item)
    wait = None
    if table.operation.id == PLACE_CALL:
        body = take_wait(body, sorted_.wait)
        wait = read_wait(sorted_.wait)
    simplify, output_fields = read_output(sorted_.output)
    conditions = None
    if sorted_.filters:
        conditions = read_conditions(sorted_.filters.get(FILTERS), sorted_.filters.get(COMBINE))
    return ResolvedParameters(
        RequestValues(sorted_.path, sorted_.query, sorted_.if_match, body, file, conditions),
        limit=limit,
        skip=skip,
        simplify=simplify,
        output_fields=output_fields,
        binary_property=str(sorted_.output.get("binaryProperty") or DEFAULT_BINARY_PROPERTY),
        response_format=_read_response_format(sorted_.output),
        allow_incomplete_lists=read_flag(sorted_.guard, "allowIncompleteLists"),
        by_number=tuple(sorted_.by_number),
        batch=sorted_.batch,
        left_out=tuple(sorted_.left_out),
        wait=wait,
        call_id=call_id,
    )


def _sort(
    table: ParameterTable, sorted_: _Sorted, name: str, value: Any, written: Any, *, is_option: bool = False
) -> None:
    target = table.target(name, is_option=is_option)
    match target.kind:
        case "options" | "fields":
            sort_group = _sort_options if target.kind == "options" else _sort_fields
            sort_group(table, sorted_, name, value, written)
        case "path":
            given = _read_collection(target.name, value, written)
            sorted_.path[target.name], by_number = _read_locator(given, written)
            if by_number:
                sorted_.by_number.append(target.name)
        case "query":
            if not is_missing(value):
                sorted_.query[target.name] = value
        case "if_match":
            sorted_.if_match = value
        case "handle":
            sorted_.handle = value
        case "body":
            sorted_.body, sorted_.mapping_mode = value, _read_mapping_mode(value, written)
        case "field":
            _set_field(table, sorted_, target.name, value, written)
        case "filters" | "file" | "output" | "guard" | "batch" | "wait":
            getattr(sorted_, target.kind)[target.name] = value
        case "other_release" if not is_missing(value):
            raise ParameterError(
                f"{table.operation.id} takes no {name} in 3CX {table.version.releases[-1]}",
                field=name,
                description="Leave it out, or name another release.",
            )


def _sort_options(table: ParameterTable, sorted_: _Sorted, _: str, value: Any, written: Any) -> None:
    if isinstance(value, str) and "options" in table.fields:
        # A generated node has the field of that name at its top level, as JSON text.
        sorted_.field["options"] = value
        return
    if not isinstance(value, Mapping):
        raise ParameterError(f"options: expected an object, got {describe(value)}", field="options")
    if isinstance(written, str):
        raise ParameterError(
            "options: the group cannot be an expression, because its data would choose the options",
            field="options",
            description="Set each option by itself; the value of an option may be an expression.",
        )
    # A canvas gives options in the order in which it shows them; a request must not change with that order.
    for inner, inner_value in sorted(value.items()):
        _sort(table, sorted_, inner, inner_value, written.get(inner) if written else None, is_option=True)


def _sort_fields(table: ParameterTable, sorted_: _Sorted, name: str, value: Any, written: Any) -> None:
    """Sort the fields of a group, such as additionalFields."""
    if is_missing(value) and not isinstance(written, str):
        return
    if isinstance(value, str):
        value = parse_json(value, name)
    if not isinstance(value, Mapping):
        raise BodyError(f"{name}: expected an object of fields, got {describe(value)}", field=name)
    for inner, inner_value in value.items():
        target = table.target(inner)
        if target.kind != "field":
            raise BodyError(
                f"{name} contains {inner}, which is not a field of the body of {table.operation.id}",
                field=name,
                description="Set it as a parameter of its own.",
            )
        inner_written = written.get(inner) if isinstance(written, Mapping) else None
        _set_field(table, sorted_, target.name, inner_value, inner_written)


def _set_field(table: ParameterTable, sorted_: _Sorted, name: str, value: Any, written: Any) -> None:
    sorted_.field[name] = read_field(table.fields[name].type.name, value, written, table.catalog)
    if name == PRIMARY_GROUP and table.operation.kind == "create":
        sorted_.field |= join_group(sorted_.field, written)


def _join_several(name: str, values: list[Any]) -> Any:
    """Return the values that were chosen from a list as the text that the API expects, separated by commas."""
    reference = PARAMETERS.get(name)
    is_known = reference is not None and reference.several
    if not is_known or not all(
        isinstance(each, (str, int)) and not isinstance(each, bool) for each in values
    ):
        return values
    return ",".join(str(each).strip() for each in values)


def _read_locator(value: Any, written: Any) -> tuple[Any, bool]:
    """Return the value of a resource locator (`{"__rl": true, "mode", "value"}`), and whether it is a number."""
    if isinstance(value, Mapping) and isinstance(written, Mapping) and written.get("__rl") is True:
        chosen, by_number = value.get("value"), written.get("mode") == "number"
        return chosen.strip() if by_number and isinstance(chosen, str) else chosen, by_number
    return value, False


def _read_collection(name: str, value: Any, written: Any) -> Any:
    """Return the entries of a collection as canvases store it (`{"parameters": [{"name", "value"}]}`).

    Several values that were chosen from a list become a text.
    """
    if isinstance(value, list):
        return _join_several(name, value)
    if isinstance(value, Mapping) and isinstance(written, Mapping):
        entries = value.get("parameters")
        return entries if isinstance(entries, list) else value
    return value


def _read_mapping_mode(value: Any, written: Any) -> str:
    """Return the mode of a resource mapper, empty for a body that is not one."""
    is_mapper = isinstance(value, Mapping) and isinstance(written, Mapping) and "mappingMode" in written
    return str(written["mappingMode"]) if is_mapper else ""


def _build_body(table: ParameterTable, sorted_: _Sorted, item: Mapping[str, Any]) -> Any:
    body = sorted_.body
    if table.version.body is None:
        return body
    if isinstance(body, str) and body.strip():
        body = parse_json(body, "body")
    if sorted_.mapping_mode:
        if sorted_.mapping_mode == "autoMapInputData":
            columns = take_wait(item, sorted_.wait) if table.operation.id == PLACE_CALL else item
            mapped = map_columns(table, columns)
            body, sorted_.left_out = mapped.body, mapped.left_out
        elif sorted_.mapping_mode == "defineBelow":
            body = map_fields(table, body)
        else:
            raise BodyError(
                "body: expected the mapping mode defineBelow or autoMapInputData, got "
                f"{describe(sorted_.mapping_mode)}",
                field="body",
                description="Choose how the fields are mapped again.",
            )
    if not sorted_.field:
        return body
    if is_missing(body):
        body = {}
    if not isinstance(body, Mapping):
        raise BodyError(
            f"the body of {table.operation.id} must be a JSON object, not {describe(body)}", field="body"
        )
    given = {
        name: leave_out_empty(table.catalog, table.fields[name], value)
        for name, value in sorted_.field.items()
    }
    return {**body, **given}


def _read_limit(sorted_: _Sorted) -> int | None:
    """Return how many results are wanted, None for all; `$top` means the same as Limit, since pages are internal."""
    top = sorted_.query.pop("$top", None)
    if read_flag(sorted_.output, "returnAll"):
        return None
    value = sorted_.output.get("limit")
    wanted = top if is_missing(value) else value
    if is_missing(wanted):
        return DEFAULT_LIMIT
    # `$top=0` is a question for the count alone.
    is_body = _read_response_format(sorted_.output) != RESPONSE_FORMATS[0]
    return _read_count("limit", wanted, minimum=1 if top is None and not is_body else 0)


def _limit_file(table: ParameterTable, sorted_: _Sorted) -> None:
    """Send `$top` of a file only where it was given, since a file comes as a whole."""
    if "$top" not in table.version.query:
        return
    if read_flag(sorted_.output, "returnAll"):
        sorted_.query.pop("$top", None)
    elif not is_missing(limit := sorted_.output.get("limit")):
        sorted_.query.setdefault("$top", limit)


def _read_skip(value: Any) -> int:
    return 0 if is_missing(value) else _read_count("$skip", value, minimum=0)


def _read_count(name: str, value: Any, *, minimum: int) -> int:
    try:
        count = coerce_integer(value, "Int64")
        if count < minimum:
            raise CoercionError(f"a number of {minimum} or more", value)
    except CoercionError as error:
        raise ParameterError(f"{name}: {error}", field=name, description=error.advice) from error
    return count


def _read_response_format(values: Mapping[str, Any]) -> str:
    value = values.get("responseFormat")
    if is_missing(value):
        return RESPONSE_FORMATS[0]
    found = str(value).strip().casefold()
    if found not in RESPONSE_FORMATS:
        raise ParameterError(
            f"responseFormat: expected one of {', '.join(RESPONSE_FORMATS)}, got {describe(value)}",
            field="responseFormat",
            description="items returns an item per entity, body the response, full also its headers and status.",
        )
    return found
