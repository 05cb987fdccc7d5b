"""Write entities as JSON: selected properties, annotations, envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from .errors import ODataError
from .limits import PAGE_SIZE
from .query import QueryOptions, filter_and_sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .filters import Navigation
    from .records import Entity, Record
    from .release_model import ReleaseModel

# Sets whose entities have an ETag.
ETAG_SETS = frozenset({"CallFlowApps"})


class Renderer:
    """Writes the bodies of responses. `base` is always the address of the service, without a final slash.

    A page has at most `page_size` rows; one that was cut has a next link.
    """

    def __init__(self, model: ReleaseModel, navigation: Navigation) -> None:
        self._model = model
        self._navigation = navigation
        self.page_size = PAGE_SIZE
        self._plain_names: dict[str, tuple[str, ...]] = {}

    def render_entity(
        self, base: str, set_name: str, schema: str, record: Record, options: QueryOptions | None
    ) -> bytes:
        """Return an entity of a set, with its context."""
        if options is None or options.plain:
            rendered = self._render_record(set_name, schema, record)
            return f'{{"@odata.context":"{base}/$metadata#{set_name}/$entity",'.encode() + rendered[1:]
        context = f"{base}/$metadata#{set_name}{_format_selection(options)}/$entity"
        return orjson.dumps(
            {"@odata.context": context, **self._select_from_record(set_name, schema, record, options)}
        )

    def render_singleton(
        self, base: str, name: str, schema: str, value: Entity, options: QueryOptions | None
    ) -> bytes:
        """Return a singleton, with its context."""
        context = f"{base}/$metadata#{name}{_format_selection(options)}"
        return orjson.dumps({"@odata.context": context, **self.select_properties(schema, value, options)})

    def render_page(
        self,
        base: str,
        set_name: str,
        schema: str,
        records: Iterable[Record],
        options: QueryOptions,
        query: Sequence[str],
    ) -> bytes:
        """Return a page of a set; `query` is the request's query options except $skip, for the next link."""
        chosen = filter_and_sort(records, _get_value, options)
        page, link = self._cut_page(chosen, options, base, set_name, query)
        head = [f'{{"@odata.context":"{base}/$metadata#{set_name}{_format_selection(options)}"']
        if options.count:
            head.append(f'"@odata.count":{len(chosen)}')
        if options.plain:
            items = [self._render_record(set_name, schema, record) for record in page]
        else:
            items = [
                orjson.dumps(self._select_from_record(set_name, schema, record, options)) for record in page
            ]
        tail = f'],"@odata.nextLink":{orjson.dumps(link).decode()}}}' if link else "]}"
        return ",".join([*head, '"value":[']).encode() + b",".join(items) + tail.encode()

    def render_rows(
        self,
        base: str,
        path: str,
        schema: str,
        values: Iterable[Any],
        options: QueryOptions,
        query: Sequence[str],
    ) -> bytes:
        """Return a page of values that belong to no set: a nested list, the collection of a function."""
        chosen = filter_and_sort(values, _get_itself, options)
        page, link = self._cut_page(chosen, options, base, path, query)
        body: dict[str, Any] = {"@odata.context": f"{base}/$metadata#Collection({_format_type(schema)})"}
        if options.count:
            body["@odata.count"] = len(chosen)
        is_schema = self._model.catalog.is_schema(schema)
        body["value"] = [
            self.select_properties(schema, item, options) if is_schema else item for item in page
        ]
        if link:
            body["@odata.nextLink"] = link
        return orjson.dumps(body)

    def render_value(self, base: str, schema: str, value: Any) -> bytes:
        """Return a single value that is not an entity."""
        if isinstance(value, dict):
            return orjson.dumps({"@odata.context": f"{base}/$metadata#{schema}", **value})
        if schema in self._model.catalog.enums:
            # By the documents, an enum's member is the whole body, whereas other values are in an object.
            return orjson.dumps(value)
        return orjson.dumps({"@odata.context": f"{base}/$metadata#{_format_type(schema)}", "value": value})

    def select_properties(self, schema: str, value: Entity, options: QueryOptions | None) -> Entity:
        """Return the properties of an object that a response has: the selected ones, and expanded navigation ones."""
        if options is None or options.select is None:
            selected = {name: value[name] for name in self._list_plain_names(schema) if name in value}
        else:
            selected = self._select_paths(schema, value, options.select)
        if options is not None:
            for name, (inner_schema, inner) in options.expand.items():
                self._expand(selected, schema, value, name, inner_schema, inner)
        return selected

    def get_etag(self, set_name: str, record: Record) -> str | None:
        """Return the ETag of a record, None for sets that have none."""
        return f'W/"{record.version}"' if set_name in ETAG_SETS else None

    def _render_record(self, set_name: str, schema: str, record: Record) -> bytes:
        if record.rendered is None:
            value = self.select_properties(schema, record.value, None)
            if tag := self.get_etag(set_name, record):
                value = {"@odata.etag": tag, **value}
            record.rendered = orjson.dumps(value)
        return record.rendered

    def _select_from_record(
        self, set_name: str, schema: str, record: Record, options: QueryOptions
    ) -> Entity:
        selected = self.select_properties(schema, record.value, options)
        tag = self.get_etag(set_name, record)
        return {"@odata.etag": tag, **selected} if tag else selected

    def _list_plain_names(self, schema: str) -> tuple[str, ...]:
        names = self._plain_names.get(schema)
        if names is None:
            fields = self._model.schema(schema).values()
            names = self._plain_names[schema] = tuple(field.name for field in fields if not field.navigation)
        return names

    def _select_paths(self, schema: str, value: Entity, selection: Mapping[str, Any]) -> Entity:
        selected = {}
        fields = self._model.schema(schema)
        for name, inner in selection.items():
            if fields[name].navigation or name not in value:
                continue
            part = value[name]
            if inner is None or part is None:
                selected[name] = part
            elif isinstance(part, list):
                selected[name] = [self._select_paths(fields[name].type, item, inner) for item in part]
            else:
                selected[name] = self._select_paths(fields[name].type, part, inner)
        return selected

    def _expand(
        self, selected: Entity, schema: str, value: Entity, name: str, inner_schema: str, inner: QueryOptions
    ) -> None:
        derive = self._navigation(schema, name)
        found = derive(value) if derive else value.get(name)
        if not self._model.schema(schema)[name].collection:
            selected[name] = None if found is None else self.select_properties(inner_schema, found, inner)
            return
        items = filter_and_sort(found or [], _get_itself, inner)
        if inner.count:
            selected[f"{name}@odata.count"] = len(items)
        end = None if inner.top is None else inner.skip + inner.top
        selected[name] = [
            self.select_properties(inner_schema, item, inner) for item in items[inner.skip : end]
        ]

    def _cut_page(
        self, chosen: Sequence[Any], options: QueryOptions, base: str, path: str, query: Sequence[str]
    ) -> tuple[Sequence[Any], str | None]:
        # As ASP.NET Core OData does: a client that requests no more than a page gets no next link.
        size = self.page_size if options.top is None else min(options.top, self.page_size)
        end = options.skip + size
        left = None if options.top is None else options.top - size
        if end >= len(chosen) or left == 0:
            return chosen[options.skip : end], None
        kept = [pair for pair in query if left is None or unquote(pair.partition("=")[0]) != "$top"]
        rest = [] if left is None else [f"$top={left}"]
        link = f"{base}/{path}?{'&'.join([*kept, *rest, f'$skip={end}'])}"
        return chosen[options.skip : end], link


def check_precondition(if_match: str | None, tag: str | None) -> None:
    """Raise ODataError (412) for an If-Match that names neither the entity's tag nor `*`; accept a missing one.

    An entity that has no tag matches `*` only (RFC 9110).
    """
    if if_match is None or if_match.strip() in ("", "*"):
        return
    given = {_strip_weak(part) for part in if_match.split(",")}
    if tag is None or _strip_weak(tag) not in given:
        raise ODataError(
            412, "The entity has changed since it was read: If-Match does not match its current ETag."
        )


def _strip_weak(tag: str) -> str:
    # Weak and strong tags with the same text are the same version here.
    return tag.strip().removeprefix("W/")


def _format_selection(options: QueryOptions | None) -> str:
    return f"({','.join(options.select)})" if options is not None and options.select else ""


def _format_type(schema: str) -> str:
    return schema if schema.startswith("Pbx.") else f"Edm.{schema}"


def _get_value(record: Record) -> Entity:
    return record.value


def _get_itself(value: Any) -> Any:
    return value
