"""Compile $filter and $orderby expressions to functions of an entity.

odata-query parses the text. Its tree is checked against the schema (an unknown property or incompatible operands
are a 400, as on OData servers) and compiled to closures, so that a filter over many rows is fast.
Null follows OData: a function of null is null, and null is not true.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from odata_query import ast
from odata_query.exceptions import ODataException, UnknownFunctionException
from odata_query.grammar import ODataParser

from .errors import QueryOptionError
from .filter_functions import ARITHMETIC, COMPARISONS, FUNCTIONS, NUMBER_FUNCTIONS
from .filter_lexer import tokenize
from .literals import INTEGER_RANGES, LiteralFormatError, normalize_date_time
from .records import Entity

if TYPE_CHECKING:
    from .release_model import ReleaseModel, SchemaField

Navigation = Callable[[str, str], Callable[[Entity], Any] | None]

_DIGITS_OF_SINGLE = 7
_TEXT_KINDS = {
    "String": "string",
    "Guid": "guid",
    "DateTimeOffset": "datetime",
    "Duration": "duration",
    "TimeOfDay": "time",
    "Boolean": "boolean",
}
_EDM_NAMES = {kind: name for name, kind in _TEXT_KINDS.items()} | {"date": "Date", "number": "Int32"}


class CompiledExpression(NamedTuple):
    """A compiled expression: its function, the kind of its value, the schema or enum of its value."""

    run: Callable[[Entity], Any]
    kind: str
    type: str = ""
    collection: bool = False
    constant: Any = None

    @property
    def edm(self) -> str:
        """The type of its value in messages: `Edm.Int32`, `Pbx.PeerType`, `<null>`."""
        if self.kind == "null":
            return "<null>"
        return self.type if "." in self.type else f"Edm.{self.type or _EDM_NAMES.get(self.kind, self.kind)}"


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
        tree = ODataParser().parse(iter(tokenize(text.strip())))
        return _FilterCompiler(model, navigation).compile(tree, {"$it": schema})
    except UnknownFunctionException as error:
        raise QueryOptionError(
            f"An unknown function with name '{error.function_name}' was found. This may also be a function import or "
            "a key lookup on a navigation property, which is not allowed."
        ) from error
    except ODataException as error:
        raise QueryOptionError(f"Syntax error in {text[:200]!r}: {error}") from error
    except (LiteralFormatError, ValueError, OverflowError) as error:
        raise QueryOptionError(str(error)) from error
    except RecursionError as error:
        raise QueryOptionError("The expression is nested too deeply.") from error


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
        field = self.model.find_field(schema, name)
        if field is None:
            raise QueryOptionError(f"Could not find a property named '{name}' on type '{schema}'.")
        name = field.name
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
        compare, kind = COMPARISONS[type(tree.comparator)]
        ordered_only = compare not in (operator.eq, operator.ne)
        if ordered_only and "enum" in (left.kind, right.kind):
            raise _incompatible_operands(left, right, kind)
        left, right = self._match_operands(left, right, kind)
        first, second = left.run, right.run
        if not ordered_only:
            return CompiledExpression(lambda entity: compare(first(entity), second(entity)), "boolean")

        def ordered(entity: Entity) -> bool:
            a, b = first(entity), second(entity)
            return a is not None and b is not None and compare(a, b)

        return CompiledExpression(ordered, "boolean")

    def _compile_in(self, tree: ast.Compare, scope: dict[str, str]) -> CompiledExpression:
        left = self.compile(tree.left, scope)
        if not isinstance(tree.right, ast.List):
            raise QueryOptionError("The right side of 'in' must be a list of values.")
        items = [_read_listed(left, _compile_literal(item)) for item in tree.right.val]
        wanted = frozenset(self._match_operands(left, item, "Equal")[1].constant for item in items)
        run = left.run
        return CompiledExpression(lambda entity: run(entity) in wanted, "boolean")

    def _match_operands(
        self, left: CompiledExpression, right: CompiledExpression, kind: str
    ) -> tuple[CompiledExpression, CompiledExpression]:
        """Return both operands of a comparison, a text for an enum as the member that it names in any case."""
        kinds = {left.kind, right.kind}
        if left.collection or right.collection or kinds == {"complex"}:
            raise QueryOptionError("Collections and objects cannot be compared.")
        if kinds == {"enum", "string"}:
            if left.kind == "enum":
                return left, self._find_member(left.type, right)
            return self._find_member(right.type, left), right
        if len(kinds - {"null"}) > 1:
            raise _incompatible_operands(left, right, kind)
        return left, right

    def _find_member(self, enum: str, text: CompiledExpression) -> CompiledExpression:
        if text.constant is None:
            return text
        folded = text.constant.casefold()
        member = next((each for each in sorted(self.model.enum(enum)) if each.casefold() == folded), None)
        if member is None:
            raise QueryOptionError(f"The string '{text.constant}' is not a valid enumeration type constant.")
        return _build_constant(member, "string")

    def _compile_bool_op(self, tree: ast.BoolOp, scope: dict[str, str]) -> CompiledExpression:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        _check_operands("boolean", left, right, type(tree.op).__name__)
        first, second = left.run, right.run
        if isinstance(tree.op, ast.And):
            return CompiledExpression(lambda entity: bool(first(entity) and second(entity)), "boolean")
        return CompiledExpression(lambda entity: bool(first(entity) or second(entity)), "boolean")

    def _compile_unary(self, tree: ast.UnaryOp, scope: dict[str, str]) -> CompiledExpression:
        operand = self.compile(tree.operand, scope)
        run = operand.run
        if isinstance(tree.op, ast.Not):
            _check_operand("boolean", operand, "Not")
            return CompiledExpression(lambda entity: None if (v := run(entity)) is None else not v, "boolean")
        _check_operand("number", operand, "Negate")
        return CompiledExpression(lambda entity: None if (v := run(entity)) is None else -v, "number")

    def _compile_arithmetic(self, tree: ast.BinOp, scope: dict[str, str]) -> CompiledExpression:
        left, right = self.compile(tree.left, scope), self.compile(tree.right, scope)
        calculate, kind = ARITHMETIC[type(tree.op)]
        _check_operands("number", left, right, kind)
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

        return CompiledExpression(run, kind, NUMBER_FUNCTIONS.get(name, ""))

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
        return _build_constant(value, "number", _name_number(value))
    for kind, name in ((ast.Null, "null"), (ast.Boolean, "boolean"), (ast.String, "string")):
        if isinstance(tree, kind):
            return _build_constant(tree.py_val, name)
    raise QueryOptionError("The expression has a part that is not supported.")


def _build_constant(value: Any, kind: str, type_name: str = "") -> CompiledExpression:
    return CompiledExpression(lambda _entity: value, kind, type_name, constant=value)


def _name_number(value: float) -> str:
    if isinstance(value, int):
        low, high = INTEGER_RANGES["Int32"]
        return "Int32" if low <= value <= high else "Int64"
    # OData chooses the smallest type that keeps all digits.
    digits = repr(value).partition("e")[0].replace(".", "").strip("-0")
    return "Single" if len(digits) <= _DIGITS_OF_SINGLE else "Double"


def _read_listed(left: CompiledExpression, item: CompiledExpression) -> CompiledExpression:
    """Return a value of the list after `in`; moments and GUIDs may have quotes there, and nowhere else."""
    if item.kind != "string" or left.kind not in _QUOTED_IN_LISTS:
        return item
    return _build_constant(_QUOTED_IN_LISTS[left.kind](item.constant), left.kind)


def _incompatible_operands(
    left: CompiledExpression, right: CompiledExpression, kind: str
) -> QueryOptionError:
    return QueryOptionError(
        "A binary operator with incompatible types was detected. Found operand types "
        f"'{left.edm}' and '{right.edm}' for operator kind '{kind}'."
    )


def _check_operands(wanted: str, left: CompiledExpression, right: CompiledExpression, kind: str) -> None:
    if any(node.collection or node.kind not in (wanted, "null") for node in (left, right)):
        raise _incompatible_operands(left, right, kind)


def _check_operand(wanted: str, operand: CompiledExpression, kind: str) -> None:
    if operand.collection or operand.kind not in (wanted, "null"):
        raise QueryOptionError(
            "A unary operator with an incompatible type was detected. "
            f"Found operand type '{operand.edm}' for operator kind '{kind}'."
        )


def _join_name(identifier: ast.Identifier) -> str:
    return ".".join((*identifier.namespace, identifier.name))


def _kind_of_field(field: SchemaField) -> str:
    return _TEXT_KINDS.get(field.type, "number") if field.kind == "primitive" else field.kind


def _check_kind(kind: str, *nodes: CompiledExpression) -> None:
    # "datetime|date" accepts either kind; many clients pass enums to string functions.
    wanted = (*kind.split("|"), "null")
    for node in nodes:
        if node.collection or node.kind not in wanted:
            raise QueryOptionError(f"A value of kind {kind} is expected, not '{node.edm}'.")


def _parse_seconds(text: str) -> float:
    return ast.Duration(text).py_val.total_seconds()


def _add_seconds(text: str) -> str:
    return text if len(text) > len("00:00") else f"{text}:00"


_QUOTED_IN_LISTS: Mapping[str, Callable[[str], str]] = {"datetime": normalize_date_time, "guid": str.lower}
_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {"Duration": _parse_seconds, "TimeOfDay": _add_seconds}
