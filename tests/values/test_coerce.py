"""Coercion: what each EDM type accepts, the Python value it becomes, and what is said of a value that does not fit."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.request.odata import literal
from threecx_node.values.coerce import CoercionError, coerce
from threecx_node.values.edm import EDM_TYPES

INTEGERS = sorted(name for name, each in EDM_TYPES.items() if each.is_integer)


@pytest.mark.parametrize("value", [True, None, 1.5, ["a"], {"a": 1}])
def test_no_string(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected a text"):
        coerce("String", value)


@given(st.integers(), st.sampled_from(INTEGERS))
def test_integers_are_checked_against_their_range(number: int, type_name: str) -> None:
    edm = EDM_TYPES[type_name]
    if edm.minimum <= number <= edm.maximum:
        assert coerce(type_name, number) == number
        assert coerce(type_name, f" {number} ") == number
    else:
        with pytest.raises(CoercionError, match=f"from {edm.minimum} to {edm.maximum}"):
            coerce(type_name, number)


@pytest.mark.parametrize("value", ["42", "42 ", " 42", 42, 42.0, "+42", "042"])
def test_integers_as_people_write_them(value: Any) -> None:
    coerced = coerce("Int32", value)
    assert coerced == 42
    assert type(coerced) is int


@pytest.mark.parametrize(
    "value", [True, "4_2", "٤٢", "0x2a", "4.2", 4.2, "", "abc", None, [42], float("inf"), "1" * 41, "--1"]
)
def test_no_integer(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected a whole number"):
        coerce("Int32", value)


@pytest.mark.parametrize(
    ("value", "coerced"),
    [("1.5", 1.5), ("-2", -2), (3, 3), (0.5, 0.5), ("1e3", 1000.0), (".5", 0.5), ("INF", "INF"), (" 7 ", 7)],
)
def test_numbers(value: Any, coerced: Any) -> None:
    assert coerce("Double", value) == coerced


@pytest.mark.parametrize("value", [True, "", "1,5", "1_000", "inf", "nan", "0x1", None, [], "9e999"])
def test_no_number(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected a number"):
        coerce("Double", value)


@pytest.mark.parametrize(("value", "coerced"), [(True, True), (False, False), ("TRUE ", True)])
def test_booleans(value: Any, coerced: bool) -> None:
    assert coerce("Boolean", value) is coerced


@pytest.mark.parametrize("value", [1, 0, "yes", None, ""])
def test_no_boolean(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected true or false"):
        coerce("Boolean", value)


@given(st.uuids())
def test_guids(value: Any) -> None:
    assert coerce("Guid", f" {value} ") == str(value)


@pytest.mark.parametrize("value", ["", "6f9619ff", "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", None, 5])
def test_no_guid(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected a GUID"):
        coerce("Guid", value)


@pytest.mark.parametrize(
    ("type_name", "value"),
    [("Date", "2026-01-31"), ("TimeOfDay", "23:59:59.5"), ("Duration", "PT1H30M"), ("Duration", "-P1DT2.5S")],
)
def test_patterns(type_name: str, value: str) -> None:
    assert coerce(type_name, value) == value


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("Date", "31.01.2026"),
        ("Date", "2026-01-31T00:00"),
        ("TimeOfDay", "24:00:00"),
        ("Duration", "1:30"),
        ("Date", 5),
    ],
)
def test_no_pattern(type_name: str, value: Any) -> None:
    with pytest.raises(CoercionError, match=re.escape(EDM_TYPES[type_name].description)):
        coerce(type_name, value)


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 28)),  # noqa: DTZ001 (offset below)
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_any_offset_becomes_utc(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    coerced = coerce("DateTimeOffset", aware.isoformat())
    assert coerced == aware
    assert coerced.utcoffset() == timedelta(0)
    written = literal("DateTimeOffset", coerced)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    assert abs(datetime.fromisoformat(written) - aware) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("value", "coerced"),
    [
        ("2026-03-29", datetime(2026, 3, 29, tzinfo=UTC)),
        ("2026-03-29T10:00", datetime(2026, 3, 29, 10, tzinfo=UTC)),
        ("2026-03-28T24:00", datetime(2026, 3, 29, tzinfo=UTC)),
        ("2026-12-31 24:00:00+01:00", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ("2026-03-29 10:00:00Z", datetime(2026, 3, 29, 10, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC)),
        (datetime(2026, 3, 29, 10, tzinfo=UTC), datetime(2026, 3, 29, 10, tzinfo=UTC)),
    ],
)
def test_date_times(value: Any, coerced: datetime) -> None:
    assert coerce("DateTimeOffset", value) == coerced


@pytest.mark.parametrize(
    "value", ["yesterday", "2026-13-01", "", None, 5, "0001-01-01T00:00:00+14:00", "2026-03-29T24:01"]
)
def test_no_date_time(value: Any) -> None:
    with pytest.raises(CoercionError, match="expected a date-time"):
        coerce("DateTimeOffset", value)


@pytest.mark.parametrize(
    ("value", "coerced"),
    [
        ("2026-03-01T00:00:00", "2026-02-28T23:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T00:00:00+05:00", "2026-02-28T19:00:00+00:00"),
    ],
)
def test_time_zone_of_times_without_an_offset(value: str, coerced: str) -> None:
    assert coerce("DateTimeOffset", value, ZoneInfo("Europe/Berlin")).isoformat() == coerced


def test_an_expression_without_its_sign_is_advised_on() -> None:
    with pytest.raises(CoercionError) as caught:
        coerce("Int32", "{{ $json.Id }}")
    assert caught.value.advice.startswith("Begin the value with =")
