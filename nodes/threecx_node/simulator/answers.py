"""Entities as JSON: which properties, which annotations, which envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from .query import PAGE_SIZE, Options, choose
from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .model import Model
    from .state import Entity, Record
    from .views import Views

# Sets whose entities carry an ETag.
ETAG_SETS = frozenset({"CallFlowApps"})


class Renderer:
    """Writes answers of one PBX. `base` is always the address of the service, without a slash at its end."""

    def __init__(self, model: Model, views: Views) -> None:
        self._model = model
        self._views = views
        self._plain_names: dict[str, tuple[str, ...]] = {}

    def entity(self, base: str, set_name: str, schema: str, record: Record, options: Options | None) -> bytes:
        """One entity of a set, with its context."""
        if options is None or options.plain:
            rendered = self._rendered(set_name, schema, record)
            return f'{{"@odata.context":"{base}/$metadata#{set_name}/$entity",'.encode() + rendered[1:]
        context = f"{base}/$metadata#{set_name}{_selected(options)}/$entity"
        return orjson.dumps({"@odata.context": context, **self._shaped(set_name, schema, record, options)})

    def singleton(self, base: str, name: str, schema: str, value: Entity, options: Options | None) -> bytes:
        """A singleton, with its context."""
        context = f"{base}/$metadata#{name}{_selected(options)}"
        return orjson.dumps({"@odata.context": context, **self.shape(schema, value, options)})

    def page(
        self,
        base: str,
        set_name: str,
        schema: str,
        records: Iterable[Record],
        options: Options,
        query: Sequence[str],
    ) -> bytes:
        """A page of a set; `query` is the request's query options without $skip, for the next link."""
        chosen = choose(records, _value_of, options)
        page, link = self._cut(chosen, options, base, set_name, query)
        head = [f'{{"@odata.context":"{base}/$metadata#{set_name}{_selected(options)}"']
        if options.count:
            head.append(f'"@odata.count":{len(chosen)}')
        if options.plain:
            items = [self._rendered(set_name, schema, record) for record in page]
        else:
            items = [orjson.dumps(self._shaped(set_name, schema, record, options)) for record in page]
        tail = f'],"@odata.nextLink":{orjson.dumps(link).decode()}}}' if link else "]}"
        return ",".join([*head, '"value":[']).encode() + b",".join(items) + tail.encode()

    def rows(
        self, base: str, path: str, schema: str, values: Iterable[Any], options: Options, query: Sequence[str]
    ) -> bytes:
        """A page of values that belong to no set: a nested list, a function's collection."""
        chosen = choose(values, _itself, options)
        page, link = self._cut(chosen, options, base, path, query)
        answer: dict[str, Any] = {"@odata.context": f"{base}/$metadata#Collection({_named(schema)})"}
        if options.count:
            answer["@odata.count"] = len(chosen)
        is_schema = self._model.catalog.is_schema(schema)
        answer["value"] = [self.shape(schema, item, options) if is_schema else item for item in page]
        if link:
            answer["@odata.nextLink"] = link
        return orjson.dumps(answer)

    def value(self, base: str, schema: str, value: Any) -> bytes:
        """A single value that is no entity."""
        if isinstance(value, dict):
            return orjson.dumps({"@odata.context": f"{base}/$metadata#{schema}", **value})
        if schema in self._model.catalog.enums:
            # The documents give an enum's member bare, where other values stand in an object.
            return orjson.dumps(value)
        return orjson.dumps({"@odata.context": f"{base}/$metadata#{_named(schema)}", "value": value})

    def shape(self, schema: str, value: Entity, options: Options | None) -> Entity:
        """The properties of an object that go out: those chosen, navigation ones only if expanded."""
        if options is None or options.select is None:
            shaped = {name: value[name] for name in self._plain(schema) if name in value}
        else:
            shaped = self._project(schema, value, options.select)
        if options is not None:
            for name, (inner_schema, inner) in options.expand.items():
                self._expand(shaped, schema, value, name, inner_schema, inner)
        return shaped

    def etag(self, set_name: str, record: Record) -> str | None:
        """The entity tag of a record, None for sets without."""
        return f'W/"{record.version}"' if set_name in ETAG_SETS else None

    def _rendered(self, set_name: str, schema: str, record: Record) -> bytes:
        if record.rendered is None:
            value = self.shape(schema, record.value, None)
            if tag := self.etag(set_name, record):
                value = {"@odata.etag": tag, **value}
            record.rendered = orjson.dumps(value)
        return record.rendered

    def _shaped(self, set_name: str, schema: str, record: Record, options: Options) -> Entity:
        shaped = self.shape(schema, record.value, options)
        tag = self.etag(set_name, record)
        return {"@odata.etag": tag, **shaped} if tag else shaped

    def _plain(self, schema: str) -> tuple[str, ...]:
        names = self._plain_names.get(schema)
        if names is None:
            fields = self._model.schema(schema).values()
            names = self._plain_names[schema] = tuple(field.name for field in fields if not field.navigation)
        return names

    def _project(self, schema: str, value: Entity, selection: Mapping[str, Any]) -> Entity:
        shaped = {}
        fields = self._model.schema(schema)
        for name, inner in selection.items():
            if fields[name].navigation or name not in value:
                continue
            part = value[name]
            if inner is None or part is None:
                shaped[name] = part
            elif isinstance(part, list):
                shaped[name] = [self._project(fields[name].type, item, inner) for item in part]
            else:
                shaped[name] = self._project(fields[name].type, part, inner)
        return shaped

    def _expand(
        self, shaped: Entity, schema: str, value: Entity, name: str, inner_schema: str, inner: Options
    ) -> None:
        derive = self._views.navigation(schema, name)
        found = derive(value) if derive else value.get(name)
        if not self._model.schema(schema)[name].collection:
            shaped[name] = None if found is None else self.shape(inner_schema, found, inner)
            return
        items = choose(found or [], _itself, inner)
        if inner.count:
            shaped[f"{name}@odata.count"] = len(items)
        end = None if inner.top is None else inner.skip + inner.top
        shaped[name] = [self.shape(inner_schema, item, inner) for item in items[inner.skip : end]]

    def _cut(
        self, chosen: Sequence[Any], options: Options, base: str, path: str, query: Sequence[str]
    ) -> tuple[Sequence[Any], str | None]:
        # A client that gives $top pages by itself; only who asks for all is led from page to page.
        size = PAGE_SIZE if options.top is None else options.top
        page = chosen[options.skip : options.skip + size]
        if options.top is not None or options.skip + size >= len(chosen):
            return page, None
        return page, f"{base}/{path}?{'&'.join([*query, f'$skip={options.skip + size}'])}"


def check_precondition(if_match: str | None, tag: str | None) -> None:
    """Refuses with 412 an If-Match that names neither the entity's tag nor `*`; a missing one is accepted.

    An entity without a tag matches nothing but `*`, as RFC 9110 has it.
    """
    if if_match is None or if_match.strip() in ("", "*"):
        return
    given = {_opaque(part) for part in if_match.split(",")}
    if tag is None or _opaque(tag) not in given:
        raise Refusal(
            412, "The entity was changed by somebody else: If-Match does not match its current ETag."
        )


def _opaque(tag: str) -> str:
    # Weak and strong tags with the same text mean the same version here.
    return tag.strip().removeprefix("W/")


def _selected(options: Options | None) -> str:
    return f"({','.join(options.select)})" if options is not None and options.select else ""


def _named(schema: str) -> str:
    return schema if schema.startswith("Pbx.") else f"Edm.{schema}"


def _value_of(record: Record) -> Entity:
    return record.value


def _itself(value: Any) -> Any:
    return value
