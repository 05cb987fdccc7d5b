"""Write the values of expressions inside the quotes of an OData or JSON text so that they cannot end it.

In `=startswith(LastName,'{{ $json.name }}')` the value is a text of OData, whose single quotes are doubled. In
`={"LastName": "{{ $json.name }}"}` it is a text of JSON, which is escaped. n8n inserts values as they are; there the
node warns instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from .property_path import compile_path
from .syntax import Code, Part, Text

Quoting = Literal["odata", "search", "path", "query", "json"]
"""Where a parameter's text goes: an OData expression, `$search`, the path or query of a URL, or JSON of the body."""

_ESCAPE = re.compile(r"\\.", re.DOTALL)

FindQuoting = Callable[[tuple[str, ...]], Quoting | None]


@dataclass(frozen=True, slots=True)
class QuotedCode:
    """Code between quotes; `expression` gives its value as text after one character, which is left out."""

    expression: str
    write: Callable[[str], str]


def find_quoted(parts: Sequence[Part], quoting: Quoting) -> list[str | QuotedCode] | None:
    """Return texts and codes of an expression, None where no code is between quotes."""
    mark = '"' if quoting in ("search", "json") else "'"
    is_json = isinstance(parts[0], Text) and parts[0].text.lstrip()[:1] in ("{", "[")
    if quoting == "json" and not is_json:
        return None
    found: list[str | QuotedCode] = []
    is_open = has_quoted = False
    for part in parts:
        if isinstance(part, Text):
            text = _ESCAPE.sub("", part.text) if quoting == "json" else part.text
            is_open ^= text.count(mark) % 2 == 1
            found.append(part.text)
            continue
        has_quoted |= is_open
        write = _find_writer(quoting, part, is_json=is_json) if is_open else str
        code = part.code.replace("}}", "\\}}")
        found.append(QuotedCode(f"= {{{{{code}}}}}", write))
    return found if has_quoted else None


def _find_writer(quoting: Quoting, code: Code, *, is_json: bool) -> Callable[[str], str]:
    if quoting == "search":
        # How a quote in a phrase is written differs between servers, and a search ignores it.
        return lambda text: text.replace('"', " ")
    is_plain = compile_path(code.code) is not None
    if quoting == "json":
        return lambda text: text if not is_plain and _is_escaped(text) else json.dumps(text)[1:-1]

    def write(text: str) -> str:
        doubled = text if not is_plain and _is_doubled(text) else text.replace("'", "''")
        if quoting == "odata":
            return doubled
        if is_json:
            return json.dumps(doubled)[1:-1]
        return quote(doubled, safe="'", errors="replace")

    return write


def _is_doubled(text: str) -> bool:
    """Return whether the code has doubled the quotes itself: then none of them can end the text."""
    return "'" not in text.replace("''", "")


def _is_escaped(text: str) -> bool:
    """Return whether the code has escaped the text itself: then it is the content of one JSON string."""
    try:
        json.loads(f'"{text}"')
    except ValueError:
        return False
    return True
