"""Split the JavaScript of an expression into its top-level pieces, without evaluating it.

Only what a conversion needs is recognised: literals, brackets with their content, words and operators. Code that is
not recognised stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_WORD = re.compile(r"[\w$]+(?:\.\d+)?")
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_OPERATOR = re.compile(r"\.\.\.|\?\?|\?\.|=>|===?|!==?|<=|>=|&&|\|\||\*\*|[-+*/%<>=!?:.,;&|^~]")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}

Kind = Literal["string", "template", "group", "word", "regex", "operator"]


class UnreadableCodeError(Exception):
    """JavaScript that this module cannot split."""


@dataclass(frozen=True, slots=True)
class Token:
    """A top-level piece of code and where it is; a `group` is a bracket with all that it contains."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Return the position after the piece."""
        return self.start + len(self.text)


def tokenize(code: str) -> list[Token]:
    """Return the top-level pieces without spaces and comments. Raises UnreadableCodeError."""
    tokens: list[Token] = []
    position = 0
    while position < len(code):
        if space := _SPACE.match(code, position):
            position = space.end()
            continue
        token = _read_token(code, position, tokens[-1] if tokens else None)
        tokens.append(token)
        position = token.end
    return tokens


def split_operands(code: str, operator: str) -> list[str]:
    """Return the code between the top-level occurrences of an operator, without spaces around it."""
    parts, start = [], 0
    for token in tokenize(code):
        if token.kind == "operator" and token.text == operator:
            parts.append(code[start : token.start].strip())
            start = token.end
    return [*parts, code[start:].strip()]


def read_string(text: str) -> str:
    """Return the value of a string literal, or of the literal text of a template."""
    return _ESCAPE.sub(_unescape, text)


def strip_call(code: str, *names: str) -> str | None:
    """Return the first argument where the whole code is a call of one of `names`, None where it is not."""
    tokens = tokenize(code)
    if not tokens or tokens[-1].kind != "group" or not tokens[-1].text.startswith("("):
        return None
    if re.sub(r"\s", "", code[: tokens[-1].start]) not in names:
        return None
    return split_operands(tokens[-1].text[1:-1], ",")[0] or None


def strip_parentheses(code: str) -> str:
    """Return code without parentheses around the whole."""
    code = code.strip()
    while code.startswith("(") and len(tokens := tokenize(code)) == 1 and tokens[0].kind == "group":
        code = code[1:-1].strip()
    return code


def split_template(text: str) -> list[tuple[bool, str]]:
    """Return the parts of a template literal, its backquotes included: whether each is code, and its text."""
    parts: list[tuple[bool, str]] = []
    position, literal = 1, ""
    while position < len(text) - 1:
        if text[position] == "\\":
            literal += text[position : position + 2]
            position += 2
        elif text.startswith("${", position):
            end = _find_end(text, position + 1)
            parts += [(False, read_string(literal)), (True, text[position + 2 : end - 1])]
            position, literal = end, ""
        else:
            literal += text[position]
            position += 1
    return [*parts, (False, read_string(literal))]


def _read_token(code: str, position: int, before: Token | None) -> Token:
    letter = code[position]
    if letter == "`":
        return Token("template", code[position : _find_end(code, position)], position)
    if letter in _PAIRS:
        return Token("group", code[position : _find_end(code, position)], position)
    if found := _STRING.match(code, position):
        return Token("string", found[0], position)
    if found := _WORD.match(code, position):
        return Token("word", found[0], position)
    # After a value, a slash divides.
    if (before is None or before.kind == "operator") and (found := _REGEX.match(code, position)):
        return Token("regex", found[0], position)
    if found := _OPERATOR.match(code, position):
        return Token("operator", found[0], position)
    raise UnreadableCodeError


def _find_end(code: str, start: int) -> int:
    """Return the position after the bracket or template that begins at `start`; nothing is called recursively."""
    stack: list[str] = []
    position, before = start, None
    while position < len(code):
        letter = code[position]
        if stack and stack[-1] == "`":
            if letter == "\\":
                position += 2
                continue
            if letter == "`":
                stack.pop()
            elif code.startswith("${", position):
                stack.append("}")
                position += 1
            position += 1
        elif letter == "`" or letter in _PAIRS:
            stack.append("`" if letter == "`" else _PAIRS[letter])
            position, before = position + 1, None
            continue
        elif stack and letter == stack[-1]:
            stack.pop()
            position, before = position + 1, Token("group", letter, position)
        elif space := _SPACE.match(code, position):
            position = space.end()
        else:
            before = _read_token(code, position, before)
            position = before.end
        if not stack:
            return position
    raise UnreadableCodeError


def _unescape(match: re.Match[str]) -> str:
    text = match[1]
    if text[0] in "ux" and len(text) > 1:
        return chr(int(text[1:].strip("{}"), 16))
    return "" if text.endswith("\n") else _ESCAPED.get(text, text)
