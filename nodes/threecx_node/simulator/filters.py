"""$filter and $orderby expressions, compiled to functions of an entity.

odata-query parses; here its tree is checked against the schema (an unknown property or operands that do not
fit are a 400, as OData servers say it) and turned into closures, so that a filter over many rows costs no
more than it must. Null follows OData: a function of null is null, and null is not true.
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

from .filter_functions import ARITHMETIC, COMPARISONS, FUNCTIONS
from .literals import INTEGER_RANGES, LiteralError, canonical_date_time
from .refusals import bad_query
from .state import Entity

if TYPE_CHECKING:
    from .model import Field, Model

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


class Node(NamedTuple):
    """A compiled expression: its function, its kind of value, its schema or enum if it has one."""

    run: Callable[[Entity], Any]
    kind: str
    type: str = ""
    collection: bool = False
    constant: Any = None


def _token(pattern: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Ties a pattern to a lexer's method, which is all that sly's own decorator does."""

    def tie(method: Callable[..., Any]) -> Callable[..., Any]:
        method.pattern = pattern  # type: ignore[attr-defined]
        return method

    return tie


class _Lexer(ODataLexer):
    """odata-query's lexer, but `AllowLanOnly` is not the word `all`, and `Pbx.PeerType'Queue'` is known."""

    tokens = ODataLexer.tokens

    @_token(r"any(?=\()")
    def ANY(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Any()
        return token

    @_token(r"all(?=\()")
    def ALL(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.All()
        return token

    @_token(r"(?:true|false)\b")
    def BOOLEAN(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Boolean(token.value)
        return token

    @_token(r"null\b")
    def NULL(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Null()
        return token

    @_token(r"not(?=\()|not\s+")
    def NOT(self, token: Any) -> Any:  # noqa: N802 - the token's name
        token.value = ast.Not()
        return token

    @_token(r"(?:Pbx\.\w+)?'(?:[^']|'')*'")
    def STRING(self, token: Any) -> Any:  # noqa: N802 - the token's name
        text = token.value
        token.value = ast.String(text[text.index("'") + 1 : -1].replace("''", "'"))
        return token


def compile_filter(model: Model, schema: str, text: str, navigation: Navigation) -> Callable[[Entity], bool]:
    """A test of an entity; refuses with 400 what is no filter over `schema`."""
    node = compile_expression(model, schema, text, navigation)
    if node.kind not in ("boolean", "null"):
        raise bad_query("A $filter must be a boolean expression.")
    run = node.run
    return lambda entity: run(entity) is True


def compile_expression(model: Model, schema: str, text: str, navigation: Navigation) -> Node:
    """Any expression over the properties of `schema`."""
    try:
        tree = ODataParser().parse(iter(_tokens(text.strip())))
        return _Compiler(model, navigation).compile(tree, {"$it": schema})
    except ODataException as error:
        raise bad_query(f"Syntax error in {text[:200]!r}: {error}") from error
    except (LiteralError, ValueError, OverflowError) as error:
        raise bad_query(str(error)) from error
    except RecursionError as error:
        raise bad_query("The expression is nested too deeply.") from error


def _tokens(text: str) -> list[Any]:
    """The tokens; a list of one after `in` gets the comma that odata-query, unlike OData, wants in it."""
    tokens = list(_Lexer().tokenize(text))
    shape = [token.type for token in tokens]
    for position in range(len(tokens) - 4, -1, -1):
        if shape[position] == "IN" and shape[position + 1] == "(" and shape[position + 3] == ")":
            comma = copy.copy(tokens[position + 3])
            comma.type = comma.value = ","
            tokens.insert(position + 3, comma)
    return tokens


def order_key(node: Node) -> Callable[[Entity], tuple[bool, Any]]:
    """A sort key of an expression's values: null comes before every value."""
    run = node.run
    return lambda entity: (False, 0) if (value := run(entity)) is None else (True, value)


class _Compiler:
    def __init__(self, model: Model, navigation: Navigation) -> None:
        self.model = model
        self.navigation = navigation
        self._handlers: Mapping[type, Callable[[Any, dict[str, str]], Node]] = {
            ast.Identifier: self._identifier,
            ast.Attribute: self._attribute,
            ast.Compare: self._compare,
            ast.BoolOp: self._bool_op,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._arithmetic,
            ast.Call: self._call,
            ast.CollectionLambda: self._lambda,
        }

    def compile(self, tree: Any, scope: dict[str, str]) -> Node:
        handler = self._handlers.get(type(tree))
        return handler(tree, scope) if handler else _literal(tree)

    def _identifier(self, tree: ast.Identifier, scope: dict[str, str]) -> Node:
        name = _full_name(tree)
        if name == "$it" or name in scope:
            # A range variable is bound in the entity that the lambda runs over, under its own name.
            kind = scope[name]
            if kind.startswith("="):
                kind, _, enum = kind[1:].partition(" ")
                return Node(lambda entity: entity[name], kind, enum)
            return Node(lambda entity: entity[name], "complex", kind)
        return self._property(scope["$it"], name, lambda entity: entity.get("$it", entity))

    def _attribute(self, tree: ast.Attribute, scope: dict[str, str]) -> Node:
        owner = self.compile(tree.owner, scope)
        if owner.kind != "complex" or owner.collection:
            raise bad_query(
                f"The property '{tree.attr}' cannot be read from a value that is no single object."
            )
        return self._property(owner.type, tree.attr, owner.run)

    def _property(self, schema: str, name: str, owner: Callable[[Entity], Any]) -> Node:
        field = self.model.schema(schema).get(name)
        if field is None:
            raise bad_query(f"Could not find a property named '{name}' on type '{schema}'.")
        derived = self.navigation(schema, name) if field.navigation else None
        convert = _CONVERTERS.get(field.type)

        def run(entity: Entity) -> Any:
            parent = owner(entity)
            if parent is None:
                return None
            value = derived(parent) if derived else parent.get(name)
            return value if convert is None or value is None else convert(value)

        return Node(run, _kind(field), field.type, field.collection)

    def _compare(self, tree: ast.Compare, scope: dict[str, str]) -> Node:
        if isinstance(tree.comparator, ast.In):
            return self._in(tree, scope)
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        self._check_operands(left, right)
        compare = COMPARISONS[type(tree.comparator)]
        first, second = left.run, right.run
        if compare in (operator.eq, operator.ne):
            return Node(lambda entity: compare(first(entity), second(entity)), "boolean")
        if "enum" in (left.kind, right.kind):
            raise bad_query("Enum values are compared with eq, ne or in.")

        def ordered(entity: Entity) -> bool:
            a, b = first(entity), second(entity)
            return a is not None and b is not None and compare(a, b)

        return Node(ordered, "boolean")

    def _in(self, tree: ast.Compare, scope: dict[str, str]) -> Node:
        left = self.compile(tree.left, scope)
        if not isinstance(tree.right, ast.List):
            raise bad_query("The right side of 'in' must be a list of values.")
        items = [_literal(item) for item in tree.right.val]
        for item in items:
            self._check_operands(left, item)
        wanted = frozenset(item.constant for item in items)
        run = left.run
        return Node(lambda entity: run(entity) in wanted, "boolean")

    def _check_operands(self, left: Node, right: Node) -> None:
        kinds = {left.kind, right.kind}
        if left.collection or right.collection or kinds == {"complex"}:
            raise bad_query("Collections and objects cannot be compared.")
        for enum, other in ((left, right), (right, left)):
            if enum.kind == "enum" and other.kind == "string":
                if other.constant is not None and other.constant not in self.model.enum(enum.type):
                    raise bad_query(f"The string '{other.constant}' is not a valid {enum.type}.")
                return
        if len(kinds - {"null"}) > 1 and kinds != {"guid", "string"}:
            raise bad_query(
                "A binary operator with incompatible types was detected. Found operand types "
                f"'{left.type or left.kind}' and '{right.type or right.kind}'."
            )

    def _bool_op(self, tree: ast.BoolOp, scope: dict[str, str]) -> Node:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        _expect("boolean", left, right)
        first, second = left.run, right.run
        if isinstance(tree.op, ast.And):
            return Node(lambda entity: bool(first(entity) and second(entity)), "boolean")
        return Node(lambda entity: bool(first(entity) or second(entity)), "boolean")

    def _unary(self, tree: ast.UnaryOp, scope: dict[str, str]) -> Node:
        operand = self.compile(tree.operand, scope)
        run = operand.run
        if isinstance(tree.op, ast.Not):
            _expect("boolean", operand)
            return Node(lambda entity: None if (v := run(entity)) is None else not v, "boolean")
        _expect("number", operand)
        return Node(lambda entity: None if (v := run(entity)) is None else -v, "number")

    def _arithmetic(self, tree: ast.BinOp, scope: dict[str, str]) -> Node:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        _expect("number", left, right)
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

        return Node(run, "number")

    def _call(self, tree: ast.Call, scope: dict[str, str]) -> Node:
        name = _full_name(tree.func)
        signature = FUNCTIONS.get(name)
        if signature is None:
            raise bad_query(f"The function '{name}' is not supported here.")
        wanted, kind, function = signature
        arguments = [self.compile(argument, scope) for argument in tree.args]
        for argument, one in zip(arguments, wanted, strict=False):
            _expect(one, argument)
        runs = [argument.run for argument in arguments]

        def run(entity: Entity) -> Any:
            values = [one(entity) for one in runs]
            return None if None in values else function(*values)

        return Node(run, kind)

    def _lambda(self, tree: ast.CollectionLambda, scope: dict[str, str]) -> Node:
        owner = self.compile(tree.owner, scope)
        if not owner.collection:
            raise bad_query("'any' and 'all' need a collection.")
        items = owner.run
        if tree.lambda_ is None:
            return Node(lambda entity: bool(items(entity)), "boolean")
        name = _full_name(tree.lambda_.identifier)
        inner_type = owner.type if owner.kind == "complex" else f"={owner.kind} {owner.type}"
        test = self.compile(tree.lambda_.expression, {**scope, name: inner_type})
        _expect("boolean", test)
        decide, check = any if isinstance(tree.operator, ast.Any) else all, test.run

        def run(entity: Entity) -> bool:
            root = entity if "$it" in entity else {"$it": entity}
            return decide(check({**root, name: item}) is True for item in items(entity) or ())

        return Node(run, "boolean")


def _literal(tree: Any) -> Node:
    if isinstance(tree, ast.DateTime):
        return _constant(canonical_date_time(tree.val), "datetime")
    if isinstance(tree, ast.Duration):
        return _constant(tree.py_val.total_seconds(), "duration")
    if isinstance(tree, ast.Date):
        return _constant(tree.py_val.isoformat(), "date")
    if isinstance(tree, ast.Time):
        return _constant(tree.py_val.isoformat(), "time")
    if isinstance(tree, ast.GUID):
        return _constant(tree.val.lower(), "guid")
    if isinstance(tree, ast.Integer | ast.Float):
        value = tree.py_val
        if not math.isfinite(value) or (abs(value) > INTEGER_RANGES["Int64"][1] and isinstance(value, int)):
            raise bad_query("A number is out of range.")
        return _constant(value, "number")
    for kind, name in ((ast.Null, "null"), (ast.Boolean, "boolean"), (ast.String, "string")):
        if isinstance(tree, kind):
            return _constant(tree.py_val, name)
    raise bad_query("The expression has a part that is not supported.")


def _constant(value: Any, kind: str) -> Node:
    return Node(lambda _entity: value, kind, constant=value)


def _full_name(identifier: ast.Identifier) -> str:
    return ".".join((*identifier.namespace, identifier.name))


def _kind(field: Field) -> str:
    return _TEXT_KINDS.get(field.type, "number") if field.kind == "primitive" else field.kind


def _expect(kind: str, *nodes: Node) -> None:
    # A name like "datetime|duration" takes either; enums are strings to the string functions of many clients.
    wanted = (*kind.split("|"), "null")
    for node in nodes:
        if node.collection or node.kind not in wanted:
            raise bad_query(f"A value of kind {kind} is expected, not '{node.type or node.kind}'.")


def _seconds(text: str) -> float:
    return ast.Duration(text).py_val.total_seconds()


def _full_time(text: str) -> str:
    return text if len(text) > len("00:00") else f"{text}:00"


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {"Duration": _seconds, "TimeOfDay": _full_time}
