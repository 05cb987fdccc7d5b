"""Compares the lists of an update with those that the PBX has stored, before the update replaces them.

An update replaces a list as a whole. An entry that lacks a field, as one that was read in part does, loses it. So the
stored lists are read first where an entry of the body is incomplete, and a loss is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.list_entries import StoredEntries, has_default, lasting_fields, name_entry
from ..catalog.replaced_lists import ReplacedLists, find_replaced_lists
from ..errors import BodyError, ResponseError, ThreeCxError, UnusableResponseError
from ..messages import HttpRequest, RequestValues
from ..request.build import RequestBuilder
from ..values.json import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..catalog import Catalog, Operation, OperationVersion, Property
    from ..response.decode import Payload
    from .look_ups import Exchange

_AT_ONCE = 20
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class StoredLists:
    """The requests that read the stored lists of one item, and the lists that are to replace them.

    `query` is the part of these requests that asks for the lists, for messages.
    """

    requests: tuple[HttpRequest, ...]
    operation: Operation
    version: OperationVersion
    given: Mapping[str, Any]
    names: tuple[str, ...]
    query: str


class ListComparison:
    """Plans and makes the comparisons of one operation in one release."""

    def __init__(self, catalog: Catalog, operation: Operation, release: str | None) -> None:
        self._catalog = catalog
        self._release = release
        self._lists = find_replaced_lists(catalog, operation, release)
        self._builder = RequestBuilder(catalog, self._lists.reader, release) if self._lists else None

    def plan(
        self, request: HttpRequest, values: RequestValues, open_keys: Collection[str]
    ) -> StoredLists | None:
        """Return what must be read before `request` is sent, None where no list of its body is incomplete."""
        lists, builder = self._lists, self._builder
        if lists is None or builder is None or request.body is None or not _may_replace(lists, values.body):
            return None
        body = loads(request.body)
        given = body.get(lists.member) if lists.member else body
        if not isinstance(given, Mapping):
            return None
        names = tuple(
            name
            for name in given
            if name in lists.names and self._is_incomplete(lists.fields[name], given[name])
        )
        if not names:
            return None
        query = self._build_query(lists, builder, names, given)
        if lists.member:
            requests = tuple(_build_reads(builder, query, body.get(lists.ids)))
        else:
            parameters = {each.name: values.parameters.get(each.name) for each in builder.version.parameters}
            requests = (builder.build(RequestValues(parameters, query), open_keys=open_keys),)
        wanted = "&".join(f"{option}={','.join(values)}" for option, values in query.items())
        return StoredLists(requests, builder.operation, builder.version, given, names, wanted)

    def refuse_losses(self, lists: StoredLists, payload: Payload) -> None:
        """Raise BodyError where an entry lacks a field that the PBX has stored, or where that cannot be known."""
        assert self._lists is not None  # noqa: S101 (there is something to compare)
        declared, is_several = self._lists.fields, bool(self._lists.member)
        entities = payload.value if payload.kind == "collection" else [payload.value]
        losses: list[str] = []
        for each in entities:
            if not isinstance(each, Mapping) or any(not _is_read(each, name) for name in lists.names):
                raise _build_comparison_error(lists, "the response does not contain all of it")
            owner = f"ID {each.get('Id')}: " if is_several else ""
            losses += [
                f"{owner}{where} lacks {', '.join(fields)}"
                for where, fields in self._compare(lists.given, each, declared, "")
            ]
        if not losses:
            return
        more = f"; and {len(losses) - _MOST_NAMED} more" if len(losses) > _MOST_NAMED else ""
        raise BodyError(
            f"{'; '.join(losses[:_MOST_NAMED])}{more}, which the PBX has stored",
            description="Nothing was sent: an update replaces the whole list, so the stored values would be lost. Read "
            f"the entity with Simplify off and {lists.query}, and send all fields of each entry. "
            f"{_ALLOW}",
            field=lists.names[0],
            code="incomplete_list",
        )

    def _is_incomplete(self, declared: Property, value: Any) -> bool:
        return any(True for _ in self._find_incomplete(declared, value))

    def _find_incomplete(self, declared: Property, value: Any, *, in_entry: bool = False) -> Iterator[str]:
        """Yield the fields that entries of lists lack, those inside their objects too."""
        schema = declared.type.name
        if not self._catalog.is_schema(schema):
            return
        if declared.type.collection:
            for each in value if isinstance(value, list) else ():
                yield from self._find_lacking(schema, each)
        elif in_entry:
            yield from self._find_lacking(schema, value)
        elif isinstance(value, Mapping) and not declared.navigation:
            inner = self._catalog.properties_in(schema, self._release)
            for name in inner.keys() & value.keys():
                yield from self._find_incomplete(inner[name], value[name])

    def _find_lacking(self, schema: str, entry: Any) -> Iterator[str]:
        if not isinstance(entry, Mapping):
            return
        for name, each in lasting_fields(self._catalog, schema, self._release).items():
            if name not in entry:
                yield name
            else:
                yield from self._find_incomplete(each, entry[name], in_entry=True)

    def _build_query(
        self, lists: ReplacedLists, builder: RequestBuilder, names: tuple[str, ...], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return `$select` and `$expand` of the request for the stored lists."""
        key = builder.version.key
        selected = [key.name] if key else ["Id"] if lists.member else []
        selected += [name for name in names if not lists.fields[name].navigation]
        expanded = [
            self._expand(lists.fields[name], given[name]) for name in names if lists.fields[name].navigation
        ]
        query = {"$select": selected, "$expand": expanded}
        return {option: value for option, value in query.items() if value and option in builder.version.query}

    def _expand(self, declared: Property, entries: Any) -> str:
        """Return an entry of `$expand`, with the related entities inside it that some entry lacks."""
        fields = lasting_fields(self._catalog, declared.type.name, self._release)
        lacking = {
            name for each in entries if isinstance(each, Mapping) for name in fields.keys() - each.keys()
        }
        inner = sorted(name for name in lacking if fields[name].navigation)
        return f"{declared.name}($expand={','.join(inner)})" if inner else declared.name

    def _compare(
        self, given: Mapping[str, Any], stored: Mapping[str, Any], declared: Mapping[str, Property], path: str
    ) -> Iterator[tuple[str, list[str]]]:
        """Yield each entry that would lose fields, and these fields. Objects outside of lists are merged."""
        for name, value in given.items():
            each = declared.get(name)
            old = stored.get(name)
            if each is None or not self._catalog.is_schema(each.type.name):
                continue
            if each.type.collection:
                yield from self._compare_lists(value, old, each.type.name, f"{path}{name}")
            elif isinstance(value, Mapping) and isinstance(old, Mapping):
                inner = self._catalog.properties_in(each.type.name, self._release)
                yield from self._compare(value, old, inner, f"{path}{name}.")

    def _compare_lists(
        self, given: Any, stored: Any, schema: str, where: str
    ) -> Iterator[tuple[str, list[str]]]:
        if not isinstance(given, list) or not isinstance(stored, list):
            return
        declared = self._catalog.properties_in(schema, self._release)
        known = StoredEntries([each for each in stored if isinstance(each, Mapping)], declared)
        for place, entry in enumerate(given):
            old = known.find(entry) if isinstance(entry, Mapping) else None
            if old is not None:
                name = name_entry(entry, declared, place)
                yield from self._compare_entries(entry, old, schema, f"{where}[{name}]")

    def _compare_entries(
        self, entry: Mapping[str, Any], old: Mapping[str, Any], schema: str, where: str
    ) -> Iterator[tuple[str, list[str]]]:
        lacking = []
        if not self._catalog.is_schema(schema):
            return
        for name, each in lasting_fields(self._catalog, schema, self._release).items():
            value, stored = entry.get(name), old.get(name)
            if name not in entry:
                if name in old and not has_default(self._catalog, schema, each, stored):
                    lacking.append(name)
            elif each.type.collection:
                yield from self._compare_lists(value, stored, each.type.name, f"{where}.{name}")
            elif isinstance(value, Mapping) and isinstance(stored, Mapping):
                yield from self._compare_entries(value, stored, each.type.name, f"{where}.{name}")
        if lacking:
            yield where, lacking


