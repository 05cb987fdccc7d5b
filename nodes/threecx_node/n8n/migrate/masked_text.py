"""Texts of n8n that contain expressions, as texts with a placeholder for each expression.

A placeholder is one character of Unicode's private use area, so that the text can be parsed like any other: a URL, or
JSON. Afterwards a piece of it becomes a parameter's value again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import ExpressionError
from ...expressions.syntax import Code, split
from ...values.json import dumps
from .javascript import (
    UnreadableCodeError,
    read_string,
    split_operands,
    split_template,
    strip_call,
    strip_parentheses,
    tokenize,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = 0xE000
_LAST = 0xF8FF
_PLACEHOLDER = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_DOUBLED = re.compile(
    r"\.\s*(?:replace|replaceAll)\(\s*(?:/'/g|'\\''|\"'\")\s*,\s*(?:\"''\"|'\\'\\'')\s*\)\s*$"
)
_PATH = re.compile(r"\$?[\w$]+(?:\([^()]*\))?(?:\??\.[\w$]+|\[(?:\"[^\"]*\"|'[^']*'|\d+)\])*")


class UnreadableTextError(Exception):
    """A text whose expressions cannot be read; the message is one line."""


@dataclass(slots=True)
class MaskedText:
    """A text with placeholders, and the code of each."""

    text: str = ""
    codes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, value: str, *, flatten: bool = False) -> MaskedText:
        """Read a parameter's value. `flatten` also reads texts that JavaScript joins: `{{ "a" + $json.b }}`.

        Raises UnreadableTextError.
        """
        masked = cls()
        if not value.startswith("="):
            masked.add_text(value)
            return masked
        try:
            parts = split(value[1:])
        except ExpressionError as error:
            raise UnreadableTextError("an expression in it is never closed") from error
        for part in parts:
            if not isinstance(part, Code):
                masked.add_text(part.text)
            elif flatten:
                for is_code, text in _flatten(part.code):
                    if is_code:
                        masked.add_code(text)
                    else:
                        masked.add_text(text)
            else:
                masked.add_code(part.code.strip())
        return masked

    def add_text(self, text: str) -> None:
        """Append plain text."""
        if _PLACEHOLDER.search(text):
            raise UnreadableTextError("it contains characters of Unicode's private use area")
        self.text += text

    def add_code(self, code: str) -> None:
        """Append a placeholder for code."""
        if _FIRST + len(self.codes) > _LAST:
            raise UnreadableTextError("it contains too many expressions")
        self.text += chr(_FIRST + len(self.codes))
        self.codes.append(code)

    def code_of(self, piece: str) -> str | None:
        """Return the code where a piece of the text is one placeholder and nothing else."""
        return self.codes[ord(piece) - _FIRST] if len(piece) == 1 and has_code(piece) else None

    def to_value(self, piece: str) -> str:
        """Return a piece of the text as a parameter's value: an expression where it contains code."""
        if not has_code(piece):
            return to_literal(piece)
        return "=" + _PLACEHOLDER.sub(lambda found: write_code(self.codes[ord(found[0]) - _FIRST]), piece)

    def to_path_value(self, piece: str) -> str:
        """Return a piece of a URL as a parameter's value; this package encodes and quotes values itself."""
        decoded = MaskedText(piece, [_strip_encoding(code) for code in self.codes])
        return decoded.to_value(piece)


def has_code(piece: str) -> bool:
    """Return whether a piece of a masked text contains code."""
    return _PLACEHOLDER.search(piece) is not None


def show(piece: str) -> str:
    """Return a piece of a masked text for a message."""
    return _PLACEHOLDER.sub("{{ … }}", piece)


def to_literal(text: str) -> str:
    """Return a text as a parameter's value: n8n takes a text that begins with "=" for an expression."""
    return "=" + write_code(dumps(text).decode()) if text.startswith("=") else text


def write_code(code: str) -> str:
    """Return code between the brackets of an expression; `}}` in it must not close them."""
    # A comment to the end of the line must not hide the brackets.
    end = "\n}}" if "//" in code else " }}"
    return "{{ " + code.strip().replace("}}", "\\}}") + end


def is_path(code: str) -> bool:
    """Return whether code only reads a property, so that an operator can follow it."""
    return _PATH.fullmatch(code.strip()) is not None


def _flatten(code: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a text that JavaScript joins: whether each is code, and its text."""
    try:
        yield from _flatten_code(strip_parentheses(code))
    except (UnreadableCodeError, RecursionError):
        yield True, code.strip()


def _flatten_code(code: str) -> Iterator[tuple[bool, str]]:
    tokens = tokenize(code)
    if len(tokens) == 1 and tokens[0].kind == "string":
        yield False, read_string(tokens[0].text[1:-1])
        return
    if len(tokens) == 1 and tokens[0].kind == "template":
        for is_code, text in split_template(tokens[0].text):
            if is_code:
                yield from _flatten(text)
            elif text:
                yield False, text
        return
    operators = {each.text for each in tokens if each.kind == "operator"} - {".", "?."}
    operands = split_operands(code, "+")
    first = next((index for index, each in enumerate(operands) if _is_text(each)), None)
    if operators != {"+"} or first is None or not all(operands):
        yield True, code
        return
    # Operands before the first text are added as numbers are.
    if first > 1:
        yield True, f"({' + '.join(operands[:first])})"
    for each in operands[0 if first == 1 else first :]:
        yield from _flatten(each)


def _is_text(code: str) -> bool:
    tokens = tokenize(code)
    return len(tokens) == 1 and tokens[0].kind in ("string", "template")


def _strip_encoding(code: str) -> str:
    """Return code without the calls that encode a value for a URL, and double its quotes."""
    try:
        while (inner := strip_call(code, "encodeURIComponent", "encodeURI")) is not None:
            code = inner
    except UnreadableCodeError:
        return code
    return _DOUBLED.sub("", code)
