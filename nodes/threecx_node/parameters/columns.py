"""Maps the columns of an item to the fields of a body: automatic mapping.

A column matches as a parameter does, without regard to case, spaces, hyphens and underscores; a column that is spelled
as the field takes precedence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..catalog import find_nearest
from ..errors import BodyError
from .body_fields import leave_out_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .table import ParameterTable

MAX_COLUMNS = 1000
"""No body has near as many fields: an item with more columns is not a row of values for one."""

MAX_LEFT_OUT = 1000
"""The columns of a batch that are remembered for its note."""

# A message names this many columns, each cut to this many characters, and this many nearest fields.
_NAMED = 10
_LONGEST_NAMED = 40
_NEAREST = 3


@dataclass(slots=True)
class MappedColumns:
    """The body of one item, and the columns that are not fields of it."""

    body: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def map_columns(table: ParameterTable, item: Mapping[str, Any]) -> MappedColumns:
    """Return the body that the columns of `item` are.

    The key of an update is neither a field nor left out, since it belongs to the path. Raises BodyError where no column
    is a field, where two match the same one, and for an item with too many columns.
    """
    if len(item) > MAX_COLUMNS:
        raise BodyError(
            f"the item has {len(item)} columns, more than the {MAX_COLUMNS} that automatic mapping accepts",
            field="body",
            description="Keep only the columns that are fields, or map each field by hand; nothing was sent for it.",
        )
    # JSON has text keys; a Python caller may have others.
    item = {str(column): value for column, value in item.items()}
    mapped = MappedColumns()
    chosen = _choose_columns(table, item, mapped.left_out)
    for column, value in item.items():
        if (name := chosen.get(column)) is not None:
            mapped.body[name] = leave_out_empty(table.catalog, table.mappable_fields[name], value)
    if not mapped.body and mapped.left_out:
        raise _nothing_matched(table, mapped.left_out)
    return mapped


def _choose_columns(table: ParameterTable, item: Mapping[str, Any], left_out: list[str]) -> dict[str, str]:
    """Return the field of each column that is one, and add the other columns to `left_out`."""
    fields = table.mappable_fields
    chosen = {column: column for column in item if column in fields}
    loose: dict[str, str] = {}
    for column in item:
        if column in chosen:
            continue
        name = table.find_field(column)
        if name in loose:
            raise BodyError(
                f"the columns {_quote(loose[name])} and {_quote(column)} both match the field {name}",
                field=name,
                description="Rename or remove one of them; nothing was sent for this item.",
            )
        if name is not None and name not in item:
            loose[name] = column
        elif not table.is_path_parameter(column):
            left_out.append(column)
    return chosen | {column: name for name, column in loose.items()}


def describe_left_out(table: ParameterTable, columns: Sequence[str]) -> str:
    """Return a note about columns that were left out, for the user who relies on them."""
    which = "a column that is" if len(columns) == 1 else f"{len(columns)} columns that are"
    what = "a field" if len(columns) == 1 else "fields"
    return f"automatic mapping left out {which} not {what} of {table.operation.id}: {name_columns(columns)}"


def name_columns(columns: Sequence[str]) -> str:
    """Return the first columns by name, and how many others there are."""
    named = ", ".join(_cut(each) for each in columns[:_NAMED])
    rest = len(columns) - _NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _nothing_matched(table: ParameterTable, columns: Sequence[str]) -> BodyError:
    known = tuple(table.mappable_fields)
    nearest = [
        f"{name} (for {_quote(column)})"
        for column in columns[:_NAMED]
        if (name := find_nearest(column, known)) is not None
    ]
    hint = f"The nearest fields are {', '.join(nearest[:_NEAREST])}." if nearest else _list_fields(known)
    return BodyError(
        f"no column of the item is a field of {table.operation.id}; it has {name_columns(columns)}",
        field="body",
        description=f"{hint} Rename the columns, or map each field by hand; nothing was sent for this item.",
    )


def _list_fields(known: Iterable[str]) -> str:
    return f"The fields are {name_columns(sorted(known))}."


def _quote(column: str) -> str:
    return f'"{_cut(column)}"'


def _cut(column: str) -> str:
    text = " ".join(column.split())
    return text if len(text) <= _LONGEST_NAMED else f"{text[:_LONGEST_NAMED]}…"
