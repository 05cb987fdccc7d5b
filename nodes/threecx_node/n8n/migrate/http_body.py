"""Read the JSON that an HTTP Request node sends, as fields: from JSON text with expressions, or from JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...values.json import dumps, loads, why_not_json
from .conversions import ConversionError
from .javascript import (
    UnreadableCodeError,
    read_string,
    split_operands,
    strip_call,
    strip_parentheses,
    tokenize,
)
from .json_spans import find_members
from .masked_text import MaskedText, UnreadableTextError, has_code, is_path, to_literal, write_code

_ITEM = frozenset({"$json", "$input.item.json", "$input.first().json"})
# JSON writes values of these types in quotes.
_TEXTS = frozenset({"string", "options", "dateTime"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

Form = Literal["literal", "text", "bare", "code", "nested"]


@dataclass(frozen=True, slots=True)
class JsonField:
    """A member of a JSON object.

    `value` is JSON (`literal`), a text that contains code (`text`, a piece of `mask`), code in JSON without quotes
    (`bare`), code in JavaScript (`code`), or the JSON text of a list or object that contains code (`nested`).
    """

    name: str
    form: Form
    value: Any
    mask: MaskedText | None = None


@dataclass(frozen=True, slots=True)
class JsonObject:
    """The members of a JSON object; `is_item` says that it is the input item itself."""

    fields: tuple[JsonField, ...] = ()
    is_item: bool = False


def read_json_object(value: Any) -> JsonObject:
    """Return the object that a parameter gives as JSON. Raises ConversionError with the reason."""
    if isinstance(value, Mapping):
        return JsonObject(tuple(JsonField(name, "literal", each) for name, each in value.items()))
    if value is None or value == "":
        return JsonObject()
    if not isinstance(value, str):
        raise ConversionError("it is not a JSON object")
    try:
        mask = MaskedText.read(value)
    except UnreadableTextError as error:
        raise ConversionError(str(error)) from error
    try:
        code = mask.code_of(mask.text.strip())
        if code is not None:
            return _read_code(code)
        return JsonObject(tuple(_read_text(mask)))
    except (UnreadableCodeError, RecursionError) as error:
        raise ConversionError("its expression cannot be read") from error


def to_field_value(found: JsonField, kind: str) -> Any:
    """Return the value for a field of a node, whose type on the canvas is `kind`. Raises ConversionError."""
    if found.form == "literal":
        return keep_literal(found.value)
    if found.form == "code":
        return "=" + write_code(_wrap_object(found.value))
    if found.form == "nested":
        return found.value
    if found.form == "bare":
        inner = _strip_stringify(found.value)
        if inner is None and kind in _TEXTS:
            raise ConversionError(
                "its expression is not in quotes: it is not known whether it returns a text"
            )
        return "=" + write_code(_wrap_object(inner or found.value))
    assert found.mask is not None  # noqa: S101 (a text with code is a piece of a mask)
    code = found.mask.code_of(found.value)
    if code is None:
        return found.mask.to_value(found.value)
    if kind != "string":
        return "=" + write_code(code)
    # In a text, n8n writes an empty text for null and undefined, which 3CX takes as one.
    return "=" + write_code(f'{code if is_path(code) else f"({code})"} ?? ""')


def keep_literal(value: Any) -> Any:
    """Return a JSON value as a parameter of a node, which sends it even if it is empty."""
    if value is None:
        return "={{ null }}"
    if isinstance(value, (list, dict)):
        return dumps(value).decode()
    if value == "":
        return '={{ "" }}'
    return to_literal(value) if isinstance(value, str) else value


def _read_text(mask: MaskedText) -> Iterator[JsonField]:
    """Yield the members of a JSON text that may contain placeholders."""
    text = mask.text
    # The same text with a number in place of each expression that is not in quotes: positions stay the same.
    parts, end = [], 0
    for found in _STRING.finditer(text):
        parts += [_put_numbers(text[end : found.start()]), found[0]]
        end = found.end()
    plain = "".join([*parts, _put_numbers(text[end:])])
    try:
        document = loads(plain)
    except ValueError as error:
        raise ConversionError(f"it is not valid JSON{why_not_json(error)}") from error
    if not isinstance(document, dict):
        raise ConversionError("it is not a JSON object")
    decoder = json.JSONDecoder()
    for name, start in find_members(plain, len(plain) - len(plain.lstrip())):
        _, last = decoder.raw_decode(plain, start)
        piece = text[start:last]
        if has_code(name):
            raise ConversionError("the name of a field is an expression")
        value = document[name]
        if not has_code(piece):
            yield JsonField(name, "literal", value)
        elif isinstance(value, str):
            yield JsonField(name, "text", value, mask)
        elif (code := mask.code_of(piece)) is not None:
            yield JsonField(name, "bare", code)
        elif isinstance(value, (list, dict)):
            yield JsonField(name, "nested", mask.to_value(piece))
        else:
            raise ConversionError(f"{name}: its expression is part of a number")


def _put_numbers(text: str) -> str:
    return "".join("0" if has_code(letter) else letter for letter in text)


def _read_code(code: str) -> JsonObject:
    """Read JavaScript that gives an object: `JSON.stringify({ Ids: $json.ids })`."""
    inner = strip_parentheses(_strip_stringify(code) or code)
    if re.sub(r"\s", "", inner) in _ITEM:
        return JsonObject(is_item=True)
    tokens = tokenize(inner)
    if len(tokens) != 1 or not inner.startswith("{"):
        raise ConversionError("it is one expression as a whole")
    return JsonObject(
        tuple(_read_member(each) for each in split_operands(inner[1:-1], ",") if tokenize(each))
    )


def _read_member(code: str) -> JsonField:
    tokens = tokenize(code)
    first = tokens[0]
    if len(tokens) == 1 and first.kind == "word":
        return JsonField(first.text, "code", first.text)
    if len(tokens) < 3 or first.kind not in ("word", "string") or tokens[1].text != ":":
        raise ConversionError(f"{code[:40]!r} in its expression cannot be read")
    name = read_string(first.text[1:-1]) if first.kind == "string" else first.text
    # Without the comments before and after it.
    value = code[tokens[2].start : tokens[-1].end]
    if len(tokens) == 3 and tokens[2].kind == "string":
        return JsonField(name, "literal", read_string(value[1:-1]))
    try:
        return JsonField(name, "literal", loads(value))
    except ValueError:
        return JsonField(name, "code", value)


def _strip_stringify(code: str) -> str | None:
    return strip_call(code, "JSON.stringify")


def _wrap_object(code: str) -> str:
    # Without parentheses, a bracket after `{{` is easily taken for a block.
    return f"({code})" if code.lstrip().startswith("{") else code
