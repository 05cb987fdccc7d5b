"""Search an entity set for the entities that a canvas offers in a list ("From List")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID, DN, RESOURCE
from ..catalog.list_names import list_names
from ..catalog.references import find_reference
from ..errors import InputError, UnknownNameError
from ..execution.results import Item
from ..options import INTERACTIVE_RETRY_TIME, Options
from .call_choices import find_words, list_call_choices
from .task_choices import find_task_listing, translate_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..catalog import Catalog, Operation, OperationVersion, Property
    from ..catalog.list_names import ListNames
    from ..execution.executor import Executor

PAGE_SIZE = 50
# The list shows moments, which a PBX cannot search by their text.
_OF_A_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}|utc")


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Entities as `name` and `value`, and the cursor of the next page, None after the last."""

    results: Sequence[Mapping[str, Any]]
    cursor: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return `{"results": […], "cursor": …}`."""
        return {"results": list(self.results), "cursor": self.cursor}


async def search_entities(
    executor: Executor,
    operation: str,
    parameter: str | None,
    text: str | None,
    cursor: str | None,
    *,
    parameters: Mapping[str, Any] | None = None,
    traceparent: str = "",
) -> SearchPage:
    """Return a page of the entities whose name or number contains `text`.

    `parameter` of `operation` is the key of the entities, its first key where it is None. `parameters` are the other
    parameters of the operation, which a list of devices depends on. `cursor` is that of the page before. Raises
    ThreeCxError.
    """
    catalog = executor.catalog
    task = catalog.operation(operation).task
    if task is not None:
        parameter, parameters = translate_task(task, parameter, parameters or {})
    of_calls = parameter == DEVICE_ID if task else catalog.operation(operation).resource == RESOURCE
    if of_calls or parameter == DN:
        found = await list_call_choices(
            executor, operation, parameter, parameters or {}, text, traceparent=traceparent
        )
        return _cut_page(found, _parse_cursor(cursor))
    if task is not None:
        listing, key = find_task_listing(catalog, task, parameter)
    else:
        listing, key = _find_listing(catalog, catalog.operation(operation), parameter)
    version = listing.version()
    names = list_names(catalog, version.returns.type)
    skip = _parse_cursor(cursor)
    # A PBX may not be able to search inside objects; such a list is short enough to be read as a whole.
    is_whole = bool(text) and (names.is_nested or "$filter" not in version.query)
    query = _build_query(version, catalog.properties(version.returns.type), key, names, text)
    if is_whole:
        query |= {"returnAll": True}
    else:
        query |= {"limit": PAGE_SIZE, **({"$skip": skip} if skip and "$skip" in version.query else {})}
    options = Options(interactive=True, retry_time=INTERACTIVE_RETRY_TIME, traceparent=traceparent)
    batch = await executor.run(listing.id, [Item({}, query)], options=options)
    [result] = batch.results
    if result.error is not None:
        raise result.error
    entities = [item["json"] for item in result.items or ()]
    results = list(_build_choices(entities, key, names))
    if is_whole:
        return _cut_page(find_words(results, text), skip)
    more = len(entities) == PAGE_SIZE and "$skip" in version.query
    return SearchPage(results, str(skip + PAGE_SIZE) if more else None)


def _cut_page(choices: Sequence[Mapping[str, Any]], skip: int) -> SearchPage:
    """Return a page of a list that came as a whole."""
    end = skip + PAGE_SIZE
    return SearchPage(choices[skip:end], str(end) if end < len(choices) else None)


def _build_choices(
    entities: Sequence[Mapping[str, Any]], key: str, names: ListNames
) -> Iterator[dict[str, Any]]:
    """Yield `name` and `value` of each entity that has a value; several sets of prompts have one language."""
    seen: set[Any] = set()
    for each in entities:
        value = each.get(key)
        if value in (None, "") or value in seen:
            continue
        seen.add(value)
        yield {"name": names.describe(each, value), "value": value}


def _find_listing(catalog: Catalog, operation: Operation, parameter: str | None) -> tuple[Operation, str]:
    """Return the operation that lists the entities, and the name of the property that is the value."""
    version = operation.version()
    key = version.key
    if key is not None and parameter in (None, key.name):
        if (listing := catalog.listing(version.entity_set)) is not None:
            return listing, key.name
    elif parameter is not None and (found := find_reference(catalog, operation, parameter)) is not None:
        return catalog.operation(found.listing), found.value
    name = f"{parameter} of {operation.id}" if parameter else operation.id
    raise UnknownNameError(
        f"{name}: 3CX has no list to choose from", description="Set the value itself.", field=parameter
    )


def _build_query(
    version: OperationVersion,
    properties: Mapping[str, Property],
    key: str,
    names: ListNames,
    text: str | None,
) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if "$select" in version.query:
        query["$select"] = list(dict.fromkeys([key, *(each.partition("/")[0] for each in names.fields)]))
    searchable = [each for each in names.fields or (key,) if "/" not in each]
    searchable = [each for each in searchable if properties[each].type.name == "String"]
    if text and searchable and "$filter" in version.query and not names.is_nested:
        query["$filter"] = _build_filter(text, searchable)
    if names.order and "$orderby" in version.query:
        query["$orderby"] = names.order
    return query


def _build_filter(text: str, names: Sequence[str]) -> str:
    """Return a filter for entities that contain each word of `text` in one of the fields `names`, in any case.

    The text that a list shows, "Ada Lovelace (102)", therefore finds its entity.
    """
    words = [
        each for each in re.findall(r"[^\s(),→]+", text.lower()) if not _OF_A_MOMENT.fullmatch(each)
    ] or [text]
    quoted = ["'" + word.replace("'", "''") + "'" for word in words]
    any_of = [" or ".join(f"contains(tolower({name}),{word})" for name in names) for word in quoted]
    return any_of[0] if len(any_of) == 1 else " and ".join(f"({each})" for each in any_of)


def _parse_cursor(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise InputError(
            "the cursor is not one that a search returned",
            description="Search again from the first page.",
            field="cursor",
        )
    return int(cursor)
