"""The fields of events as data: from them, JSON Schemas, samples and documentation are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["text", "time", "integer", "number", "boolean", "texts", "integers", "object", "objects"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an event, or of an object in one.

    `description` has no period at its end. `choices` are the values of a text that has no others. `shape` is that of an
    object, or of each object in a list. A field that is not required is left out where its value is not known.
    """

    name: str
    kind: Kind
    description: str
    example: Any = None
    choices: tuple[str, ...] = ()
    shape: Shape | None = None
    is_required: bool = False
    is_in_sample: bool = True

    def make_example(self) -> Any:
        """Return the value of the field in samples."""
        if self.shape is None or self.example is not None:
            return self.example
        one = make_example(self.shape.fields)
        return [one] if self.kind == "objects" else one


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of an object. `name` is that of its schema."""

    name: str
    fields: tuple[Field, ...]


def make_example(fields: Iterable[Field]) -> dict[str, Any]:
    """Return an object with an example of each field."""
    return {field.name: field.make_example() for field in fields if field.is_in_sample}


def text(
    name: str, description: str, example: str, *, choices: tuple[str, ...] = (), required: bool = False
) -> Field:
    """Return a field with a text."""
    return Field(
        name=name,
        kind="text",
        description=description,
        example=example,
        choices=choices,
        is_required=required,
    )


def time(name: str, description: str, example: str, *, required: bool = False) -> Field:
    """Return a field with a time in UTC."""
    return Field(name=name, kind="time", description=description, example=example, is_required=required)


def integer(name: str, description: str, example: int, *, required: bool = False) -> Field:
    """Return a field with an integer."""
    return Field(name=name, kind="integer", description=description, example=example, is_required=required)


def seconds(name: str, description: str, example: float) -> Field:
    """Return a field with a duration in seconds."""
    return Field(name=name, kind="number", description=f"{description}, in seconds", example=example)


def boolean(name: str, description: str, *, example: bool, required: bool = False) -> Field:
    """Return a field that is true or false."""
    return Field(name=name, kind="boolean", description=description, example=example, is_required=required)


def texts(name: str, description: str, example: list[str], *, required: bool = False) -> Field:
    """Return a field with a list of texts."""
    return Field(name=name, kind="texts", description=description, example=example, is_required=required)


def integers(name: str, description: str, example: list[int]) -> Field:
    """Return a field with a list of integers."""
    return Field(name=name, kind="integers", description=description, example=example)


def record(
    name: str, description: str, shape: Shape, *, example: Any = None, required: bool = False
) -> Field:
    """Return a field with an object. Its example is made of those of its fields, where none is given."""
    return Field(
        name=name,
        kind="object",
        description=description,
        shape=shape,
        example=example,
        is_required=required,
    )


def records(name: str, description: str, shape: Shape, *, required: bool = False) -> Field:
    """Return a field with a list of objects."""
    return Field(name=name, kind="objects", description=description, shape=shape, is_required=required)
