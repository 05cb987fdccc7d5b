"""Parse the text of an expression: plain text, and the JavaScript between `{{` and `}}`."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ExpressionError

INVALID_SYNTAX = "invalid syntax"


@dataclass(frozen=True, slots=True)
class Text:
    """Text that stays as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """JavaScript between `{{` and `}}`."""

    code: str


Part = Text | Code


def split(body: str) -> list[Part]:
    r"""Return the parts of `body`, the text of an expression after its "=".

    As in n8n the first `}}` closes, also inside a string; `\{{` opens nothing and stays as it is, and
    `\}}` inside the code means `}}`. Raises ExpressionError where a `{{` is never closed.
    """
    parts: list[Part] = []
    position = 0
    while True:
        start = _find_unescaped(body, "{{", position)
        if start < 0:
            break
        end = _find_unescaped(body, "}}", start + 2)
        if end < 0:
            raise ExpressionError(INVALID_SYNTAX, description=f"{{{{ without }}}} in: {body[start:]}")
        if start > position:
            parts.append(Text(body[position:start]))
        parts.append(Code(body[start + 2 : end].replace("\\}}", "}}")))
        position = end + 2
    if position < len(body) or not parts:
        parts.append(Text(body[position:]))
    return parts


def _find_unescaped(body: str, brackets: str, position: int) -> int:
    found = body.find(brackets, position)
    while found > 0 and body[found - 1] == "\\" and found > position:
        found = body.find(brackets, found + 2)
    return found
