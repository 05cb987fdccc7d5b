"""A filter of conditions selects exactly the entities that Python's own comparison finds, whatever the values are."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from threecx_node.catalog import load_catalog
from threecx_node.parameters.resolve import resolve_parameters
from threecx_node.parameters.table import ParameterTable
from threecx_node.request.build import RequestBuilder
from threecx_node.simulator.odata.filters import compile_filter
from threecx_node.simulator.odata.release_model import ReleaseModel

CATALOG = load_catalog()
MODEL = ReleaseModel(CATALOG, CATALOG.newest)
BERLIN = ZoneInfo("Europe/Berlin")

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda stored, value: stored == value,
    "notEquals": lambda stored, value: stored != value,
    "contains": lambda stored, value: stored is not None and value in stored,
    "startsWith": lambda stored, value: stored is not None and stored.startswith(value),
    "endsWith": lambda stored, value: stored is not None and stored.endswith(value),
    "greater": lambda stored, value: stored is not None and stored > value,
    "greaterOrEqual": lambda stored, value: stored is not None and stored >= value,
    "less": lambda stored, value: stored is not None and stored < value,
    "lessOrEqual": lambda stored, value: stored is not None and stored <= value,
    "in": lambda stored, value: stored in value,
    "isEmpty": lambda stored, _: stored in (None, ""),
    "isNotEmpty": lambda stored, _: stored not in (None, ""),
    "isTrue": lambda stored, _: stored is True,
    "isFalse": lambda stored, _: stored is False,
}


def test_every_operator_is_compared() -> None:
    from threecx_node.catalog.filter_fields import OPERATORS

    assert set(COMPARE) == set(OPERATORS)


class Selection:
    """Entities of one operation, and the test of an entity that a filter is to the simulator."""

    def __init__(self, operation: str) -> None:
        self.operation = CATALOG.operation(operation)
        version = self.operation.version()
        self.schema = version.returns.type
        self.table = ParameterTable(CATALOG, self.operation, version, None)
        self.builder = RequestBuilder(CATALOG, self.operation, time_zone=BERLIN)

    def select(self, conditions: Any, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        values = resolve_parameters(self.table, {"filters": conditions}, {}).values
        [text] = parse_qs(self.builder.build(values).query, strict_parsing=True)["$filter"]
        test = compile_filter(MODEL, self.schema, text, lambda *_: None)
        return [each for each in entities if test(each)]


USERS, CALLS = Selection("ListUser"), Selection("ListCallHistoryView")
CLIENTS, LOADS = Selection("ListOAuthClient"), Selection("SystemTelemetry")
# These could end a literal, open another one or be read as a part of a filter.
HOSTILE = [
    "'",
    "''",
    "' or Id gt 0 or LastName eq '",
    "%27",
    "\\'",
    "null",
    "a&$top=1",
    "+",
    "#",
    "(",
    "a,b",
    '"',
    "é",
    "\x00",
]
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.sampled_from("ab'%(, é"), max_size=4), st.text(max_size=8)
)
numbers = st.integers(-(2**31), 2**31 - 1)


@given(
    st.sampled_from(["equals", "notEquals", "contains", "startsWith", "endsWith", "isEmpty", "isNotEmpty"]),
    texts,
    st.lists(st.one_of(st.none(), texts), max_size=4),
)
def test_texts(operator: str, value: str, stored: list[str | None]) -> None:
    if operator not in ("equals", "notEquals"):
        # Every text contains the empty one, so it is refused.
        value = value or "x"
    entities = [{"Id": place, "LastName": each} for place, each in enumerate([*stored, value, f"{value}'x"])]
    condition: dict[str, Any] = {"field": "LastName", "operator": operator, "value": value}
    if operator.startswith("is"):
        del condition["value"]
    wanted = [each for each in entities if COMPARE[operator](each["LastName"], value)]
    assert USERS.select([condition], entities) == wanted


@given(st.lists(st.one_of(st.none(), texts), min_size=1, max_size=4), st.lists(texts, max_size=4))
def test_lists_of_texts(values: list[str | None], stored: list[str]) -> None:
    entities: list[dict[str, Any]] = [{"LastName": each} for each in [*values, *stored, None]]
    wanted = [each for each in entities if each["LastName"] in values]
    assert USERS.select([{"field": "LastName", "operator": "in", "value": values}], entities) == wanted


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00")
ORDERED = ["equals", "notEquals", "greater", "greaterOrEqual", "less", "lessOrEqual"]


@given(st.sampled_from(ORDERED), numbers, st.lists(st.one_of(st.none(), numbers)), st.booleans())
def test_numbers(operator: str, value: int, stored: list[int | None], as_text: bool) -> None:
    entities: list[dict[str, Any]] = [{"PrimaryGroupId": each} for each in [*stored, value, value - 1]]
    wanted = [each for each in entities if COMPARE[operator](each["PrimaryGroupId"], value)]
    condition = {"field": "PrimaryGroupId", "operator": operator, "value": str(value) if as_text else value}
    assert USERS.select([condition], entities) == wanted


@given(st.lists(numbers, min_size=1, max_size=4), st.lists(numbers))
def test_lists_of_numbers(values: list[int], stored: list[int]) -> None:
    entities = [{"Id": each} for each in [*values, *stored]]
    wanted = [each for each in entities if each["Id"] in values]
    assert USERS.select([{"field": "Id", "operator": "in", "value": values}], entities) == wanted
    text = ", ".join(map(str, values))
    assert USERS.select([{"field": "Id", "operator": "in", "value": text}], entities) == wanted


@given(
    st.sampled_from(ORDERED),
    # A PBX stores milliseconds.
    st.integers(0, 4_000_000_000_000).map(lambda number: EPOCH + timedelta(milliseconds=number)),
    st.lists(st.integers(-3, 3), max_size=4),
)
def test_moments_in_the_time_zone(operator: str, local: datetime, hours: list[int]) -> None:
    moment = local.replace(tzinfo=BERLIN).astimezone(UTC)
    assert local.tzinfo is None
    stored = [moment + timedelta(hours=each) for each in [0, *hours]]
    entities = [{"SegmentStartTime": write(each)} for each in stored]
    wanted = [each for each, at in zip(entities, stored, strict=True) if COMPARE[operator](at, moment)]
    condition = {"field": "SegmentStartTime", "operator": operator, "value": local.isoformat()}
    assert CALLS.select([condition], entities) == wanted


def write(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(st.sampled_from(ORDERED), st.integers(0, 86_399), st.lists(st.integers(0, 86_399), max_size=4))
def test_durations(operator: str, seconds: int, stored: list[int]) -> None:
    entities = [{"CallTime": f"PT{each}S", "seconds": each} for each in [seconds, *stored]]
    wanted = [each for each in entities if COMPARE[operator](each["seconds"], seconds)]
    for value in (f"PT{seconds}S", f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"):
        assert CALLS.select([{"field": "CallTime", "operator": operator, "value": value}], entities) == wanted


@given(st.sampled_from(["equals", "notEquals"]), st.uuids(), st.lists(st.uuids(), max_size=3))
def test_guids(operator: str, value: Any, stored: list[Any]) -> None:
    entities = [{"Id": str(each)} for each in [value, *stored]]
    wanted = [each for each in entities if COMPARE[operator](each["Id"], str(value))]
    condition = {"field": "Id", "operator": operator, "value": str(value).upper()}
    assert CLIENTS.select([condition], entities) == wanted


MEMBERS = ["LoggedIn", "LoggedOut"]


@given(
    st.sampled_from(["equals", "notEquals", "in", "isEmpty", "isNotEmpty"]),
    st.sampled_from(MEMBERS),
    st.sampled_from([str.upper, str.lower, str]),
)
def test_choices(operator: str, member: str, spell: Callable[[str], str]) -> None:
    entities: list[dict[str, Any]] = [{"QueueStatus": each} for each in [*MEMBERS, None]]
    compared = [member] if operator == "in" else member
    wanted = [each for each in entities if COMPARE[operator](each["QueueStatus"], compared)]
    condition = {"field": "QueueStatus", "operator": operator}
    if not operator.startswith("is"):
        condition["value"] = spell(member)
    assert USERS.select([condition], entities) == wanted


@given(
    st.sampled_from(["isTrue", "isFalse", "equals", "notEquals"]),
    st.sampled_from([True, False, "true", "FALSE"]),
)
def test_booleans(operator: str, value: Any) -> None:
    entities: list[dict[str, Any]] = [{"Enabled": each} for each in (True, False, None)]
    compared = str(value).lower() == "true"
    wanted = [each for each in entities if COMPARE[operator](each["Enabled"], compared)]
    condition = {"field": "Enabled", "operator": operator}
    assert (
        USERS.select([condition if operator.startswith("is") else condition | {"value": value}], entities)
        == wanted
    )


@given(st.floats(allow_nan=False, allow_infinity=False, width=64), st.sampled_from(ORDERED))
def test_fractions(value: float, operator: str) -> None:
    entities = [{"CpuUsage": each} for each in (value, math.nextafter(value, 0), 0, 1.5)]
    wanted = [each for each in entities if COMPARE[operator](each["CpuUsage"], value)]
    assert LOADS.select([{"field": "CpuUsage", "operator": operator, "value": value}], entities) == wanted


@given(st.lists(st.tuples(texts, numbers), min_size=1, max_size=3), st.sampled_from(["and", "or"]))
def test_combined_conditions(pairs: list[tuple[str, int]], combine: str) -> None:
    entities = [{"LastName": name, "Id": number} for name, number in [*pairs, ("a", 1)]]
    conditions = [
        part
        for name, number in pairs
        for part in (
            {"field": "LastName", "operator": "equals", "value": name},
            {"field": "Id", "operator": "lessOrEqual", "value": number},
        )
    ]
    decide = all if combine == "and" else any
    wanted = [
        each
        for each in entities
        if decide(
            test
            for name, number in pairs
            for test in (each["LastName"] == name, int(str(each["Id"])) <= number)
        )
    ]
    assert USERS.select({"combine": combine, "conditions": conditions}, entities) == wanted
