"""Find the entity that a parameter of a task names: by its ID, its number, its name or a user's e-mail address."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from ..advice import advice_for
from ..catalog.summary_fields import label_fields
from ..errors import ParameterError, ResponseError, ThreeCxError
from ..request.odata import format_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..catalog import Catalog, Operation
    from .values import Reference

_NUMBER, _NAME, _EMAIL = "Number", "Name", "EmailAddress"
# So many are named where several match, and one more is read to know whether there are more.
_MOST_NAMED = 3
# Words of people, where they differ from those of 3CX's API.
_WORDS = {"Groups": "department", "BlackListNumbers": "blocked number"}


class Reader(Protocol):
    """The part of a task's context that is used."""

    catalog: Catalog
    release: str

    async def read(self, operation: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the entities that an operation reads."""


async def find_entity(reader: Reader, reference: Reference) -> dict[str, Any]:
    """Return the key, the number and the names of an entity.

    Raises ParameterError where there is not exactly one, and ThreeCxError for a list that is not what was asked for.
    """
    catalog, entity_set = reader.catalog, reference.entity_set
    listing = catalog.listing(entity_set, reader.release)
    assert listing is not None  # noqa: S101 (a reference names a set that 3CX lists)
    version = listing.version(reader.release)
    properties = catalog.properties(version.returns.type)
    names = [name for name in (*label_fields(catalog, version.returns.type), _NUMBER) if name in properties]
    key = catalog.entity_key(version) or "Id"
    fields = _choose_fields(reference.text, properties)
    select = list(dict.fromkeys([key, *names, *fields]))
    if reference.id is not None:
        return await _read_by_id(reader, reference, key, select)
    wanted = [(name, text) for name in fields for text in _list_texts(reference, name)]
    conditions = " or ".join(_compare(*each) for each in wanted)
    found = await reader.read(
        listing.id, {"$filter": conditions, "$select": select, "limit": _MOST_NAMED + 1}
    )
    word = name_set(catalog, entity_set)
    for name in (key, *((_NUMBER,) if _NUMBER in properties else ())):
        check_rows(found, name, word)
    if not all(any(_is_equal(each.get(name), text) for name, text in wanted) for each in found):
        # A change would be that of another entity.
        raise _unusable(f"the PBX returned a {word} that was not asked for")
    # A number is one of them, whatever others are called.
    named = [each for each in found if each.get(_NUMBER) == reference.text] or found
    if len(named) == 1:
        return named[0]
    raise _refuse(reference, word, found, listing)


def check_rows(rows: Iterable[Mapping[str, Any]], key: str, word: str) -> None:
    """Raise ThreeCxError where one of the rows of a list has no key or number, so that it cannot be changed."""
    if any(not isinstance(value := each.get(key), (int, str)) or value == "" for each in rows):
        raise _unusable(f"the PBX returned a {word} without its {key}")


def _unusable(problem: str) -> ThreeCxError:
    code = "unusable_response"
    return ThreeCxError(problem, code=code, description=advice_for(None, code))


def _list_texts(reference: Reference, name: str) -> Iterable[str]:
    """Return the texts that a property may have: a name may also be in wide characters."""
    return dict.fromkeys([reference.text, *([reference.written] if name == _NAME else ())])


def _is_equal(value: Any, text: str) -> bool:
    return isinstance(value, str) and value.casefold() == text.casefold()


async def _read_by_id(reader: Reader, reference: Reference, key: str, select: list[str]) -> dict[str, Any]:
    operation = reader.catalog.entity_reader(reference.entity_set, by_key=True)
    assert operation is not None  # noqa: S101 (a reference names a set whose entities can be read)
    try:
        [found] = await reader.read(operation.id, {key: reference.id, "$select": select})
    except ResponseError as error:
        if error.http_code != HTTPStatus.NOT_FOUND:
            raise
        word = name_set(reader.catalog, reference.entity_set)
        raise _build_error(reference, f"there is no {word} with {reference}") from error
    return found


def _choose_fields(text: str, properties: Mapping[str, Any]) -> list[str]:
    """Return the properties that a text may be the value of."""
    if "@" in text and _EMAIL in properties:
        return [_EMAIL]
    return [name for name in (_NUMBER, _NAME) if name in properties]


def _compare(name: str, text: str) -> str:
    """Return the condition that a property has a value; the case of letters is ignored."""
    quoted = format_literal("String", text)
    if text == text.lower() == text.upper():
        return f"{name} eq {quoted}"
    return f"tolower({name}) eq {quoted.lower()}"


def name_set(catalog: Catalog, entity_set: str) -> str:
    """Return the word of people for an entity of a set: "user", "queue", "department"."""
    return _WORDS.get(entity_set) or catalog.resource_texts(entity_set)["singular"]


def name_entity(entity: Mapping[str, Any]) -> str:
    """Return the number of an entity, its name where it has none, or its ID."""
    return str(entity.get(_NUMBER) or entity.get(_NAME) or f"ID {entity.get('Id')}")


def _refuse(
    reference: Reference, word: str, found: Sequence[Mapping[str, Any]], listing: Operation
) -> ParameterError:
    if not found:
        return _build_error(
            reference,
            f'there is no {word} "{reference.text[:60]}"',
            f"`threecx execute {listing.id}` lists those that are there; nothing was changed for this item.",
        )
    named = ", ".join(f"ID {each.get('Id')} ({name_entity(each)})" for each in found[:_MOST_NAMED])
    more = " and more" if len(found) > _MOST_NAMED else ""
    return _build_error(
        reference,
        f'several are called "{reference.text[:60]}": {named}{more}',
        f"Choose the {word} from the list, or give its number; nothing was changed for this item.",
    )


def _build_error(reference: Reference, problem: str, description: str = "") -> ParameterError:
    return ParameterError(
        f"{reference.field}: {problem}",
        field=reference.field,
        description=description or "Choose another; nothing was changed for this item.",
    )