def _may_replace(lists: ReplacedLists, body: Any) -> bool:
    """Return whether a body as it was given has one of the lists; it may be a text still."""
    given = body.get(lists.member) if lists.member and isinstance(body, Mapping) else body
    return not isinstance(given, Mapping) or not lists.names.isdisjoint(given)


def _build_reads(builder: RequestBuilder, query: Mapping[str, Any], ids: Any) -> Iterator[HttpRequest]:
    """Yield the requests that read several entities by their IDs."""
    numbers = [each for each in ids if isinstance(each, int)] if isinstance(ids, list) else []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        condition = " or ".join(f"Id eq {each}" for each in some)
        yield builder.build(RequestValues({}, {**query, "$filter": condition, "$top": len(some)}))


_ALLOW = "To let them be lost, turn on Options > Allow Incomplete Lists (--allow-incomplete-lists)."


def _is_read(entity: Mapping[str, Any], name: str) -> bool:
    """Return whether an entity contains a list, and not only its first page."""
    return name in entity and f"{name}@odata.nextLink" not in entity


def _build_comparison_error(lists: StoredLists, reason: str, advice: str = "") -> BodyError:
    return BodyError(
        f"{', '.join(lists.names)} cannot be compared with what the PBX has stored: {reason}",
        description="Nothing was sent: an entry in the body lacks fields, and the update would delete the stored ones. "
        f"Send all fields of each entry, or give the API client the right to read. {_ALLOW} {advice}".strip(),
        field=lists.names[0],
        code="incomplete_list",
    )


async def compare_with_stored(
    comparison: ListComparison,
    lists: StoredLists,
    complete: Callable[[HttpRequest], HttpRequest],
    exchange: Exchange,
) -> None:
    """Raise BodyError where an item's update would lose fields of a list that the PBX has stored.

    `complete` fills in what was looked up.
    """
    for each in lists.requests:
        try:
            payload = await exchange(complete(each), lists.operation, lists.version)
        except (ResponseError, UnusableResponseError) as error:
            raise explain_failed_read(lists, error) from error
        comparison.refuse_losses(lists, payload)


def explain_failed_read(lists: StoredLists, error: ThreeCxError) -> ThreeCxError:
    """Return the error of an update whose stored lists could not be read; one of an entity that is not there stays."""
    if error.http_code == 404:
        return error
    explained = _build_comparison_error(lists, error.message, error.description)
    explained.http_code = error.http_code
    return explained
