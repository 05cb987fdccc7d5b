"""Compile $filter and $orderby expressions to functions of an entity.

odata-query parses the text. Its tree is checked against the schema (an unknown property or incompatible operands
are a 400, as on OData servers) and compiled to closures, so that a filter over many rows is fast.
Null follows OData: a function of null is null, and null is not true.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from .errors import QueryOptionError
from .filter_functions import ARITHMETIC, COMPARISONS, FUNCTIONS
from .literals import INTEGER_RANGES, LiteralFormatError, normalize_date_time
from .records import Entity

if TYPE_CHECKING:
    from .release_model import ReleaseModel, SchemaField

Navigation = Callable[[str, str], Callable[[Entity], Any] | None]

_DATE_WIDTH = len("2025-03-13")
_TEXT_KINDS = {
    "String": "string",
    "Guid": "guid",
    "DateTimeOffset": "datetime",
    "Duration": "duration",
    "TimeOfDay": "time",
    "Boolean": "boolean",
}


class CompiledExpression(NamedTuple):
    """A compiled expression: its function, the kind of its value, the schema or enum of its value."""

    run: Callable[[Entity], Any]
    kind: str
    type: str = ""
    collection: bool = False
    constant: Any = None


def _match_pattern(pattern: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Attach a pattern to a lexer's method, as the decorator of the library sly does."""

    def attach(method: Callable[..., Any]) -> Callable[..., Any]:
        method.pattern = pattern  # type: ignore[attr-defined]
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

    @_match_pattern(r"(?:true|false)\b")
    def BOOLEAN(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Boolean(token.value)
        return token

    @_match_pattern(r"null\b")
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


def compile_filter(
    model: ReleaseModel, schema: str, text: str, navigation: Navigation
) -> Callable[[Entity], bool]:
    """Return a test of an entity; raise QueryOptionError for a text that is not a filter over `schema`."""
    node = compile_expression(model, schema, text, navigation)
    if node.kind not in ("boolean", "null"):
        raise QueryOptionError("A $filter must be a boolean expression.")
    run = node.run
    return lambda entity: run(entity) is True


def compile_expression(
    model: ReleaseModel, schema: str, text: str, navigation: Navigation
) -> CompiledExpression:
    """Compile an expression over the properties of `schema`; raise QueryOptionError for an invalid one."""
    try:
        tree = ODataParser().parse(iter(_tokenize(text.strip())))
        return _FilterCompiler(model, navigation).compile(tree, {"$it": schema})
    except ODataException as error:
        raise QueryOptionError(f"Syntax error in {text[:200]!r}: {error}") from error
    except (LiteralFormatError, ValueError, OverflowError) as error:
        raise QueryOptionError(str(error)) from error
    except RecursionError as error:
        raise QueryOptionError("The expression is nested too deeply.") from error


def _tokenize(text: str) -> list[Any]:
    """Return the tokens; a list of one value after `in` gets the comma that odata-query, unlike OData, needs."""
    tokens = list(_Lexer().tokenize(text))
    types = [token.type for token in tokens]
    for position in range(len(tokens) - 4, -1, -1):
        if types[position] == "IN" and types[position + 1] == "(" and types[position + 3] == ")":
            comma = copy.copy(tokens[position + 3])
            comma.type = comma.value = ","
            tokens.insert(position + 3, comma)
    return tokens


def build_sort_key(node: CompiledExpression) -> Callable[[Entity], tuple[bool, Any]]:
    """Return a sort key for an expression's values: null sorts before every value."""
    run = node.run
    return lambda entity: (False, 0) if (value := run(entity)) is None else (True, value)


class _FilterCompiler:
    """Compiles the nodes of a parsed expression; `scope` maps range variables to their types."""

    def __init__(self, model: ReleaseModel, navigation: Navigation) -> None:
        self.model = model
        self.navigation = navigation
        self._handlers: Mapping[type, Callable[[Any, dict[str, str]], CompiledExpression]] = {
            ast.Identifier: self._compile_identifier,
            ast.Attribute: self._compile_attribute,
            ast.Compare: self._compile_compare,
            ast.BoolOp: self._compile_bool_op,
            ast.UnaryOp: self._compile_unary,
            ast.BinOp: self._compile_arithmetic,
            ast.Call: self._compile_call,
            ast.CollectionLambda: self._compile_lambda,
        }

    def compile(self, tree: Any, scope: dict[str, str]) -> CompiledExpression:
        handler = self._handlers.get(type(tree))
        return handler(tree, scope) if handler else _compile_literal(tree)

    def _compile_identifier(self, tree: ast.Identifier, scope: dict[str, str]) -> CompiledExpression:
        name = _join_name(tree)
        if name == "$it" or name in scope:
            # The lambda binds its range variable to the item, under the variable's name.
            kind = scope[name]
            if kind.startswith("="):
                kind, _, enum = kind[1:].partition(" ")
                return CompiledExpression(lambda entity: entity[name], kind, enum)
            return CompiledExpression(lambda entity: entity[name], "complex", kind)
        return self._compile_property(scope["$it"], name, lambda entity: entity.get("$it", entity))

    def _compile_attribute(self, tree: ast.Attribute, scope: dict[str, str]) -> CompiledExpression:
        owner = self.compile(tree.owner, scope)
        if owner.kind != "complex" or owner.collection:
            raise QueryOptionError(f"The property '{tree.attr}' can be read from a single object only.")
        return self._compile_property(owner.type, tree.attr, owner.run)

    def _compile_property(self, schema: str, name: str, owner: Callable[[Entity], Any]) -> CompiledExpression:
        field = self.model.schema(schema).get(name)
        if field is None:
            raise QueryOptionError(f"Could not find a property named '{name}' on type '{schema}'.")
        derived = self.navigation(schema, name) if field.navigation else None
        convert = _CONVERTERS.get(field.type)

        def run(entity: Entity) -> Any:
            parent = owner(entity)
            if parent is None:
                return None
            value = derived(parent) if derived else parent.get(name)
            return value if convert is None or value is None else convert(value)

        return CompiledExpression(run, _kind_of_field(field), field.type, field.collection)

    def _compile_compare(self, tree: ast.Compare, scope: dict[str, str]) -> CompiledExpression:
        if isinstance(tree.comparator, ast.In):
            return self._compile_in(tree, scope)
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        self._check_operands(left, right)
        compare = COMPARISONS[type(tree.comparator)]
        first, second = left.run, right.run
        if compare in (operator.eq, operator.ne):
            return CompiledExpression(lambda entity: compare(first(entity), second(entity)), "boolean")
        if "enum" in (left.kind, right.kind):
            raise QueryOptionError("Enum values can be compared with eq, ne or in only.")

        def ordered(entity: Entity) -> bool:
            a, b = first(entity), second(entity)
            return a is not None and b is not None and compare(a, b)

        return CompiledExpression(ordered, "boolean")

    def _compile_in(self, tree: ast.Compare, scope: dict[str, str]) -> CompiledExpression:
        left = self.compile(tree.left, scope)
        if not isinstance(tree.right, ast.List):
            raise QueryOptionError("The right side of 'in' must be a list of values.")
        items = [_compile_literal(item) for item in tree.right.val]
        for item in items:
            self._check_operands(left, item)
        wanted = frozenset(item.constant for item in items)
        run = left.run
        return CompiledExpression(lambda entity: run(entity) in wanted, "boolean")

    def _check_operands(self, left: CompiledExpression, right: CompiledExpression) -> None:
        kinds = {left.kind, right.kind}
        if left.collection or right.collection or kinds == {"complex"}:
            raise QueryOptionError("Collections and objects cannot be compared.")
        for enum, other in ((left, right), (right, left)):
            if enum.kind == "enum" and other.kind == "string":
                if other.constant is not None and other.constant not in self.model.enum(enum.type):
                    raise QueryOptionError(f"The string '{other.constant}' is not a valid {enum.type}.")
                return
        if len(kinds - {"null"}) > 1 and kinds != {"guid", "string"}:
            raise QueryOptionError(
                "A binary operator with incompatible types was detected. Found operand types "
                f"'{left.type or left.kind}' and '{right.type or right.kind}'."
            )

    def _compile_bool_op(self, tree: ast.BoolOp, scope: dict[str, str]) -> CompiledExpression:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        _check_kind("boolean", left, right)
        first, second = left.run, right.run
        if isinstance(tree.op, ast.And):
            return CompiledExpression(lambda entity: bool(first(entity) and second(entity)), "boolean")
        return CompiledExpression(lambda entity: bool(first(entity) or second(entity)), "boolean")

    def _compile_unary(self, tree: ast.UnaryOp, scope: dict[str, str]) -> CompiledExpression:
        operand = self.compile(tree.operand, scope)
        run = operand.run
        if isinstance(tree.op, ast.Not):
            _check_kind("boolean", operand)
            return CompiledExpression(lambda entity: None if (v := run(entity)) is None else not v, "boolean")
        _check_kind("number", operand)
        return CompiledExpression(lambda entity: None if (v := run(entity)) is None else -v, "number")

    def _compile_arithmetic(self, tree: ast.BinOp, scope: dict[str, str]) -> CompiledExpression:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        _check_kind("number", left, right)
        calculate = ARITHMETIC[type(tree.op)]
        first, second = left.run, right.run

        def run(entity: Entity) -> Any:
            a, b = first(entity), second(entity)
            if a is None or b is None:
                return None
            try:
                return calculate(a, b)
            except (ZeroDivisionError, OverflowError):
                return None

        return CompiledExpression(run, "number")

    def _compile_call(self, tree: ast.Call, scope: dict[str, str]) -> CompiledExpression:
        name = _join_name(tree.func)
        signature = FUNCTIONS.get(name)
        if signature is None:
            raise QueryOptionError(f"The function '{name}' is not supported here.")
        wanted, kind, function = signature
        arguments = [self.compile(argument, scope) for argument in tree.args]
        for argument, one in zip(arguments, wanted, strict=False):
            _check_kind(one, argument)
        runs = [argument.run for argument in arguments]

        def run(entity: Entity) -> Any:
            values = [one(entity) for one in runs]
            return None if None in values else function(*values)

        return CompiledExpression(run, kind)

    def _compile_lambda(self, tree: ast.CollectionLambda, scope: dict[str, str]) -> CompiledExpression:
        owner = self.compile(tree.owner, scope)
        if not owner.collection:
            raise QueryOptionError("'any' and 'all' need a collection.")
        items = owner.run
        if tree.lambda_ is None:
            return CompiledExpression(lambda entity: bool(items(entity)), "boolean")
        name = _join_name(tree.lambda_.identifier)
        inner_type = owner.type if owner.kind == "complex" else f"={owner.kind} {owner.type}"
        test = self.compile(tree.lambda_.expression, {**scope, name: inner_type})
        _check_kind("boolean", test)
        decide, check = any if isinstance(tree.operator, ast.Any) else all, test.run

        def run(entity: Entity) -> bool:
            root = entity if "$it" in entity else {"$it": entity}
            return decide(check({**root, name: item}) is True for item in items(entity) or ())

        return CompiledExpression(run, "boolean")


def _compile_literal(tree: Any) -> CompiledExpression:
    if isinstance(tree, ast.DateTime):
        return _build_constant(normalize_date_time(tree.val), "datetime")
    if isinstance(tree, ast.Duration):
        return _build_constant(tree.py_val.total_seconds(), "duration")
    if isinstance(tree, ast.Date):
        return _build_constant(tree.py_val.isoformat(), "date")
    if isinstance(tree, ast.Time):
        return _build_constant(tree.py_val.isoformat(), "time")
    if isinstance(tree, ast.GUID):
        return _build_constant(tree.val.lower(), "guid")
    if isinstance(tree, ast.Integer | ast.Float):
        value = tree.py_val
        if not math.isfinite(value) or (abs(value) > INTEGER_RANGES["Int64"][1] and isinstance(value, int)):
            raise QueryOptionError("A number is out of range.")
        return _build_constant(value, "number")
    for kind, name in ((ast.Null, "null"), (ast.Boolean, "boolean"), (ast.String, "string")):
        if isinstance(tree, kind):
            return _build_constant(tree.py_val, name)
    raise QueryOptionError("The expression has a part that is not supported.")


def _build_constant(value: Any, kind: str) -> CompiledExpression:
    return CompiledExpression(lambda _entity: value, kind, constant=value)


def _join_name(identifier: ast.Identifier) -> str:
    return ".".join((*identifier.namespace, identifier.name))


def _kind_of_field(field: SchemaField) -> str:
    return _TEXT_KINDS.get(field.type, "number") if field.kind == "primitive" else field.kind


def _check_kind(kind: str, *nodes: CompiledExpression) -> None:
    # "datetime|date" accepts either kind; many clients pass enums to string functions.
    wanted = (*kind.split("|"), "null")
    for node in nodes:
        if node.collection or node.kind not in wanted:
            raise QueryOptionError(f"A value of kind {kind} is expected, not '{node.type or node.kind}'.")


def _parse_seconds(text: str) -> float:
    return ast.Duration(text).py_val.total_seconds()


def _add_seconds(text: str) -> str:
    return text if len(text) > len("00:00") else f"{text}:00"


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {"Duration": _parse_seconds, "TimeOfDay": _add_seconds}
