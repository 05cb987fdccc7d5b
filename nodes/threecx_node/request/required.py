"""Checks that a body has what its operation requires: the fields of an action, and what makes a new entity one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog.summary_fields import simple_fields
from ..errors import ParameterError
from ..values.undefined import UNDEFINED, is_missing

if TYPE_CHECKING:
    from ..catalog import Catalog, Operation

# A message names this many fields.
_NAMED = 6


class RequiredFields:
    """The fields that the body of one operation must have."""

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._catalog = catalog
        self._operation = operation
        self.fields = catalog.required_fields(operation)
        self._choices = [each for each in catalog.required_choices(operation) if len(each) > 1]

    def check(self, body: Mapping[Any, Any]) -> None:
        """Raise ParameterError where `body` sets nothing, or lacks a required field."""
        # Null is a value to update to; a new entity is not made of nulls.
        is_unset = {"create": is_missing, "update": _is_undefined}.get(self._operation.kind)
        if is_unset is not None and all(is_unset(each) for each in body.values()):
            raise self._nothing_set()
        # An action may be given an empty text, such as the password of a backup that has none.
        is_empty = is_missing if self._operation.kind == "create" else _is_nothing
        for name in self.fields:
            if is_empty(body.get(name)):
                raise missing_value(name, body)
        for names in self._choices:
            if all(is_empty(body.get(name)) for name in names):
                raise ParameterError(
                    f"{self._operation.id} requires {_join(names)}, but none of them is set",
                    field=names[0],
                    description="Set one of them for this item, or remove the item; nothing was sent for it.",
                )

    def _nothing_set(self) -> ParameterError:
        if self._operation.kind == "update":
            return _nothing_to_update(self._operation.id)
        required = [_join(each) for each in self._operation.required]
        usual = ", ".join([*required, *self._name_usual()][:_NAMED])
        return ParameterError(
            f"the body of {self._operation.id} is empty",
            field="body",
            description=f"Set at least {' and '.join(required) or 'one field'}; the usual fields are {usual}.",
        )

    def _name_usual(self) -> list[str]:
        """Return the fields that name and describe the entity, without those that are required."""
        schema = self._operation.versions[-1].body
        known = {name for each in self._operation.required for name in each} | {"Id"}
        if not isinstance(schema, str):
            return []
        return [name for name in simple_fields(self._catalog, schema) if name not in known]


def missing_value(name: str, given: Mapping[Any, Any]) -> ParameterError:
    """Return the error of a required parameter or field that has no value in `given`."""
    value = given.get(name)
    what = (
        "missing"
        if name not in given
        else "null"
        if value is None
        else "undefined"
        if value is UNDEFINED
        else "empty"
    )
    return ParameterError(
        f"{name} is required, but it is {what}",
        field=name,
        description=f"Set {name} for this item, or remove the item; nothing was sent for it.",
    )


def refuse_empty_update(what: str, body: Any) -> None:
    """Raise ParameterError where the body of an update has no value besides annotations.

    `what` names the update, and undefined fields are left out of `body` already. An object without a value has none
    either; an empty list is a value.
    """
    if isinstance(body, Mapping) and not any(
        "@" not in name and not _has_no_value(value) for name, value in body.items()
    ):
        raise _nothing_to_update(what)


def _has_no_value(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_has_no_value(each) for each in value.values())


def _nothing_to_update(what: str) -> ParameterError:
    return ParameterError(
        f"{what} has nothing to update",
        field="body",
        description="Set at least one field for this item, or remove the item; nothing was sent for it.",
    )


def _is_undefined(value: Any) -> bool:
    return value is UNDEFINED


def _is_nothing(value: Any) -> bool:
    return value is None or value is UNDEFINED


def _join(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
