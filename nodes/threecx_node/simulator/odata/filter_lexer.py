"""Split a $filter into tokens, in the form that the parser of odata-query reads.

As in ASP.NET Core OData, functions and operators may be written in any case; `true`, `false` and `null` may not.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from odata_query import ast
from odata_query.grammar import ODATA_FUNCTIONS, ODataLexer

if TYPE_CHECKING:
    from collections.abc import Callable

_FUNCTIONS = {name.casefold(): name for name in ODATA_FUNCTIONS}


def _match_pattern(pattern: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Attach a pattern to a lexer's method, as the decorator of the library sly does."""

    def attach(method: Callable[..., Any]) -> Callable[..., Any]:
        method.pattern = pattern  # type: ignore[attr-defined]  # sly reads it
        return method

    return attach


class _Lexer(ODataLexer):
    """odata-query's lexer, except that `AllowLanOnly` is not the word `all`, and `Pbx.PeerType'Queue'` is valid."""

    tokens = ODataLexer.tokens

    @_match_pattern(r"any(?=\()")
    def ANY(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Any()
        return token

    @_match_pattern(r"all(?=\()")
    def ALL(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.All()
        return token

    @_match_pattern(r"(?-i:true|false)\b")
    def BOOLEAN(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Boolean(token.value)
        return token

    @_match_pattern(r"(?-i:null)\b")
    def NULL(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Null()
        return token

    @_match_pattern(r"not(?=\()|not\s+")
    def NOT(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Not()
        return token

    @_match_pattern(r"(?:Pbx\.\w+)?'(?:[^']|'')*'")
    def STRING(self, token: Any) -> Any:  # noqa: N802 - the token's name
        text = token.value
        token.value = ast.String(text[text.index("'") + 1 : -1].replace("''", "'"))
        return token


def tokenize(text: str) -> list[Any]:
    """Return the tokens of an expression; raise ODataException for a character that begins none.

    Functions get the name that odata-query knows, and a list of one value after `in` the comma that odata-query,
    unlike OData, needs.
    """
    tokens = list(_Lexer().tokenize(text))
    types = [token.type for token in tokens]
    for position in range(len(tokens) - 1):
        if types[position] == "ODATA_IDENTIFIER" and types[position + 1] == "(":
            _rename_function(tokens[position])
    for position in range(len(tokens) - 4, -1, -1):
        if types[position] == "IN" and types[position + 1] == "(" and types[position + 3] == ")":
            comma = copy.copy(tokens[position + 3])
            comma.type = comma.value = ","
            tokens.insert(position + 3, comma)
    return tokens


def _rename_function(token: Any) -> None:
    if known := _FUNCTIONS.get(token.value.full_name().casefold()):
        *namespace, name = known.split(".")
        token.value = ast.Identifier(name, tuple(namespace))
